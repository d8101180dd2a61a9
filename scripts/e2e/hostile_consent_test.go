package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/journey"
	"scelle/scripts/e2e/stack"
	"scelle/shared/envelope"
	"scelle/shared/protocol"
)

// armed is when a button that uses a private key works, with room to spare.
const armed = (protocol.ConsentArmMillis + 250) * time.Millisecond

// word is a text that is nowhere else.
func word(name string) string {
	b := make([]byte, 24)
	_, _ = rand.Read(b) // it never fails
	return name + "-" + hex.EncodeToString(b)
}

// consent attacks the window in which a person agrees, from a hooked page: one
// window, which survives it all.
func (h *hostile) consent() {
	evil := `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script><form action=x>`
	h.config["title"], h.config["plis"] = evil, []map[string]any{{"id": "pli", "label": evil + "\u202egpj.exe"}}
	p := h.hooked()
	a := h.ask(h.t, p)
	delete(h.config, "title")
	delete(h.config, "plis")
	h.namesAreText(a)
	time.Sleep(armed)
	h.covered(a)
	h.surprised(a)
	h.stealsFocus(p, a)
	h.clicked(p, a)
	h.leaves(p)
	p.Close()
}

// hooked opens the page whose every global is hooked.
func (h *hostile) hooked() browser.Page {
	h.t.Helper()
	p := h.open(h.evil.Allowed + "/hooked.html")
	must(h.t, p.Until(`document.documentElement.dataset.attacks`))
	return p
}

// stealsFocus: a page that calls itself to the front and asks again ten times a
// second neither hides the window nor has a second one.
func (h *hostile) stealsFocus(p, a browser.Page) {
	h.case_("stealing the focus of a consent", func(t *testing.T) {
		if found, err := h.do(p, "stealing the focus", "control"); err != nil || len(found) > 0 {
			t.Fatalf("the control: %q, %v", found, err)
		}
		h.step(t, p, "stealing the focus")
		time.Sleep(armed)
		must(t, a.Visible("#use-key:not([aria-disabled])")) // it arms all the same
		h.step(t, p, "leaving the focus alone")
		if n := h.assistants(t); n != 1 {
			t.Errorf("%d windows", n)
		}
		must(t, a.Visible("#use-key"))
	})
}

// leaves: the window of a page that goes away goes too, or says so.
func (h *hostile) leaves(p browser.Page) {
	h.case_("the page goes away while a person consents", func(t *testing.T) {
		a := h.ask(t, p)
		must(t, p.Goto(h.evil.Allowed+"/hooked.html"))
		if !eventually(func() bool {
			open, err := h.Browser.HasAssistant()
			must(t, err)
			said, err := absent(a, "#use-key")
			return !open || err == nil && said
		}) {
			t.Error("the window still asks")
		}
		h.shutAll(t)
	})
}

// sealPlis seals plis with a canary in them and gives them to the evil portal:
// one that is good, one in the old profile, and both damaged.
func (h *hostile) sealPlis() {
	h.t.Helper()
	w := h.World
	pem, err := w.Run("certutil", "-L", "-d", "sql:"+w.StoreDir(), "-n", recipient, "-a")
	must(h.t, err)
	to, err := journey.WriteFile(w.Dir, "to.pem", []byte(pem))
	must(h.t, err)
	h.canary = word("canary") // no page may have it, not even to look for it
	file, err := journey.WriteFile(w.Dir, "offre.txt", []byte(strings.Repeat(h.canary+"\n", 100)))
	must(h.t, err)
	for name, profile := range map[string][]string{"pli": nil, "cbc": {"--profile", "cbc"}} {
		sealed := filepath.Join(w.Dir, name+".p7m")
		args := append([]string{"seal", file, "--to", to, "--tender", "2027-1", "--kind", "offre", "-o", sealed}, profile...)
		_, err = w.Run(w.Host, args...)
		must(h.t, err)
		content, err := os.ReadFile(sealed)
		must(h.t, err)
		h.evil.Serve(name, content)
		bad := bytes.Clone(content)
		bad[len(bad)-20] ^= 1 // in the tag, or in the last block but one
		h.evil.Serve("bad-"+name, bad)
		if name == "pli" {
			h.pli = content
		}
	}
	must(h.t, os.Remove(file))
	h.config["tender"] = "2027-1"
}

// ask has the page ask for an opening and waits for the consent.
func (h *hostile) ask(t *testing.T, p browser.Page) browser.Page {
	t.Helper()
	h.step(t, p, "asking for an opening")
	a, err := h.Browser.Assistant()
	must(t, err)
	must(t, a.Visible("#use-key"))
	return a
}

// closes waits until the assistant is gone.
func (h *hostile) closes(t *testing.T) {
	t.Helper()
	if !eventually(func() bool {
		open, err := h.Browser.HasAssistant()
		return err == nil && !open
	}) {
		t.Error("the window stays")
	}
}

// clicked: by scripts. At the end one of them clicks « Annuler ».
func (h *hostile) clicked(p, a browser.Page) {
	h.case_("clicks that no person made", func(t *testing.T) {
		must(t, a.Visible("#use-key:not([aria-disabled])"))
		must(t, a.Eval(`(() => { const b = document.querySelector("#use-key"); b.click(); b.focus();
			for (const type of ["pointerdown", "mousedown", "mouseup", "click", "submit"]) b.dispatchEvent(new MouseEvent(type, {bubbles: true}));
			for (const key of ["Enter", " "]) b.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true})); return true; })()`, nil))
		time.Sleep(300 * time.Millisecond)
		must(t, a.Visible("#use-key"))
		// The same scripts reach a button that uses no key.
		must(t, a.Eval(`setTimeout(() => document.querySelector("#use-key + button").click()), true`, nil))
		h.closes(t)
		h.step(t, p, "an opening that came to nothing")
	})
}

// surprised: a person whom the window surprised clicks on what was there before.
func (h *hostile) surprised(a browser.Page) {
	h.case_("a click on a window that has just come to the front", func(t *testing.T) {
		// It comes to the front by the press that a person meant for what was there.
		must(t, a.Eval(`document.querySelector("#use-key").addEventListener("mousedown", () => window.dispatchEvent(new Event("focus")), { once: true }), true`, nil))
		must(t, a.Eval(`addEventListener("mousedown", (e) => { document.documentElement.dataset.pressed = e.isTrusted; }, true), true`, nil))
		must(t, a.Click("#use-key"))
		must(t, a.Until(`document.documentElement.dataset.pressed === "true"`))
		time.Sleep(armed)
		must(t, a.Visible("#use-key"))
	})
}

// covered: whatever lies over a page does not lie over the window.
func (h *hostile) covered(a browser.Page) {
	h.case_("covers over the page", func(t *testing.T) {
		if found, err := h.do(h.allowed, "covers", "control"); err != nil || len(found) > 0 {
			t.Fatalf("the control: %q, %v", found, err)
		}
		h.gains(h.allowed, "was the button clicked") // by others
		before, page := picture(t, a), picture(t, h.allowed)
		h.step(t, h.allowed, "covers")
		after, covered := picture(t, a), picture(t, h.allowed)
		if bytes.Equal(page, covered) {
			t.Error("the page does not even cover itself")
		}
		if !bytes.Equal(before, after) {
			t.Error("the window looks different under a cover")
		}
		h.step(t, h.allowed, "uncovering")
		h.step(t, h.allowed, "was the button clicked")
		must(t, h.allowed.Click("#victim"))
		if found := h.gains(h.allowed, "was the button clicked"); len(found) != 1 {
			t.Errorf("the unprotected button was not clicked: %q", found)
		}
	})
}

func picture(t *testing.T, p browser.Page) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "picture.png")
	must(t, p.Screenshot(name))
	b, err := os.ReadFile(name)
	must(t, err)
	return b
}

// namesAreText: names that the page chooses are shown, and are no HTML.
func (h *hostile) namesAreText(a browser.Page) {
	h.case_("names that would be HTML", func(t *testing.T) {
		var owned bool
		must(t, a.Eval(`document.title === "owned" || document.querySelector("#app img[src=x], #app script, #app form[action]") !== null`, &owned))
		text, err := a.Text("#app")
		must(t, err)
		if owned || !strings.Contains(text, "onerror") || strings.Contains(text, "\u202e") {
			t.Errorf("owned: %v; the window shows %s", owned, text)
		}
	})
}

// canaries opens a pli as a person would and looks for its content and its key
// everywhere that they must not be.
func (h *hostile) canaries() {
	control, key := word("control"), h.contentKey()
	secrets := []stack.Secret{stack.NewSecret("canary", []byte(h.canary)), stack.NewSecret("content key", key)}
	secrets = append(secrets, h.password)
	if h.typed != "" {
		h.lockStore()
		secrets = append(secrets, stack.NewSecret("store's password", []byte(h.typed)))
	}
	h.config["control"] = control
	delete(h.config, "thumbprints") // the hooks would see them here
	p := h.hooked()
	used := len(h.journal())
	h.config["plis"] = []map[string]any{{"id": "pli", "label": "Pli 1"}, {"id": "cbc", "label": "Pli 2"}, {"id": "bad-pli", "label": "Pli 3"}, {"id": "bad-cbc", "label": "Pli 4"}}
	a := h.ask(h.t, p)
	time.Sleep(armed)
	must(h.t, a.Click("#use-key"))
	must(h.t, a.Visible(".results"))
	h.outcomes(a)
	h.hostKeepsNothing("the host after it opened a key", secrets[1:], h.thumbprint)
	h.wasAsked()
	must(h.t, a.CloseBy(".actions .primary"))
	h.step(h.t, p, "the end of the opening")
	if n := len(h.journal()); n != used+4 {
		h.t.Errorf("four plis are %d lines of the journal", n-used)
	}
	h.case_("the page's memory", func(t *testing.T) { pagesForget(t, h.seen, p, control, secrets) })
	h.elsewhere(p, secrets, control)
	// Last, since from here on the page knows what it looks for.
	h.hide(h.canary, base64.StdEncoding.EncodeToString(key), hex.EncodeToString(key))
	h.attack(p, "hooks while a pli is opened")
}

// outcomes: a good pli is opened, one whose integrity nobody can verify says
// so, and a damaged one leaves no file.
func (h *hostile) outcomes(a browser.Page) {
	h.case_("damaged plis", func(t *testing.T) {
		var shown []string
		must(t, a.Eval(`[...document.querySelectorAll(".result")].map((e) => (e.matches(".bad") ? "bad " : "good ") + e.innerText.replace(/\s+/g, " "))`, &shown))
		if len(shown) != 4 {
			t.Fatalf("the window shows %q", shown)
		}
		for _, line := range shown {
			good := strings.Contains(line, "Pli 1") || strings.Contains(line, "Pli 2")
			if strings.HasPrefix(line, "good ") != good {
				t.Errorf("%s", line)
			}
			if good && strings.Contains(line, "intégrité non vérifiable") != strings.Contains(line, "Pli 2") {
				t.Errorf("%s", line)
			}
		}
		saved, err := filepath.Glob(filepath.Join(h.World.Downloads, "*", "*", "*", "*"))
		must(t, err)
		if len(saved) != 2 {
			t.Errorf("saved: %q", saved)
		}
	})
}

// contentKey asks the host for the pli's key, as the extension does.
func (h *hostile) contentKey() []byte {
	h.t.Helper()
	info, err := envelope.Inspect(bytes.NewReader(h.pli))
	must(h.t, err)
	var thumbprint string
	for _, c := range h.certificates() {
		if c.Name == recipient {
			thumbprint = c.Thumbprint
		}
	}
	answers, err := h.World.AskHost(
		protocol.Request{ID: "1", Method: protocol.HostHello, Params: params(h.t, protocol.HelloParams{Version: "0.1.0", Protocol: 1})},
		protocol.Request{ID: "2", Method: protocol.HostUnwrap, Params: params(h.t, protocol.UnwrapParams{
			Thumbprint: thumbprint, RecipientInfo: info.Recipients[0].Info, ContentAlgorithm: info.Content.Raw,
			Origin: "https://tests.example", Envelope: hex.EncodeToString(info.HeaderSHA256[:]), Verb: protocol.VerbProve,
		})})
	must(h.t, err)
	var result protocol.UnwrapResult
	if err := json.Unmarshal(answers[1].Result, &result); err != nil || len(result.ContentKey) != 32 {
		h.t.Fatalf("%+v, %v", answers[1].Fault, err)
	}
	return result.ContentKey
}

func params(t *testing.T, v any) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return raw
}

// elsewhere looks through what was said and written.
func (h *hostile) elsewhere(p browser.Page, secrets []stack.Secret, control string) {
	h.case_("what was said and written", func(t *testing.T) {
		logForgets(t, h.log, p, control, secrets)
		state := filepath.Join(h.World.Home, ".local", "state")
		thumbprint := stack.NewSecret("control", []byte(h.thumbprint))
		for dir, want := range map[string]bool{state: true, filepath.Join(h.World.Dir, "portal"): true, h.World.StoreDir(): false} {
			seen, err := stack.SeenInFiles(dir, append(secrets, thumbprint))
			must(t, err)
			if want && !seen["control"] && dir == state {
				t.Errorf("the search does not find what is in %s", dir)
			}
			for _, s := range secrets {
				if seen[s.Name] {
					t.Errorf("the %s is in a file below %s", s.Name, dir)
				}
			}
		}
		found, err := stack.SeenInFiles(h.World.Downloads, secrets)
		must(t, err)
		if !found["canary"] {
			t.Error("the opened file is not where it belongs")
		}
	})
}
