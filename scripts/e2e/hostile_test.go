package e2e

import (
	"crypto/elliptic"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/evil"
	"scelle/scripts/e2e/journey"
	"scelle/scripts/e2e/stack"
	"scelle/shared/certtest"
	"scelle/shared/protocol"
)

// hostileAttacks is how many attacks TestHostile carries out: one that is
// lost on the way is a failure, not a pass.
const hostileAttacks = 51

// recipient is the certificate that plis are sealed to: its name stands in every
// envelope.
const recipient = "Certificat destinataire"

// hostile is a world with an evil portal in it.
type hostile struct {
	*journey.Walk
	t       *testing.T
	evil    *evil.Server
	seen    browser.Watched
	log     *syncBuffer
	allowed browser.Page // the evil portal, where it is allowed
	config  map[string]any
	seq     int
	ran     []string // attacks that were carried out
	pli     []byte   // a sealed one
	canary  string   // what is in it
	typed   string   // what a person types when a password is asked for; "" where nobody can be asked

	thumbprint string // of a certificate, which the journal and the host know

	password stack.Secret // of the file in which the real portal's key came
}

// syncBuffer keeps what programs say.
type syncBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// TestHostile carries out every attack in one world: from an allowed site, from
// one that nobody allowed, from outside, and from another extension. Whatever
// they try, they get nothing and no private key is used.
func TestHostile(t *testing.T) {
	h := newHostile(t)
	stranger := h.open(h.evil.Stranger + "/")
	before := h.gains(stranger, "what a stranger is told")
	h.serverKey()
	h.furnish(serverKeyName)
	h.strangerLearnsNothing(stranger, before)
	h.outsiders()
	next := h.addNeighbour()
	used := len(h.journal())
	h.messages()
	h.embedding(next)
	h.leading()
	h.floods()
	h.neighbour(next)
	h.sealPlis()
	h.consent()
	if n := len(h.journal()); n != used {
		t.Errorf("%d private-key uses by attacks: %+v", n-used, h.journal()[used:])
	}
	h.canaries()
	h.made(hostileAttacks)
}

func newHostile(t *testing.T) *hostile {
	t.Helper()
	w := newWorld(t)
	h := &hostile{t: t, log: &syncBuffer{}, config: map[string]any{}}
	w.BrowserLog = h.log
	h.office(w)
	h.Walk = browseIn(t, w, false)
	must(t, h.GoKeys())
	must(t, h.Allow())
	must(t, h.Online())
	h.invite()
	return h
}

// invite starts the evil portal, which is then allowed as a portal with a
// script hole is.
func (h *hostile) invite() {
	t := h.t
	t.Helper()
	var ok bool
	if h.seen, ok = h.Browser.(browser.Watched); !ok {
		t.Fatal("this browser cannot be watched")
	}
	var err error
	h.evil, err = evil.Start()
	must(t, err)
	t.Cleanup(func() { must(t, h.evil.Close()) })
	var allowed, forbidden []protocol.Method
	for _, m := range protocol.Methods() {
		if slices.Contains(m.From, protocol.Page) && m.Method != protocol.BridgeAttach {
			allowed = append(allowed, m.Method)
		} else {
			forbidden = append(forbidden, m.Method)
		}
	}
	h.config["allowed"], h.config["forbidden"] = allowed, forbidden
	h.config["stranger"], h.config["outside"], h.config["page"] = h.evil.Stranger, h.evil.Outside, h.evil.Allowed
	h.config["base"] = h.Browser.ExtensionURL("")
	h.allowed = h.open(h.evil.Allowed + "/")
	walk := journey.New(h.World, h.Browser, nil)
	walk.Page = h.allowed
	must(t, walk.AllowInPopup())
}

func (h *hostile) open(url string) browser.Page {
	h.t.Helper()
	p, err := h.Browser.Open(url)
	must(h.t, err)
	return p
}

// serverKeyName is the key that the real portal makes and registers.
const serverKeyName = "Clé de Camille Lefort"

// furnish puts certificates with their keys into the store, which then has
// five; one may be there already, which the real portal registered.
func (h *hostile) furnish(registered ...string) {
	h.t.Helper()
	secrets := registered
	h.importCertificate(certtest.Options{CommonName: recipient})
	for i := range 4 - len(registered) {
		name := fmt.Sprintf("Certificat secret %d", i)
		h.importCertificate(certtest.Options{CommonName: name, Curve: elliptic.P256()})
		secrets = append(secrets, name)
	}
	var thumbprints []string
	for _, c := range h.certificates() {
		thumbprints = append(thumbprints, c.Thumbprint)
		if c.Name != recipient { // that one the page may know: it has plis for it
			secrets = append(secrets, c.Thumbprint)
		}
	}
	if len(thumbprints) != 5 {
		h.t.Fatalf("%d certificates, want 5", len(thumbprints))
	}
	h.config["thumbprints"], h.thumbprint = thumbprints, thumbprints[0]
	h.hide(secrets...)
}

// certificates are those that the host lists.
func (h *hostile) certificates() []protocol.Certificate {
	h.t.Helper()
	out, err := h.World.Run(h.World.Host, "list", "--json")
	must(h.t, err)
	var list protocol.ListResult
	must(h.t, json.Unmarshal([]byte(out), &list))
	return list.Certificates
}

// hide tells pages what they are to look for, backwards: what they are told
// they have.
func (h *hostile) hide(secrets ...string) {
	known, _ := h.config["backwards"].([]string)
	for _, s := range secrets {
		r := []rune(s)
		slices.Reverse(r)
		known = append(known, string(r))
	}
	h.config["backwards"] = known
}

// use is a line of the journal.
type use struct{ Verb, Origin, Key, Envelope, Outcome string }

func (h *hostile) journal() []use {
	h.t.Helper()
	out, err := h.World.Run(h.World.Host, "journal", "export", "--json")
	must(h.t, err)
	var uses []use
	must(h.t, json.Unmarshal([]byte(out), &uses))
	return uses
}

// strangerLearnsNothing compares every word that a site hears which was not
// allowed, with no certificate and with five.
func (h *hostile) strangerLearnsNothing(stranger browser.Page, before []string) {
	h.case_("a stranger learns nothing", func(t *testing.T) {
		if found, err := h.do(stranger, "what a stranger is told", "control"); err != nil || len(found) > 0 {
			t.Fatalf("%q, %v", found, err)
		}
		after := h.gains(stranger, "what a stranger is told")
		if !slices.Equal(before, after) || len(after) != len(protocol.Methods()) {
			t.Errorf("with 0 certificates %q, with 5 %q", before, after)
		}
		for _, line := range after {
			if !strings.Contains(line, "site-not-allowed") && !strings.Contains(line, "not-permitted") && !strings.Contains(line, "unknown-method") {
				t.Errorf("a stranger hears %s", line)
			}
		}
	})
	stranger.Close()
	outside := h.open(h.evil.Outside + "/")
	h.attack(outside, "whoever is outside is not answered")
	h.attack(outside, "answers of others")
	outside.Close()
}

// messages are forged by frames, by a document without an origin, and by the
// allowed page itself.
func (h *hostile) messages() {
	sandboxed := h.open(h.evil.Allowed + "/sandboxed")
	end := h.begin(sandboxed, map[string]string{"a document without an origin": "a document without an origin"})
	h.attack(h.allowed, "messages from frames")
	all := map[string]string{}
	for _, name := range []string{
		"an event that no browser sent", "methods of others", "odd names", "odd parameters", "replies of others, replayed", "keys of others",
	} {
		all[name] = name
	}
	h.together(h.allowed, all)
	h.attack(h.allowed, "names over the document's own")
	end()
	sandboxed.Close()
}

// ofExtension are the open documents of the extension, without assistants.
func (h *hostile) ofExtension(t *testing.T) []string {
	t.Helper()
	urls, err := h.seen.Documents()
	must(t, err)
	return slices.DeleteFunc(urls, func(u string) bool {
		return !strings.HasPrefix(u, h.Browser.ExtensionURL("")) || browser.IsAssistant(u)
	})
}

// embedding: which documents of the extension there are is the browser's word.
func (h *hostile) embedding(next browser.Page) {
	h.case_("a bridge is made", func(t *testing.T) {
		h.step(t, h.allowed, "a bridge of the page's own request")
		bridges := h.ofExtension(t)
		if len(bridges) != 1 || !strings.HasSuffix(bridges[0], "/app/bridge.html") {
			t.Fatalf("the extension's documents: %q", bridges)
		}
	})
	h.case_("the bridge's address", func(t *testing.T) {
		// Another extension can see it; pages are told it, to see whether it helps.
		addresses := h.gains(next, "the address of the bridge")
		if len(addresses) != 1 || !strings.Contains(addresses[0], "-extension://") {
			t.Fatalf("the bridges' addresses: %q", addresses)
		}
		h.config["dynamic"] = strings.TrimSuffix(addresses[0], "app/bridge.html")
	})
	h.attack(h.allowed, "a handle on the bridge")
	h.attack(h.allowed, "resources of the extension")
	h.attack(h.allowed, "framing pages of the extension")
	h.case_("no page of the extension is framed", func(t *testing.T) {
		if open := h.ofExtension(t); len(open) != 1 {
			t.Errorf("open: %q", open)
		}
		h.step(t, h.allowed, "clearing frames")
	})
	h.attack(h.allowed, "a bridge of the page's own")
	h.step(h.t, h.allowed, "clearing frames")
}

// assistants counts the windows on the screen.
func (h *hostile) assistants(t *testing.T) int {
	t.Helper()
	urls, err := h.seen.Documents()
	must(t, err)
	n := 0
	for _, u := range urls {
		if browser.IsAssistant(u) {
			n++
		}
	}
	return n
}

// shutAll closes the assistants that an attack left.
func (h *hostile) shutAll(t *testing.T) {
	t.Helper()
	for range 10 {
		open := false
		for range 2 { // one may still be coming, or be on its way out
			time.Sleep(300 * time.Millisecond)
			var err error
			open, err = h.Browser.HasAssistant()
			must(t, err)
			if !open {
				break
			}
		}
		if !open {
			return
		}
		a, err := h.Browser.Assistant()
		if err != nil {
			t.Logf("it went by itself: %v", err)
			continue
		}
		if err := a.Shut(); err != nil {
			t.Logf("it went by itself: %v", err)
		}
	}
	t.Error("windows do not end")
}

func (h *hostile) floods() {
	h.attack(h.allowed, "a flood of questions")
	h.attack(h.allowed, "a flood of rubbish")
	h.attack(h.allowed, "a flood of windows")
	h.case_("a flood makes one window", func(t *testing.T) {
		a, err := h.Browser.Assistant() // there is one
		must(t, err)
		must(t, a.Visible("#name"))
		if n := h.assistants(t); n != 1 {
			t.Errorf("%d windows", n)
		}
		h.shutAll(t)
	})
	h.attack(h.allowed, "asking and taking back")
	h.case_("taking back leaves few windows", func(t *testing.T) {
		if n := h.assistants(t); n > 4 {
			t.Errorf("%d windows", n)
		}
		h.shutAll(t)
	})
	h.case_("hosts do not pile up", func(t *testing.T) { must(t, h.World.WaitHosts(0)) })
}

// addNeighbour installs another extension with every permission that helps, and
// opens its page.
func (h *hostile) addNeighbour() browser.Page {
	h.t.Helper()
	dir := filepath.Join(h.World.Dir, "neighbour")
	id := protocol.ChromeID
	if strings.HasPrefix(h.Browser.ExtensionURL(""), "moz-") {
		id = protocol.FirefoxID
	}
	must(h.t, os.MkdirAll(dir, 0o700))
	must(h.t, evil.Neighbour(dir, id, protocol.HostName))
	base, err := h.seen.AddExtension(dir)
	must(h.t, err)
	// Its content script comes with the page's next document.
	must(h.t, h.allowed.Reload())
	must(h.t, h.allowed.Until(`document.documentElement.dataset.attacks`))
	p := h.open(base + "run.html")
	must(h.t, p.Until(`document.documentElement.dataset.attacks`))
	_, err = h.do(p, "the address of the bridge", "control") // so that it knows the page
	must(h.t, err)
	return p
}

func (h *hostile) neighbour(p browser.Page) {
	all := map[string]string{}
	for _, name := range []string{
		"messages to the other extension", "the other extension's host", "the other extension's storage and files", "the bridge in the page",
		"scripts in the other extension's pages",
	} {
		all[name] = name
	}
	h.together(p, all)
	h.step(h.t, h.allowed, "asking for a window")
	a, err := h.Browser.Assistant()
	must(h.t, err)
	must(h.t, a.Visible("#name"))
	h.attack(p, "clicks in the open assistant")
	must(h.t, a.Visible("#name"))
	must(h.t, a.Shut())
	h.step(h.t, h.allowed, "what came of the window")
	p.Close()
}
