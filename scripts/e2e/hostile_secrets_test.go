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
	"strings"
	"syscall"
	"testing"

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

// serverKey has the real portal make a key for this computer, and returns the
// password of its PKCS#12: SHA-256 of the one-time certificate.
func (h *hostile) serverKey() stack.Secret {
	h.t.Helper()
	const listen = `(() => { const real = window.fetch; window.fetch = (url, init) => {
		if (String(url).endsWith("/api/keys/server")) globalThis.wish = init.body;
		return real(url, init); }; return true; })()`
	h.Page.Close()
	h.Page = h.open(h.World.Origin + "/") // in front: pages that nobody sees ask for nothing
	must(h.t, h.GoKeys())
	must(h.t, h.Online())
	must(h.t, h.Page.Eval(listen, nil))
	a, err := h.StartAdd("Clé du serveur", false)
	must(h.t, err)
	must(h.t, a.Click("#mode-server"))
	must(h.t, a.Fill("#common-name", "Clé du serveur"))
	must(h.t, a.Click("#use-key"))
	must(h.t, a.Visible(".success"))
	var wish string
	must(h.t, h.Page.Eval(`globalThis.wish`, &wish))
	var args protocol.RequestServerKeyArgs
	must(h.t, json.Unmarshal([]byte(wish), &args))
	sum := sha256.Sum256(args.OneTimeCertificate)
	password := hex.EncodeToString(sum[:])
	// In hexadecimal, as it is used; its bytes are no secret by another name.
	secret := stack.NewSecret("PKCS#12 password", []byte(password))
	h.hostKeepsNothing("the host after it imported a key", []stack.Secret{secret})
	must(h.t, a.CloseBy(".actions .primary"))
	must(h.t, h.Active("Clé du serveur"))
	return secret
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

// hostKeepsNothing looks at the host that has just used a key.
func (h *hostile) hostKeepsNothing(name string, secrets []stack.Secret) {
	h.case_(name, func(t *testing.T) { hostsForget(t, h.World, secrets, h.thumbprint) })
}

// hostsForget looks for secrets in the memory, the environment and the command
// line of every host that runs; known must be found in one of them. A second host
// may be there for a moment, to tell a page its status.
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
		for _, name := range []string{"environ", "cmdline"} {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
			if err != nil {
				continue
			}
			for _, s := range secrets {
				seen[s.Name] = seen[s.Name] || s.In(text)
			}
		}
		for _, s := range secrets {
			if seen[s.Name] {
				t.Errorf("the host still has the %s", s.Name)
			}
		}
	}
	if !found {
		t.Errorf("the search does not find what is there, in %d hosts", len(pids))
	}
}
