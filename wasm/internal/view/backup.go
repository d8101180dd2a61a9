package view

import (
	"strings"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/storename"
	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/text"
)

// backupWish offers the protected copy, once, with the form that makes the key.
func (w *writer) backupWish(a *model.Add) dom.Node {
	return dom.El("div", dom.Set("class", "choice"),
		dom.El("input", dom.Set("id", "backup"), dom.Set("type", "checkbox"), dom.Flag("checked", a.WantBackup), dom.Set("aria-describedby", "backup-help"),
			dom.On("change", func(e dom.Event) any { return model.SetBackup{On: e.Checked} })),
		dom.El("div", dom.El("label", dom.Set("for", "backup"), dom.Text(w.S(text.BackupWish))),
			dom.El("p", dom.Set("id", "backup-help"), dom.Set("class", "help"), dom.Text(w.S(text.BackupWishHelp)))))
}

// addBackup is the screen that shows the copy, once.
func (w *writer) addBackup(a *model.Add) dom.Part {
	c := a.Backup
	saved, label, leave := dom.Part(nil), text.BackupSave, w.button("", text.BackupSkip, model.Close{})
	switch {
	case c.Saving:
		saved = w.note(text.BackupSaving)
	case c.Saved != "":
		saved = dom.El("p", dom.Set("class", "allowed"), dom.Set("role", "status"), dom.Text(w.S(text.BackupSaved, c.Saved)))
		label, leave = text.BackupSaveAgain, w.button("primary", text.BackupClose, model.Close{})
	case c.Fault != nil:
		saved = w.alert(c.Fault)
	}
	first := "primary"
	if c.Saved != "" {
		first = ""
	}
	// The button keeps the focus: it is the same one beside what is said of the
	// saving, and not disabled meanwhile. A second press does nothing.
	return dom.Parts(
		dom.El("div", dom.Set("class", "warning"), w.p(text.BackupOnce)),
		w.h2(text.BackupFileTitle), w.p(text.BackupFileHelp), saved,
		dom.El("p", dom.Key("save-copy"), w.button(first, label, model.SaveCopy{Called: w.S(text.BackupFileName)}, dom.Set("id", "save-copy"), dom.If(c.Saving, dom.Set("aria-disabled", "true")))),
		w.h2(text.BackupWordsTitle), w.p(text.BackupWordsHelp), w.words(c),
		dom.El("p", w.button("", text.BackupPrint, model.PrintSheet{}, dom.Set("id", "print-sheet"))),
		w.h2(text.BackupTestTitle), w.p(text.BackupTestHelp),
		dom.El("p", w.button("", text.BackupTest, model.OpenBackupPage{})),
		actions(leave))
}

// words are the words of a copy, numbered.
func (w *writer) words(c *model.BackupCopy) dom.Node {
	return dom.El("ol", dom.Set("class", "words"), dom.Set("translate", "no"), dom.Set("lang", "fr"), dom.Each(c.Words(), func(i int, word string) dom.Part {
		return dom.El("li", dom.El("small", dom.Text(w.Int(i+1))), dom.Text(" "), dom.El("b", dom.Text(word)))
	}))
}

// sheet is what the printer gets of the window: nothing else is printed, and no
// screen shows it.
func (w *writer) sheet(a *model.Add) dom.Node {
	c, key := a.Backup, *a.Key
	return dom.El("article", dom.Key("sheet"), dom.Set("class", "sheet"), dom.Set("aria-hidden", "true"),
		dom.El("header", w.seal(), dom.El("h2", dom.Text(w.S(text.SheetTitle)))),
		w.p(text.SheetIntro),
		dom.El("dl",
			row(w.S(text.NameLabel), dom.Text(a.Title())),
			row(w.S(text.SheetOwner), dom.Text(certificateName(key))),
			dom.If(a.Service != "", row(w.S(text.SheetService), dom.Text(a.Service))),
			row(w.S(text.SheetPortal), dom.Text(a.Site.Origin)),
			row(w.S(text.SheetDate), w.date(c.Made)),
			row(w.S(text.CertExpiryLabel), w.date(key.NotAfter)),
			dom.If(c.Saved != "", row(w.S(text.SheetFile), dom.Text(c.Saved))),
			row(w.S(text.CertFingerprint), fingerprint(key.Thumbprint))),
		dom.El("h3", dom.Text(w.S(text.SheetWords))), w.words(c),
		dom.El("p", dom.Text(w.S(text.SheetLine)+" "), dom.El("code", dom.Set("translate", "no"), dom.Text(strings.Join(c.Words(), "-")))),
		w.sheetPart(text.SheetKeep, text.SheetKeep1, text.SheetKeep2, text.SheetKeep3),
		w.sheetPart(text.SheetTest, text.SheetTestHow),
		w.sheetPart(text.SheetRestore, text.SheetRestore1, text.SheetRestore2),
		dom.El("p", dom.Set("class", "stored"), dom.Text(w.S(text.SheetStored))))
}

func (w *writer) sheetPart(title text.ID, lines ...text.ID) dom.Part {
	return dom.Parts(dom.El("h3", dom.Text(w.S(title))), dom.El("ul", dom.Each(lines, func(_ int, line text.ID) dom.Part {
		return dom.El("li", dom.Text(w.S(line)))
	})))
}

// Drill draws the test of a copy.
func Drill(d *model.Drill) Page {
	w := newWriter(d.Env)
	return Page{Title: w.S(text.DrillTitle) + " – Scellé", Lang: w.Code(), Status: w.drillStatus(d), Body: []dom.Node{
		dom.El("header", dom.Set("class", "bar"), w.seal(), w.title(text.DrillTitle)),
		dom.El("section", dom.Key(string(d.Phase)), dom.Set("class", "screen"), w.drillBody(d)),
	}}
}

func (w *writer) drillStatus(d *model.Drill) string {
	switch {
	case d.Phase == model.DrillRunning:
		return w.S(text.DrillRunning)
	case d.Phase == model.DrillRestoring:
		return w.S(text.DrillRestoring)
	case d.Fault != nil && d.Fault.Code == fault.P12Password:
		return w.S(text.DrillNotOpen)
	case d.Fault != nil:
		return d.Fault.Code.Text(w.Code())
	case d.Restored:
		return w.S(text.DrillRestored)
	case d.Phase == model.DrillGood:
		return w.S(text.DrillGood)
	}
	return w.drillWrong(d)
}

// drillWrong says what is wrong with the form, "" for nothing.
func (w *writer) drillWrong(d *model.Drill) string {
	switch {
	case d.Missing:
		return w.S(text.DrillMissing)
	case len(d.Wrong) == 1:
		for place := range d.Wrong {
			return w.S(text.DrillWrongOne, place+1)
		}
	case len(d.Wrong) > 1:
		return w.S(text.DrillWrongMany, len(d.Wrong))
	}
	return ""
}

func (w *writer) drillBody(d *model.Drill) dom.Part {
	switch d.Phase {
	case model.DrillRunning:
		return w.drillWork(text.DrillRunning)
	case model.DrillRestoring:
		return w.drillWork(text.DrillRestoring)
	case model.DrillGood:
		return w.drillGood(d)
	}
	return w.drillForm(d)
}

func (w *writer) drillWork(what text.ID) dom.Node {
	return dom.El("div", dom.Set("class", "work"), w.p(what), dom.El("progress", dom.Set("aria-label", w.S(what))))
}

func (w *writer) drillForm(d *model.Drill) dom.Part {
	wrong := w.drillWrong(d)
	return dom.El("form", dom.On("submit", dom.Send(model.TestCopy{})),
		dom.If(d.Fault != nil, w.drillFault(d.Fault)),
		w.p(text.DrillIntro),
		dom.El("p", w.button("", text.DrillPick, model.PickFiles{}, dom.Set("id", "pick")),
			dom.If(d.File != nil, w.drillFile(d))),
		dom.El("fieldset", dom.El("legend", dom.Text(w.S(text.DrillWords))),
			dom.El("p", dom.Set("class", "help"), dom.Text(w.S(text.DrillWordsHelp))),
			dom.El("ol", dom.Set("class", "words"), dom.Each(d.Words[:], func(i int, word string) dom.Part { return w.drillWord(d, i, word) }))),
		dom.If(wrong != "", dom.El("p", dom.Set("class", "field-error"), dom.Text(wrong))),
		w.note(text.DrillNote),
		actions(dom.El("button", dom.Set("type", "submit"), dom.Set("class", "button primary"), dom.Text(w.S(text.DrillGo))),
			w.button("quiet", text.Close, model.Close{})))
}

func (w *writer) drillFile(d *model.Drill) dom.Part {
	if d.File == nil {
		return nil
	}
	return dom.El("span", dom.Set("class", "picked"), dom.Text(w.S(text.DrillPicked, d.File.Name)))
}

func (w *writer) drillWord(d *model.Drill, i int, word string) dom.Part {
	id := "word-" + w.Int(i+1)
	return dom.El("li", dom.El("label", dom.Set("for", id), dom.Text(w.S(text.DrillWord, i+1))),
		dom.El("input", dom.Set("id", id), dom.Set("type", "text"), dom.Value(word), dom.Set("autocomplete", "off"), dom.Set("spellcheck", "false"),
			dom.If(d.Wrong[i], dom.Parts(dom.Set("aria-invalid", "true"), dom.Set("aria-describedby", id+"-error"))),
			dom.On("input", func(e dom.Event) any { return model.SetWord{Place: i, Text: e.Value} })),
		dom.If(d.Wrong[i], dom.El("p", dom.Set("id", id+"-error"), dom.Set("class", "field-error"), dom.Text(w.S(text.DrillWordUnknown)))))
}

func (w *writer) drillFault(f *fault.Fault) dom.Part {
	if f == nil {
		return nil
	}
	if f.Code != fault.P12Password {
		return w.alert(f)
	}
	return dom.El("div", dom.Set("class", "alert"), dom.Set("role", "alert"), dom.Set("id", "fault"), dom.El("p", dom.Set("class", "what"), dom.Text(w.S(text.DrillNotOpen))), w.p(text.DrillOther))
}

func (w *writer) drillGood(d *model.Drill) dom.Part {
	head := text.DrillGood
	if d.Restored {
		head = text.DrillRestored
	}
	return dom.Parts(
		dom.If(d.Fault != nil, w.drillFault(d.Fault)),
		dom.El("div", dom.Set("class", "success"), dom.El("p", dom.Set("class", "what"), dom.Text(w.S(head))),
			dom.If(!d.Restored, w.p(text.DrillGoodHow))),
		w.drillFacts(d),
		dom.If(d.Found.NotAfter.Before(d.Env.Time()), w.note(text.DrillExpired)),
		dom.If(d.Restorable(), w.p(text.DrillRestoreHelp)),
		actions(dom.If(d.Restorable(), w.keyButton(w.S(text.DrillRestore), d.Armed, func(t bool) any { return model.RestoreCopy{Trusted: t} })),
			w.button("", text.DrillAgain, model.Retry{}), w.button("quiet", text.Close, model.Close{})))
}

func (w *writer) drillFacts(d *model.Drill) dom.Node {
	c := *d.Found
	here := w.S(text.DrillHereNo)
	if c.HasKey {
		here = w.S(text.DrillHereYes) + " (" + strings.Join(storename.AllIn(w.Code(), c.Places), ", ") + ")"
	}
	return dom.El("dl", dom.Set("class", "facts-list"),
		row(w.S(text.DrillAt), w.date(d.At)),
		row(w.S(text.NameLabel), dom.Text(keyLabel(c))),
		row(w.S(text.CertCommonName), dom.Text(certificateName(c))),
		row(w.S(text.CertExpiryLabel), w.date(c.NotAfter)),
		row(w.S(text.DrillHere), dom.Text(here)),
		dom.Each(d.Sites, func(_ int, s model.Registered) dom.Part {
			return row(w.S(text.DrillSite), dom.Text(s.Origin+", "+w.S(text.DrillSince)+" "), w.date(s.Since))
		}),
		row(w.S(text.CertFingerprint), fingerprint(c.Thumbprint)))
}

// keyLabel is what the store, or the file, calls a key.
func keyLabel(c protocol.Certificate) string {
	if c.Name != "" {
		return c.Name
	}
	return certificateName(c)
}
