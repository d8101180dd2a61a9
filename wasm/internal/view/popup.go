package view

import (
	"strconv"

	"scelle/shared/fault"
	"scelle/shared/keyhealth"
	"scelle/shared/protocol"
	"scelle/shared/storename"
	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/text"
)

// Popup draws what the icon opens.
func Popup(p *model.Popup) Page {
	w := newWriter(p.Env)
	head := dom.El("header", dom.Set("class", "bar"), w.seal(), dom.El("h1", dom.Set("id", "title"), dom.Set("tabindex", "-1"), dom.Text("Scellé")),
		dom.El("p", dom.Set("class", "summary "+popupTone(p)), dom.Text(w.popupStatus(p))))
	body := append([]dom.Node{head}, w.popupUpdate(p)...)
	return Page{Title: "Scellé", Lang: w.Code(), Status: w.popupStatus(p) + w.updateSpoken(p.Newer),
		Body: append(body, w.popupSite(p), w.popupFacts(p), w.popupKeys(p), w.popupFoot(p))}
}

func popupTone(p *model.Popup) string {
	switch {
	case p.Checking:
		return "wait"
	case p.Status == nil || !p.Status.Host.Online:
		return "bad"
	case !p.Status.Store.Ready:
		return "warn"
	}
	return "good"
}

func (w *writer) popupStatus(p *model.Popup) string {
	switch popupTone(p) {
	case "wait":
		return w.S(text.StatusChecking)
	case "bad":
		return w.S(text.StatusOffline)
	case "warn":
		return w.S(text.StatusNoStore)
	}
	return w.S(text.StatusOnline)
}

// fact is one of the three facts: a sign, a name, a version, and what to do.
func (w *writer) fact(tone string, name text.ID, state string, f *fault.Fault, more ...dom.Part) dom.Node {
	return dom.El("li", dom.Set("class", "fact "+tone),
		dom.El("p", dom.Set("class", "fact-head"), dom.El("strong", dom.Text(w.S(name))), dom.Text(" "), dom.El("span", dom.Text(state))),
		w.factFault(f), dom.Parts(more...))
}

func (w *writer) factFault(f *fault.Fault) dom.Part {
	if f == nil {
		return nil
	}
	return dom.Parts(dom.El("p", dom.Set("class", "what"), dom.Text(f.Code.Text(w.Code()))),
		dom.El("p", dom.Text(f.Code.Remedy(w.Code())+" "), w.learn(f.Code)))
}

func (w *writer) popupFacts(p *model.Popup) dom.Node {
	return dom.El("section", dom.Set("aria-labelledby", "facts"),
		dom.El("h2", dom.Set("id", "facts"), dom.Text(w.S(text.FactsTitle))),
		dom.El("ul", dom.Set("class", "facts"), w.extensionFact(p), w.hostFact(p), w.storeFact(p)))
}

func (w *writer) extensionFact(p *model.Popup) dom.Node {
	if p.Status != nil && p.Status.RequiresUpdate.Extension {
		return w.fact("bad", text.FactExtension, w.S(text.FactVersion, p.Env.Version), fault.New(fault.ExtensionOutdated))
	}
	return w.fact("good", text.FactExtension, w.S(text.FactVersion, p.Env.Version), nil)
}

func (w *writer) hostFact(p *model.Popup) dom.Node {
	switch {
	case p.Checking:
		return w.fact("wait", text.FactHost, w.S(text.FactWaiting), nil)
	case p.Status == nil:
		f := p.StatusErr
		if f != nil && p.GrantErr != nil && f.Code == p.GrantErr.Code {
			f = nil // the site's part says it already
		}
		return w.fact("bad", text.FactHost, w.S(text.FactUnknown), f)
	case p.Status.Host.Online:
		return w.fact("good", text.FactHost, w.S(text.FactVersion, p.Status.Host.Version), nil)
	}
	f := faultOf(p.Status.Host.Fault, fault.HostUnreachable)
	return w.fact("bad", text.FactHost, w.S(text.FactOffline), f, dom.If(f.Code != fault.ExtensionOutdated, w.installHelp()))
}

func (w *writer) storeFact(p *model.Popup) dom.Node {
	switch {
	case p.Checking:
		return w.fact("wait", text.FactStore, w.S(text.FactWaiting), nil)
	case p.Status == nil || !p.Status.Host.Online:
		return w.fact("wait", text.FactStore, w.S(text.FactUnknown), nil)
	case p.Status.Store.Ready:
		return w.fact("good", text.FactStore, w.S(text.FactReady), nil, w.stores(p.Stores))
	}
	return w.fact("bad", text.FactStore, w.S(text.FactNotReady), storeFault(p), w.stores(p.Stores))
}

// storeFault is what the store's fact explains; nil when there is nothing.
func storeFault(p *model.Popup) *fault.Fault {
	if p.Checking || p.Status == nil || !p.Status.Host.Online || p.Status.Store.Ready {
		return nil
	}
	return faultOf(p.Status.Store.Fault, fault.StoreFailed)
}

func faultOf(f *protocol.Fault, otherwise fault.Code) *fault.Fault {
	if f == nil {
		return fault.New(otherwise)
	}
	return fault.Of(f.Err())
}

// stores names each store with its place, when there is something to say.
func (w *writer) stores(stores []protocol.StoreStatus) dom.Part {
	if len(stores) == 0 {
		return nil
	}
	return dom.El("details", dom.El("summary", dom.Text(w.S(text.MoreInfo))),
		dom.El("ul", dom.Set("class", "stores"), dom.Each(stores, func(_ int, s protocol.StoreStatus) dom.Part {
			return dom.El("li", dom.El("strong", dom.Text(storename.In(w.Code(), s.Name))), dom.Text(" – "+w.storeState(s)),
				dom.If(s.Location != "", dom.El("small", dom.Set("translate", "no"), dom.Text(s.Location))),
				dom.If(s.Fault != nil, w.factFault(faultOf(s.Fault, fault.StoreFailed))))
		})))
}

func (w *writer) storeState(s protocol.StoreStatus) string {
	switch s.State {
	case "ready":
		return w.Count(s.Keys, text.StoreKeysOne, text.StoreKeysMany)
	case "read-only":
		return w.S(text.StoreReadOnly)
	case "locked":
		return w.S(text.StoreLocked)
	}
	return w.S(text.StoreFailed)
}

// installHelp leads to the installer of each system.
func (w *writer) installHelp() dom.Node {
	return dom.El("details", dom.El("summary", dom.Text(w.S(text.MoreInfo))),
		w.p(text.InstallNothingToLaunch),
		w.p(text.InstallFrom),
		dom.El("dl", dom.Set("class", "systems"),
			row("Windows", dom.Text(w.S(text.InstallWindows))),
			row("macOS", dom.Text(w.S(text.InstallMac))),
			row("Linux", dom.Text(w.S(text.InstallLinux)))))
}

func (w *writer) popupSite(p *model.Popup) dom.Node {
	return dom.El("section", dom.Set("aria-labelledby", "site"), dom.Set("class", "site"),
		dom.If(p.First, w.welcome(p)),
		dom.El("h2", dom.Set("id", "site"), dom.Text(w.S(text.SiteTitle))), w.siteBody(p))
}

// welcome explains the icon until a first site is allowed. It stands here and
// in no page of its own: the person asked for it by a click, no tab opens by
// itself on a thousand computers at once, and the portal's own page says to
// click here.
func (w *writer) welcome(p *model.Popup) dom.Node {
	return dom.El("div", dom.Set("class", "success welcome"), dom.El("h2", dom.Text(w.S(text.WelcomeTitle))), w.p(text.WelcomeIntro),
		dom.If(!p.Allowable(), w.p(text.WelcomeSteps)), w.note(text.WelcomePin))
}

func (w *writer) siteBody(p *model.Popup) dom.Part {
	if p.Site.Origin == "" {
		return w.note(text.SiteNone)
	}
	head := dom.Parts(dom.El("p", dom.Set("class", "host"), dom.Set("translate", "no"), dom.Set("dir", "ltr"), dom.Text(p.Site.Origin)),
		dom.If(p.Site.Flagged(), dom.El("div", dom.Set("class", "warning"), w.originWarning(p.Site))))
	switch {
	case p.GrantErr != nil:
		return dom.Parts(head, w.alert(p.GrantErr))
	case p.Grant == nil:
		return dom.Parts(head, w.note(text.FactWaiting))
	case !p.Grant.Secure:
		return dom.Parts(head, w.factFault(fault.New(fault.SiteNotSecure)))
	case p.Grant.Forbidden:
		return dom.Parts(head, w.factFault(fault.New(fault.SiteForbidden)))
	case p.Grant.Allowed:
		return dom.Parts(head, w.siteAllowed(p))
	}
	return dom.Parts(head, w.p(text.SiteNotAllowed),
		dom.If(p.Refused, dom.El("p", dom.Set("class", "field-error"), dom.Text(w.S(text.SiteRefused)))),
		dom.El("button", dom.Set("type", "button"), dom.Set("class", "button primary"), dom.Set("id", "allow"), dom.Flag("disabled", !p.Allowable()),
			dom.On("click", func(e dom.Event) any { return model.AllowSite{Trusted: e.Trusted} }), dom.Text(w.S(text.SiteAllow))))
}

func (w *writer) siteAllowed(p *model.Popup) dom.Part {
	return dom.Parts(
		dom.El("p", dom.Set("class", "allowed"), dom.Text(w.S(text.SiteAllowed)+" "+w.Count(p.Grant.Keys, text.SiteKeysOne, text.SiteKeysMany))),
		w.newListKey(p), w.listKeys(p.Grant),
		dom.El("button", dom.Set("type", "button"), dom.Set("class", "button"), dom.Set("id", "forget"), dom.Flag("disabled", p.Asking),
			dom.On("click", func(e dom.Event) any { return model.ForgetSite{Trusted: e.Trusted} }), dom.Text(w.S(text.SiteForget))))
}

// listKeys shows by whose keys the site's lists have to be signed.
func (w *writer) listKeys(s *protocol.SiteResult) dom.Part {
	if len(s.ListKeys) == 0 || s.NewListKey {
		return nil
	}
	return dom.El("details", dom.Set("id", "list-keys"), dom.El("summary", dom.Text(w.S(text.SiteListKey))), w.pins(s))
}

func (w *writer) pins(s *protocol.SiteResult) dom.Part {
	return dom.Parts(dom.Each(s.ListKeys, func(_ int, pin string) dom.Part { return dom.El("p", fingerprint(pin)) }),
		dom.If(s.ListKeySince != "", dom.El("p", dom.Set("class", "help"), dom.Text(w.S(text.SiteListKeySince)+" "), w.moment(s.ListKeySince))))
}

// newListKey tells of a key that was kept while a pli was sealed: the page in
// which that happened may not have said so.
func (w *writer) newListKey(p *model.Popup) dom.Part {
	if !p.Grant.NewListKey {
		return nil
	}
	return dom.El("div", dom.Set("class", "warning"), dom.Set("id", "list-key-new"), w.p(text.SiteListKeyNew), w.pins(p.Grant),
		dom.El("button", dom.Set("type", "button"), dom.Set("class", "button"), dom.Set("id", "list-key-seen"), dom.Flag("disabled", p.Asking),
			dom.On("click", func(e dom.Event) any { return model.SeenListKey{Trusted: e.Trusted} }), dom.Text(w.S(text.SiteListKeySeen))))
}

func (w *writer) popupKeys(p *model.Popup) dom.Node {
	return dom.El("section", dom.Set("aria-labelledby", "keys"),
		dom.El("h2", dom.Set("id", "keys"), dom.Text(w.S(text.KeysTitle))), w.keysBody(p))
}

func (w *writer) keysBody(p *model.Popup) dom.Part {
	switch {
	case p.KeysErr != nil:
		return w.factFault(p.KeysErr)
	case p.Checking || p.Status != nil && p.Status.Host.Online && !p.KeysKnown:
		return w.note(text.FactWaiting)
	case !p.KeysKnown:
		return w.note(text.KeysUnknown)
	case len(p.Keys) == 0 && len(p.Failed) == 0:
		return w.note(text.KeysNone)
	case len(p.Keys) == 0:
		return w.hole(p.Failed, storeFault(p))
	}
	return dom.Parts(w.hole(p.Failed, storeFault(p)), dom.El("ul", dom.Set("class", "keys"), dom.Each(p.Keys, func(_ int, c protocol.Certificate) dom.Part {
		found := model.Health(c, p.Known[c.Thumbprint], w.env.Time())
		return dom.El("li", dom.Key(c.Thumbprint), dom.El("strong", dom.Text(certificateName(c))),
			dom.El("small", dom.Text(w.S(text.CertIssuer, c.Issuer))), w.stands(c.NotAfter, found))
	})))
}

// hole says that a list is not complete, and why, unless the screen explains
// that fault already.
func (w *writer) hole(failed []protocol.StoreStatus, explained *fault.Fault) dom.Part {
	if len(failed) == 0 {
		return nil
	}
	return dom.El("div", dom.Set("class", "warning"), dom.Each(failed, func(_ int, s protocol.StoreStatus) dom.Part {
		f, hole := faultOf(s.Fault, fault.StoreFailed), w.S(text.ListHole, storename.In(w.Code(), s.Name))
		if explained != nil && f.Code == explained.Code {
			return dom.El("p", dom.Text(hole))
		}
		return dom.El("p", dom.Text(hole+" "+f.Code.Text(w.Code())+" "+f.Code.Remedy(w.Code())+" "), w.learn(f.Code))
	}))
}

func certificateName(c protocol.Certificate) string {
	for _, s := range []string{c.CommonName, c.Name} {
		if s != "" {
			return s
		}
	}
	return c.Thumbprint[:min(16, len(c.Thumbprint))]
}

// expiry is the end of validity with a badge when it is near or past.
func (w *writer) expiry(c protocol.Certificate) dom.Node {
	return dom.El("p", dom.Set("class", "expiry"), dom.Text(w.S(text.ExpiresOn)+" "), w.date(c.NotAfter), w.expiryBadge(c))
}

func (w *writer) expiryBadge(c protocol.Certificate) dom.Part {
	return w.ladder(keyhealth.Check(keyhealth.Key{NotAfter: c.NotAfter}, w.env.Time()))
}

// page is a link to one of the guides, in a tab of its own.
func (w *writer) page(name string, label text.ID) dom.Node {
	return dom.El("a", dom.Set("href", "../gen/"+name+"-"+w.guideLang()+".html"), dom.Set("target", "_blank"), dom.Set("rel", "noopener"),
		dom.Text(w.S(label)))
}

func (w *writer) popupFoot(p *model.Popup) dom.Node {
	return dom.El("footer",
		actions(w.button("quiet", text.Refresh, model.Refresh{}, dom.Flag("disabled", p.Checking)), w.button("quiet", text.OpenOffline, model.OpenOfflinePage{}),
			w.button("quiet", text.OpenCheck, model.OpenCheckPage{}),
			w.button("quiet", text.DrillTitle, model.OpenBackupPage{}),
			w.button("quiet", text.OpenOptions, model.OpenOptionsPage{})),
		dom.El("details", dom.El("summary", dom.Text(w.S(text.HelpTitle))),
			w.p(text.HelpAllow), w.p(text.HelpKeys), w.p(text.HelpPrivacy), w.p(text.HelpSupport),
			dom.El("p", w.page("guide-agent", text.HelpGuide), dom.Text(" · "), w.page("guide-accessibility", text.HelpAccessibility))),
		dom.El("p", dom.Set("class", "code"), dom.Text(w.S(text.VersionLine, p.Env.Version, strconv.Itoa(protocolVersion)))))
}
