package view

import (
	"strings"
	"testing"
	"time"

	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/model"
)

// TestLeft: whole minutes, in both languages and with the right number.
func TestLeft(t *testing.T) {
	for _, c := range []struct {
		left   time.Duration
		fr, en string
	}{
		{time.Second, "Encore moins d’une minute.", "Less than a minute left."},
		{59 * time.Second, "Encore moins d’une minute.", "Less than a minute left."},
		{time.Minute, "Encore 1 minute environ.", "About 1 minute left."},
		{89 * time.Second, "Encore 1 minute environ.", "About 1 minute left."},
		{90 * time.Second, "Encore 2 minutes environ.", "About 2 minutes left."},
		{2 * time.Hour, "Encore 120 minutes environ.", "About 120 minutes left."},
	} {
		for lang, want := range map[string]string{"fr": c.fr, "en": c.en} {
			w := newWriter(model.Env{Lang: lang})
			if got := w.left(c.left).HTML(); !strings.Contains(got, ">"+want+"<") {
				t.Errorf("%v: %s, not %s", c.left, got, want)
			}
			o := &model.Opening{Plis: []*model.Pli{{Done: 1, Total: 2}}, TimeLeft: c.left}
			if got := newWriter(model.Env{Lang: lang}).openRunning(o); !strings.Contains(dom.El("div", got).HTML(), want) {
				t.Errorf("the running screen does not say %s", want)
			}
		}
	}
}
