// Command policy writes the policy kit for an IT department from the table of
// shared/policy: the extension's schema of managed settings, the templates for
// group policies in French and English, examples for Chrome, Edge, Firefox and
// the host, a macOS profile, and the document that explains them.
//
//	go run ./scripts/policy         writes the files
//	go run ./scripts/policy -check  fails when one of them would change
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
		fmt.Fprintln(os.Stderr, "policy:", err)
		os.Exit(1)
	}
}

// kit is the folder of what an IT department gets.
const kit = "scripts/policy/kit/"

// file is one output; Path is relative to the module's root, with slashes.
type file struct {
	Path string
	Data []byte
}

// generate makes all files in memory.
func generate() ([]file, error) {
	var files []file
	for _, g := range []func() ([]file, error){schema, templates, examples, profile, documents} {
		f, err := g()
		if err != nil {
			return nil, err
		}
		files = append(files, f...)
	}
	return files, nil
}

func run(check bool) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	files, err := generate()
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

// compare reports every file that is not as it should be.
func compare(root string, files []file) error {
	var errs []error
	for _, f := range files {
		have, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(f.Path)))
		if err != nil {
			errs = append(errs, err)
		} else if !bytes.Equal(have, f.Data) {
			errs = append(errs, fmt.Errorf("%s is out of date: run `go run ./scripts/policy`", f.Path))
		}
	}
	return errors.Join(errs...)
}

func write(root string, files []file) error {
	for _, f := range files {
		path := filepath.Join(root, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
