package model

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"scelle/shared/envelope/mechanism"
	"scelle/shared/fault"
	"scelle/shared/keyhealth"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/shared/stable"
)

// VerifyPhase is where « Vérifier mes clés » stands on the screen.
type VerifyPhase string

// The phases.
const (
	VerifyLoading VerifyPhase = "loading" // looking which of the keys are here
	VerifyConsent VerifyPhase = "consent" // the one question
	VerifyRunning VerifyPhase = "running" // one key after the other
	VerifyFailed  VerifyPhase = "failed"  // nothing could be looked at
	VerifyResults VerifyPhase = "results" // every key has its outcome
	VerifyClosing VerifyPhase = "closing"
)

// VerifyState is where one key stands.
type VerifyState string

// The states of a key.
const (
	KeyAbsent  VerifyState = "absent"  // not on this computer
	KeyReady   VerifyState = "ready"   // here, to be verified
	KeyWorking VerifyState = "working" // being verified
	KeyProven  VerifyState = "proven"
	KeyFailed  VerifyState = "failed"
)

// Verify proves again, with one consent, that this computer has the private
// keys of a service. Each key is on its own: what keeps one from being proven
// keeps no other, unless they share the card or the store that refused.
type Verify struct {
	Env     Env
	Site    Site
	Session string
	Service string // the service's name, as the page gave it
	Phase   VerifyPhase
	Fault   *fault.Fault // in VerifyFailed
	Keys    []*VerifyKey // those that are here first, token by token
	Failed  []protocol.StoreStatus
	Armed   bool // the button that uses the keys works

	asked []protocol.ServiceKey // in the page's order
	own   map[string]ownKey     // what is here, by thumbprint

	broken map[string]error // what is here and cannot be read
	runs
}

// VerifyKey is one key of the service.
type VerifyKey struct {
	protocol.ServiceKey
	Registered  bool                 // by this site, from this browser
	Certificate protocol.Certificate // what is known of it
	Health      []keyhealth.Finding
	State       VerifyState
	Fault       *fault.Fault // in KeyFailed
	Mechanism   mechanism.Mechanism
	At          time.Time // of the proof
	place       int       // in the page's order
}

func newVerify(env Env, s protocol.SessionResult, p protocol.VerifyKeysParams) *Verify {
	return &Verify{Env: env, Site: NewSite(s.Origin).Beside(s.Sites), Session: s.Session, Service: keypair.Clean(p.Service), Phase: VerifyLoading, asked: p.Keys}
}

// Init looks which of the keys are here.
func (v *Verify) Init() []Effect {
	bad := len(v.asked) == 0 || len(v.asked) > protocol.MaxPresent || slices.ContainsFunc(v.asked, func(k protocol.ServiceKey) bool {
		return !isThumbprint(k.Thumbprint) || k.ID == "" || len(k.ID) > 200 || len(k.Openings) > protocol.MaxOpenings
	})
	if bad {
		return v.fail(fault.Newf(fault.BadRequest, "keys"))
	}
	return v.load()
}

// Update changes the verification by a message.
func (v *Verify) Update(m Msg) []Effect {
	switch m := m.(type) {
	case answer:
		return v.take(m)
	case Consent:
		return v.consent(m)
	case Raised:
		return v.raise(&v.Armed, v.Phase == VerifyConsent && len(v.Ready()) > 0)
	case Lowered:
		return v.lower(&v.Armed)
	case Retry:
		if v.Retryable() {
			return v.load()
		}
	case Cancel, Close, PageCancelled:
		return v.close(m == Msg(PageCancelled{}))
	}
	return nil
}

// Ready are the keys that are here and still to be verified.
func (v *Verify) Ready() []*VerifyKey { return v.In(KeyReady) }

// In are the keys in a state.
func (v *Verify) In(state VerifyState) []*VerifyKey {
	var out []*VerifyKey
	for _, k := range v.Keys {
		if k.State == state {
			out = append(out, k)
		}
	}
	return out
}

// Retryable reports whether trying again can help.
func (v *Verify) Retryable() bool {
	return v.Phase == VerifyFailed && v.Fault.Code != fault.BadRequest && v.Fault.Code != fault.SessionLost
}

func (v *Verify) fail(err error) []Effect {
	v.end()
	v.Phase, v.Fault = VerifyFailed, fault.Of(err)
	return []Effect{Focus{ID: "title"}}
}

// load asks for the keys of this computer, and which of them this site
// registered.
func (v *Verify) load() []Effect {
	v.end()
	v.Phase, v.Fault, v.Keys, v.own, v.broken = VerifyLoading, nil, nil, map[string]ownKey{}, map[string]error{}
	return []Effect{listKeys(&v.runs, func(l keyList, err error) []Effect {
		if err != nil {
			return v.fail(err)
		}
		v.Failed = l.failed
		return []Effect{worker(&v.runs, protocol.OptionsGet, protocol.Empty{}, func(o protocol.OptionsResult, err error) []Effect {
			if err != nil {
				return v.fail(err)
			}
			return v.read(v.wanted(l.certificates), registeredBy(o, v.Site.Origin))
		})}
	})}
}

// wanted are those of the certificates that the page asked about.
func (v *Verify) wanted(all []protocol.Certificate) []protocol.Certificate {
	return slices.DeleteFunc(slices.Clone(all), func(c protocol.Certificate) bool {
		return !c.HasKey || !slices.ContainsFunc(v.asked, func(k protocol.ServiceKey) bool { return k.Thumbprint == c.Thumbprint })
	})
}

// registeredBy are the thumbprints that an origin registered from this browser.
func registeredBy(o protocol.OptionsResult, origin string) map[string]bool {
	out := map[string]bool{}
	for _, s := range o.Sites {
		for _, k := range s.Keys {
			if s.Origin == origin {
				out[k.Thumbprint] = true
			}
		}
	}
	return out
}

// read fetches the bytes of each certificate that is here.
func (v *Verify) read(rest []protocol.Certificate, registered map[string]bool) []Effect {
	if len(rest) == 0 {
		return v.loaded(registered)
	}
	params := protocol.CertificateParams{Thumbprint: rest[0].Thumbprint}
	return []Effect{host(&v.runs, protocol.HostCertificate, params, func(r protocol.CertificateResult, err error) []Effect {
		if stopsAll(fault.CodeOf(err)) {
			return v.fail(err)
		}
		var k ownKey
		if err == nil {
			k, err = readKey(rest[0], r.DER, rest[0].Thumbprint)
		}
		if err != nil {
			v.broken[rest[0].Thumbprint] = err
		} else {
			v.own[rest[0].Thumbprint] = k
		}
		return v.read(rest[1:], registered)
	})}
}

// loaded asks for consent.
func (v *Verify) loaded(registered map[string]bool) []Effect {
	for i, k := range v.asked {
		k.Name = keypair.Clean(k.Name)
		v.Keys = append(v.Keys, v.key(k, i, registered[k.Thumbprint]))
	}
	stable.Sort(v.Keys, func(a, b *VerifyKey) int {
		return cmp.Or(cmp.Compare(b.State, a.State), cmp.Compare(a.token(), b.token())) // "ready" comes before "absent"
	})
	v.Phase = VerifyConsent
	if len(v.Ready()) == 0 {
		return []Effect{Focus{ID: "title"}}
	}
	return []Effect{v.arm(&v.Armed), Focus{ID: "title"}}
}

// key puts together what the portal says of a key and what is here.
func (v *Verify) key(k protocol.ServiceKey, place int, registered bool) *VerifyKey {
	out := &VerifyKey{ServiceKey: k, Registered: registered, State: KeyAbsent, place: place}
	facts := k.Facts()
	facts.Here = keyhealth.No
	if own, here := v.own[k.Thumbprint]; here {
		out.State, out.Certificate, facts.Here = KeyReady, own.entry, keyhealth.Yes
	} else if err := v.broken[k.Thumbprint]; err != nil {
		out.State, out.Fault, facts.Here = KeyFailed, fault.Of(err), keyhealth.Yes
	} else if c, err := keypair.Parse(k.Certificate); err == nil && keypair.Thumbprint(k.Certificate) == k.Thumbprint {
		out.Certificate = protocol.Certificate{CommonName: c.CommonName, Issuer: c.Issuer, NotAfter: c.NotAfter}
	}
	out.Certificate.Thumbprint = k.Thumbprint
	out.Health = Health(out.Certificate, facts, v.Env.Time())
	return out
}

// Health is how a certificate's key stands, with what else is known of it.
func Health(c protocol.Certificate, known keyhealth.Key, now time.Time) []keyhealth.Finding {
	known.NotAfter = c.NotAfter
	known.AlsoSigns = slices.Contains(c.Warnings, string(keypair.AlsoSigns))
	return keyhealth.Check(known, now)
}

// Title is the key's name for people.
func (k *VerifyKey) Title() string {
	return cmp.Or(k.Name, k.Certificate.CommonName, k.Thumbprint[:16])
}

// token is what asks for one PIN or password: a card, or a store. A PKCS#11 URI
// (RFC 7512) names the token before the object.
func (k *VerifyKey) token() string {
	if token, _, found := strings.Cut(k.Certificate.URI, ";id="); found && strings.HasPrefix(token, "pkcs11:") {
		return token
	}
	return strings.Join(k.Certificate.Places, ", ")
}
