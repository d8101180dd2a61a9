package view

import (
	"strings"

	"scelle/shared/fault"
	"scelle/shared/keyhealth"
	"scelle/shared/storename"
	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/text"
)

// verify draws « Vérifier mes clés ».
func (w *writer) verify(v *model.Verify) Page {
	title := text.VerifyTitle
	switch v.Phase {
	case model.VerifyFailed:
		title = text.VerifyFailedTitle
	case model.VerifyRunning:
		title = text.VerifyRunningTitle
	case model.VerifyResults:
		title = text.VerifyDoneTitle
	}
	return Page{Title: w.S(title) + " – Scellé", Lang: w.Code(), Status: w.verifyStatus(v), Body: []dom.Node{
		dom.El("header", dom.Set("class", "bar"), w.seal(), w.title(title)),
		w.origin(v.Site),
		dom.El("section", dom.Key(string(v.Phase)), dom.Set("class", "screen"), w.verifyBody(v)),
	}}
}

func (w *writer) verifyStatus(v *model.Verify) string {
	switch v.Phase {
	case model.VerifyConsent:
		return w.verifyCount(v)
	case model.VerifyRunning:
		return w.S(text.VerifyRunningTitle)
	case model.VerifyFailed:
		return v.Fault.Code.Text(w.Code())
	case model.VerifyResults:
		return w.verifyLine(v)
	}
	return w.S(text.VerifyLoading)
}

func (w *writer) verifyBody(v *model.Verify) dom.Part {
	switch v.Phase {
	case model.VerifyConsent:
		return w.verifyConsent(v)
	case model.VerifyRunning:
		return w.verifyRunning(v)
	case model.VerifyFailed:
		return dom.Parts(w.alert(v.Fault), actions(dom.If(v.Retryable(), w.button("primary", text.Retry, model.Retry{})), w.button("quiet", text.Close, model.Close{})),
			dom.If(v.Fault.Code.Group() == fault.Setup, w.installHelp()))
	case model.VerifyResults:
		return w.verifyResults(v)
	}
	return dom.Parts(w.note(text.VerifyLoading), actions(w.button("quiet", text.Cancel, model.Cancel{})))
}

// verifyCount says how many of the keys are here.
func (w *writer) verifyCount(v *model.Verify) string {
	n := len(v.Ready())
	if n == 0 {
		return w.S(text.VerifyNone)
	}
	return w.Count(n, text.VerifyHereOne, text.VerifyHereMany)
}

func (w *writer) verifyConsent(v *model.Verify) dom.Part {
	ready := len(v.Ready()) > 0
	return dom.Parts(
		dom.If(v.Service != "", dom.El("p", dom.Set("class", "service"), dom.Text(w.S(text.ServiceLine, v.Service)))),
		dom.El("p", dom.Text(w.verifyCount(v))), dom.If(ready, w.note(text.VerifyHow), w.note(text.VerifyPIN)), w.hole(v.Failed, nil),
		dom.El("ul", dom.Set("class", "keys"), dom.Each(v.Keys, func(_ int, k *model.VerifyKey) dom.Part { return w.verifyKey(k) })),
		actions(dom.If(ready, w.keyButton(w.Count(len(v.Ready()), text.VerifyStartOne, text.VerifyStartMany), v.Armed, func(t bool) any { return model.Consent{Trusted: t} })),
			w.button("quiet", closeOr(ready), model.Cancel{})))
}

func closeOr(ready bool) text.ID {
	if ready {
		return text.Cancel
	}
	return text.Close
}

// verifyKey is one key before it is verified.
func (w *writer) verifyKey(k *model.VerifyKey) dom.Node {
	c := k.Certificate
	return dom.El("li", dom.Key(k.ID), dom.El("strong", dom.Text(k.Title())), w.whereabouts(k),
		dom.If(c.Issuer != "", dom.El("small", dom.Text(w.certificateLine(k)))),
		dom.If(k.State == model.KeyReady && !k.Registered, w.caution(text.VerifyNew)),
		w.stands(c.NotAfter, k.Health))
}

func (w *writer) whereabouts(k *model.VerifyKey) dom.Part {
	switch k.State {
	case model.KeyAbsent:
		return badge("hint", w.S(text.KeyElsewhere))
	case model.KeyFailed:
		return dom.El("p", dom.Set("class", "reason"), dom.Text(k.Fault.Code.Text(w.Code())+" "+k.Fault.Code.Remedy(w.Code())+" "), w.learn(k.Fault.Code))
	}
	return badge("good", w.S(text.KeyHere))
}

// certificateLine tells the certificate apart: its name, issuer and place.
func (w *writer) certificateLine(k *model.VerifyKey) string {
	parts := []string{certificateName(k.Certificate), w.S(text.CertIssuer, k.Certificate.Issuer)}
	if len(k.Certificate.Places) > 0 {
		parts = append(parts, strings.Join(storename.AllIn(w.Code(), k.Certificate.Places), ", "))
	}
	return strings.Join(parts, " – ")
}

func (w *writer) verifyRunning(v *model.Verify) dom.Part {
	done := len(v.In(model.KeyProven)) + len(v.In(model.KeyFailed))
	total := done + len(v.In(model.KeyWorking)) + len(v.Ready())
	return dom.Parts(dom.El("div", dom.Set("class", "work"),
		dom.El("progress", dom.Set("max", w.Int(total)), dom.Set("value", w.Int(done)), dom.Set("aria-label", w.S(text.ProgressLabel)), dom.Text(w.S(text.StepOf, min(done+1, total), total))),
		dom.El("ol", dom.Set("class", "steps"), dom.Each(v.Keys, func(_ int, k *model.VerifyKey) dom.Part { return w.verifyStep(k) }))),
		w.note(text.VerifyRunningNote), actions(w.button("", text.Stop, model.Cancel{})))
}

func (w *writer) verifyStep(k *model.VerifyKey) dom.Part {
	class, state := "todo", text.StepTodo
	switch k.State {
	case model.KeyAbsent:
		return nil
	case model.KeyWorking:
		class, state = "now", text.StepNow
	case model.KeyProven:
		class, state = "done", text.VerifyProven
	case model.KeyFailed:
		class, state = "bad", text.VerifyNotProven
	}
	return dom.El("li", dom.Key(k.ID), dom.Set("class", class), dom.If(class == "now", dom.Set("aria-current", "step")),
		dom.El("span", dom.Text(k.Title())), dom.Text(" "), dom.El("span", dom.Set("class", "step-state"), dom.Text(w.S(state))))
}

// verifyLine sums up.
func (w *writer) verifyLine(v *model.Verify) string {
	proven := len(v.In(model.KeyProven))
	return w.S(text.VerifyLine, proven, proven+len(v.In(model.KeyFailed)))
}

func (w *writer) verifyResults(v *model.Verify) dom.Part {
	return dom.Parts(dom.El("p", dom.Text(w.verifyLine(v))),
		dom.El("ul", dom.Set("class", "results"), dom.Each(v.Keys, func(_ int, k *model.VerifyKey) dom.Part { return w.verifyResult(k) })),
		dom.If(len(v.In(model.KeyFailed)) > 0, w.note(text.VerifyAgain)),
		actions(w.button("primary", text.Close, model.Close{})))
}

func (w *writer) verifyResult(k *model.VerifyKey) dom.Node {
	head := dom.El("h2", dom.Text(k.Title()))
	switch k.State {
	case model.KeyProven:
		return dom.El("li", dom.Key(k.ID), dom.Set("class", "result"), head,
			dom.El("p", dom.Text(w.S(text.VerifyProvenOn)+" "), w.date(k.At)), w.findings(k.Health, verified()...))
	case model.KeyFailed:
		return dom.El("li", dom.Key(k.ID), dom.Set("class", "result bad"), head,
			dom.El("p", dom.Set("class", "what"), dom.Text(k.Fault.Code.Text(w.Code()))), dom.El("p", dom.Text(k.Fault.Code.Remedy(w.Code()))), w.detail(k.Fault))
	}
	return dom.El("li", dom.Key(k.ID), dom.Set("class", "result hint"), head, w.findings(k.Health, keyhealth.ExpiresIn90, keyhealth.AlsoSigns, keyhealth.ServerMade))
}

// verified are the findings that a proof just settled, or that stood before.
func verified() []keyhealth.Code {
	return []keyhealth.Code{keyhealth.HereYes, keyhealth.Proven, keyhealth.ProofOld, keyhealth.NeverProven, keyhealth.AlsoSigns, keyhealth.ServerMade, keyhealth.ExpiresIn90}
}
