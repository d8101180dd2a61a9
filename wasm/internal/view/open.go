package view

import (
	"strings"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/text"
)

// ForPlis draws what model.ForPlis makes.
func ForPlis(part model.Screen) Page {
	if o, ok := part.(*model.Opening); ok {
		return newWriter(o.Env).opening(o)
	}
	return Page{Lang: "fr"}
}

// opening draws the opening of plis asked for by a page, or another errand of
// the same course.
func (w *writer) opening(o *model.Opening) Page {
	t := wordsOf(o)
	return Page{Title: w.S(t.title) + " – Scellé", Lang: w.Code(), Status: w.openStatus(o), Body: []dom.Node{
		dom.El("header", dom.Set("class", "bar"), w.seal(), w.openHeading(o)),
		w.origin(o.Site),
		dom.El("section", dom.Key(string(o.Phase)), dom.Set("class", "screen"), w.openBody(o)),
	}}
}

// words are the texts in which the errands of an Opening differ.
type words struct {
	title, loading, running, failed, nothing, results text.ID
	askOne, askMany                                   text.ID // the question of the consent
	listSigned, listUnsigned                          text.ID
	paused, pausedNote, goOn, finish                  text.ID
	soFarOne, soFarMany                               text.ID
	stopped                                           text.ID // like failed, when something is done
}

func wordsOf(o *model.Opening) words {
	t := words{text.OpenTitle, text.OpenLoading, text.OpenRunning, text.OpenFailed, text.NothingOpened, text.ResultsTitle,
		text.ConsentTitleOne, text.ConsentTitleMany, text.ListSigned, text.ListUnsigned,
		text.OpenPaused, text.PausedNote, text.OpenContinue, text.OpenFinish, text.OpenedSoFarOne, text.OpenedSoFarMany, text.OpenStopped}
	switch {
	case o.Rehearsal != nil:
		return words{text.RehearseTitle, text.RehearseLoading, text.RehearseRunning, text.RehearseFailed, text.RehearseNothing, text.RehearseResults,
			text.RehearseAsk, text.RehearseAsk, text.RehearseListSigned, text.RehearseListUnsigned,
			t.paused, t.pausedNote, t.goOn, t.finish, t.soFarOne, t.soFarMany, text.RehearseFailed}
	case o.Rewrap != nil:
		return words{text.TransferTitle, text.TransferLoading, text.TransferRunning, text.TransferFailed, text.TransferNothing, text.TransferResults,
			text.TransferAskOne, text.TransferAskMany, text.TransferListSigned, 0,
			text.TransferPaused, text.TransferPausedNote, text.TransferContinue, text.TransferFinish, text.TransferSoFarOne, text.TransferSoFarMany, text.TransferStopped}
	}
	return t
}

func (w *writer) openHeading(o *model.Opening) dom.Node {
	t := wordsOf(o)
	switch o.Phase {
	case model.OpenConsent:
		n := len(o.Ready())
		return dom.El("h1", dom.Set("id", "title"), dom.Set("tabindex", "-1"), dom.Text(w.Count(n, t.askOne, t.askMany)))
	case model.OpenRunning:
		return w.title(t.running)
	case model.OpenPaused:
		return w.title(t.paused)
	case model.OpenFailed:
		if o.Delivered() > 0 {
			return w.title(t.stopped)
		}
		return w.title(t.failed)
	case model.OpenResults:
		return w.title(t.results)
	}
	return w.title(t.title)
}

func (w *writer) openStatus(o *model.Opening) string {
	t := wordsOf(o)
	switch o.Phase {
	case model.OpenLoading:
		return w.S(t.loading)
	case model.OpenConsent:
		return w.Count(len(o.Ready()), t.askOne, t.askMany)
	case model.OpenRunning:
		return w.S(text.OpenPliOf, o.At+1, len(o.Plis))
	case model.OpenPaused:
		return w.S(t.paused)
	case model.OpenFailed:
		return o.Fault.Code.Text(w.Code())
	case model.OpenResults:
		return w.resultLine(o)
	}
	return ""
}

func (w *writer) openBody(o *model.Opening) dom.Part {
	t := wordsOf(o)
	switch o.Phase {
	case model.OpenConsent:
		return w.decision(o)
	case model.OpenRunning:
		return w.openRunning(o)
	case model.OpenPaused:
		return w.openPaused(o)
	case model.OpenFailed:
		return dom.Parts(w.alert(o.Fault), w.openFailed(o),
			dom.If(o.Fault.Code.Group() == fault.Setup, w.installHelp()))
	case model.OpenResults:
		return w.outcome(o)
	}
	n := len(o.Plis)
	return dom.Parts(w.note(t.loading), w.bar(int64(min(o.At, n)), int64(max(n, 1)), w.S(text.OpenPliOf, min(o.At+1, n), n)),
		actions(w.button("", text.Cancel, model.Cancel{})))
}

// decision is the consent of the errand.
func (w *writer) decision(o *model.Opening) dom.Part {
	switch {
	case o.Rehearsal != nil:
		return w.rehearsalConsent(o)
	case o.Rewrap != nil:
		return w.transferConsent(o)
	}
	return w.consent(o)
}

// outcome is the last screen of the errand.
func (w *writer) outcome(o *model.Opening) dom.Part {
	switch {
	case o.Rehearsal != nil:
		return w.rehearsalResults(o)
	case o.Rewrap != nil:
		return w.transferResults(o)
	}
	return w.results(o)
}

// bar is a progress element with its text beside it.
func (w *writer) bar(done, total int64, label string) dom.Node {
	return dom.El("div", dom.Set("class", "work"),
		dom.El("progress", dom.Set("max", w.Int64(total)), dom.Set("value", w.Int64(done)), dom.Set("aria-label", label)),
		dom.El("p", dom.Text(label)))
}

// consent is the one decision: who asks, which keys, which plis, what becomes
// of the files.
func (w *writer) consent(o *model.Opening) dom.Part {
	ready, left, keys := o.Ready(), others(o), o.Keys()
	return dom.Parts(w.tender(o), w.list(o), w.hole(o.Failed, nil),
		dom.El("h2", dom.Text(w.Count(len(keys), text.ConsentKeysOne, text.ConsentKeysMany))),
		dom.El("ul", dom.Set("class", "keys"), dom.Each(keys, func(_ int, c protocol.Certificate) dom.Part {
			return dom.El("li", dom.El("strong", dom.Text(certificateName(c))), w.expiry(c), dom.El("small", dom.Text(w.S(text.CertIssuer, c.Issuer))))
		})),
		w.h2(text.ConsentPlis), w.pliNames(ready),
		dom.If(len(left) > 0, dom.El("div", dom.Set("class", "warning"), dom.El("p", dom.Text(w.Count(len(left), text.LeftOne, text.LeftMany))), w.pliFaults(left))),
		w.deliveries(o),
		w.note(text.ConsentNote),
		actions(w.keyButton(w.Count(len(ready), text.OpenButtonOne, text.OpenButtonMany), o.Armed, func(t bool) any { return model.Consent{Trusted: t} }),
			w.button("", text.Cancel, model.Cancel{})))
}

// list says what the portal's list is worth, and by whose key.
func (w *writer) list(o *model.Opening) dom.Part {
	t := wordsOf(o)
	switch {
	case o.Offline:
		return nil
	case !o.Check.Signed:
		return dom.El("div", dom.Set("class", "warning"), dom.Set("id", "list-unsigned"), w.p(t.listUnsigned))
	case o.Check.First:
		return dom.El("div", dom.Set("class", "warning"), dom.Set("id", "list-first"), w.p(t.listSigned), w.p(text.ListFirst),
			dom.El("p", dom.Set("class", "help"), dom.Text(w.S(text.ListKey)+" "), fingerprint(o.Check.Pin)))
	}
	return dom.El("div", dom.Set("id", "list-signed"), w.note(t.listSigned),
		dom.El("details", dom.El("summary", dom.Text(w.S(text.ListKey))), fingerprint(o.Check.Pin)))
}

func others(o *model.Opening) []*model.Pli {
	var out []*model.Pli
	for _, p := range o.Plis {
		if p.State == model.PliFailed {
			out = append(out, p)
		}
	}
	return out
}

func (w *writer) tender(o *model.Opening) dom.Part {
	if o.Tender == "" {
		return nil
	}
	return dom.El("p", dom.Set("class", "service"), dom.Text(w.S(text.TenderLine, o.Tender)), dom.If(o.Title != "", dom.Text(" – "+o.Title)))
}

func (w *writer) pliNames(plis []*model.Pli) dom.Node {
	return dom.El("ul", dom.Set("class", "plis"), dom.Each(plis, func(_ int, p *model.Pli) dom.Part {
		return dom.El("li", dom.Text(pliName(p)), dom.If(p.Total > 0, dom.Text(" "), dom.El("small", dom.Text(w.Size(p.Total)))),
			dom.If(!p.Info.Authenticated, dom.Text(" "), dom.El("span", dom.Set("class", "badge warn"), dom.Text(w.S(text.NotAuthenticated)))),
			w.recipients(p))
	}))
}

// recipients says which of a pli's recipients are keys of this computer.
func (w *writer) recipients(p *model.Pli) dom.Part {
	var names []string
	for _, c := range p.Keys() {
		names = append(names, certificateName(c))
	}
	all := len(p.Info.Recipients)
	switch {
	case len(names) == 0:
		return nil
	case all == len(names):
		return dom.El("p", dom.Set("class", "help"), dom.Text(w.S(text.SealedForOnly, strings.Join(names, ", "))))
	}
	return dom.El("p", dom.Set("class", "help"), dom.Text(w.S(text.SealedForAmong, strings.Join(names, ", "), all)))
}

func pliName(p *model.Pli) string {
	if p.Label != "" {
		return p.Label
	}
	return p.ID
}

func (w *writer) pliFaults(plis []*model.Pli) dom.Node {
	return dom.El("ul", dom.Set("class", "plis"), dom.Each(plis, func(_ int, p *model.Pli) dom.Part {
		return dom.El("li", dom.El("strong", dom.Text(pliName(p))), dom.Text(" – "+p.Fault.Code.Text(w.Code())+" "+p.Fault.Code.Remedy(w.Code())+" "), w.learn(p.Fault.Code))
	}))
}

func (w *writer) deliveries(o *model.Opening) dom.Part {
	switch {
	case o.Env.NoSaving:
		return w.note(text.DeliverPortalOnly, o.Site.Host)
	case !o.HandOver && !o.Env.Folders:
		return w.note(text.DeliverDownloadsOnly)
	}
	return dom.El("fieldset", dom.Set("class", "modes"), dom.El("legend", dom.Text(w.S(text.DeliverLegend))),
		w.delivery(o, model.ToDownloads, w.S(text.DeliverDownloads), w.S(text.DeliverDownloadsHelp)),
		dom.If(o.Env.Folders, w.chosenFolder(o)),
		dom.If(o.HandOver, w.delivery(o, model.ToPortal, w.S(text.DeliverPortal), w.S(text.DeliverPortalHelp, o.Site.Host))))
}

func (w *writer) delivery(o *model.Opening, d model.Delivery, name, help string, more ...dom.Part) dom.Node {
	id := "deliver-" + string(d)
	return dom.El("div", dom.Set("class", "choice"),
		dom.El("input", dom.Set("id", id), dom.Set("type", "radio"), dom.Set("name", "deliver"), dom.Set("value", string(d)),
			dom.Flag("checked", o.Delivery == d), dom.Flag("disabled", d == model.ToFolder && o.Folder.Handle == 0),
			dom.Set("aria-describedby", id+"-help"), dom.On("change", dom.Send(model.Deliver{To: d}))),
		dom.El("div", dom.El("label", dom.Set("for", id), dom.Text(name)),
			dom.El("p", dom.Set("id", id+"-help"), dom.Set("class", "help"), dom.Text(help)), dom.Parts(more...)))
}

// chosenFolder offers a folder of the person's choice, once there is one.
func (w *writer) chosenFolder(o *model.Opening) dom.Node {
	help, choose := w.S(text.DeliverFolderFirst), text.ChooseFolder
	if o.Folder.Handle != 0 {
		help, choose = w.S(text.DeliverFolderHelp, o.Folder.Name), text.ChangeFolder
	}
	return w.delivery(o, model.ToFolder, w.S(text.DeliverFolder), help,
		w.button("", choose, model.ChooseFolder{}, dom.Set("id", "choose-folder")),
		dom.El("div", dom.Set("role", "alert"), w.fieldError("choose-folder-error", o.Unchosen)))
}

func (w *writer) openRunning(o *model.Opening) dom.Part {
	p := o.Plis[min(o.At, len(o.Plis)-1)]
	label := w.S(text.OpenPliOf, o.At+1, len(o.Plis)) + " – " + pliName(p)
	return dom.Parts(w.bar(int64(o.At), int64(len(o.Plis)), label),
		dom.If(p.Total > 0, w.bar(p.Done, p.Total, w.S(text.BytesOf, w.Size(p.Done), w.Size(p.Total)))),
		w.consentLeft(o),
		dom.If(o.TimeLeft > 0, w.left(o.TimeLeft)),
		dom.If(o.Stopping, w.note(text.Stopping)),
		dom.If(o.Pausing && !o.Stopping, w.note(text.OpenPausing)),
		actions(
			dom.If(len(o.Ready()) > 0, w.button("", text.OpenPause, model.Pause{}, dom.Flag("disabled", o.Pausing || o.Stopping))),
			w.button("", text.Stop, model.Cancel{}, dom.Flag("disabled", o.Stopping))))
}

// left says how long it takes yet, in whole minutes: more would only flicker.
func (w *writer) left(d time.Duration) dom.Node {
	if d < time.Minute {
		return w.note(text.LeftSeconds)
	}
	minutes := int((d + time.Minute/2) / time.Minute)
	return dom.El("p", dom.Set("class", "note"), dom.Text(w.Count(minutes, text.LeftMinutesOne, text.LeftMinutesMany)))
}

// openPaused waits between two plis.
func (w *writer) openPaused(o *model.Opening) dom.Part {
	n, t := len(o.Plis), wordsOf(o)
	return dom.Parts(w.bar(int64(o.At), int64(n), w.S(text.OpenPliOf, min(o.At+1, n), n)), w.note(t.pausedNote),
		actions(w.button("primary", t.goOn, model.Continue{}), w.button("", text.Stop, model.Cancel{})))
}

// openFailed offers to go on where it stopped.
func (w *writer) openFailed(o *model.Opening) dom.Part {
	t := wordsOf(o)
	done := o.Delivered()
	if done == 0 {
		return dom.Parts(w.note(t.nothing),
			actions(dom.If(o.Retryable(), w.button("primary", text.Retry, model.Retry{})), w.button("quiet", text.Close, model.Close{})))
	}
	return dom.Parts(dom.El("p", dom.Set("class", "note"), dom.Text(w.Count(done, t.soFarOne, t.soFarMany))),
		actions(dom.If(o.Retryable(), w.button("primary", t.goOn, model.Retry{})), w.button("", t.finish, model.Close{})))
}

// consentLeft counts down what the person agreed to.
func (w *writer) consentLeft(o *model.Opening) dom.Part {
	if o.Expires.IsZero() {
		return nil
	}
	return dom.El("p", dom.Set("class", "note"), dom.Set("id", "consent-left"), dom.Text(w.Count(o.Left(), text.ConsentLeftOne, text.ConsentLeftMany)+" "), w.date(o.Expires))
}

func (w *writer) resultLine(o *model.Opening) string {
	switch {
	case o.Rehearsal != nil:
		return w.rehearsalLine(o)
	case o.Rewrap != nil:
		return w.S(text.TransferLine, o.Delivered(), len(o.Plis))
	}
	return w.S(text.ResultLine, o.Delivered(), len(o.Plis))
}

// recordLine says what became of the record.
func (w *writer) recordLine(o *model.Opening) dom.Part {
	m := o.Minutes
	if m.Record == nil {
		return nil
	}
	return dom.El("div", dom.Set("id", "record"),
		dom.If(len(m.Names) > 0, w.recordPlace(o)),
		dom.If(m.Taken, w.p(text.RecordHanded)),
		dom.If(m.Fault != nil, w.recordUnsaved(m.Fault)))
}

func (w *writer) recordPlace(o *model.Opening) dom.Node {
	names := strings.Join(o.Minutes.Names, ", ")
	if o.Delivery == model.ToFolder {
		return w.p(text.RecordSavedIn, o.Folder.Name, names)
	}
	return w.p(text.RecordSavedAs, names)
}

func (w *writer) recordUnsaved(f *fault.Fault) dom.Part {
	if f == nil {
		return nil
	}
	return dom.El("p", dom.Set("class", "caution"), dom.Text(w.S(text.RecordUnsaved)+" "+f.Code.Text(w.Code())))
}

func (w *writer) results(o *model.Opening) dom.Part {
	return dom.Parts(dom.El("p", dom.Text(w.resultLine(o))), w.recordLine(o),
		dom.El("ul", dom.Set("class", "results"), dom.Each(o.Plis, func(_ int, p *model.Pli) dom.Part { return w.result(p) })),
		dom.If(len(others(o)) > 0 && !o.Offline, w.note(text.RetryFromPortal)),
		dom.If(!o.Offline, actions(w.button("primary", text.Close, model.Close{}))))
}

func (w *writer) result(p *model.Pli) dom.Node {
	if p.State != model.PliDelivered {
		return dom.El("li", dom.Set("class", "result bad"), dom.El("h2", dom.Text(pliName(p))),
			dom.El("p", dom.Set("class", "what"), dom.Text(p.Fault.Code.Text(w.Code()))), dom.El("p", dom.Text(p.Fault.Code.Remedy(w.Code()))), w.detail(p.Fault), w.digests(p))
	}
	tone := "good"
	if p.Foreign || p.Altered || p.Misplaced || p.Twin != "" {
		tone = "warn"
	}
	return dom.El("li", dom.Set("class", "result "+tone), dom.El("h2", dom.Text(pliName(p))),
		dom.El("p", dom.Text(w.where(p)), dom.Text(" "), w.integrity(p.Opened.Authenticated)),
		dom.If(p.Foreign, w.caution(text.ForeignContent)),
		w.provenance(p),
		dom.If(p.Altered, w.caution(text.AlteredPli)),
		dom.If(p.Misplaced, w.caution(text.MisplacedPli)),
		dom.If(p.Twin != "", w.caution(text.TwinPli, p.Twin)),
		w.files(p), w.digests(p))
}

// provenance is what the pli says of itself: none of it is proven, but it was
// sealed with the files.
func (w *writer) provenance(p *model.Pli) dom.Part {
	var words []string
	switch p.Opened.Kind { // pli.Kind
	case "candidature":
		words = append(words, w.S(text.KindCandidature))
	case "offre":
		words = append(words, w.S(text.KindOffre))
	default:
		return nil // not a pli of ours
	}
	if p.Opened.Lot != "" {
		words = append(words, w.S(text.LotOf, p.Opened.Lot))
	}
	if p.Opened.Depositor != "" {
		words = append(words, w.S(text.DepositedBy, p.Opened.Depositor))
	}
	line := dom.El("p", dom.Set("class", "help"), dom.Text(strings.Join(words, ", ")))
	sealed, err := time.Parse(time.RFC3339, p.Opened.SealedAt)
	if err != nil {
		return line
	}
	return dom.El("p", dom.Set("class", "help"), dom.Text(strings.Join(words, ", ")+", "+w.S(text.SealedOn)+" "), w.date(sealed))
}

func (w *writer) caution(id text.ID, args ...any) dom.Node {
	return dom.El("p", dom.Set("class", "caution"), dom.Text(w.S(id, args...)))
}

func (w *writer) where(p *model.Pli) string {
	switch {
	case p.HandedOver:
		return w.S(text.HandedOver)
	case p.Saved.Folder != "":
		return w.S(text.SavedIn, p.Saved.Folder)
	}
	return w.S(text.SavedTo)
}

func (w *writer) integrity(ok bool) dom.Node {
	if ok {
		return dom.El("span", dom.Set("class", "badge good"), dom.Text(w.S(text.Authenticated)))
	}
	return dom.El("span", dom.Set("class", "badge warn"), dom.Text(w.S(text.NotAuthenticated)))
}

func (w *writer) files(p *model.Pli) dom.Node {
	return dom.El("ul", dom.Set("class", "files"), dom.Each(p.Opened.Details, func(i int, f protocol.PliFile) dom.Part {
		name := f.Name
		if i < len(p.Saved.Names) && !p.HandedOver {
			name = p.Saved.Names[i]
		}
		return dom.El("li", dom.Text(name+" "), dom.El("small", dom.Text(w.Size(f.Size))),
			dom.If(f.SHA256 != "", fingerprint(f.SHA256)))
	}))
}

// digests are the two fingerprints of the receipt.
func (w *writer) digests(p *model.Pli) dom.Part {
	if p.Opened == nil || p.Opened.SHA256 == "" {
		return nil
	}
	return dom.El("details", dom.El("summary", dom.Text(w.S(text.Fingerprints))),
		dom.El("dl", row(w.S(text.EnvelopeDigest), fingerprint(p.Opened.SHA256)),
			dom.If(p.Opened.ContentSHA256 != "", row(w.S(text.ContentDigest), fingerprint(p.Opened.ContentSHA256)))))
}
