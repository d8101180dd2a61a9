//go:build js && wasm

package bridge

import (
	"bytes"
	"context"
	"io"
	"math/rand"
	"testing"

	"scelle/shared/fault"
)

func TestReader(t *testing.T) {
	for _, size := range []int{0, 1, SliceSize - 1, SliceSize, SliceSize + 1, 2*SliceSize + 77} {
		want := make([]byte, size)
		rand.New(rand.NewSource(int64(size))).Read(want)
		array, err := ToJS(want)
		if err != nil {
			t.Fatal(err)
		}
		blob, err := New("Blob", []any{array})
		if err != nil {
			t.Fatal(err)
		}
		file, err := AsFile(blob)
		if err != nil {
			t.Fatal(err)
		}
		r := file.Reader(context.Background())
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, want) || file.Size() != int64(size) {
			t.Errorf("%d bytes: %d, %v", size, len(got), err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		part := make([]byte, 50)
		n, err := file.ReaderAt(context.Background()).ReadAt(part, int64(max(0, size-20)))
		if n != min(size, 20) || err != io.EOF || !bytes.Equal(part[:n], want[size-n:]) {
			t.Errorf("the end of %d bytes: %d, %v", size, n, err)
		}
	}
}

// TestReaderOfChangedFile begins to read a file, which somebody then writes
// anew or cuts off: what was read is not one file. Firefox notices only the
// latter.
func TestReaderOfChangedFile(t *testing.T) {
	inBrowser(t)
	ctx := t.Context()
	root, err := RootDir(ctx)
	if err != nil {
		t.Fatal(err)
	}
	sizes := map[string]int{"rewritten": 3 * SliceSize, "cut off": SliceSize}
	if _, chromium := Lookup("navigator", "userAgentData"); !chromium {
		delete(sizes, "rewritten")
	}
	for name, size := range sizes {
		write := func(n int) {
			out, err := root.Create(ctx, "changed")
			if err == nil {
				_, err = out.Write(make([]byte, n))
			}
			if err == nil {
				err = out.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		write(3 * SliceSize)
		file, err := root.Open(ctx, "changed")
		if err != nil {
			t.Fatal(err)
		}
		r := file.Reader(ctx).Begin()
		if _, n, err := r.Next(); n == 0 || err != nil {
			t.Fatal(n, err)
		}
		write(size)
		for err == nil {
			_, _, err = r.Next()
		}
		if fault.CodeOf(err) != fault.ReadFailed {
			t.Errorf("%s: %v", name, err)
		}
		r.Close()
	}
	if err := root.Remove(ctx, "changed"); err != nil {
		t.Error(err)
	}
}

// TestHeld: a file that was read whole gives the same bytes as one that is asked
// for each of its parts, and one that changed meanwhile gives none.
func TestHeld(t *testing.T) {
	inBrowser(t)
	ctx := context.Background()
	root, err := RootDir(ctx)
	if err != nil {
		t.Fatal(err)
	}
	write := func(data []byte) File {
		out, err := root.Create(ctx, "held")
		if err == nil {
			if _, err = out.Write(data); err == nil {
				err = out.Close()
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		file, err := out.File(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	data := make([]byte, 300_001)
	rand.New(rand.NewSource(4)).Read(data)
	file := write(data)
	held, err := file.Held(ctx)
	if err != nil || held.Size() != int64(len(data)) {
		t.Fatal(held.Size(), err)
	}
	for _, part := range [][2]int64{{0, 300_001}, {0, 0}, {7, 64 << 10}, {299_999, 300_001}} {
		p, err := held.Part(part[0], part[1])
		if err != nil || p.Size() != part[1]-part[0] {
			t.Fatal(part, p.Size(), err)
		}
		got, err := io.ReadAll(p.Reader(ctx))
		if err != nil || !bytes.Equal(got, data[part[0]:part[1]]) {
			t.Errorf("%v: %d bytes, %v", part, len(got), err)
		}
	}
	held.Drop()
	write(data[:1000])
	if _, err := file.Held(ctx); fault.CodeOf(err) != fault.ReadFailed {
		t.Errorf("a file that changed: %v", err)
	}
	if err := root.Remove(ctx, "held"); err != nil {
		t.Error(err)
	}
}

func TestReaderCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	file, err := AsFile(eval(t, "new Blob(['x'])"))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(file.Reader(ctx)); fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("%v", err)
	}
	if _, err := AsFile(eval(t, "{size: 5}")); fault.CodeOf(err) != fault.BadRequest {
		t.Errorf("no file: %v", err)
	}
}
