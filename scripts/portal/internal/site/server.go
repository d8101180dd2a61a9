// Package site is the reference salle des marchés: its pages and its HTTP API.
//
// It shows what a real portal does with Scellé and uses only what a real
// portal has: extension/page/scelle.js in its pages, and the formats of
// shared/. It stands on the other side of the trust boundary: nothing here is
// trusted by the extension or the host.
package site

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"path/filepath"
	"time"

	"scelle/scripts/portal/internal/authority"
	"scelle/scripts/portal/internal/downloads"
	"scelle/scripts/portal/internal/listkey"
	"scelle/scripts/portal/internal/store"
	"scelle/scripts/portal/internal/vault"
)

// Config says how a portal is to run. Dir and KeyMaker have to be given.
type Config struct {
	Dir        string           // data directory: database, plis, the authority's key and the one that signs lists
	KeyMaker   []string         // program and arguments that run authority.Child
	Origin     string           // the portal's origin behind a proxy, such as https://marches.example; "" takes loopback names only
	Demo       bool             // shows logins, lets a buyer end a consultation
	Page       fs.FS            // holds scelle.js
	Installers string           // directory of what can be downloaded; "" without
	Sealing    string           // directory of the whole npm package, whose sealing.js lets companies seal without the extension; "" lets nobody
	Now        func() time.Time // the clock; nil is time.Now
	MaxPli     int64            // bytes of one deposit; 0 is 16 GiB
	Rounds     int              // of PBKDF2 for passwords that are checked or set; 0 is 210,000
	Log        *log.Logger      // nil is the standard one
}

const (
	maxPli       = 16 << 30
	rounds       = 210_000 // OWASP's figure for PBKDF2 with SHA-512
	databaseName = "portal.db"
)

// Server is a running portal without its listener.
type Server struct {
	Config
	store     *store.Store
	vault     *vault.Vault
	authority *authority.Authority
	lists     *listkey.Signer
	keyMaker  authority.KeyMaker
	making    chan struct{} // one slot for each key pair that may be made at once
	views     *views
	shelf     *downloads.Shelf
	gzips     gzips
}

// NewServer opens the data directory, creates what is missing, and in a
// demonstration adds its people and consultations.
func NewServer(ctx context.Context, c Config) (*Server, error) {
	c = c.withDefaults()
	s := &Server{Config: c, keyMaker: authority.KeyMaker{Command: c.KeyMaker}, making: make(chan struct{}, 2), shelf: downloads.NewShelf(c.Installers)}
	var err error
	if s.views, err = newViews(); err != nil {
		return nil, err
	}
	if s.vault, err = vault.Open(c.Dir); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if s.authority, err = authority.Load(c.Dir, c.Now()); err != nil {
		return nil, err
	}
	if s.lists, err = listkey.Load(c.Dir, c.Now); err != nil {
		return nil, err
	}
	if s.store, err = store.Open(ctx, filepath.Join(c.Dir, databaseName), c.Now); err != nil {
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.MaxPli == 0 {
		c.MaxPli = maxPli
	}
	if c.Rounds == 0 {
		c.Rounds = rounds
	}
	if c.Log == nil {
		c.Log = log.Default()
	}
	return c
}

func (s *Server) prepare(ctx context.Context) error {
	known, err := s.store.FileIDs(ctx)
	if err != nil {
		return err
	}
	if err := s.vault.Sweep(known); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	if s.Demo {
		return s.seed(ctx)
	}
	return nil
}

// Close closes the database.
func (s *Server) Close() error { return s.store.Close() }

// Handler answers the portal's requests.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, route := range s.routes() {
		mux.Handle(route.pattern, s.serve(route))
	}
	sameSite := http.NewCrossOriginProtection()
	return s.secure(sameSite.Handler(mux))
}
