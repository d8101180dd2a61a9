//go:build js && wasm

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"testing"
	"time"

	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/webcrypto"
)

// These tests need a browser: go test ./scripts/e2e/wasmtest runs them.

func inBrowser(t *testing.T) {
	t.Helper()
	if _, ok := bridge.Lookup("navigator", "storage", "getDirectory"); !ok {
		t.Skip("needs a browser: run go test ./scripts/e2e/wasmtest")
	}
}

// write makes a file of some bytes in a directory.
func write(t *testing.T, dir bridge.Dir, name string) {
	t.Helper()
	f, err := dir.Create(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("secret")); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestBrowserSweep: what a killed document left goes, what a living one holds
// stays.
func TestBrowserSweep(t *testing.T) {
	inBrowser(t)
	ctx := context.Background()
	held, err := newVault(ctx)
	if err != nil {
		t.Fatal(err)
	}
	write(t, held.dir, "0")
	left, err := vaultAt(ctx, "0123", "place") // nobody has its lock
	if err != nil {
		t.Fatal(err)
	}
	write(t, left, "0")
	if err := sweep(ctx); err != nil {
		t.Fatal(err)
	}
	names, err := held.parent.Names(ctx)
	if err != nil || len(names) != 1 || names[0] != held.name {
		t.Errorf("after the sweep: %v, %v", names, err)
	}
	held.leave()
	held.lock.Release()
	for range 50 {
		if names, err = held.parent.Names(ctx); err != nil || len(names) == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil || len(names) != 0 {
		t.Errorf("after leaving: %v, %v", names, err)
	}
}

// TestBrowserPrivateCipher seals to private files and opens again, all with
// the browser's cipher, and compares with Go's.
func TestBrowserPrivateCipher(t *testing.T) {
	inBrowser(t)
	ctx := context.Background()
	v, err := newVault(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer v.lock.Release()
	defer v.leave()
	plain := make([]byte, 3<<20+77)
	rand.Read(plain)
	k := envelope.ContentKey{Algorithm: envelope.AES256GCM, Key: plain[:32], IV: plain[32:44]}
	out, err := v.dir.Create(ctx, "sealed")
	if err != nil {
		t.Fatal(err)
	}
	tag := stream(t, out, plain, k)
	stored, err := v.dir.Open(ctx, "sealed")
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := io.ReadAll(browserFile{stored}.Open(ctx))
	if err != nil || len(sealed) != len(plain) {
		t.Fatal(len(sealed), err)
	}
	d, err := envelope.Native().Decrypter(ctx, k)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	back, err := d.Decrypt(ctx, nil, sealed)
	if err == nil {
		back, err = d.Finish(ctx, back, tag, nil)
	}
	if err != nil || !bytes.Equal(back, plain) {
		t.Errorf("Go does not open what the browser sealed: %v", err)
	}
}

// stream encrypts plain into out and returns the tag.
func stream(t *testing.T, out io.WriteCloser, plain []byte, k envelope.ContentKey) []byte {
	t.Helper()
	ctx := context.Background()
	e, err := webcrypto.Cipher().Encrypter(ctx, k)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for len(plain) > 0 {
		n := min(len(plain), envelope.ChunkSize)
		chunk, err := e.Encrypt(ctx, nil, plain[:n])
		if err == nil {
			_, err = out.Write(chunk)
		}
		if err != nil {
			t.Fatal(err)
		}
		plain = plain[n:]
	}
	rest, tag, err := e.Finish(ctx, nil)
	if err == nil {
		_, err = out.Write(rest)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return tag
}

// TestBrowserForget: a directory goes with the last of its files.
func TestBrowserForget(t *testing.T) {
	inBrowser(t)
	ctx := context.Background()
	files := newFileTable()
	v, err := files.vaultOf(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := files.vaultOf(ctx); err != nil || again != v {
		t.Errorf("a second vault: %v", err)
	}
	defer v.lock.Release()
	defer v.leave()
	dir, err := v.dir.Sub(ctx, "place")
	if err != nil {
		t.Fatal(err)
	}
	var values []bridge.Value
	for _, name := range []string{"0", "1"} {
		write(t, dir, name)
		f, err := dir.Open(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, f.Value())
	}
	opened := model.Opened{Files: []model.FileRef{{Handle: 0, Name: "a"}, {Handle: 1, Name: "b"}}}
	if err := files.keep(&opened, values, v.dir, "place"); err != nil {
		t.Fatal(err)
	}
	for i, ref := range opened.Files {
		if _, err := files.get(ref); err != nil {
			t.Error(err)
		}
		if err := files.forget(ctx, opened.Files[i:i+1]); err != nil {
			t.Error(err)
		}
		if _, err := files.get(ref); fault.CodeOf(err) != fault.ReadFailed {
			t.Errorf("a forgotten file: %v", err)
		}
		names, err := v.dir.Names(ctx)
		if want := 1 - i; err != nil || len(names) != want {
			t.Errorf("after %d: %v, %v", i, names, err)
		}
	}
}

func TestBrowserNames(t *testing.T) {
	if a, b := randomName(), randomName(); a == b || !isName(a) || isName(a+"0") || isName("..") || isName("") {
		t.Errorf("%s, %s", a, b)
	}
}
