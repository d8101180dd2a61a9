package webcrypto

import (
	"bytes"
	"testing"
)

func TestUnpad(t *testing.T) {
	content := []byte("0123456789abcdef")
	for pad := 0; pad <= 255; pad++ {
		block := bytes.Clone(content)
		for i := max(0, 16-pad); i < 16; i++ {
			block[i] = byte(pad)
		}
		block[15] = byte(pad)
		n, ok := unpad(block)
		if want := pad >= 1 && pad <= 16; ok != want || ok && n != 16-pad {
			t.Errorf("padding of %d: %d, %v", pad, n, ok)
		}
	}
}

func TestUnpadWrongByte(t *testing.T) {
	for pad := 2; pad <= 16; pad++ {
		for wrong := 16 - pad; wrong < 15; wrong++ {
			block := bytes.Repeat([]byte{byte(pad)}, 16)
			block[wrong] ^= 1
			if _, ok := unpad(block); ok {
				t.Errorf("padding of %d with byte %d wrong is taken", pad, wrong)
			}
		}
	}
}
