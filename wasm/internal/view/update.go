package view

import (
	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/text"
)

// popupUpdate offers a newer host, and says what to do once its package is
// there. A manifest that was refused is told in one quiet line.
func (w *writer) popupUpdate(p *model.Popup) []dom.Node {
	u := p.Newer
	switch {
	case u.Version == "" && u.Fault == nil:
		return nil
	case u.Version == "":
		return []dom.Node{w.updateIgnored(u.Fault)}
	}
	return []dom.Node{dom.El("section", dom.Set("aria-labelledby", "update-title"), dom.Set("id", "update"), dom.Set("class", "update"),
		dom.El("h2", dom.Set("id", "update-title"), dom.Text(w.S(text.UpdateTitle))),
		dom.El("p", dom.Text(w.updateVersions(p))),
		w.updateStep(u))}
}

// updateStep is what can be done now.
func (w *writer) updateStep(u model.Update) dom.Part {
	switch {
	case u.Fault != nil: // of today's manifest; an earlier one offered the version
		return w.updateIgnored(u.Fault)
	case u.Package == nil:
		return w.p(text.UpdateNoPackage)
	case u.Saved != "":
		return w.updateSaved(u)
	case u.FetchErr != nil:
		return dom.Parts(w.alert(u.FetchErr), w.updateButton(u))
	}
	return w.updateButton(u)
}

func (w *writer) updateVersions(p *model.Popup) string {
	if p.Status != nil && p.Status.Host.Version != "" {
		return w.S(text.UpdateVersion, p.Newer.Version, p.Status.Host.Version)
	}
	return w.S(text.UpdateVersionAlone, p.Newer.Version)
}

func (w *writer) updateButton(u model.Update) dom.Part {
	label := w.S(text.UpdateFetch, w.Size(u.Package.Size))
	if u.Fetching {
		label = w.S(text.UpdateFetching)
	}
	return dom.El("button", dom.Set("type", "button"), dom.Set("class", "button primary"), dom.Set("id", "fetch-update"), dom.Flag("disabled", !u.Fetchable()),
		dom.On("click", func(e dom.Event) any { return model.FetchUpdate{Trusted: e.Trusted} }), dom.Text(label))
}

// updateSaved says what a person does with a package of each kind.
func (w *writer) updateSaved(u model.Update) dom.Part {
	next := dom.Part(nil)
	switch u.Package.Kind {
	case protocol.PackageSetup:
		next = w.p(text.UpdateSetup)
	case protocol.PackageMSI:
		next = w.p(text.UpdateMSI)
	case protocol.PackageDeb:
		next = w.command(text.UpdateDeb, "sudo apt install ./"+u.Saved)
	case protocol.PackageRPM:
		next = w.command(text.UpdateRPM, "sudo dnf install ./"+u.Saved)
	case protocol.PackageZip:
		next = w.p(text.UpdateZip)
	}
	return dom.El("div", dom.Set("class", "success"), dom.Set("id", "update-saved"), w.p(text.UpdateSaved, u.Saved), next)
}

func (w *writer) command(id text.ID, line string) dom.Part {
	return dom.Parts(w.p(id), dom.El("p", dom.El("code", dom.Set("translate", "no"), dom.Text(line))))
}

func (w *writer) updateIgnored(f *fault.Fault) dom.Node {
	return dom.El("details", dom.Set("id", "update-fault"), dom.El("summary", dom.Text(w.S(text.UpdateIgnored))), w.factFault(f), w.detail(f))
}

// updateSpoken adds to what a screen reader hears of the state.
func (w *writer) updateSpoken(u model.Update) string {
	switch {
	case u.Version == "":
		return ""
	case u.Saved != "":
		return ". " + w.S(text.UpdateSaved, u.Saved)
	case u.Fetching:
		return ". " + w.S(text.UpdateFetching)
	}
	return ". " + w.S(text.UpdateTitle)
}
