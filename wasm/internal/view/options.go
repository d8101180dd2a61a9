package view

import (
	"strings"
	"time"

	"scelle/shared/protocol"
	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/text"
)

// Options draws the page of sites and settings.
func Options(o *model.Options) Page {
	w := newWriter(o.Env)
	body := []dom.Node{dom.El("header", dom.Set("class", "bar"), w.seal(), w.title(text.OptionsTitle))}
	if o.Fault != nil {
		body = append(body, dom.El("section", w.alert(o.Fault), actions(w.button("", text.Retry, model.Retry{}))))
	}
	body = append(body, w.sites(o))
	if o.Known {
		body = append(body, w.languages(o))
	}
	return Page{Title: w.S(text.OptionsTitle) + " – Scellé", Lang: w.Code(), Status: w.optionsStatus(o), Body: body}
}

func (w *writer) optionsStatus(o *model.Options) string {
	switch {
	case o.Fault != nil:
		return o.Fault.Code.Text(w.Code())
	case !o.Known:
		return w.S(text.OptionsLoading)
	case o.Revoked != "":
		return w.S(text.SiteRevokedNote, o.Revoked)
	}
	return w.S(text.OptionsTitle)
}

func (w *writer) sites(o *model.Options) dom.Node {
	return dom.El("section", dom.Set("class", "sites"), dom.Set("aria-labelledby", "sites"),
		dom.El("h2", dom.Set("id", "sites"), dom.Set("tabindex", "-1"), dom.Text(w.S(text.OptionsSites))),
		w.settled(o.Settled), w.siteList(o))
}

// settled says what an administrator decided about sites.
func (w *writer) settled(r protocol.OptionsResult) dom.Part {
	switch {
	case r.Bad != "":
		return dom.El("div", dom.Set("class", "warning"), w.p(text.OptionsBad, r.Bad))
	case r.Settled && len(r.Portals) == 0:
		return dom.El("div", dom.Set("class", "warning"), w.p(text.OptionsSettledNone))
	case r.Settled:
		return w.note(text.OptionsSettled, strings.Join(r.Portals, ", "))
	}
	return nil
}

func (w *writer) siteList(o *model.Options) dom.Part {
	switch r := o.Settled; {
	case o.Fault != nil && !o.Known:
		return nil // the alert above says it
	case !o.Known:
		return w.note(text.OptionsLoading)
	case len(r.Sites) == 0 && (r.Bad != "" || r.Settled && len(r.Portals) == 0):
		return nil // there is none to allow
	case len(r.Sites) == 0:
		return w.note(text.OptionsNone)
	}
	return dom.Parts(dom.If(o.Revoked != "", dom.El("div", dom.Set("class", "success"), w.p(text.SiteRevokedNote, o.Revoked))),
		dom.El("ul", dom.Set("class", "results"), dom.Each(o.Settled.Sites, func(_ int, s protocol.SiteEntry) dom.Part { return w.siteEntry(o, s) })))
}

// siteEntry is one site: its name as the browser writes it, what it may do,
// and what it did.
func (w *writer) siteEntry(o *model.Options, s protocol.SiteEntry) dom.Node {
	tone, state := "good", text.SiteServed
	if !s.Allowed {
		tone, state = "bad", text.SiteStopped
	}
	site := model.NewSite(s.Origin)
	return dom.El("li", dom.Key(s.Origin), dom.Set("class", "result "+tone),
		dom.El("p", dom.El("strong", dom.Set("translate", "no"), dom.Set("dir", "ltr"), dom.Text(s.Origin)), dom.Text(" "),
			dom.El("span", dom.Set("class", "badge "+tone), dom.Text(w.S(state))),
			dom.If(s.Known, dom.Text(" "), dom.El("span", dom.Set("class", "badge hint"), dom.Text(w.S(text.SiteKnownBadge))))),
		dom.If(site.Flagged(), dom.El("div", dom.Set("class", "warning"), w.originWarning(site))),
		w.p(siteMay(s)), w.siteFacts(s),
		dom.If(model.Revocable(s), dom.El("button", dom.Set("type", "button"), dom.Set("class", "button"), dom.Flag("disabled", o.Revoking != ""),
			dom.Set("aria-label", w.S(text.SiteRevoke, s.Origin)),
			dom.On("click", func(e dom.Event) any { return model.RevokeSite{Origin: s.Origin, Trusted: e.Trusted} }),
			dom.Text(w.S(text.SiteForget)))))
}

func siteMay(s protocol.SiteEntry) text.ID {
	switch {
	case s.Allowed:
		return text.SiteMay
	case s.Forbidden:
		return text.SiteMayNotForbidden
	case s.Revoked:
		return text.SiteMayNotRevoked
	}
	return text.SiteMayNotPermission
}

func (w *writer) siteFacts(s protocol.SiteEntry) dom.Part {
	if s.Since == "" {
		return nil
	}
	last := dom.Part(dom.Text(w.S(text.SiteNever)))
	if verb := lastVerb(s.LastVerb); verb != 0 {
		last = dom.Parts(dom.Text(w.S(verb)+", "), w.moment(s.LastUse))
	} else if s.LastUse != "" {
		last = w.moment(s.LastUse)
	}
	return dom.El("dl", row(w.S(text.SiteSince), w.moment(s.Since)), row(w.S(text.SiteLastUse), last),
		dom.If(len(s.Keys) > 0, row(w.S(text.SiteKeys), dom.El("ul", dom.Set("class", "files"), dom.Each(s.Keys, func(_ int, k protocol.SiteKey) dom.Part {
			return dom.El("li", dom.Key(k.Thumbprint), w.moment(k.Since), dom.Text(" "), fingerprint(k.Thumbprint))
		})))))
}

func lastVerb(m protocol.Method) text.ID {
	switch m {
	case protocol.KeysAdd:
		return text.SiteLastAdd
	case protocol.PliOpen:
		return text.SiteLastOpen
	case protocol.PliRehearse:
		return text.SiteLastRehearse
	case protocol.PliRewrap:
		return text.SiteLastTransfer
	case protocol.BridgeAttach:
		return text.SiteLastBridge
	}
	return 0
}

// moment writes a moment that was kept as RFC 3339, and nothing for anything
// else.
func (w *writer) moment(s string) dom.Part {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return nil
	}
	return w.date(t)
}

// languages is the choice of a language, or who made it.
func (w *writer) languages(o *model.Options) dom.Node {
	settled := o.Settled.LanguageSettled != ""
	own := dom.Each(text.Languages, func(_ int, l *text.Language) dom.Part { return w.language(o, l.Code, l.Name) })
	return dom.El("section", dom.El("fieldset", dom.Set("class", "modes"), dom.El("legend", dom.Text(w.S(text.LanguageLegend))),
		dom.If(settled, w.note(text.LanguageSettled)),
		w.language(o, "", w.S(text.LanguageBrowser)), own))
}

func (w *writer) language(o *model.Options, code, name string) dom.Node {
	settled := o.Settled.LanguageSettled
	chosen := o.Settled.Language
	if settled != "" {
		chosen = settled
	}
	id := "language-" + code
	return dom.El("div", dom.Set("class", "choice"), dom.Key(id),
		dom.El("input", dom.Set("id", id), dom.Set("type", "radio"), dom.Set("name", "language"), dom.Set("value", code),
			dom.Flag("checked", chosen == code), dom.Flag("disabled", settled != ""), dom.On("change", dom.Send(model.ChooseLanguage{Language: code}))),
		dom.El("div", dom.El("label", dom.Set("for", id), dom.If(code != "", dom.Set("lang", code)), dom.Text(name))))
}
