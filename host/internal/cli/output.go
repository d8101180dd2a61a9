package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"scelle/shared/fault"
)

// stdio names standard input or output in place of a file.
const stdio = "-"

// output is a file in the making. It lies beside its final name, under another
// one, until commit: whoever sees the name sees the whole file. When ctx ends
// first, it is removed even while the command is blocked elsewhere.
type output struct {
	path  string
	force bool // replace a file of that name
	file  *diskFile
	stop  func() bool // ends the watch on ctx

	mu   sync.Mutex
	done bool // committed or removed
}

// createOutput begins the file path. fault.FileExists when there is one
// already and force is not set; it is looked at again in commit. mode is that
// of the new file, before the process's mask.
func createOutput(ctx context.Context, path string, mode fs.FileMode, force bool) (*output, error) {
	if info, err := os.Lstat(path); err == nil && (!force || info.IsDir()) {
		return nil, fault.Newf(fault.FileExists, "%s", filepath.Base(path))
	}
	file, err := os.OpenFile(aside(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, writeFault(err)
	}
	o := &output{path: path, force: force, file: &diskFile{File: file}}
	o.mu.Lock() // remove, which may be called at once, finds stop
	defer o.mu.Unlock()
	o.stop = context.AfterFunc(ctx, o.remove)
	return o, nil
}

// aside is a name in the same folder, hidden on Unix, that nobody else uses.
func aside(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"-"+rand.Text()[:8]+".part")
}

// Write implements io.Writer.
func (o *output) Write(b []byte) (int, error) { return o.file.Write(b) }

// commit gives the file its name, once its bytes are on the disk.
func (o *output) commit() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done {
		return fault.New(fault.Cancelled)
	}
	if err := errors.Join(o.file.Sync(), o.file.Close()); err != nil {
		return writeFault(err)
	}
	if err := place(o.file.Name(), o.path, o.force); err != nil {
		return err
	}
	o.done = true
	o.stop()
	return nil
}

// remove gives the file up; after commit it does nothing.
func (o *output) remove() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done {
		return
	}
	o.done = true
	o.stop()
	o.file.Close()
	os.Remove(o.file.Name())
}

// place moves a finished file to its name. Without force an existing file
// stays: a hard link cannot replace one, unlike a rename; where the file
// system has no links, the check comes just before the rename.
func place(from, to string, force bool) error {
	if force {
		return writeFault(os.Rename(from, to))
	}
	err := os.Link(from, to)
	if err == nil {
		return writeFault(os.Remove(from))
	}
	if _, exists := os.Lstat(to); exists == nil || errors.Is(err, fs.ErrExist) {
		return fault.Newf(fault.FileExists, "%s", filepath.Base(to))
	}
	return writeFault(os.Rename(from, to))
}

// writeFault gives a code to a failure of the file system.
func writeFault(err error) error {
	if err != nil && diskFull(err) {
		return fault.Recode(fault.DiskFull, err)
	}
	return fault.Wrap(fault.WriteFailed, err)
}

// quarantined is an output whose bytes reach standard output only once all of
// them are known to be good.
type quarantined struct {
	*os.File
	remove func()
}

// quarantine makes a temporary file that is removed by its remove, which may
// be called more than once, or when ctx ends.
func quarantine(ctx context.Context) (*quarantined, error) {
	file, err := os.CreateTemp("", "scelle-*.part") // mode 0600
	if err != nil {
		return nil, writeFault(err)
	}
	drop := sync.OnceFunc(func() {
		file.Close()
		os.Remove(file.Name())
	})
	stop := context.AfterFunc(ctx, drop)
	return &quarantined{file, func() { stop(); drop() }}, nil
}

// release copies what was gathered to w.
func (q *quarantined) release(w io.Writer) error {
	if _, err := q.Seek(0, io.SeekStart); err != nil {
		return fault.Wrap(fault.ReadFailed, err)
	}
	_, err := io.Copy(w, q.File)
	return writeFault(err)
}
