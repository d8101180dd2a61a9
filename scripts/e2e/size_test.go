package e2e

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestScreensStaySmall holds what a window of the extension loads first to the
// size that was promised.
func TestScreensStaySmall(t *testing.T) {
	for _, name := range []string{"app.wasm", "keys.wasm", "plis.wasm"} {
		module, err := os.ReadFile(filepath.Join(root, "build/extension/chrome/app", name))
		must(t, err)
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, err = io.Copy(w, bytes.NewReader(module))
		must(t, err)
		must(t, w.Close())
		const raw, compressed = 4_500_000, 1_300_000
		t.Logf("%s: %d bytes, %d compressed", name, len(module), packed.Len())
		if len(module) > raw || packed.Len() > compressed {
			t.Errorf("%s has %d bytes, %d compressed, above %d and %d", name, len(module), packed.Len(), raw, compressed)
		}
	}
}
