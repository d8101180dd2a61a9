// Command genproto writes what follows from shared/protocol and shared/fault:
// the extension's constants and fault texts, the TypeScript types of every
// message, the generated part of scelle.js, the tables of PROTOCOL.md, the
// guides with every fault and check, and the one for developers of portals.
//
//	go run ./scripts/genproto         writes the files
//	go run ./scripts/genproto -check  fails when one of them would change
//
// Names, values and structs come by reflection, constants and comments from
// the Go source. The same source gives the same bytes.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	check := flag.Bool("check", false, "change nothing, fail when a file differs")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "genproto:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	files, err := generate(root)
	if err != nil {
		return err
	}
	if check {
		return compare(root, files)
	}
	return write(root, files)
}

// moduleRoot is the folder of go.mod, at or above the working directory.
func moduleRoot() (string, error) {
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

// file is one output; Path is relative to the module's root, with slashes.
type file struct {
	Path string
	Data []byte
}

// generate makes all files in memory.
func generate(root string) ([]file, error) {
	src := newSource(root)
	var files []file
	for _, g := range []func(*source) ([]file, error){protocolScript, faultScript, messageTypes, pageModule, codeModule, protocolDoc, helpPages, integrationPages, manualPages} {
		f, err := g(src)
		if err != nil {
			return nil, err
		}
		files = append(files, f...)
	}
	return files, nil
}

// compare reports every file that is not as it should be.
func compare(root string, files []file) error {
	var errs []error
	for _, f := range files {
		have, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(f.Path)))
		if err != nil {
			errs = append(errs, err)
		} else if !bytes.Equal(have, f.Data) {
			errs = append(errs, fmt.Errorf("%s is out of date: run `make gen`", f.Path))
		}
	}
	return errors.Join(errs...)
}

func write(root string, files []file) error {
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

// between replaces what stands between two marker lines of a file that is
// otherwise written by hand; the markers stay.
func between(text []byte, begin, end string, middle []byte) ([]byte, error) {
	i := bytes.Index(text, []byte(begin))
	if i < 0 {
		return nil, fmt.Errorf("marker %q is missing", begin)
	}
	i += len(begin)
	j := bytes.Index(text[i:], []byte(end))
	if j < 0 {
		return nil, fmt.Errorf("marker %q is missing", end)
	}
	return bytes.Join([][]byte{text[:i], []byte("\n"), middle, text[i+j:]}, nil), nil
}
