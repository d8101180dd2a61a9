package site

import (
	"net/http"
	"os"
	"path"
)

// A portal that lets companies seal without the extension serves sealing.js
// and the folder sealing/ of the npm package beside scelle.js.

// sealingPolicy is for the Workers that seal. A Worker has the policy of its
// own answer: the pages keep theirs, without 'wasm-unsafe-eval'.
const sealingPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; worker-src 'self'"

// sealingJS serves a module that the page itself runs.
func (s *Server) sealingJS(c *call) error { return s.serveSealing(c, path.Base(c.URL.Path)) }

// sealingFile serves what the Workers load.
func (s *Server) sealingFile(c *call) error {
	c.w.Header().Set("Content-Security-Policy", sealingPolicy)
	return s.serveSealing(c, path.Join("sealing", c.PathValue("folder"), c.PathValue("file")))
}

// openShorter opens the compressed file beside one, where it may be sent and is
// there.
func openShorter(root *os.Root, name string, takesGzip bool) (f *os.File, zipped bool, err error) {
	if takesGzip {
		if f, err = root.Open(name + ".gz"); err == nil {
			return f, true, nil
		}
	}
	f, err = root.Open(name)
	return f, false, err
}

// serveSealing serves a file, compressed where the package holds it so, which a
// browser asks for again only when it has changed: the modules have megabytes.
func (s *Server) serveSealing(c *call, name string) error {
	if s.Sealing == "" {
		return errGone
	}
	root, err := os.OpenRoot(s.Sealing)
	if err != nil {
		return err
	}
	defer root.Close()
	f, zipped, err := openShorter(root, name, takesGzip(c.Request))
	if err != nil {
		return errGone
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return errGone
	}
	c.w.Header().Set("Content-Type", contentType(name))
	c.w.Header().Set("Cache-Control", "no-cache")
	sayGzip(c.w.Header(), zipped)
	http.ServeContent(c.w, c.Request, name, info.ModTime(), f)
	return nil
}
