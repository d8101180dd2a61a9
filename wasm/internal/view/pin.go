package view

import (
	"scelle/shared/protocol"
	"scelle/shared/storename"
	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/text"
)

// pin draws the host's question for a PIN or a password, in place of the work
// that waits for it. The field has no handler: what is typed stays in it until
// the runtime takes it out.
func (w *writer) pin(site model.Site, q *protocol.PINQuestion, tooLong bool) Page {
	title, label, about := text.PINTitle, text.PINLabel, text.PINFor
	if q.Password {
		title, label, about = text.PasswordTitle, text.PasswordLabel, text.PasswordFor
	}
	warning := w.pinWarning(q, tooLong)
	return Page{Title: w.S(title) + " – Scellé", Lang: w.Code(), Status: w.S(title), Body: []dom.Node{
		dom.El("header", dom.Set("class", "bar"), w.seal(), w.title(title)),
		w.origin(site),
		dom.El("section", dom.Key("pin-"+q.ID), dom.Set("class", "screen"),
			dom.El("form", dom.Set("autocomplete", "off"), dom.On("submit", func(e dom.Event) any { return model.EnterPIN{Trusted: e.Trusted} }),
				w.p(about, storename.In(w.Code(), q.Token)),
				w.pinAction(q.Action),
				dom.If(warning != "", dom.El("p", dom.Set("class", "warning"), dom.Set("role", "alert"), dom.Set("id", "pin-warning"), dom.Text(warning))),
				dom.If(q.Tries > 1, w.note(text.PINTries, q.Tries)),
				dom.El("div", dom.Set("class", "field"),
					dom.El("label", dom.Set("for", model.PINField), dom.Text(w.S(label))),
					dom.El("input", dom.Set("id", model.PINField), dom.Set("type", "password"), dom.Set("autocomplete", "off"), dom.Set("spellcheck", "false"),
						dom.Set("maxlength", w.Int64(protocol.MaxPIN)), dom.Flag("required", true), described("pin-help", "pin-warning", q.Wrong || tooLong)),
					dom.El("p", dom.Set("id", "pin-help"), dom.Set("class", "help"), dom.Text(w.S(text.PINHelp)))),
				actions(
					dom.El("button", dom.Set("type", "submit"), dom.Set("class", "button primary"), dom.Text(w.S(text.PINConfirm))),
					w.button("", text.Cancel, model.CancelPIN{})))),
	}}
}

// pinWarning is what the person must know before typing; "" when nothing.
func (w *writer) pinWarning(q *protocol.PINQuestion, tooLong bool) string {
	switch {
	case tooLong:
		return w.S(text.PINTooLong, protocol.MaxPIN)
	case q.Wrong:
		return w.S(text.PasswordWrong)
	case q.Tries == 1:
		return w.S(text.PINFinal)
	case q.Few:
		return w.S(text.PINFew)
	}
	return ""
}

// pinAction says what the key is for.
func (w *writer) pinAction(action string) dom.Part {
	actions := map[string]text.ID{
		"open": text.PINToOpen, "prove": text.PINToProve, "rewrap": text.PINToRewrap, "rehearse": text.PINToRehearse, "import": text.PINToImport,
	}
	if id, known := actions[action]; known {
		return w.p(id)
	}
	return nil
}
