package view

import (
	"strconv"

	"scelle/shared/checkup"
	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/text"
)

// Check draws the test of this computer.
func Check(c *model.Check) Page {
	w := newWriter(c.Env)
	return Page{Title: w.S(text.CheckTitle) + " – Scellé", Lang: w.Code(), Status: w.checkStatus(c), Body: []dom.Node{
		dom.El("header", dom.Set("class", "bar"), w.seal(), w.title(text.CheckTitle)),
		dom.El("section", dom.Set("class", "screen"), w.checkBody(c)),
	}}
}

// checkStatus is what a screen reader hears: that it runs, then how it ended.
func (w *writer) checkStatus(c *model.Check) string {
	switch {
	case c.Running():
		return w.S(text.CheckRunning)
	case c.Copied:
		return w.S(text.CheckCopied)
	}
	return w.checkVerdict(c)
}

func (w *writer) checkVerdict(c *model.Check) string {
	bad, warnings := c.Count(checkup.Bad), c.Count(checkup.Warning)
	switch {
	case bad > 0:
		return w.Count(bad, text.CheckBadOne, text.CheckBadMany)
	case warnings > 0:
		return w.Count(warnings, text.CheckWarningOne, text.CheckWarningMany)
	}
	return w.S(text.CheckGood)
}

func (w *writer) checkBody(c *model.Check) dom.Part {
	if c.Running() {
		return dom.El("div", dom.Set("class", "work"), w.p(text.CheckRunning),
			dom.El("progress", dom.Set("value", strconv.Itoa(c.Done)), dom.Set("max", strconv.Itoa(c.Total)), dom.Set("aria-label", w.S(text.CheckTitle))))
	}
	tone := "success"
	switch {
	case c.Count(checkup.Bad) > 0:
		tone = "alert"
	case c.Count(checkup.Warning) > 0:
		tone = "warning"
	}
	return dom.Parts(
		dom.El("div", dom.Set("class", tone), dom.El("p", dom.Set("class", "what"), dom.Text(w.checkVerdict(c)))),
		dom.El("div", dom.Each(c.Findings, func(_ int, f protocol.Finding) dom.Part { return w.told(f) })),
		w.quietly(c, checkup.Good, text.CheckGoodList),
		w.quietly(c, checkup.Skipped, text.CheckSkippedList),
		w.note(text.CheckPrivate),
		actions(w.button("primary", text.CheckCopy, model.CopyReport{}), w.button("", text.CheckAgain, model.Refresh{}),
			dom.If(c.Copied, dom.El("p", dom.Set("class", "allowed"), dom.Text(w.S(text.CheckCopied))))))
}

// told is a finding that somebody has to know of.
func (w *writer) told(f protocol.Finding) dom.Part {
	badges := map[checkup.Level]struct {
		tone  string
		label text.ID
	}{checkup.Bad: {"bad", text.CheckLevelBad}, checkup.Warning: {"warn", text.CheckLevelWarning}, checkup.Note: {"hint", text.CheckLevelNote}}
	b, ok := badges[f.Level]
	if !ok {
		return nil
	}
	cause, remedy, entry := w.explained(f)
	return dom.El("div", dom.Key(string(f.Check)), dom.Set("class", "result "+b.tone),
		dom.El("p", dom.El("span", dom.Set("class", "badge "+b.tone), dom.Text(w.S(b.label)))),
		dom.El("p", dom.Set("class", "what"), dom.Text(cause)),
		dom.If(remedy != "", dom.El("p", dom.Text(remedy))),
		dom.El("p", dom.Set("class", "code"), dom.Text(w.S(text.FaultCode, string(f.Check))+detailOf(f)+" "),
			dom.If(entry != "", w.guide(entry, cause))))
}

// explained is what a finding says, and its entry in the guide: the fault's
// where the finding is one. A check of a newer host has no texts here.
func (w *writer) explained(f protocol.Finding) (cause, remedy, entry string) {
	code := fault.Code(f.Detail)
	switch {
	case code.Known():
		return code.Text(w.Code()), code.Remedy(w.Code()), string(code)
	case f.Check.Known():
		return f.Check.Cause(w.Code()), f.Check.Remedy(w.Code()), string(f.Check)
	}
	return string(f.Check), "", ""
}

func detailOf(f protocol.Finding) string {
	if f.Detail == "" {
		return ""
	}
	return " – " + f.Detail
}

// quietly lists what needs nothing.
func (w *writer) quietly(c *model.Check, level checkup.Level, title text.ID) dom.Part {
	if c.Count(level) == 0 {
		return nil
	}
	return dom.El("details", dom.El("summary", dom.Text(w.S(title, c.Count(level)))),
		dom.El("ul", dom.Set("class", "stores"), dom.Each(c.Findings, func(_ int, f protocol.Finding) dom.Part {
			if f.Level != level {
				return nil
			}
			return dom.El("li", dom.Key(string(f.Check)), dom.Text(f.Check.Title(w.Code())),
				dom.If(f.Detail != "", dom.El("small", dom.Set("translate", "no"), dom.Text(f.Detail))))
		})))
}
