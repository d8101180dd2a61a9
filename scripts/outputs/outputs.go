// Package outputs writes the files that the project's own programs make from
// its sources, and finds those that are out of date.
package outputs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// File is one output; Path is relative to the module's root, with slashes.
type File struct {
	Path string
	Data []byte
}

// Run makes all files in memory and writes those that differ, or with check
// reports them: again is the command that would write them.
func Run(check bool, again string, generate func(root string) ([]File, error)) error {
	root, err := ModuleRoot()
	if err != nil {
		return err
	}
	files, err := generate(root)
	if err != nil {
		return err
	}
	if check {
		return Compare(root, again, files)
	}
	return Write(root, files)
}

// ModuleRoot is the folder of go.mod, at or above the working directory.
func ModuleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod here or above")
		}
		dir = up
	}
}

// Compare reports every file that is not as it should be; again is the command
// that writes them.
func Compare(root, again string, files []File) error {
	var errs []error
	for _, f := range files {
		have, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(f.Path)))
		if err != nil {
			errs = append(errs, err)
		} else if !bytes.Equal(have, f.Data) {
			errs = append(errs, fmt.Errorf("%s is out of date: run `%s`", f.Path, again))
		}
	}
	return errors.Join(errs...)
}

// Write writes the files that are not as they should be, and names them.
func Write(root string, files []File) error {
	for _, f := range files {
		path := filepath.Join(root, filepath.FromSlash(f.Path))
		if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, f.Data) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return err
		}
		fmt.Println("wrote", f.Path)
	}
	return nil
}
