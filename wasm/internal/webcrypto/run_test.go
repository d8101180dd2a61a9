//go:build js && wasm

package webcrypto

import (
	"context"
	"hash"
	"math/rand"
	"testing"
	"time"

	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
)

// TestRunFails: the errors of a run, which keeps nothing of the digest worker's
// that others wait for. What a run moves is compared in wasm/crypto.
func TestRunFails(t *testing.T) {
	inWorker(t)
	root, err := bridge.RootDir(t.Context())
	must(t, err)
	dir, err := root.Sub(t.Context(), "run-test")
	must(t, err)
	defer root.Remove(context.Background(), "run-test")
	array, err := bridge.NewBytes(2 * RunSize)
	must(t, err)
	blob, err := bridge.New("Blob", []any{array})
	must(t, err)
	file, err := bridge.AsFile(blob)
	must(t, err)
	digests := NewDigests()
	newHash := digests.For(t.Context(), 1<<30)
	for range 3 { // more than the worker may owe us at once
		for name, want := range map[string]fault.Code{"closed": fault.WriteFailed, "cancelled": fault.Cancelled} {
			ctx, cancel := context.WithCancel(t.Context())
			in := file.Reader(t.Context()).Begin()
			if _, chromium := bridge.Lookup("navigator", "userAgentData"); !chromium && !Ready(in) {
				cancel() // Firefox has no streams that fill memory of ours
				return
			}
			to, err := dir.Create(t.Context(), name)
			must(t, err)
			s, err := NewSealer(ctx, newKey(rand.New(rand.NewSource(28)), envelope.AES256GCM), nil)
			must(t, err)
			if want == fault.WriteFailed {
				must(t, to.Close())
			} else {
				go cancel() // when the run waits
			}
			moved, err := s.Run(in, to, nil, Sums{Plain: []hash.Hash{newHash()}, Cipher: []hash.Hash{newHash(), nil}})
			if moved || fault.CodeOf(err) != want {
				t.Errorf("%s: %v, %v", name, moved, err)
			}
			s.Close()
			must(t, in.Close())
			must(t, to.Close())
			cancel()
		}
	}
	for patience := 2000; len(digests.beside.permits) < 2*runPieces*costOf(groupSize) && patience > 0; patience-- {
		time.Sleep(10 * time.Millisecond)
	}
	if n := len(digests.beside.permits); n < 2*runPieces*costOf(groupSize) {
		t.Errorf("%d units are left", n)
	}
}
