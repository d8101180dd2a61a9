//go:build !windows

package managed

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"scelle/shared/fault"
)

// values reads the file, if it is there and nobody but its owner could have
// written it. What is checked is what is read: the file is opened first.
func (p Place) values() (map[string]any, error) {
	path := p.Name()
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	folder, err := os.Lstat(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile || !p.guarded(info) || !p.guarded(folder) {
		return nil, fault.Newf(fault.ReadFailed, "%s: others could have written it", path)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil {
		return nil, err
	}
	return p.decode(data)
}

// guarded reports whether only the owner may write.
func (p Place) guarded(info fs.FileInfo) bool {
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) == p.Owner && info.Mode().Perm()&0o022 == 0
}
