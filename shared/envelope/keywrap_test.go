package envelope

import (
	"bytes"
	"encoding/hex"
	"testing"

	"scelle/shared/fault"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestKeyWrapVectors runs the examples of RFC 3394 4.1 to 4.6.
func TestKeyWrapVectors(t *testing.T) {
	const key = "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f"
	const kek = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	for _, v := range []struct {
		kek, key int
		wrapped  string
	}{
		{16, 16, "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"},
		{24, 16, "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d"},
		{32, 16, "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"},
		{24, 24, "031d33264e15d33268f24ec260743edce1c6c7ddee725a936ba814915c6762d2"},
		{32, 24, "a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1"},
		{32, 32, "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"},
	} {
		k, plain, want := unhex(t, kek)[:v.kek], unhex(t, key)[:v.key], unhex(t, v.wrapped)
		got, err := wrapAES(k, plain)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d under %d: %x, %v", v.key, v.kek, got, err)
		}
		back, err := unwrapAES(k, want)
		if err != nil || !bytes.Equal(back, plain) {
			t.Errorf("%d under %d: unwrap: %v", v.key, v.kek, err)
		}
		for i := range want {
			spoilt := bytes.Clone(want)
			spoilt[i] ^= 1
			if _, err := unwrapAES(k, spoilt); fault.CodeOf(err) != fault.EnvelopeUnreadable {
				t.Errorf("byte %d: %v", i, err)
			}
		}
	}
	for _, n := range []int{0, 8, 15, 17} {
		if _, err := wrapAES(make([]byte, 16), make([]byte, n)); err == nil {
			t.Errorf("wrapped %d bytes", n)
		}
	}
}
