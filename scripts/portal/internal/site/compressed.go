package site

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Scripts, styles and WebAssembly modules are sent compressed: made once,
// before or at the first request, never anew for each. What the portal says of
// persons is not compressed: next to a secret, a length could tell of it.

// takesGzip reports whether an answer may be compressed (RFC 9110, 12.5.3):
// "*" stands for gzip only where gzip itself is not named.
func takesGzip(r *http.Request) bool {
	takes := false
	for _, coding := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(coding, " ", "")), ";")
		if name != "gzip" && name != "*" {
			continue
		}
		q, found := strings.CutPrefix(weight, "q=")
		value, err := strconv.ParseFloat(q, 64)
		takes = !found || err == nil && value > 0
		if name == "gzip" {
			break
		}
	}
	return takes
}

// sayGzip names the coding of an answer; caches keep both apart.
func sayGzip(h http.Header, zipped bool) {
	h.Add("Vary", "Accept-Encoding")
	if zipped {
		h.Set("Content-Encoding", "gzip")
	}
}

// gzips keeps embedded files compressed, by their content.
type gzips struct{ kept sync.Map }

func (g *gzips) of(body []byte) ([]byte, error) {
	if zipped, ok := g.kept.Load(string(body)); ok {
		return zipped.([]byte), nil
	}
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(body)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, err
	}
	g.kept.Store(string(body), out.Bytes())
	return out.Bytes(), nil
}
