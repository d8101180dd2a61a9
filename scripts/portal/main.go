// Command portal is the reference salle des marchés: the demonstration, the
// end-to-end tests' other side, and the example for who integrates Scellé into
// a real portal.
//
//	portal -addr 127.0.0.1:0 -data DIR [-demo] [-origin URL] [-downloads DIR] [-page DIR]
//
// It prints "listening http://ADDRESS" once it can be used, and ends on an
// interrupt or SIGTERM after the requests that are under way.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"scelle/extension"
	"scelle/scripts/portal/internal/authority"
	"scelle/scripts/portal/internal/site"
)

// makeKey is the argument with which the portal starts itself to make a pair.
const makeKey = "make-key"

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "portal:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 1 && args[0] == makeKey {
		return authority.Child(os.Stdin, os.Stdout)
	}
	flags := flag.NewFlagSet("portal", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:8090", "address to listen on; port 0 takes a free one")
	data := flags.String("data", "", "data directory (required)")
	demo := flags.Bool("demo", false, "demonstration with public logins; loopback only")
	origin := flags.String("origin", "", "origin behind a proxy, such as https://marches.example")
	installers := flags.String("downloads", built("dist"), "directory of the installers that the portal offers")
	page := flags.String("page", built("page"), "the npm package for portals, as make build leaves it; with it companies may seal without the extension")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *data == "" {
		return errors.New("-data is missing")
	}
	if *demo && !loopback(*addr) {
		return fmt.Errorf("-demo listens on loopback only, not on %s", *addr)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return serve(ctx, *addr, site.Config{Dir: *data, Demo: *demo, Origin: *origin, Installers: *installers, Sealing: *page})
}

// built is a folder that make left below build, if it did.
func built(name string) string {
	dir := filepath.Join("build", name)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return ""
	}
	return dir
}

// loopback reports whether an address can be reached from this computer only.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}

func serve(ctx context.Context, addr string, config site.Config) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	config.KeyMaker = []string{self, makeKey}
	if config.Page, err = fs.Sub(extension.Files(), "page"); err != nil {
		return err
	}
	if err := os.MkdirAll(config.Dir, 0o700); err != nil {
		return err
	}
	server, err := site.NewServer(ctx, config)
	if err != nil {
		return err
	}
	defer server.Close()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("listening http://%s\n", listener.Addr())
	return answer(ctx, listener, server.Handler())
}

// answer serves until ctx ends, then lets running requests finish. There is no
// read timeout: a pli may take hours on a slow line.
func answer(ctx context.Context, listener net.Listener, handler http.Handler) error {
	web := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 8*time.Second)
	defer cancel()
	if err := web.Shutdown(grace); err != nil {
		return web.Close()
	}
	return nil
}
