package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/journey"
)

// An accident happens while one request of a registration is under way. What
// is left must be something to go on from, and never an active key whose
// private key is nowhere.
type accident struct {
	name string
	do   func(t *testing.T, w *journey.Walk, assistant browser.Page) *journey.Walk
}

var accidents = []accident{
	{"window closed", func(t *testing.T, w *journey.Walk, a browser.Page) *journey.Walk {
		must(t, a.Shut())
		return w
	}},
	{"host killed", func(t *testing.T, w *journey.Walk, _ browser.Page) *journey.Walk {
		must(t, w.World.KillHosts())
		return w
	}},
	{"portal restarted", func(t *testing.T, w *journey.Walk, _ browser.Page) *journey.Walk {
		must(t, w.World.StopPortal())
		must(t, w.World.StartPortal(context.WithoutCancel(t.Context())))
		return w
	}},
	{"network lost", func(t *testing.T, w *journey.Walk, _ browser.Page) *journey.Walk {
		must(t, w.Page.Eval("window.lose()", nil))
		return w
	}},
	{"browser closed", func(t *testing.T, w *journey.Walk, _ browser.Page) *journey.Walk {
		w.Browser.Close()
		w = browse(t, w.World)
		// Chromium takes granted sites back when it loads an unpacked
		// extension again; an installed one keeps them.
		must(t, w.GoKeys())
		must(t, w.Allow())
		return w
	}},
}

// moments are the requests of a registration that the page makes; each is
// held before it is sent, or after the portal has answered and before the
// page hears of it.
var moments = map[string][]string{
	"server": {"/api/keys/server", "/challenge", "/proof"},
	"local":  {"/api/keys", "/challenge", "/proof"},
	// The certificate is there already, so its first request is as local's.
	"existing": {"/api/keys", "/challenge", "/proof"},
}

// hold makes the page's next request to a path wait for good.
func hold(t *testing.T, p browser.Page, path string, answered bool) {
	t.Helper()
	must(t, p.Eval(fmt.Sprintf(`(() => {
		const real = window.fetch;
		window.held = false;
		window.fetch = async (input, init) => {
			const url = new URL(input?.url ?? input, location.href).pathname;
			if (window.held || init?.method !== "POST" || !url.endsWith(%q)) return real(input, init);
			if (%t) await real(input, init);
			window.held = true;
			return new Promise((_, reject) => { window.lose = () => reject(new TypeError("network")); });
		};
	})()`, path, answered), nil))
}

// interruption is one accident in one registration.
type interruption struct {
	key      string // its name, and its common name
	mode     string
	path     string
	answered bool // whether the portal had heard of the request
	what     accident
}

func (i interruption) String() string {
	return fmt.Sprintf("%s %s answered=%t %s", i.mode, strings.TrimPrefix(i.path, "/"), i.answered, i.what.name)
}

// TestInterruptedRegistration goes from one interruption to the next in the
// same world, as a person with bad luck would.
func TestInterruptedRegistration(t *testing.T) {
	for name, all := range interruptions() {
		t.Run(name, func(t *testing.T) {
			if name != "new" {
				lengthy(t) // the challenge and the proof are as local's
			}
			w := ready(t)
			for _, i := range all {
				t.Log(i)
				w = interrupt(t, w, i)
			}
		})
	}
}

// interruptions are those of one world, by its name: a key that is made here,
// and one that the portal is asked for, come one after the other.
func interruptions() map[string][]interruption {
	worlds := make(map[string][]interruption)
	for _, mode := range []string{"local", "server", "existing"} {
		for i, path := range moments[mode] {
			world := mode
			switch {
			case mode == "local" || path == "/api/keys/server":
				world = "new"
			case mode == "server":
				world += strings.ReplaceAll(path, "/", " ")
			}
			for j, a := range accidents {
				// Half of the moments before the portal heard, half after.
				answered := (i+j)%2 == 1
				if mode == "local" && j != i || mode == "existing" && j != i+2 {
					continue // what follows is shared; each accident once is enough here
				}
				if !everything && world == "new" && mode == "server" && j < len(moments["local"]) {
					continue // the accidents that happen to local's
				}
				key := fmt.Sprintf("Clé interrompue %d", len(worlds[world])+1)
				worlds[world] = append(worlds[world], interruption{key, mode, path, answered, a})
			}
		}
	}
	return worlds
}

// interrupt returns the walk as it goes on: a closed browser is another one.
func interrupt(t *testing.T, w *journey.Walk, i interruption) *journey.Walk {
	t.Helper()
	if i.mode == "existing" {
		must(t, w.MakeCertificate(i.key))
	}
	hold(t, w.Page, i.path, i.answered)
	a, err := w.StartAdd(i.key, false)
	must(t, err)
	choose(t, w, a, i)
	must(t, a.Click("#use-key"))
	must(t, w.Page.Until("window.held"))
	w = i.what.do(t, w, a)
	if i.what.name == "network lost" {
		must(t, a.Visible("#fault"))
		must(t, a.Shut())
	}

	must(t, w.GoKeys())
	must(t, w.Online())
	noActiveKeyWithoutPrivateKey(t, w)
	finishOrStartAgain(t, w, i)
	must(t, w.Active(i.key))
	noActiveKeyWithoutPrivateKey(t, w)
	return w
}

// choose fills in step 2.
func choose(t *testing.T, w *journey.Walk, a browser.Page, i interruption) {
	t.Helper()
	if i.mode == "existing" {
		must(t, w.Choose(a, i.key))
		return
	}
	must(t, a.Click("#mode-"+i.mode))
	must(t, a.Fill("#common-name", i.key))
}

// noActiveKeyWithoutPrivateKey compares the portal's list with the store.
func noActiveKeyWithoutPrivateKey(t *testing.T, w *journey.Walk) {
	t.Helper()
	var active []string
	must(t, w.Page.Eval(`fetch("/api/keys?service=voirie").then(r => r.json()).then(l => l.keys.filter(k => k.state === "active").map(k => k.thumbprint))`, &active))
	if len(active) == 0 {
		return
	}
	list, err := w.World.Run(w.World.Host, "list", "--json")
	must(t, err)
	for _, thumbprint := range active {
		if !strings.Contains(list, thumbprint) {
			t.Errorf("%s is active at the portal and not in the store: %s", thumbprint, list)
		}
	}
}

// finishOrStartAgain does what a person would after the accident: finish what
// is pending, start over what cannot be finished, or add the key anew.
func finishOrStartAgain(t *testing.T, w *journey.Walk, i interruption) {
	t.Helper()
	state := portalKeys(t, w)[i.key]
	t.Logf("the portal says %q", state)
	var a browser.Page
	var err error
	switch state {
	case "active":
		return
	case "awaiting-proof":
		must(t, w.Page.Click(journey.RowOf(i.key)+` [data-action="resume"]`))
		a, err = w.Browser.Assistant()
		must(t, err)
		must(t, a.Visible("#use-key"))
	case "awaiting-import":
		must(t, w.Page.Click(journey.RowOf(i.key)+` [data-action="restart"]`))
		a, err = w.Browser.Assistant()
		must(t, err)
		must(t, a.Visible("#name"))
		must(t, a.Click("button[type=submit]"))
		must(t, a.Visible("#use-key"))
	case "":
		a, err = w.StartAdd(i.key, false)
		must(t, err)
		choose(t, w, a, i)
	default:
		t.Fatalf("nobody can go on from %q", state)
	}
	must(t, w.Finish(a, i.key))
}

// TestNoHost: the page says what is missing, and notices by itself when it
// has come.
func TestNoHost(t *testing.T) {
	lengthy(t)
	w := newWorld(t)
	must(t, w.UnregisterHost())
	walk := browse(t, w)
	must(t, walk.GoKeys())
	must(t, walk.Allow())
	must(t, walk.Page.Until(`document.querySelector("#assistant").dataset.state === "offline"`))
	must(t, walk.Page.Says("#assistant", "programme"))
	must(t, w.RegisterHost())
	must(t, walk.Online())
}

// TestWrongServerKey: a portal that delivers something else than it should
// leaves nothing in the store and no active key.
func TestWrongServerKey(t *testing.T) {
	lengthy(t)
	w := ready(t)
	must(t, w.Page.Eval(`(() => {
		const real = window.fetch;
		window.fetch = async (input, init) => {
			const answer = await real(input, init);
			if (!String(input?.url ?? input).endsWith("/api/keys/server")) return answer;
			const key = await answer.json();
			const bytes = Uint8Array.from(atob(key.envelope), (c) => c.charCodeAt(0));
			bytes[bytes.length - 40] ^= 1;
			key.envelope = btoa(String.fromCharCode(...bytes));
			return Response.json(key);
		};
	})()`, nil))
	a, err := w.StartAdd("Clé abîmée", false)
	must(t, err)
	must(t, a.Click("#mode-server"))
	must(t, a.Fill("#common-name", "Clé abîmée"))
	must(t, a.Click("#use-key"))
	must(t, a.Visible("#fault"))
	must(t, a.Shut())
	must(t, w.GoKeys())
	if state := portalKeys(t, w)["Clé abîmée"]; state == "active" {
		t.Errorf("the key is %q", state)
	}
	list, err := w.World.Run(w.World.Host, "list")
	must(t, err)
	if strings.Contains(list, "Clé abîmée") {
		t.Errorf("the store took it: %s", list)
	}
}

// TestLockedDatabase: a store with a password lists its keys and says why
// they cannot be used.
func TestLockedDatabase(t *testing.T) {
	lengthy(t)
	w := ready(t)
	must(t, w.MakeCertificate("Clé sous mot de passe"))
	dir := t.TempDir()
	empty, err := journey.WriteFile(dir, "old", []byte("\n"))
	must(t, err)
	password, err := journey.WriteFile(dir, "new", []byte("secret-1\n"))
	must(t, err)
	_, err = w.World.Run("certutil", "-W", "-d", "sql:"+w.World.StoreDir(), "-f", empty, "-@", password)
	must(t, err)
	a, err := w.StartAdd("Impossible", false)
	must(t, err)
	must(t, a.Click("#mode-existing"))
	must(t, a.Says(".certificate, .warning, .alert", "mot de passe"))
	must(t, a.Shut())
}

// TestHostDiesDuringOpening: the pli that was under way fails with its reason,
// the window stays, and opening again works.
func TestHostDiesDuringOpening(t *testing.T) {
	lengthy(t)
	w := ready(t)
	must(t, w.AddLocal("Clé de Camille Lefort", false))
	file, err := journey.WriteFile(w.World.Home, "offre.txt", []byte("offre"))
	must(t, err)
	must(t, w.Login(journey.Company))
	must(t, w.Deposit(file))
	must(t, w.Login(journey.Agent))
	must(t, w.CloseTender())
	a, err := w.StartOpen(false)
	must(t, err)
	must(t, a.Visible("#use-key"))
	must(t, w.World.KillHosts())
	must(t, w.World.UnregisterHost())
	must(t, a.Click("#use-key"))
	must(t, a.Visible(".result.bad, #fault"))
	must(t, a.Shut())
	must(t, w.World.RegisterHost())
	must(t, w.GoTender())
	must(t, w.OpenPlis(false))
}

// TestReloadDuringRegistration: the page that asked is gone; the window says
// so, and the next request of the page is not refused.
func TestReloadDuringRegistration(t *testing.T) {
	lengthy(t)
	w := ready(t)
	a, err := w.StartAdd("Clé", false)
	must(t, err)
	must(t, w.Page.Reload())
	must(t, w.Online())
	time.Sleep(100 * time.Millisecond)
	if err := a.Shut(); err != nil {
		t.Logf("the window was closed already: %v", err)
	}
	must(t, w.AddLocal("Clé", false))
}
