package model

import (
	"slices"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// Options is the page that lists every site that was allowed, lets each be
// revoked, and chooses the language.
type Options struct {
	Env      Env
	Known    bool // Settled is complete
	Settled  protocol.OptionsResult
	Fault    *fault.Fault
	Revoking string // the origin that is being revoked
	Revoked  string // the last one that was
	runs
}

// NewOptions makes the options page.
func NewOptions(env Env) *Options { return &Options{Env: env} }

// Init reads the list.
func (o *Options) Init() []Effect {
	return []Effect{worker(&o.runs, protocol.OptionsGet, protocol.Empty{}, o.got)}
}

// Update changes the page by a message.
func (o *Options) Update(m Msg) []Effect {
	switch m := m.(type) {
	case answer:
		return o.take(m)
	case Refresh, Raised, Retry:
		return o.Init()
	case RevokeSite:
		return o.revoke(m)
	case ChooseLanguage:
		return o.choose(m.Language)
	}
	return nil
}

func (o *Options) got(r protocol.OptionsResult, err error) []Effect {
	o.Revoking = ""
	if err != nil {
		o.Fault = fault.Of(err)
		return nil
	}
	o.Known, o.Settled, o.Fault = true, r, nil
	o.Env.Lang = o.language()
	return nil
}

// language is the one to write in: the administrator's, the person's, the
// browser's.
func (o *Options) language() string {
	for _, l := range []string{o.Settled.LanguageSettled, o.Settled.Language, o.Env.BrowserLang} {
		if l == "fr" || l == "en" {
			return l
		}
	}
	return o.Env.Lang
}

// Revocable reports whether a site can be taken back: one that is only known
// to the build and was revoked already cannot.
func Revocable(s protocol.SiteEntry) bool { return !s.Revoked }

func (o *Options) revoke(m RevokeSite) []Effect {
	i := slices.IndexFunc(o.Settled.Sites, func(s protocol.SiteEntry) bool { return s.Origin == m.Origin })
	if !m.Trusted || o.Revoking != "" || i < 0 || !Revocable(o.Settled.Sites[i]) {
		return nil
	}
	o.Revoking, o.Revoked = m.Origin, ""
	params := protocol.SiteParams{Origin: m.Origin}
	return []Effect{worker(&o.runs, protocol.SiteForget, params, func(_ protocol.SiteResult, err error) []Effect {
		if err != nil {
			o.Revoking, o.Fault = "", fault.Of(err)
			return nil
		}
		o.Revoked = m.Origin
		return append(o.Init(), Focus{ID: "sites"}) // the button that had the focus is gone
	})}
}

func (o *Options) choose(language string) []Effect {
	if o.Settled.LanguageSettled != "" || language != "" && language != "fr" && language != "en" {
		return nil
	}
	params := protocol.LanguageParams{Language: language}
	return []Effect{worker(&o.runs, protocol.OptionsLanguage, params, func(_ protocol.Empty, err error) []Effect {
		if err != nil {
			o.Fault = fault.Of(err)
			return nil
		}
		return o.Init()
	})}
}
