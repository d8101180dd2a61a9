package view

import (
	"scelle/shared/protocol"
	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/text"
)

// Offline draws the opening of plis that the person has as files.
func Offline(f *model.Offline) Page {
	o := f.Open
	w := newWriter(o.Env)
	heading := w.title(text.OfflineTitle)
	if o.Phase != model.OpenPick && o.Phase != model.OpenLoading {
		heading = w.openHeading(o)
	}
	return Page{Title: w.S(text.OfflineTitle) + " – Scellé", Lang: w.Code(), Status: w.openStatus(o), Body: []dom.Node{
		dom.El("header", dom.Set("class", "bar"), w.seal(), heading),
		dom.El("section", dom.Key(string(o.Phase)), dom.Set("class", "screen"), w.offlineBody(f)),
	}}
}

func (w *writer) offlineBody(f *model.Offline) dom.Part {
	switch f.Open.Phase {
	case model.OpenPick:
		return w.pick(f, text.OfflinePick)
	case model.OpenResults:
		return dom.Parts(w.openBody(f.Open), w.pick(f, text.OfflineMore))
	}
	return w.openBody(f.Open)
}

func (w *writer) pick(f *model.Offline, label text.ID) dom.Part {
	if f.Forbidden() {
		return dom.El("div", dom.Set("class", "warning"), w.p(text.OfflineForbidden))
	}
	return dom.El("div", dom.Set("class", "drop"), dom.Set("id", "drop"),
		w.p(text.OfflineIntro),
		dom.If(f.TooMany, dom.El("p", dom.Set("class", "field-error"), dom.Set("role", "alert"), dom.Text(w.S(text.OfflineTooMany, protocol.MaxPlis)))),
		w.button("primary", label, model.PickFiles{}),
		w.note(text.OfflineDrop))
}
