package e2e

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"scelle/scripts/e2e/journey"
	"scelle/scripts/e2e/stack"
)

// begin makes a world, starts its browser and logs the agent in.
func begin(t *testing.T) *journey.Walk {
	t.Helper()
	w := newWorld(t)
	return browse(t, w)
}

func browse(t *testing.T, w *stack.World) *journey.Walk {
	t.Helper()
	return browseIn(t, w, false)
}

// newWorld makes a world of its own for a test, which may then run beside
// another: most of its time is waiting.
func newWorld(t *testing.T) *stack.World {
	t.Helper()
	t.Parallel()
	engine := stack.Chromium
	if strings.HasPrefix(t.Name(), "TestFirefox") {
		engine = stack.Firefox
	}
	build, err := filepath.Abs("../../build")
	must(t, err)
	a, err := stack.BuiltFor(engine, build)
	must(t, err)
	w, err := stack.New(context.WithoutCancel(t.Context()), a, t.TempDir(), logWriter{t})
	must(t, err)
	t.Cleanup(func() { must(t, w.Close()) })
	return w
}

// lengthy leaves a test to make test-all: what it holds is held by a shorter one
// too, by the other browser's or by one moment out of several.
func lengthy(t *testing.T) {
	t.Helper()
	if !everything {
		t.Skip("in make test-all")
	}
}

// browseIn starts the browser, with windows when visible.
func browseIn(t *testing.T, w *stack.World, visible bool) *journey.Walk {
	t.Helper()
	c, err := w.Browse(context.WithoutCancel(t.Context()), visible)
	must(t, err)
	t.Cleanup(c.Close)
	walk := journey.New(w, c, nil)
	must(t, walk.Login(journey.Agent))
	return walk
}

// ready is begin with the site allowed and the keys' page open and online.
func ready(t *testing.T) *journey.Walk {
	t.Helper()
	w := begin(t)
	must(t, w.GoKeys())
	must(t, w.Allow())
	must(t, w.Online())
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// logWriter puts the programs' words into the test's log.
type logWriter struct{ t *testing.T }

func (l logWriter) Write(b []byte) (int, error) {
	if l.t.Context().Err() == nil {
		l.t.Logf("%s", strings.TrimSpace(string(b)))
	}
	return len(b), nil
}

// leftovers counts the files in the extension's private file system.
func leftovers(t *testing.T, w *journey.Walk) int {
	t.Helper()
	p, err := w.Browser.Open(w.Browser.ExtensionURL("app/offline.html"))
	must(t, err)
	defer p.Close()
	const count = `(async () => { const walk = async (d) => { let n = 0; for await (const h of d.values()) n += h.kind === "file" ? 1 : await walk(h); return n; };
		return walk(await navigator.storage.getDirectory()); })()`
	var n int
	eventually(func() bool { // the last worker sweeps as it ends
		must(t, p.Eval(count, &n))
		return n == 0
	})
	return n
}

// portalKeys is the portal's own list of the service's keys.
func portalKeys(t *testing.T, w *journey.Walk) map[string]string {
	t.Helper()
	var raw json.RawMessage
	must(t, w.Page.Eval(`fetch("/api/keys?service=voirie").then(r => r.json())`, &raw))
	var list struct {
		Keys []struct{ Name, State string }
	}
	must(t, json.Unmarshal(raw, &list))
	states := map[string]string{}
	for _, k := range list.Keys {
		states[k.Name] = k.State
	}
	return states
}
