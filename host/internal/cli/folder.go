package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"scelle/shared/fault"
	"scelle/shared/pli"
)

// folder receives the files of a pli. They lie in a folder of their own, which
// only the user may enter, until commit; then that folder gets its name, or
// its files move into a folder that was there before.
type folder struct {
	path   string
	temp   string
	joins  bool // path existed: files move into it
	force  bool
	names  []string
	remove func() // gives everything up; after commit it does nothing
}

func createFolder(ctx context.Context, path string, force bool) (*folder, error) {
	f := &folder{path: path, force: force}
	switch info, err := os.Stat(path); {
	case err == nil && !info.IsDir():
		return nil, fault.Newf(fault.FileExists, "%s", filepath.Base(path))
	case err == nil:
		f.joins, f.temp = true, aside(filepath.Join(path, "scelle"))
	default:
		f.temp = aside(path)
	}
	if err := os.Mkdir(f.temp, 0o700); err != nil {
		return nil, writeFault(err)
	}
	drop := sync.OnceFunc(func() { os.RemoveAll(f.temp) })
	stop := context.AfterFunc(ctx, drop)
	f.remove = func() { stop(); drop() }
	return f, nil
}

// create opens the place for one file; it is a pli.Sink's File.
func (f *folder) create(info pli.FileInfo) (io.WriteCloser, error) {
	// SafeName is distinct within the pli; the file system may still think
	// otherwise of two names, hence O_EXCL.
	file, err := os.OpenFile(filepath.Join(f.temp, info.SafeName), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fault.Newf(fault.FileExists, "%s", info.SafeName)
	}
	if err != nil {
		return nil, writeFault(err)
	}
	f.names = append(f.names, info.SafeName)
	return synced{&diskFile{File: file}}, nil
}

// synced is a file whose bytes are on the disk once it is closed.
type synced struct{ *diskFile }

func (s synced) Close() error {
	return writeFault(errors.Join(s.Sync(), s.File.Close()))
}

// commit gives the files their names: all of them, or none when one of the
// names is taken.
func (f *folder) commit(ctx context.Context) error {
	if ctx.Err() != nil {
		return fault.New(fault.Cancelled)
	}
	if !f.joins {
		if _, err := os.Lstat(f.path); err == nil { // made by somebody else meanwhile
			return fault.Newf(fault.FileExists, "%s", filepath.Base(f.path))
		}
		return writeFault(os.Rename(f.temp, f.path))
	}
	for _, name := range f.names {
		if _, err := os.Lstat(filepath.Join(f.path, name)); err == nil && !f.force {
			return fault.Newf(fault.FileExists, "%s", name)
		}
	}
	for _, name := range f.names {
		if err := place(filepath.Join(f.temp, name), filepath.Join(f.path, name), f.force); err != nil {
			return err
		}
	}
	return nil
}
