//go:build js && wasm

package webcrypto

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"hash/crc32"
	"math/rand"
	"testing"

	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
)

// collected is an Output that keeps all bytes.
type collected struct{ bytes.Buffer }

func (c *collected) take(chunks bridge.Chunks) error {
	b := make([]byte, chunks.Len())
	if err := chunks.Read(b, 0); err != nil {
		return err
	}
	c.Write(b)
	return nil
}

// inWorker skips what needs the scripts that are beside Go in a Worker.
func inWorker(t *testing.T) {
	t.Helper()
	if !bridge.HasChunks() {
		t.Skip("needs a browser: run go test ./scripts/e2e/wasmtest")
	}
}

// streamSizes are around one chunk, around all that is in flight, and small.
func streamSizes() []int {
	return []int{0, 1, 15, 16, 17, 1000, chunkSize - 1, chunkSize, chunkSize + 1, chunkSize + 16, 2*chunkSize + 3, groupSize, groupSize + 1, 2*groupSize + chunkSize + 100}
}

// sealStream seals plain, of which the first bytes are Go's.
func sealStream(t *testing.T, k envelope.ContentKey, plain []byte, own int, bare bool) (out, tag []byte) {
	t.Helper()
	var c collected
	s, err := NewSealer(t.Context(), k, c.take)
	must(t, err)
	defer s.Close()
	_, err = s.Write(plain[:own])
	must(t, err)
	array, err := bridge.ToJS(plain[own:])
	must(t, err)
	if bare {
		must(t, s.WriteBare(array, len(plain)-own))
		bridge.Free(array)
	} else {
		crc, err := s.WriteArray(0, array, len(plain)-own)
		must(t, err)
		if want := crc32.ChecksumIEEE(plain[own:]); crc != want {
			t.Errorf("CRC %08x, want %08x", crc, want)
		}
	}
	tag, err = s.Finish()
	must(t, err)
	return c.Bytes(), tag
}

// openStream opens in pieces of size bytes.
func openStream(t *testing.T, k envelope.ContentKey, sealed, tag, aad []byte, size int) ([]byte, error) {
	t.Helper()
	var c collected
	o, err := NewOpener(t.Context(), k, c.take)
	must(t, err)
	defer o.Close()
	for len(sealed) > 0 {
		n := min(size, len(sealed))
		array, err := bridge.ToJS(sealed[:n])
		must(t, err)
		if err := o.WriteArray(array, n); err != nil {
			return nil, err
		}
		bridge.Free(array)
		sealed = sealed[n:]
	}
	if err := o.Finish(tag, aad); err != nil {
		return nil, err
	}
	return c.Bytes(), nil
}

// TestStream compares with Go's cipher: ciphertext, tag and plaintext.
func TestStream(t *testing.T) {
	inWorker(t)
	r := rand.New(rand.NewSource(21))
	for _, a := range []envelope.ContentAlgorithm{envelope.AES128GCM, envelope.AES256GCM} {
		for _, size := range streamSizes() {
			if a == envelope.AES128GCM && size > chunkSize+1 {
				continue
			}
			k, plain := newKey(r, a), random(r, size)
			want, wantTag := encrypt(t, envelope.Native(), k, plain)
			for _, own := range []int{0, min(size, 100), size} {
				for _, bare := range []bool{false, true} {
					got, tag := sealStream(t, k, plain, own, bare)
					if !bytes.Equal(got, want) || !bytes.Equal(tag, wantTag) {
						t.Fatalf("%s, %d bytes, %d of Go's, bare %v: other ciphertext or tag", a, size, own, bare)
					}
				}
			}
			back, err := openStream(t, k, want, wantTag, nil, 2*chunkSize)
			if err != nil || !bytes.Equal(back, plain) {
				t.Fatalf("%s, %d bytes: does not open: %v", a, size, err)
			}
		}
	}
}

// TestStreamRefuses changes one thing at a time; every answer is the same.
func TestStreamRefuses(t *testing.T) {
	inWorker(t)
	r := rand.New(rand.NewSource(22))
	k, plain := newKey(r, envelope.AES256GCM), random(r, chunkSize+200)
	sealed, tag := encrypt(t, envelope.Native(), k, plain)
	flip := func(b []byte, i int) []byte { b = bytes.Clone(b); b[i] ^= 1; return b }
	other := k
	other.Key = flip(k.Key, 3)
	for name, c := range map[string]struct {
		key              envelope.ContentKey
		sealed, tag, aad []byte
	}{
		"tag":       {k, sealed, flip(tag, 0), nil},
		"short tag": {k, sealed, tag[:15], nil},
		"no tag":    {k, sealed, nil, nil},
		"first":     {k, flip(sealed, 0), tag, nil},
		"last":      {k, flip(sealed, len(sealed)-1), tag, nil},
		"truncated": {k, sealed[:chunkSize], tag, nil},
		"extra aad": {k, sealed, tag, []byte{0}},
		"other key": {other, sealed, tag, nil},
	} {
		if _, err := openStream(t, c.key, c.sealed, c.tag, c.aad, chunkSize); fault.CodeOf(err) != fault.EnvelopeUnreadable {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := openStream(t, k, sealed, tag, nil, 100); fault.CodeOf(err) != fault.Internal {
		t.Errorf("pieces that are not whole blocks: %v", err)
	}
	k.Algorithm = envelope.AES256CBC
	if _, err := NewSealer(t.Context(), k, nil); fault.CodeOf(err) != fault.Internal {
		t.Errorf("sealing CBC: %v", err)
	}
	if _, err := NewOpener(t.Context(), k, nil); fault.CodeOf(err) != fault.Internal {
		t.Errorf("opening CBC: %v", err)
	}
}

// TestStreamCancelled ends with its context.
func TestStreamCancelled(t *testing.T) {
	inWorker(t)
	ctx, cancel := context.WithCancel(t.Context())
	s, err := NewSealer(ctx, newKey(rand.New(rand.NewSource(23)), envelope.AES256GCM), func(bridge.Chunks) error { return nil })
	must(t, err)
	defer s.Close()
	cancel()
	if _, err := s.Write(make([]byte, groupSize)); fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("after the end of its context: %v", err)
	}
}

// TestOutputFails: an error of the output ends the work.
func TestOutputFails(t *testing.T) {
	inWorker(t)
	k := newKey(rand.New(rand.NewSource(24)), envelope.AES256GCM)
	full := func(bridge.Chunks) error { return fault.New(fault.DiskFull) }
	s, err := NewSealer(t.Context(), k, full)
	must(t, err)
	defer s.Close()
	_, err = s.Write(make([]byte, (inFlight+1)*groupSize))
	if fault.CodeOf(err) != fault.DiskFull {
		t.Errorf("sealing: %v", err)
	}
}

// TestCRC compares with Go's, in any alignment and in pieces.
func TestCRC(t *testing.T) {
	r := rand.New(rand.NewSource(25))
	room, err := newRoom()
	must(t, err)
	data := random(r, 5000)
	array, err := bridge.ToJS(data)
	must(t, err)
	must(t, room.put(0, array))
	for range 200 {
		at := r.Intn(len(data))
		n := r.Intn(len(data) - at + 1)
		first := r.Intn(n + 1)
		sum, err := room.crc(0, at, first)
		must(t, err)
		sum, err = room.crc(sum, at+first, n-first)
		must(t, err)
		if want := crc32.ChecksumIEEE(data[at : at+n]); sum != want {
			t.Fatalf("%d bytes at %d: %08x, want %08x", n, at, sum, want)
		}
	}
}

// TestHand gives one array to several hashes, of the digest worker and not,
// between bytes of Go's.
func TestHand(t *testing.T) {
	inWorker(t)
	r := rand.New(rand.NewSource(26))
	digests := NewDigests()
	newHash := digests.For(t.Context(), 1<<30)
	got := []hash.Hash{newHash(), newHash(), newHash(), digests.New(), sha256.New()}
	want := make([]hash.Hash, len(got))
	for i := range want {
		want[i] = sha256.New()
	}
	for range 30 {
		data := random(r, 1+r.Intn(3*unit))
		array, err := bridge.ToJS(data)
		must(t, err)
		parts := []Part{{Length: len(data)}} // of no hash
		for i := range got {
			if r.Intn(4) == 0 {
				small := random(r, r.Intn(100))
				got[i].Write(small)
				want[i].Write(small)
			}
			from := r.Intn(len(data))
			p := Part{got[i], from, r.Intn(len(data) - from + 1)}
			want[i].Write(data[from : from+p.Length])
			parts = append(parts, p)
		}
		c, err := bridge.Wrap(array)
		must(t, err)
		must(t, Hand(c, parts...))
		if n, err := array.Length(); err == nil && n != 0 {
			t.Fatal("the array was not moved")
		}
	}
	for i := range got {
		if !bytes.Equal(got[i].Sum(nil), want[i].Sum(nil)) {
			t.Errorf("hash %d (%s): another sum", i, fmt.Sprintf("%T", got[i]))
		}
	}
}

func BenchmarkSealer(b *testing.B) {
	if !bridge.HasChunks() {
		b.Skip("needs a browser")
	}
	k := newKey(rand.New(rand.NewSource(27)), envelope.AES256GCM)
	s, err := NewSealer(b.Context(), k, func(c bridge.Chunks) error { c.Free(); return nil })
	must(b, err)
	defer s.Close()
	array, err := bridge.NewBytes(groupSize)
	must(b, err)
	b.SetBytes(groupSize)
	for b.Loop() {
		must(b, s.WriteBare(array, groupSize))
	}
}
