package view

import (
	"strings"

	"scelle/shared/fault"
	"scelle/shared/keyhealth"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/shared/storename"
	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/text"
)

// certificates is the choice of an existing certificate: all that have a
// private key, those that cannot be used greyed with the reason.
func (w *writer) certificates(a *model.Add) dom.Part {
	l := &a.List
	switch {
	case l.Fault != nil:
		return dom.Parts(w.alert(l.Fault), actions(w.button("", text.Retry, model.Refresh{})))
	case !l.Known:
		return w.note(text.ListLoading)
	case len(l.All) == 0:
		return dom.Parts(w.hole(l.Failed, nil), w.note(text.ListNone), w.wayOut(a, nil))
	}
	shown := l.Shown()
	return dom.Parts(w.hole(l.Failed, nil), w.filter(l, len(shown)),
		dom.El("fieldset", dom.Set("class", "certificates"), dom.Set("id", "choice"), dom.Set("tabindex", "-1"),
			dom.If(a.ChoiceMissing, dom.Set("aria-describedby", "choice-error")),
			dom.El("legend", dom.Text(w.S(text.ListLegend))),
			dom.If(a.ChoiceMissing, dom.El("p", dom.Set("id", "choice-error"), dom.Set("class", "field-error"), dom.Text(w.S(text.ChoiceMissing)))),
			dom.Each(shown, func(i int, c protocol.Certificate) dom.Part { return w.certificate(l, c) }),
			dom.If(len(shown) == 0, w.note(text.FilterNone))),
		dom.If(hasUnusable(l.All), w.wayOut(a, w.note(text.WayOut))))
}

func (w *writer) filter(l *model.CertificateList, shown int) dom.Part {
	if len(l.All) <= model.FilterFrom {
		return nil
	}
	return dom.El("div", dom.Set("class", "field"),
		dom.El("label", dom.Set("for", "filter"), dom.Text(w.S(text.FilterLabel))),
		dom.El("input", dom.Set("id", "filter"), dom.Set("type", "search"), dom.Value(l.Filter), dom.Set("autocomplete", "off"), dom.Set("aria-describedby", "filter-count"),
			dom.On("input", func(e dom.Event) any { return model.SetFilter{Filter: e.Value} })),
		dom.El("p", dom.Set("id", "filter-count"), dom.Set("class", "help"), dom.Set("role", "status"), dom.Text(w.S(text.FilterCount, shown, len(l.All)))))
}

func hasUnusable(all []protocol.Certificate) bool {
	for _, c := range all {
		if !c.Usable {
			return true
		}
	}
	return false
}

// wayOut offers a key made on this computer, and says why.
func (w *writer) wayOut(a *model.Add, why dom.Part) dom.Part {
	takes, _ := a.Takes()
	if !takes {
		return nil
	}
	return dom.El("div", dom.Set("class", "way-out"), why, w.button("", text.WayOutButton, model.SetMode{Mode: protocol.ModeLocal}))
}

func (w *writer) certificate(l *model.CertificateList, c protocol.Certificate) dom.Node {
	id := "cert-" + c.Thumbprint
	class := "choice certificate"
	if !c.Usable {
		class += " unusable"
	}
	return dom.El("div", dom.Set("class", class), dom.Key(id),
		dom.El("input", dom.Set("id", id), dom.Set("type", "radio"), dom.Set("name", "certificate"), dom.Set("value", c.Thumbprint),
			dom.Flag("checked", l.Chosen == c.Thumbprint), dom.Flag("disabled", !c.Usable), dom.Set("aria-describedby", id+"-about"),
			dom.On("change", dom.Send(model.ChooseCertificate{Thumbprint: c.Thumbprint}))),
		dom.El("div", dom.El("label", dom.Set("for", id), dom.Text(certificateName(c))),
			dom.El("div", dom.Set("id", id+"-about"), dom.Set("class", "help"),
				dom.El("p", dom.Text(w.S(text.CertIssuer, c.Issuer))), w.expiry(c),
				dom.El("p", dom.Text(w.S(text.CertKey, keyKind(c), strings.Join(storename.AllIn(w.Code(), c.Places), ", ")))),
				dom.Each(c.Reasons, func(_ int, r fault.Code) dom.Part {
					return dom.El("p", dom.Set("class", "reason"), dom.Text(r.Text(w.Code())+" "+r.Remedy(w.Code())))
				}),
				dom.Each(c.Warnings, func(_ int, s string) dom.Part { return w.warning(s) }))))
}

func keyKind(c protocol.Certificate) string {
	switch c.KeyKind {
	case "rsa":
		return "RSA " + text.Itoa(c.Bits)
	case "ec":
		return "EC " + c.Curve
	}
	return c.KeyKind
}

// warning says what else to know; the ladder of expiry is a badge already.
func (w *writer) warning(code string) dom.Part {
	switch keypair.Warning(code) {
	case keypair.AlsoSigns:
		f := keyhealth.Finding{Code: keyhealth.AlsoSigns}
		return dom.El("p", dom.Set("class", "caution"), dom.Text(f.Text(w.Code())+" "+f.Remedy(w.Code())+" "), w.guide(string(f.Code), f.Heading(w.Code())))
	case keypair.SelfSigned:
		return dom.El("p", dom.Text(w.S(text.WarnSelfSigned)))
	case keypair.SHA1Signature:
		return dom.El("p", dom.Set("class", "caution"), dom.Text(w.S(text.WarnSHA1)))
	}
	return nil
}
