package view

import (
	"scelle/shared/protocol"
	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/text"
)

// rehearsalConsent says that this is no opening, which keys are tried, and
// what the portal learns.
func (w *writer) rehearsalConsent(o *model.Opening) dom.Part {
	left := others(o)
	return dom.Parts(w.tender(o), dom.El("div", dom.Set("class", "notice"), dom.Set("id", "rehearsal"), w.p(text.RehearseIntro)), w.list(o), w.hole(o.Failed, nil),
		w.h2(text.RehearseKeys), w.rehearsalKeys(o, w.rehearsalPlan),
		dom.If(len(left) > 0, dom.El("div", dom.Set("class", "warning"), w.pliFaults(left))),
		w.note(text.RehearseTold),
		actions(w.keyButton(w.S(text.RehearseButton), o.Armed, func(t bool) any { return model.Consent{Trusted: t} }),
			w.button("", text.Cancel, model.Cancel{})))
}

// rehearsalKeys lists the keys of the tender, each with what is to be said of it.
func (w *writer) rehearsalKeys(o *model.Opening, say func(*model.RehearsalKey) dom.Part) dom.Node {
	return dom.El("ul", dom.Set("class", "keys"), dom.Set("id", "rehearsal-keys"), dom.Each(o.Rehearsal.Keys, func(_ int, k *model.RehearsalKey) dom.Part {
		return dom.El("li", dom.El("strong", dom.Text(rehearsalName(k))),
			dom.If(k.Recovery, w.badge("hint", text.RehearseRecovery)), say(k))
	}))
}

func rehearsalName(k *model.RehearsalKey) string {
	switch {
	case k.Label != "":
		return k.Label
	case k.Own != nil:
		return certificateName(*k.Own)
	}
	return k.Thumbprint[:16]
}

// rehearsalPlan is what will become of a key.
func (w *writer) rehearsalPlan(k *model.RehearsalKey) dom.Part {
	switch {
	case k.Fault != nil:
		return dom.Parts(w.badge("warn", text.RehearseLeftOut), dom.El("small", dom.Text(k.Fault.Code.Text(w.Code()))))
	case k.Pli == nil:
		return w.badge("hint", text.RehearseElsewhere)
	}
	return dom.Parts(w.badge("good", text.RehearseHere), w.expiry(*k.Own))
}

// badge is a word about what it stands beside; kind is "good", "warn", "bad" or
// "hint".
func (w *writer) badge(kind string, id text.ID) dom.Node {
	return dom.El("span", dom.Set("class", "badge "+kind), dom.Text(w.S(id)))
}

// rehearsalLine is the result in one sentence.
func (w *writer) rehearsalLine(o *model.Opening) string {
	if n := o.Rehearsal.Opened(); n > 0 {
		return w.Count(n, text.RehearseGoodOne, text.RehearseGoodMany)
	}
	return w.S(text.RehearseBad)
}

// rehearsalResults says of each key what it did, and what to do where it did
// not open.
func (w *writer) rehearsalResults(o *model.Opening) dom.Part {
	class, elsewhere := "success", false
	if o.Rehearsal.Opened() == 0 {
		class = "warning"
	}
	for _, k := range o.Rehearsal.Keys {
		elsewhere = elsewhere || k.State() == protocol.RehearsedElsewhere
	}
	return dom.Parts(w.tender(o), dom.El("div", dom.Set("class", class), dom.Set("id", "rehearsal"), dom.El("p", dom.Text(w.rehearsalLine(o)))),
		w.rehearsalKeys(o, w.rehearsed),
		dom.If(elsewhere, w.note(text.RehearseElsewhereNote)),
		actions(w.button("primary", text.Close, model.Close{})))
}

func (w *writer) rehearsed(k *model.RehearsalKey) dom.Part {
	switch k.State() {
	case protocol.RehearsedOpened:
		return w.badge("good", text.RehearseOpened)
	case protocol.RehearsedElsewhere:
		return w.badge("hint", text.RehearseElsewhere)
	case protocol.RehearsedLeftOut:
		return dom.Parts(w.badge("warn", text.RehearseLeftOut), dom.El("small", dom.Text(k.Fault.Code.Text(w.Code()))))
	}
	f := k.Pli.Fault
	if f == nil { // not its turn yet
		return nil
	}
	return dom.Parts(w.badge("bad", text.RehearseNotOpened),
		dom.El("p", dom.Text(f.Code.Text(w.Code())+" "+f.Code.Remedy(w.Code()))), w.detail(f))
}
