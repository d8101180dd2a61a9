//go:build js && wasm

package webcrypto

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"hash/crc32"
	"math/rand"
	"testing"

	"scelle/shared/fingerprint"
	"scelle/wasm/internal/bridge"
)

func BenchmarkCRC(b *testing.B) {
	data := make([]byte, 512<<10)
	b.SetBytes(int64(len(data)))
	c := uint32(0)
	for b.Loop() {
		c = crc32.Update(c, crc32.IEEETable, data)
	}
}

type laneEngine struct{ exports, memory bridge.Value }

func newLaneEngine(t testing.TB) laneEngine {
	t.Helper()
	array, err := bridge.ToJS(lanesModule())
	must(t, err)
	wasm, err := bridge.Get(bridge.Global(), "WebAssembly")
	must(t, err)
	module, err := bridge.Construct(wasm, "Module", array)
	must(t, err)
	instance, err := bridge.Construct(wasm, "Instance", module)
	must(t, err)
	exports, err := bridge.Get(instance, "exports")
	must(t, err)
	buffer, err := bridge.Get(exports, "m", "buffer")
	must(t, err)
	memory, err := bridge.View(buffer)
	must(t, err)
	return laneEngine{exports, memory}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (e laneEngine) put(t testing.TB, at int, b []byte) {
	part, err := bridge.Call(e.memory, "subarray", at, at+len(b))
	must(t, err)
	must(t, bridge.Fill(part, b))
}

// TestLanes compresses four messages at once and compares with Go's SHA-256.
func TestLanes(t *testing.T) {
	e := newLaneEngine(t)
	const n = 5 * sha256.BlockSize
	state := make([]byte, 16*8)
	var want [lanes][32]byte
	for k := range lanes {
		message := bytes.Repeat([]byte{byte(k), 3, byte(5 * k)}, n)[:n-9]
		for i, v := range fingerprint.InitialState() {
			binary.LittleEndian.PutUint32(state[16*i+4*k:], v)
		}
		want[k] = sha256.Sum256(message)
		e.put(t, lanesAt+k*laneSize, binary.BigEndian.AppendUint64(append(message, 0x80), uint64(8*len(message))))
	}
	e.put(t, stateAt, state)
	_, err := bridge.Call(e.exports, "f", lanesAt, n/sha256.BlockSize)
	must(t, err)
	part, err := bridge.Call(e.memory, "subarray", stateAt, stateAt+len(state))
	must(t, err)
	must(t, bridge.Read(state, part))
	for k := range lanes {
		var got []byte
		for i := range 8 {
			got = binary.BigEndian.AppendUint32(got, binary.LittleEndian.Uint32(state[16*i+4*k:]))
		}
		if !bytes.Equal(got, want[k][:]) {
			t.Errorf("lane %d: %x, want %x", k, got, want[k])
		}
	}
}

func BenchmarkLanes(b *testing.B) {
	e := newLaneEngine(b)
	b.SetBytes(laneSize) // of each lane
	for b.Loop() {
		_, err := bridge.Call(e.exports, "f", lanesAt, laneSize/sha256.BlockSize)
		must(b, err)
	}
}

// TestDigestWorker writes to several hashes in turn and compares with Go's.
func TestDigestWorker(t *testing.T) {
	if _, ok := bridge.Lookup("scelleWorker"); !ok {
		t.Skip("needs a browser: run go test ./scripts/e2e/wasmtest")
	}
	r := rand.New(rand.NewSource(11))
	digests := NewDigests()
	newHash := digests.For(t.Context(), 1<<30)
	if _, ok := newHash().(*remoteDigest); !ok {
		t.Fatal("the digest worker did not start")
	}
	newHash().Write(random(r, 3*inputMax)) // given up: nobody waits for it
	for streams := 1; streams <= 6; streams++ {
		got, want := make([]hash.Hash, streams), make([]hash.Hash, streams)
		for i := range streams {
			got[i], want[i] = newHash(), sha256.New()
		}
		for range 12 {
			for i := range streams {
				piece := random(r, r.Intn(inputMax))
				got[i].Write(piece)
				want[i].Write(piece)
			}
		}
		for i := range streams {
			if !bytes.Equal(got[i].Sum([]byte("x")), want[i].Sum([]byte("x"))) {
				t.Errorf("hash %d of %d: another sum", i, streams)
			}
		}
	}
	for _, n := range []int{0, 1, 55, 56, 63, 64, inputMax - 1, inputMax, inputMax + 1} {
		h, data := newHash(), random(r, n)
		h.Write(data)
		if want := sha256.Sum256(data); !bytes.Equal(h.Sum(nil), want[:]) {
			t.Errorf("another sum of %d bytes", n)
		}
	}
	if h, ok := digests.For(t.Context(), WorthWorker-1)().(*digest); !ok {
		t.Errorf("a small file gets a %T", h)
	}
}
