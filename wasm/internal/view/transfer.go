package view

import (
	"scelle/shared/signeddata/lists"
	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/text"
)

// transferConsent is the one decision: from which key, to which, which plis.
func (w *writer) transferConsent(o *model.Opening) dom.Part {
	ready, left, r := o.Ready(), others(o), o.Rewrap
	return dom.Parts(dom.El("div", dom.Set("class", "notice"), dom.Set("id", "transfer"), w.p(text.TransferIntro)), w.list(o), w.hole(o.Failed, nil),
		w.h2(text.TransferFrom),
		dom.El("ul", dom.Set("class", "keys"), dom.Set("id", "transfer-from"), dom.El("li", dom.El("strong", dom.Text(certificateName(*r.From))), w.expiry(*r.From),
			dom.El("small", dom.Text(w.S(text.CertIssuer, r.From.Issuer))))),
		dom.El("h2", dom.Text(w.Count(len(r.List.To), text.TransferToOne, text.TransferToMany))),
		dom.El("ul", dom.Set("class", "keys files"), dom.Set("id", "transfer-to"), dom.Each(r.List.To, func(_ int, k lists.Recipient) dom.Part {
			return dom.El("li", dom.El("strong", dom.Text(k.Label)), dom.If(k.Kind == lists.Recovery, w.badge("hint", text.RehearseRecovery)), dom.Text(" "), fingerprint(k.Thumbprint))
		})),
		w.note(text.TransferCompare),
		w.h2(text.TransferPlis),
		dom.El("ul", dom.Set("class", "plis"), dom.Each(r.Tenders(o), func(_ int, t model.TenderCount) dom.Part {
			id := text.TransferTenderMany
			if t.Plis == 1 {
				id = text.TransferTenderOne
			}
			return dom.El("li", dom.Text(w.S(id, t.Tender, t.Plis)))
		})),
		dom.El("details", dom.El("summary", dom.Text(w.S(text.TransferNames))), w.pliNames(ready)),
		dom.If(len(left) > 0, dom.El("div", dom.Set("class", "warning"), dom.El("p", dom.Text(w.Count(len(left), text.TransferLeftOne, text.TransferLeftMany))), w.pliFaults(left))),
		w.note(text.TransferNote),
		actions(w.keyButton(w.Count(len(ready), text.TransferButtonOne, text.TransferButtonMany), o.Armed, func(t bool) any { return model.Consent{Trusted: t} }),
			w.button("", text.Cancel, model.Cancel{})))
}

// transferResults says what was transferred, how it was checked, and why the
// rest was not.
func (w *writer) transferResults(o *model.Opening) dom.Part {
	left, class := others(o), "success"
	if o.Delivered() == 0 {
		class = "warning"
	}
	return dom.Parts(dom.El("div", dom.Set("class", class), dom.Set("id", "transfer"), dom.El("p", dom.Text(w.resultLine(o)))),
		dom.If(o.Delivered() > 0, w.note(text.TransferVerified, o.Rewrap.Verified())),
		dom.If(len(left) > 0, dom.El("div", dom.Set("class", "warning"), dom.El("p", dom.Text(w.Count(len(left), text.TransferNotOne, text.TransferNotMany))), w.pliFaults(left))),
		dom.If(len(left) > 0, w.note(text.TransferAgain)),
		actions(w.button("primary", text.Close, model.Close{})))
}
