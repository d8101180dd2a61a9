package e2e

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"testing"
)

// TestScreensStaySmall holds what every window of the extension loads first to
// the size it has reached: whoever makes it larger says why.
func TestScreensStaySmall(t *testing.T) {
	module, err := os.ReadFile(root + "/build/extension/chrome/app/app.wasm")
	must(t, err)
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	must(t, err)
	_, err = io.Copy(w, bytes.NewReader(module))
	must(t, err)
	must(t, w.Close())
	const raw, compressed = 6_150_000, 1_650_000
	t.Logf("app.wasm: %d bytes, %d compressed", len(module), packed.Len())
	if len(module) > raw || packed.Len() > compressed {
		t.Errorf("app.wasm has %d bytes, %d compressed, above %d and %d", len(module), packed.Len(), raw, compressed)
	}
}
