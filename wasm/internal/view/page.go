// Package view draws the screens of package model: pure functions from state
// to nodes, one file a screen, tested natively against golden HTML.
//
// Every text comes from package text or from the faults' own table; every
// control is a native one, so that keyboard and screen readers work without
// scripts; a button that uses a private key is an ordinary button outside any
// form, is never focused by itself and is disabled until it is armed.
package view

import (
	"strings"
	"time"

	"scelle/shared/fault"
	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/text"
)

// Page is a screen ready to be shown.
type Page struct {
	Title  string     // of the document
	Lang   string     // "fr" or "en"
	Body   []dom.Node // for Mount.Show
	Status string     // for Mount.Announce: what a screen reader should say now
}

// writer writes texts in the person's language and zone.
type writer struct {
	text.Lang
	env model.Env
}

func newWriter(env model.Env) *writer { return &writer{text.For(env.Lang), env} }

// date writes a moment with date, time and zone.
func (w *writer) date(t time.Time) dom.Node {
	name, offset := "UTC", 0
	if w.env.Zone != nil {
		name, offset = w.env.Zone(t)
	}
	return dom.El("time", dom.Set("datetime", t.UTC().Format(time.RFC3339)), dom.Text(w.Moment(t, name, offset)))
}

func (w *writer) p(id text.ID, args ...any) dom.Node {
	return dom.El("p", dom.Text(w.S(id, args...)))
}

func (w *writer) note(id text.ID, args ...any) dom.Node {
	return dom.El("p", dom.Set("class", "note"), dom.Text(w.S(id, args...)))
}

func (w *writer) h2(id text.ID) dom.Node { return dom.El("h2", dom.Text(w.S(id))) }

// title is the heading that takes the focus when the screen changes.
func (w *writer) title(id text.ID, args ...any) dom.Node {
	return dom.El("h1", dom.Set("id", "title"), dom.Set("tabindex", "-1"), dom.Text(w.S(id, args...)))
}

// button sends a message; kind is "primary", "" or "quiet".
func (w *writer) button(kind string, id text.ID, msg any, parts ...dom.Part) dom.Node {
	return dom.El("button", dom.Set("type", "button"), dom.Set("class", strings.TrimSpace("button "+kind)),
		dom.On("click", dom.Send(msg)), dom.Parts(parts...), dom.Text(w.S(id)))
}

// keyButton uses a private key: it works when armed, and says with each click
// whether a person did it. Until then it is disabled, which takes the focus from
// it: a window that a page raises arms anew, and keys that are meant for the page
// must not find the button. aria-disabled is what the drivers of tests wait for.
func (w *writer) keyButton(label string, armed bool, msg func(trusted bool) any) dom.Node {
	return dom.El("button", dom.Set("type", "button"), dom.Set("class", "button primary"), dom.Set("id", "use-key"),
		dom.If(!armed, dom.Flag("disabled", true), dom.Set("aria-disabled", "true")),
		dom.On("click", func(e dom.Event) any { return msg(e.Trusted) }), dom.Text(label))
}

func actions(parts ...dom.Part) dom.Node {
	return dom.El("div", dom.Set("class", "actions"), dom.Parts(parts...))
}

// alert shows a failure with what to do about it.
func (w *writer) alert(f *fault.Fault) dom.Node {
	return dom.El("div", dom.Set("class", "alert"), dom.Set("role", "alert"), dom.Set("id", "fault"),
		dom.El("p", dom.Set("class", "what"), dom.Text(f.Code.Text(w.Code()))),
		dom.El("p", dom.Text(f.Code.Remedy(w.Code()))),
		w.detail(f))
}

// detail is the code and the technical value, for the support desk.
func (w *writer) detail(f *fault.Fault) dom.Node {
	s := string(f.Code)
	if f.Detail != "" {
		s += " – " + f.Detail
	}
	return dom.El("p", dom.Set("class", "code"), dom.Text(w.S(text.FaultCode, s)+" "), w.learn(f.Code))
}

// learn leads to a code's entry in the guide, in a tab of its own: the screen
// stays as it is.
func (w *writer) learn(code fault.Code) dom.Node {
	if !code.Known() {
		code = fault.Internal
	}
	return w.guide(string(code), code.Text(w.Code()))
}

// guide is a link to an entry of the guide; about tells screen readers which.
func (w *writer) guide(entry, about string) dom.Node {
	return dom.El("a", dom.Set("href", "../gen/help-"+w.guideLang()+".html#"+entry), dom.Set("target", "_blank"), dom.Set("rel", "noopener"),
		dom.Set("class", "learn"), dom.Set("aria-label", w.S(text.LearnMoreAbout, about)), dom.Text(w.S(text.LearnMore)))
}

// fieldError is tied to its field by aria-describedby.
func (w *writer) fieldError(id string, f *fault.Fault) dom.Part {
	if f == nil {
		return nil
	}
	return dom.El("p", dom.Set("id", id), dom.Set("class", "field-error"), dom.Text(f.Code.Text(w.Code())+" "+f.Code.Remedy(w.Code())+" "), w.learn(f.Code))
}

// described lists the ids that describe a field.
func described(help, err string, failed bool) dom.Part {
	if failed {
		return dom.Parts(dom.Set("aria-describedby", help+" "+err), dom.Set("aria-invalid", "true"))
	}
	return dom.Set("aria-describedby", help)
}

// guideLang is the language of the guides for a reader of this one.
func (w *writer) guideLang() string {
	if w.Code() == "fr" {
		return "fr"
	}
	return "en"
}

// row is one fact of a description list.
func row(name string, value ...dom.Part) dom.Node {
	return dom.El("div", dom.El("dt", dom.Text(name)), dom.El("dd", dom.Parts(value...)))
}

// fingerprint shows 64 hex digits in groups that can be compared by eye.
func fingerprint(s string) dom.Node {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return dom.El("code", dom.Set("class", "fingerprint"), dom.Set("translate", "no"), dom.Text(b.String()))
}

// seal is the product's mark at the head of a screen.
func (w *writer) seal() dom.Node {
	return dom.El("img", dom.Set("class", "seal"), dom.Set("src", "../icons/seal.svg"), dom.Set("width", "32"), dom.Set("height", "32"), dom.Set("alt", "Scellé"))
}

// origin shows whom the window works for, in the browser's words.
func (w *writer) origin(s model.Site) dom.Node {
	return dom.El("div", dom.Set("class", "origin"),
		dom.El("p", dom.El("span", dom.Set("class", "label"), dom.Text(w.S(text.OriginLabel))), dom.Text(" "),
			dom.El("strong", dom.Set("translate", "no"), dom.Set("dir", "ltr"), dom.Text(s.Origin))),
		dom.If(s.Flagged(), dom.El("div", dom.Set("class", "warning"), dom.Set("id", "origin-warning"), w.originWarning(s))))
}

func (w *writer) originWarning(s model.Site) dom.Part {
	return dom.Parts(
		dom.If(s.Readable != "", w.p(text.OriginReadable, s.Readable)),
		dom.If(s.LookAlike, w.p(text.OriginLookAlike)),
		dom.If(s.Resembles != "", w.p(text.OriginResembles, s.Resembles)),
		dom.If(s.Address, w.p(text.OriginAddress)))
}
