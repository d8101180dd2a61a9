package site

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"testing"
)

// TestCompressed: scripts and modules go compressed to who takes that, with the
// type of what they are, and as they are to who does not.
func TestCompressed(t *testing.T) {
	p := newPortal(t)
	c := newClient(t, p.url)
	for path, kind := range map[string]string{"/scelle.js": "text/javascript; charset=utf-8", "/static/portal.css": "text/css; charset=utf-8", "/sealing/app/crypto.wasm": "application/wasm"} {
		answer := func(accepted string) (http.Header, []byte) {
			response, body := c.send(http.MethodGet, path, nil, http.Header{"Accept-Encoding": {accepted}})
			if h := response.Header; response.StatusCode != http.StatusOK || h.Get("Content-Type") != kind || h.Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s: %d, %q, %q", path, response.StatusCode, h.Get("Content-Type"), h.Get("Vary"))
			}
			return response.Header, body
		}
		_, plain := answer("identity")
		for accepted, want := range map[string]bool{"gzip, deflate, br": true, "br;q=1.0, GZIP;q=0.5": true, "*": true, "*;q=0, gzip": true, "br": false, "gzip;q=0": false, "gzip; q=0.000, br": false, "*, gzip;Q=0": false} {
			h, body := answer(accepted)
			if zipped := h.Get("Content-Encoding") == "gzip"; zipped != want {
				t.Errorf("%s for %q is compressed: %v", path, accepted, zipped)
			} else if zipped {
				body = unzip(t, body)
			}
			if !bytes.Equal(body, plain) {
				t.Errorf("%s for %q are other bytes", path, accepted)
			}
		}
	}
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	body, err := new(gzips).of([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func unzip(t *testing.T, body []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
