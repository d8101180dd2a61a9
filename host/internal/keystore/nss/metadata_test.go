package nss

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"testing"
)

// keyDatabases are key4.db files of NSS with their salts' lengths.
func keyDatabases(t testing.TB) map[int][]byte {
	t.Helper()
	all := make(map[int][]byte)
	for path, salt := range map[string]int{"testdata/newer-nss/key4.db.gz": 48, "testdata/older-nss/key4.db.gz": 20} {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		if all[salt], err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestSalt(t *testing.T) {
	for want, file := range keyDatabases(t) {
		if got, err := saltIn(bytes.NewReader(file)); got != want || err != nil {
			t.Errorf("salt of %d bytes: %d, %v", want, got, err)
		}
		for _, cut := range []int{0, 99, 100, 4096, len(file) / 2} {
			if got, _ := saltIn(bytes.NewReader(file[:cut])); got != 0 && got != want {
				t.Errorf("cut to %d bytes: %d", cut, got)
			}
		}
	}
	if n := passwordSalt(t.TempDir()); n != 0 {
		t.Errorf("no file: %d", n)
	}
}

// FuzzSalt: whatever the file, an answer within its bounds.
func FuzzSalt(f *testing.F) {
	for _, file := range keyDatabases(f) {
		f.Add(file[:min(len(file), 64<<10)])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, err := saltIn(bytes.NewReader(b)); n < 0 || n > len(b) || err != nil && n != 0 {
			t.Errorf("%d, %v", n, err)
		}
	})
}
