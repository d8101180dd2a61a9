package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"testing"

	"scelle/scripts/e2e/journey"
)

// shortAttacks is how many attacks attackedIn carries out.
const shortAttacks = 19

// attackedIn carries out, in a world that is there, the attacks of TestHostile
// whose outcome is the browser's doing: messages, frames, what can be embedded,
// the focus of a consent, hooks and prototypes, and a page that goes away.
func attackedIn(t *testing.T, w *journey.Walk) {
	t.Helper()
	h := &hostile{Walk: w, t: t, log: &syncBuffer{}, config: map[string]any{}}
	h.invite()
	h.furnish()
	next := h.addNeighbour()
	h.messages()
	h.embedding(next)
	next.Close()
	h.sealPlis()
	key := h.contentKey()
	used := len(h.journal())
	delete(h.config, "thumbprints") // the hooks would see them here
	p := h.hooked()
	a := h.ask(t, p)
	h.stealsFocus(p, a)
	must(t, a.Click("#use-key:not([aria-disabled])"))
	must(t, a.Visible(".results"))
	must(t, a.CloseBy(".actions .primary"))
	h.step(t, p, "the end of the opening")
	h.hide(h.canary, base64.StdEncoding.EncodeToString(key), hex.EncodeToString(key))
	h.attack(p, "hooks while a pli is opened")
	h.leaves(p)
	p.Close()
	if uses := h.journal()[used:]; len(uses) != 1 || uses[0].Verb != "open" || uses[0].Outcome != "done" {
		t.Errorf("one pli was opened, and the journal has %+v", uses)
	}
	h.made(shortAttacks)
}
