package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/journey"
	"scelle/scripts/e2e/stack"
	"scelle/shared/certtest"
	"scelle/shared/protocol"
)

// office has somebody at hand who types a password when the host asks for one.
func (h *hostile) office(w *stack.World) {
	h.t.Helper()
	h.typed = word("typed")
	err := w.Furnish(stack.Office{Secret: h.typed})
	if errors.Is(err, errors.ErrUnsupported) {
		h.t.Logf("without a password of the store: %v", err)
		h.typed = ""
		return
	}
	must(h.t, err)
}

// lockStore gives the store's database the password that is going to be typed.
func (h *hostile) lockStore() {
	h.t.Helper()
	none, err := journey.WriteFile(h.World.Dir, "none", []byte("\n"))
	must(h.t, err)
	typed := filepath.Join(h.World.Dir, "office", "secret")
	_, err = h.World.Run("certutil", "-W", "-d", "sql:"+h.World.StoreDir(), "-f", none, "-@", typed)
	must(h.t, err)
}

// wasAsked is the control of the password: it was asked for, once for all plis,
// in the name of the site that the browser reported.
func (h *hostile) wasAsked() {
	h.case_("the password was typed", func(t *testing.T) {
		if h.typed == "" {
			t.Skip("this system lets nobody make a mount namespace with an overlay")
		}
		said, err := h.World.Asked()
		must(t, err)
		if strings.Count(said, "SETDESC") != 1 || !strings.Contains(said, strings.TrimPrefix(h.evil.Allowed, "http://")) {
			t.Errorf("the windows said %q", said)
		}
	})
}

// serverKey has the real portal make a key for this computer, and keeps the
// password of its PKCS#12: SHA-256 of the one-time certificate.
func (h *hostile) serverKey() {
	h.t.Helper()
	const listen = `(() => { const real = window.fetch; window.fetch = (url, init) => {
		if (String(url).endsWith("/api/keys/server")) globalThis.wish = init.body;
		return real(url, init); }; return true; })()`
	must(h.t, h.Page.Eval(listen, nil))
	a, err := h.StartAdd(serverKeyName, false)
	must(h.t, err)
	must(h.t, a.Click("#mode-server"))
	must(h.t, a.Fill("#common-name", serverKeyName))
	must(h.t, a.Click("#use-key"))
	must(h.t, a.Visible(".success"))
	var wish string
	must(h.t, h.Page.Eval(`globalThis.wish`, &wish))
	var args protocol.RequestServerKeyArgs
	must(h.t, json.Unmarshal([]byte(wish), &args))
	sum := sha256.Sum256(args.OneTimeCertificate)
	password := hex.EncodeToString(sum[:])
	// In hexadecimal, as it is used; its bytes are no secret by another name.
	h.password = stack.NewSecret("PKCS#12 password", []byte(password))
	h.thumbprint = h.certificates()[0].Thumbprint
	h.hostKeepsNothing("the host after it imported a key", []stack.Secret{h.password}, h.thumbprint)
	must(h.t, a.CloseBy(".actions .primary"))
	must(h.t, h.Active(serverKeyName))
	must(h.t, h.Page.Visible(journey.RowOf(serverKeyName)+` [data-present="yes"]`)) // its own portal is told
}

// importCertificate puts a pair into the store. Making one there takes longer.
func (h *hostile) importCertificate(o certtest.Options) {
	h.t.Helper()
	p12, err := journey.WriteFile(h.World.Dir, "pair.p12", certtest.SelfSigned(h.t, o).P12(h.t, "p12", certtest.Modern))
	must(h.t, err)
	password, err := journey.WriteFile(h.World.Dir, "password", []byte("p12\n"))
	must(h.t, err)
	_, err = h.World.Run(h.World.Host, "import", "--password-file", password, "--name", o.CommonName, p12)
	must(h.t, err)
	must(h.t, errors.Join(os.Remove(p12), os.Remove(password)))
}

// hostKeepsNothing looks at the host that has just used a key, and knows a word.
func (h *hostile) hostKeepsNothing(name string, secrets []stack.Secret, known string) {
	h.case_(name, func(t *testing.T) { hostsForget(t, h.World, secrets, known) })
}

// hostsForget looks for secrets in the memory of every host that runs; known must
// be found in one of them. A second host may be there for a moment, to tell a
// page its status. No process of the world, the programs that a host started
// among them, has a secret in its environment or on its command line.
func hostsForget(t *testing.T, w *stack.World, secrets []stack.Secret, known string) {
	t.Helper()
	pids, err := w.Hosts()
	must(t, err)
	found := false
	for _, pid := range pids {
		seen, err := stack.SeenInMemory(pid, append(slices.Clone(secrets), stack.NewSecret("known", []byte(known))))
		switch {
		case os.IsPermission(err):
			t.Skip("this kernel lets nobody read another process's memory")
		case os.IsNotExist(err), errors.Is(err, syscall.ESRCH):
			continue // it told a status
		case err != nil:
			t.Fatal(err)
		}
		found = found || seen["known"]
		for _, s := range secrets {
			if seen[s.Name] {
				t.Errorf("the host still has the %s", s.Name)
			}
		}
	}
	if !found {
		t.Errorf("the search does not find what is there, in %d hosts", len(pids))
	}
	processesForget(t, w, secrets)
}

func processesForget(t *testing.T, w *stack.World, secrets []stack.Secret) {
	t.Helper()
	pids, err := w.Processes()
	must(t, err)
	home := false
	for _, pid := range pids {
		for _, name := range []string{"environ", "cmdline"} {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
			if err != nil {
				continue // it ended
			}
			home = home || strings.Contains(string(text), "HOME="+w.Home)
			for _, s := range secrets {
				if s.In(text) {
					t.Errorf("the %s is in %s of a process", s.Name, name)
				}
			}
		}
	}
	if !home {
		t.Errorf("the search does not find what is there, in %d processes", len(pids))
	}
}

// pagesForget looks through the memory of the processes that a page may be in:
// its heap, the content script's, and whatever else is there. The control, which
// the page holds, must be found.
func pagesForget(t *testing.T, b browser.Watched, p browser.Page, control string, secrets []stack.Secret) {
	t.Helper()
	must(t, p.Eval(`globalThis.control = `+strconv.Quote(control)+`, true`, nil))
	pids, err := b.PageProcesses(p)
	must(t, err)
	all := map[string]bool{}
	for _, pid := range pids {
		seen, err := stack.SeenInMemory(pid, append(slices.Clone(secrets), stack.NewSecret("control", []byte(control))))
		if os.IsPermission(err) {
			t.Skip("this kernel lets nobody read another process's memory")
		}
		if err != nil && !os.IsNotExist(err) && !errors.Is(err, syscall.ESRCH) { // one of another page may have ended
			t.Fatal(err)
		}
		for name, yes := range seen {
			all[name] = all[name] || yes
		}
	}
	if !all["control"] {
		t.Error("the search does not find what the page itself holds")
	}
	for _, s := range secrets {
		if all[s.Name] {
			t.Errorf("the %s is in the memory of a page's process", s.Name)
		}
	}
}

// logForgets looks through what the browser, the host and every page said; the
// control, which the page says, must be found.
func logForgets(t *testing.T, log *syncBuffer, p browser.Page, control string, secrets []stack.Secret) {
	t.Helper()
	must(t, p.Eval(`console.log(`+strconv.Quote(control)+`), true`, nil))
	if !eventually(func() bool { return strings.Contains(log.String(), control) }) {
		t.Error("the log does not even hold what a page says")
	}
	said := log.String()
	for _, s := range secrets {
		if s.In([]byte(said)) {
			t.Errorf("the %s is in the browser's or the host's log", s.Name)
		}
	}
}
