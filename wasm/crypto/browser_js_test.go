//go:build js && wasm

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"testing"

	"scelle/shared/envelope"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/vault"
	"scelle/wasm/internal/webcrypto"
)

// These tests need a browser: go test ./scripts/e2e/wasmtest runs them.

func inBrowser(t *testing.T) {
	t.Helper()
	if _, ok := bridge.Lookup("navigator", "storage", "getDirectory"); !ok {
		t.Skip("needs a browser: run go test ./scripts/e2e/wasmtest")
	}
}

// TestBrowserPrivateCipher seals to private files and opens again, all with
// the browser's cipher, and compares with Go's.
func TestBrowserPrivateCipher(t *testing.T) {
	inBrowser(t)
	ctx := context.Background()
	v, err := vault.New(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Unlock()
	defer v.Leave()
	plain := make([]byte, 3<<20+77)
	rand.Read(plain)
	k := envelope.ContentKey{Algorithm: envelope.AES256GCM, Key: plain[:32], IV: plain[32:44]}
	out, err := v.Dir.Create(ctx, "sealed")
	if err != nil {
		t.Fatal(err)
	}
	tag := stream(t, out, plain, k)
	stored, err := v.Dir.Open(ctx, "sealed")
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
