package journal

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"scelle/shared/fault"
)

// Each calls fn for every line, oldest first, and checks the chain on the way;
// memory does not grow with the journal. A user without a journal has used no
// key: fn is not called. Errors: fn's; fault.JournalDamaged with the line's
// number as detail, for a line that was changed, removed, inserted or moved,
// and "end" where lines were cut off; fault.JournalFailed when it cannot be
// read.
func (j *Journal) Each(fn func(Entry) error) error {
	return j.readable(func(f *os.File) error {
		r := bufio.NewReaderSize(f, maxLine)
		var last state
		for {
			line, err := r.ReadSlice('\n')
			switch {
			case errors.Is(err, io.EOF) && len(line) == 0:
				return j.checkEnd(last)
			case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull):
				return fault.Wrap(fault.JournalFailed, err)
			case err != nil: // too long, or no line feed at the end
				return damaged(last.number + 1)
			}
			e, err := j.check(&last, bytes.TrimSuffix(line, []byte("\n")))
			if err != nil {
				return err
			}
			if err := fn(e); err != nil {
				return err
			}
		}
	})
}

// Present reports whether the state directory dir holds a journal, or what is
// left of one.
func Present(dir string) bool {
	for _, name := range []string{fileName, headName} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// Verify checks the whole chain and returns the number of lines. Errors: those
// of Each.
func (j *Journal) Verify() (int64, error) {
	var n int64
	err := j.Each(func(Entry) error { n++; return nil })
	return n, err
}

// readable opens the file while no process writes.
func (j *Journal) readable(fn func(*os.File) error) error {
	if _, err := os.Stat(j.path(fileName)); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(j.path(headName)); err == nil {
			return fault.Newf(fault.JournalDamaged, "end") // the whole file is gone
		}
		return nil
	}
	unlock, err := lock(j.path(lockName))
	if err != nil {
		return fault.Wrap(fault.JournalFailed, err)
	}
	f, err := os.Open(j.path(fileName))
	if err != nil {
		return fault.Wrap(fault.JournalFailed, errors.Join(err, unlock()))
	}
	err = fn(f)
	if bad := errors.Join(f.Close(), unlock()); err == nil {
		err = fault.Wrap(fault.JournalFailed, bad)
	}
	return err
}

// check takes the next line.
func (j *Journal) check(last *state, line []byte) (Entry, error) {
	var e Entry
	chain, body, ok := split(line)
	if !ok {
		return e, damaged(last.number + 1)
	}
	want := j.link(last.chain, body)
	if !hmac.Equal(chain, want[:]) || json.Unmarshal(body, &e) != nil || e.Number != last.number+1 {
		return e, damaged(last.number + 1)
	}
	last.number, last.chain = e.Number, want
	return e, nil
}

// checkEnd compares the last line with the head.
func (j *Journal) checkEnd(last state) error {
	head, err := os.ReadFile(j.path(headName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.Wrap(fault.JournalFailed, err)
	}
	if last.number == 0 && len(head) == 0 || hmac.Equal(head, j.head(last.number, last.chain)) {
		return nil
	}
	if j.killed(head, last) {
		return nil
	}
	return fault.Newf(fault.JournalDamaged, "end")
}

// killed reports whether the head is that of one line before: a process ended
// between the line and the head.
func (j *Journal) killed(head []byte, last state) bool {
	if last.number == 1 {
		return len(head) == 0
	}
	f, err := os.Open(j.path(fileName))
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false
	}
	lines, err := tail(f, info.Size())
	return err == nil && lines[0] != nil && hmac.Equal(head, j.head(last.number-1, chainOf(lines, 2)))
}

func damaged(line int64) error { return fault.Newf(fault.JournalDamaged, "%d", line) }
