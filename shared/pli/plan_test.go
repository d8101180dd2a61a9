package pli_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"io"
	"testing"
	"time"

	"scelle/shared/fault"
	"scelle/shared/pli"
)

// moved writes an archive to an extractor as a caller does that moves the
// files' bytes itself, in pieces of size bytes. change sees every CRC before
// it is told.
func moved(x *pli.Extractor, archive []byte, size int, change func(crc uint32) uint32) error {
	var crc uint32
	for len(archive) > 0 {
		piece := archive[:min(size, len(archive))]
		archive = archive[len(piece):]
		for len(piece) > 0 {
			dst, sum, left := x.Body()
			if left == 0 {
				n, err := x.WriteStructure(piece)
				if err != nil {
					return err
				}
				piece, crc = piece[n:], 0
				continue
			}
			n := min(left, int64(len(piece)))
			crc = crc32.Update(crc, crc32.IEEETable, piece[:n])
			sum.Write(piece[:n])
			dst.Write(piece[:n])
			if err := x.Moved(n, change(crc)); err != nil {
				return err
			}
			piece = piece[n:]
		}
	}
	return nil
}

type closer struct{ *bytes.Buffer }

func (closer) Close() error { return nil }

// planned is a pli made with Plan alone, and the same made by Reader.
func planned(t *testing.T, files ...string) (plan, reader []byte) {
	t.Helper()
	m := pli.Manifest{Tender: "T", Kind: pli.Offre, SealedAt: time.Unix(1_700_000_000, 0).UTC()}
	for i, f := range files {
		m.Files = append(m.Files, pli.File{Name: string(rune('a' + i)), Size: int64(len(f))})
	}
	p, err := pli.NewPlan(m)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range files {
		plan = append(append(plan, p.Before(i)...), f...)
		plan = append(plan, p.After(i, crc32.ChecksumIEEE([]byte(f)))...)
	}
	if int64(len(plan)) != p.Size() {
		t.Errorf("%d bytes, %d announced", len(plan), p.Size())
	}
	r, err := pli.NewReader(m, func(i int) (io.ReadCloser, error) { return closer{bytes.NewBufferString(files[i])}, nil })
	if err != nil {
		t.Fatal(err)
	}
	if reader, err = io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	return plan, reader
}

func TestPlan(t *testing.T) {
	files := []string{"first", "", string(bytes.Repeat([]byte("third "), 1000)), "x"}
	plan, reader := planned(t, files...)
	if !bytes.Equal(plan, reader) {
		t.Fatal("Plan and Reader make different archives")
	}
	keep := func(crc uint32) uint32 { return crc }
	for _, size := range []int{1, 7, 68, 512, len(plan)} {
		out := map[int]*bytes.Buffer{}
		x := pli.NewExtractor(pli.Sink{File: func(f pli.FileInfo) (io.WriteCloser, error) {
			out[f.Index] = &bytes.Buffer{}
			return closer{out[f.Index]}, nil
		}})
		if err := moved(x, plan, size, keep); err != nil {
			t.Fatal(err)
		}
		_, results, err := x.Close()
		if err != nil || len(results) != len(files) {
			t.Fatalf("pieces of %d: %d files, %v", size, len(results), err)
		}
		for i, f := range files {
			if out[i].String() != f || results[i].Sum != fmt.Sprintf("%x", sha256.Sum256([]byte(f))) {
				t.Errorf("pieces of %d: file %d differs", size, i)
			}
		}
	}
}

// TestMovedRefuses: a wrong checksum and a wrong count are errors that stay.
func TestMovedRefuses(t *testing.T) {
	plan, _ := planned(t, "content")
	discard := pli.Sink{File: func(pli.FileInfo) (io.WriteCloser, error) { return closer{&bytes.Buffer{}}, nil }}
	x := pli.NewExtractor(discard)
	if err := moved(x, plan, len(plan), func(crc uint32) uint32 { return crc ^ 1 }); fault.CodeOf(err) != fault.PliMalformed {
		t.Errorf("another checksum: %v", err)
	}
	if _, _, err := x.Close(); fault.CodeOf(err) != fault.PliMalformed {
		t.Errorf("at the end: %v", err)
	}
	x = pli.NewExtractor(discard)
	if _, err := x.WriteStructure(plan); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int64{8, -1} {
		if err := x.Moved(n, 0); fault.CodeOf(err) != fault.Internal {
			t.Errorf("%d bytes of 7: %v", n, err)
		}
	}
	if _, _, left := x.Body(); left != 0 {
		t.Error("it goes on after an error")
	}
	if _, _, err := x.Close(); err == nil {
		t.Error("no error at the end")
	}
}
