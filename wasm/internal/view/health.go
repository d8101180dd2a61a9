package view

import (
	"slices"
	"time"

	"scelle/shared/checkup"
	"scelle/shared/keyhealth"
	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/text"
)

// findings are what there is to know about a key, without the codes that the
// screen shows in another way: what matters most first, with what to do about
// it, and the way to the guide.
func (w *writer) findings(found []keyhealth.Finding, but ...keyhealth.Code) dom.Part {
	found = slices.DeleteFunc(slices.Clone(found), func(f keyhealth.Finding) bool { return slices.Contains(but, f.Code) })
	if len(found) == 0 {
		return nil
	}
	return dom.El("ul", dom.Set("class", "findings"), dom.Each(found, func(_ int, f keyhealth.Finding) dom.Part {
		serious := f.Level == checkup.Bad || f.Level == checkup.Warning
		return dom.El("li", dom.Key(string(f.Code)+f.Tender), dom.Set("class", "is-"+string(f.Level)),
			dom.El("span", dom.Set("class", "what"), dom.Text(f.Text(w.Code())), dom.If(!f.At.IsZero(), dom.Text(" "), w.date(f.At), dom.Text("."))),
			dom.If(serious, dom.Text(" "+f.Remedy(w.Code()))),
			dom.If(f.Level != checkup.Good, dom.Text(" "), w.guide(string(f.Code), f.Heading(w.Code()))))
	}))
}

// stands is a key's expiry with its badge and what to do about it, then what
// else there is to know; where the key is, the screen shows in another way.
func (w *writer) stands(notAfter time.Time, found []keyhealth.Finding) dom.Part {
	advice := dom.Part(nil)
	for _, f := range found {
		switch f.Code {
		case keyhealth.Expired, keyhealth.ExpiresIn7:
			advice = w.advice("reason", f)
		case keyhealth.ExpiresIn30:
			advice = w.advice("caution", f)
		}
	}
	return dom.Parts(
		dom.If(!notAfter.IsZero(), dom.El("p", dom.Set("class", "expiry"), dom.Text(w.S(text.ExpiresOn)+" "), w.date(notAfter), w.ladder(found))), advice,
		w.findings(found, keyhealth.HereYes, keyhealth.Expired, keyhealth.ExpiresIn7, keyhealth.ExpiresIn30, keyhealth.ExpiresIn90))
}

func (w *writer) advice(class string, f keyhealth.Finding) dom.Part {
	return dom.El("p", dom.Set("class", class+" advice"), dom.Text(f.Remedy(w.Code())+" "), w.guide(string(f.Code), f.Heading(w.Code())))
}

// ladder is the finding about a key's expiry as a badge.
func (w *writer) ladder(found []keyhealth.Finding) dom.Part {
	for _, f := range found {
		switch f.Code {
		case keyhealth.Expired:
			return badge("bad", w.S(text.Expired))
		case keyhealth.ExpiresIn7:
			return badge("bad", w.Count(f.Days, text.DaysLeftOne, text.DaysLeftMany))
		case keyhealth.ExpiresIn30, keyhealth.ExpiresIn90:
			return badge("warn", w.Count(f.Days, text.DaysLeftOne, text.DaysLeftMany))
		}
	}
	return nil
}

func badge(tone, label string) dom.Part {
	return dom.Parts(dom.Text(" "), dom.El("span", dom.Set("class", "badge "+tone), dom.Text(label)))
}
