// Package journal records every use of a private key: one line in an
// append-only, hash-chained file of the user. It holds no names of people or
// files and no content: time, origin, verb, thumbprint of the certificate,
// SHA-256 of the envelope's header, outcome.
//
// A line is
//
//	<64 hex digits> <JSON of Entry>\n
//
// where the digits are HMAC-SHA256(K, previous line's 32 bytes || JSON), 32
// zero bytes standing before the first line, and K comes from the install
// secret. Changing, removing, inserting or moving a line breaks the chain
// behind it. A second file, the head, keeps the number of lines and an HMAC
// over it and the last chain value, so that cutting off the end shows too. Who
// can read the install secret (a program that runs as the same user) can
// write a journal anew: the chain shows accidents and other people's edits,
// and what was exported before cannot be taken back.
//
// A line is written before a key's answer is given out. When it cannot be
// written, the answer is withheld.
package journal

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"scelle/shared/fault"
)

// The files, in the host's state directory.
const (
	fileName = "journal"
	headName = "journal-head"
	lockName = "journal-lock"
)

// maxLine is the longest line, in bytes with its line feed: an origin has at
// most 512.
const maxLine = 2048

// Verb says what a private key was used for.
type Verb string

// The verbs.
const (
	Open     Verb = "open"      // a pli was opened
	Prove    Verb = "prove"     // possession was proven to a portal
	Rewrap   Verb = "rewrap"    // a pli got other recipients
	Rehearse Verb = "rehearse"  // an opening was rehearsed
	SelfTest Verb = "self-test" // a pair was tested after it came into a store
	Backup   Verb = "backup"    // a protected copy was made, before the pair went into a store
	Drill    Verb = "drill"     // a protected copy was opened, to see whether it does
	SetAside Verb = "set-aside" // no use: a damaged journal was kept under another name
)

// Done is the outcome of a use that gave an answer; otherwise it is a fault's
// code.
const Done = "done"

// Entry is one use.
type Entry struct {
	Number   int64     `json:"number"` // from 1 on
	Time     time.Time `json:"time"`   // UTC, to the second
	Origin   string    `json:"origin,omitempty"`
	Verb     Verb      `json:"verb"`
	Key      string    `json:"key,omitempty"`      // SHA-256 of the certificate, hex
	Envelope string    `json:"envelope,omitempty"` // SHA-256 of the envelope's header, hex
	Outcome  string    `json:"outcome"`
}

// Journal is the journal of one user. Its methods may be called from several
// goroutines and processes at once.
type Journal struct {
	dir string
	key []byte
	now func() time.Time
}

// New returns the journal in dir, the host's state directory, which need not
// exist. secret is the install secret (unwrap.LoadOrCreateSecret); now is
// time.Now, or a test's clock.
func New(dir string, secret []byte, now func() time.Time) *Journal {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("scelle-journal/1"))
	return &Journal{dir: dir, key: mac.Sum(nil), now: now}
}

// Mark is where the journal stands: the number of lines and the chain value of
// the last one, in hex; zeros for an empty journal. Errors: those of Ready.
func (j *Journal) Mark() (lines int64, chain string, err error) {
	err = j.locked(func() error {
		f, last, err := j.end()
		if err != nil {
			return err
		}
		lines, chain = last.number, hex.EncodeToString(last.chain[:])
		return f.Close()
	})
	return lines, chain, err
}

// Ready reports whether a use can be recorded: it makes the folder and the
// files, and sets a damaged journal aside. Error: fault.JournalFailed.
func (j *Journal) Ready() error {
	return j.locked(func() error {
		f, _, err := j.end()
		if err != nil {
			return err
		}
		return f.Close()
	})
}

// Add writes one use; Number and Time are filled in. When it returns, the line
// is on the disk. Error: fault.JournalFailed; then nothing was added.
func (j *Journal) Add(e Entry) error {
	return j.locked(func() error {
		f, last, err := j.end()
		if err != nil {
			return err
		}
		_, err = j.write(f, last, e)
		return errors.Join(err, f.Close())
	})
}

// state is where the chain ends.
type state struct {
	number int64
	chain  [sha256.Size]byte
	size   int64 // of the file, in bytes
}

// locked runs fn while no other process writes.
func (j *Journal) locked(fn func() error) error {
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		return fault.Wrap(fault.JournalFailed, err)
	}
	unlock, err := lock(filepath.Join(j.dir, lockName))
	if err != nil {
		return fault.Wrap(fault.JournalFailed, err)
	}
	return fault.Wrap(fault.JournalFailed, errors.Join(fn(), unlock()))
}

// end opens the file for the next line. A journal whose end is not what the
// head says, or cannot be read, is set aside: keys must go on opening plis.
func (j *Journal) end() (*os.File, state, error) {
	f, err := os.OpenFile(j.path(fileName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, state{}, err
	}
	last, err := j.last(f)
	if err == nil {
		return f, last, nil
	}
	if closed := f.Close(); !errors.Is(err, errDamaged) {
		return nil, state{}, errors.Join(err, closed)
	}
	return j.setAside()
}

// errDamaged is a journal that its head does not fit.
var errDamaged = errors.New("the journal does not fit its head")

// last reads the last line and compares it with the head. One line more than
// the head knows is what a process leaves that was killed between the two.
func (j *Journal) last(f *os.File) (state, error) {
	info, err := f.Stat()
	if err != nil {
		return state{}, err
	}
	head, err := os.ReadFile(j.path(headName))
	switch {
	case errors.Is(err, fs.ErrNotExist) && info.Size() == 0:
		return state{}, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return state{}, err
	}
	lines, err := tail(f, info.Size())
	if err != nil {
		return state{}, err
	}
	before, after := chainOf(lines, 2), chainOf(lines, 1)
	number, ok := numberOf(lines)
	if !ok || !j.follows(lines) {
		return state{}, errDamaged
	}
	now := state{number, after, info.Size()}
	if hmac.Equal(head, j.head(number, after)) || hmac.Equal(head, j.head(number-1, before)) || number == 1 && len(head) == 0 {
		return now, nil
	}
	return state{}, errDamaged
}

// write appends one line, then the head. A line that could be written only in
// part is taken back.
func (j *Journal) write(f *os.File, last state, e Entry) (state, error) {
	e.Number, e.Time = last.number+1, j.now().UTC().Truncate(time.Second)
	body, err := json.Marshal(e)
	if err != nil {
		return last, err
	}
	next := state{number: e.Number, chain: j.link(last.chain, body)}
	line := append(append([]byte(hex.EncodeToString(next.chain[:])), ' '), append(body, '\n')...)
	if len(line) > maxLine {
		return last, fault.Newf(fault.BadRequest, "journal line")
	}
	n, err := f.WriteAt(line, last.size)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return last, errors.Join(err, f.Truncate(last.size))
	}
	next.size = last.size + int64(n)
	return next, j.writeHead(next)
}

// writeHead puts the head in place whole.
func (j *Journal) writeHead(s state) error {
	f, err := os.CreateTemp(j.dir, headName+"-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(j.head(s.number, s.chain))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), j.path(headName))
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// setAside keeps a damaged journal under another name and begins a new one
// that says so.
func (j *Journal) setAside() (*os.File, state, error) {
	name := j.path(fileName + "-damaged-" + j.now().UTC().Format("20060102T150405.000"))
	if err := os.Rename(j.path(fileName), name); err != nil {
		return nil, state{}, err
	}
	if err := os.Remove(j.path(headName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, state{}, err
	}
	f, err := os.OpenFile(j.path(fileName), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, state{}, err
	}
	first, err := j.write(f, state{}, Entry{Verb: SetAside, Outcome: string(fault.JournalDamaged)})
	if err != nil {
		return nil, state{}, errors.Join(err, f.Close())
	}
	return f, first, nil
}

func (j *Journal) path(name string) string { return filepath.Join(j.dir, name) }

// link is the chain value of a line behind another one.
func (j *Journal) link(before [sha256.Size]byte, body []byte) (out [sha256.Size]byte) {
	mac := hmac.New(sha256.New, j.key)
	mac.Write(before[:])
	mac.Write(body)
	mac.Sum(out[:0])
	return out
}

// head is what the head file holds when the chain ends so.
func (j *Journal) head(number int64, chain [sha256.Size]byte) []byte {
	mac := hmac.New(sha256.New, j.key)
	mac.Write([]byte("head\n" + strconv.FormatInt(number, 10) + "\n"))
	mac.Write(chain[:])
	return []byte(strconv.FormatInt(number, 10) + " " + hex.EncodeToString(mac.Sum(nil)) + "\n")
}

// tail returns the last two lines, without their line feeds; the first one is
// nil when there is only one. A file that does not end in a line feed is
// damaged.
func tail(f io.ReaderAt, size int64) ([2][]byte, error) {
	from := max(size-2*maxLine, 0)
	b := make([]byte, size-from)
	if _, err := f.ReadAt(b, from); err != nil && !errors.Is(err, io.EOF) {
		return [2][]byte{}, err
	}
	rest, ok := bytes.CutSuffix(b, []byte("\n"))
	if !ok {
		return [2][]byte{}, errDamaged
	}
	i := bytes.LastIndexByte(rest, '\n')
	if i < 0 {
		if from > 0 {
			return [2][]byte{}, errDamaged
		}
		return [2][]byte{nil, rest}, nil
	}
	before := rest[:i]
	if k := bytes.LastIndexByte(before, '\n'); k >= 0 {
		before = before[k+1:]
	} else if from > 0 {
		return [2][]byte{}, errDamaged
	}
	return [2][]byte{before, rest[i+1:]}, nil
}

// chainOf is the chain value of the line that stands back lines from the end;
// zeros before the first.
func chainOf(lines [2][]byte, back int) (out [sha256.Size]byte) {
	chain, _, _ := split(lines[2-back])
	copy(out[:], chain)
	return out
}

// numberOf is the number of the last line.
func numberOf(lines [2][]byte) (int64, bool) {
	_, body, ok := split(lines[1])
	var e Entry
	if !ok || json.Unmarshal(body, &e) != nil {
		return 0, false
	}
	return e.Number, e.Number == 1 && lines[0] == nil || e.Number > 1 && lines[0] != nil
}

// follows reports whether the last line is chained to the one before.
func (j *Journal) follows(lines [2][]byte) bool {
	_, body, _ := split(lines[1])
	return j.link(chainOf(lines, 2), body) == chainOf(lines, 1)
}

// split takes a line apart.
func split(line []byte) (chain, body []byte, ok bool) {
	digits, body, found := bytes.Cut(line, []byte(" "))
	if !found || len(digits) != 2*sha256.Size {
		return nil, nil, false
	}
	chain, err := hex.DecodeString(string(digits))
	return chain, body, err == nil
}
