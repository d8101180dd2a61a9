package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path"
	"path/filepath"
	"time"
)

// npmTime is what npm writes in place of the files' own times.
var npmTime = time.Date(1985, 10, 26, 8, 15, 0, 0, time.UTC)

// compressed adds to each script and module its gzip, for servers that send
// such a file as it is (gzip_static of nginx): nothing is compressed while
// somebody waits.
func (t tree) compressed() error {
	for _, name := range t.names() {
		if e := path.Ext(name); e != ".js" && e != ".wasm" {
			continue
		}
		zipped, err := gzipped(t[name])
		if err != nil {
			return err
		}
		t[name+".gz"] = zipped
	}
	return nil
}

// gzipped has no time and no name, so that it is the same twice.
func gzipped(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	return b.Bytes(), err
}

// writeTarball writes what `npm pack` writes of the same files, which is what
// `npm install FILE` takes: everything below package/, sorted, at one fixed
// time, so the same bytes for the same files.
func (t tree) writeTarball(name string) error {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, n := range t.names() {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: "package/" + n, Mode: 0o644, Size: int64(len(t[n])), ModTime: npmTime, Format: tar.FormatUSTAR}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		if _, err := w.Write(t[n]); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	zipped, err := gzipped(b.Bytes())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, zipped, 0o644)
}
