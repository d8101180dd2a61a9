package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"scelle/scripts/e2e/browser"
)

// made sees to it that no attack was lost on the way.
func (h *hostile) made() {
	h.t.Helper()
	if n := len(slices.Compact(slices.Sorted(slices.Values(h.ran)))); n != hostileAttacks || n != len(h.ran) {
		h.t.Errorf("%d attacks were carried out, want %d: %q", len(h.ran), hostileAttacks, h.ran)
	}
}

// start has a page begin one part of some attacks, all at the same time. What
// it returns waits for their end and says what each found.
func (h *hostile) start(p browser.Page, part string, names ...string) func() (map[string][]string, error) {
	h.seq++
	seq := h.seq
	wish, err := json.Marshal(map[string]any{"seq": seq, "names": names, "part": part, "config": h.config})
	if err == nil {
		err = p.Eval(`document.documentElement.dataset.run = `+strconv.Quote(string(wish))+`; true`, nil)
	}
	return func() (map[string][]string, error) {
		if err != nil {
			return nil, err
		}
		if err := p.Until(fmt.Sprintf(`JSON.parse(document.documentElement.dataset.done ?? "{}").seq === %d`, seq)); err != nil {
			return nil, err
		}
		var done struct{ Found map[string][]string }
		err := p.Eval(`JSON.parse(document.documentElement.dataset.done)`, &done)
		if err == nil && len(done.Found) != len(names) {
			err = fmt.Errorf("of %d attacks %d were made", len(names), len(done.Found))
		}
		return done.Found, err
	}
}

// do runs one part of an attack and returns what it found.
func (h *hostile) do(p browser.Page, name, part string) ([]string, error) {
	found, err := h.start(p, part, name)()
	return found[name], err
}

// gains is what an attack got, without its control.
func (h *hostile) gains(p browser.Page, name string) []string {
	h.t.Helper()
	found, err := h.do(p, name, "run")
	must(h.t, err)
	return found
}

// step is a part of an attack that gains nothing by itself.
func (h *hostile) step(t *testing.T, p browser.Page, name string) {
	t.Helper()
	found, err := h.do(p, name, "run")
	must(t, err)
	if len(found) > 0 {
		t.Fatalf("%s: %s", name, strings.Join(found, "\n"))
	}
}

// attack carries out an attack after its control: the control must reach what
// it aims at, the attack must not.
func (h *hostile) attack(p browser.Page, name string) {
	h.t.Helper()
	h.attackAs(name, p, name)
}

// attackAs is attack under another name, for one that is made twice.
func (h *hostile) attackAs(as string, p browser.Page, name string) {
	h.t.Helper()
	h.together(p, map[string]string{as: name})
}

// together carries out attacks, named here -> by the page, that do not disturb
// each other, all at the same time: first their controls.
func (h *hostile) together(p browser.Page, attacks map[string]string) {
	h.t.Helper()
	h.begin(p, attacks)()
}

// begin is together without waiting for the end of the attacks, after which
// what it returns is to be called.
func (h *hostile) begin(p browser.Page, attacks map[string]string) func() {
	h.t.Helper()
	names := slices.Collect(maps.Values(attacks))
	controls, err := h.start(p, "control", names...)()
	must(h.t, err)
	end := h.start(p, "run", names...)
	return func() {
		h.t.Helper()
		runs, err := end()
		must(h.t, err)
		for as, name := range attacks {
			h.case_(as, func(t *testing.T) {
				for _, what := range controls[name] {
					t.Errorf("control: %s", what)
				}
				for _, what := range runs[name] {
					t.Errorf("run: %s", what)
				}
			})
		}
	}
}

// case_ counts an attack and runs it.
func (h *hostile) case_(name string, run func(t *testing.T)) {
	h.t.Helper()
	h.t.Run(name, run)
	h.ran = append(h.ran, name)
}

// eventually reports whether a condition comes to hold within a step's patience.
func eventually(holds func() bool) bool {
	for deadline := time.Now().Add(browser.Patience); ; time.Sleep(50 * time.Millisecond) {
		if holds() {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}
