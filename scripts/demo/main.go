// Command demo shows Scellé at work on this machine and nowhere else: the
// reference portal on loopback, the real host registered for a throw-away
// browser profile with a throw-away home, and Chromium opened on it. Without
// a display the same journey runs headless and leaves its pictures.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"scelle/scripts/e2e/journey"
	"scelle/scripts/e2e/stack"
)

func main() {
	build := flag.String("build", "build", "where make build left its files")
	headless := flag.Bool("headless", false, "walk the journey without a window, even when there is a display")
	language := flag.String("lang", "fr", "language of the browser: fr or en")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	display := os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
	if err := run(ctx, *build, *language, display && !*headless); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, build, language string, visible bool) (err error) {
	a, err := stack.Built(build)
	if err != nil {
		return err
	}
	if a, err = absolute(a); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "scelle-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	w, err := stack.New(ctx, a, dir, os.Stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	w.Language = language
	if err := w.Stock(); err != nil {
		return err
	}
	if visible {
		return show(ctx, w)
	}
	return walk(ctx, w, filepath.Join(build, "demo"))
}

func absolute(a stack.Artifacts) (stack.Artifacts, error) {
	for _, p := range []*string{&a.Host, &a.Portal, &a.Extension, &a.Firefox, &a.Page, &a.Dist} {
		abs, err := filepath.Abs(*p)
		if err != nil {
			return a, err
		}
		*p = abs
	}
	return a, nil
}

// show opens a window for a person to play with.
func show(ctx context.Context, w *stack.World) error {
	c, err := w.Browse(ctx, true)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.First().Goto(w.Origin); err != nil {
		return err
	}
	fmt.Printf(`Salle des marchés / portal: %s
1. agent@demo, agent-demo : « Clés de chiffrement », puis l'icône de Scellé : « Autoriser cette salle des marchés », « Ajouter un bi-clé ».
2. entreprise@demo, entreprise-demo : une consultation, « Sceller et déposer ».
3. agent@demo : « Clore maintenant », « Ouvrir les plis ».
Fermez le navigateur pour terminer : rien ne reste. / Close the browser to end: nothing is left behind.
`, w.Origin)
	c.Wait()
	return nil
}

// walk does what a person would and photographs it.
func walk(ctx context.Context, w *stack.World, pictures string) error {
	if err := os.RemoveAll(pictures); err != nil {
		return err
	}
	if err := os.MkdirAll(pictures, 0o755); err != nil {
		return err
	}
	c, err := w.Browse(ctx, false)
	if err != nil {
		return err
	}
	defer c.Close()
	camera := &journey.Camera{Dir: pictures}
	walkErr := journey.All(journey.New(w, c, camera))
	index, err := camera.Index()
	if err == nil {
		fmt.Printf("%d pictures: %s\n", camera.Count(), index)
	}
	return errors.Join(walkErr, err)
}
