// Package evil is a hostile portal for the end-to-end tests: a small web
// server whose pages attack the extension. The same pages stand at several
// addresses, since what an attack may reach depends on who makes it:
//
//   - Allowed, a site that the person allowed, as a portal with an XSS hole is;
//   - Stranger, a port of the same host that nobody allowed: browsers grant
//     hosts, not ports, so the content script is there all the same;
//   - Outside, a host for which the extension has no permission;
//   - Insecure, plain http by a name, which the extension can never be given.
//
// [Files] writes them to a folder, for pages of no origin at all.
//
// A page tells what it achieved in an attribute of its own document, so that a
// test needs no more of a browser than to set and read attributes.
package evil

import (
	"embed"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"scelle/extension"
	"scelle/scripts/e2e/browser"
)

//go:embed site neighbour
var files embed.FS

// Server is a running evil portal.
type Server struct {
	Allowed, Stranger, Outside, Insecure string // origins

	servers []*http.Server
	mu      sync.Mutex
	plis    map[string][]byte
}

// Start listens on free loopback ports.
func Start() (*Server, error) {
	s := &Server{plis: map[string][]byte{}}
	for _, at := range []struct {
		host   string
		origin *string
	}{{"127.0.0.1:0", &s.Allowed}, {"127.0.0.1:0", &s.Stranger}, {"127.0.0.2:0", &s.Outside}} {
		l, err := net.Listen("tcp", at.host)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		*at.origin = "http://" + l.Addr().String()
		server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
		s.servers = append(s.servers, server)
		go func() { _ = server.Serve(l) }()
	}
	s.Insecure = strings.Replace(s.Stranger, "127.0.0.1", browser.Insecure, 1)
	return s, nil
}

// Files writes the pages into a folder.
func Files(dir string) error {
	site, err := fs.Sub(files, "site")
	if err != nil {
		return err
	}
	return os.CopyFS(dir, site)
}

// Close ends the server.
func (s *Server) Close() error {
	var err error
	for _, server := range s.servers {
		err = errors.Join(err, server.Close())
	}
	return err
}

// Serve has the portal deliver an envelope at /plis/NAME.
func (s *Server) Serve(name string, envelope []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plis[name] = envelope
}

func (s *Server) handler() http.Handler {
	site, err := fs.Sub(files, "site")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(site))
	mux.HandleFunc("/scelle.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, extension.Files(), "page/scelle.js")
	})
	mux.HandleFunc("/sandboxed", func(w http.ResponseWriter, r *http.Request) {
		// A whole document without an origin of its own, under an allowed address.
		w.Header().Set("Content-Security-Policy", "sandbox allow-scripts")
		http.ServeFileFS(w, r, site, "index.html")
	})
	mux.HandleFunc("/plis/{name}", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		envelope, ok := s.plis[r.PathValue("name")]
		s.mu.Unlock()
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(envelope)
	})
	return mux
}

// Neighbour writes the second extension, for a browser that is told its
// fixture's parameters: the victim's id and the name of its host.
func Neighbour(dir, victim, hostName string) error {
	fixture, err := fs.Sub(files, "neighbour")
	if err != nil {
		return err
	}
	if err := os.CopyFS(dir, fixture); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	config, err := root.Create("config.js")
	if err != nil {
		return err
	}
	text := strings.NewReplacer("VICTIM", victim, "HOST", hostName).Replace(`globalThis.victim = { id: "VICTIM", host: "HOST" };` + "\n")
	_, err = io.WriteString(config, text)
	return errors.Join(err, config.Close())
}
