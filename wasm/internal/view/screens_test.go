package view_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/shared/checkup"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/pli"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
	"scelle/wasm/internal/trust"
	"scelle/wasm/internal/view"
)

const origin = "https://marches.ville-de-demo.example"

// stage is a browser, a host and a portal that agree with everything, until a
// scene breaks something.
type stage struct {
	at       time.Time // of every scene
	noSaving bool      // by the administrator
	folders  bool      // the browser lets a person choose one
	found    map[checkup.Check]protocol.Finding
	sites    []string // allowed or known beside the one that asks
	t        *testing.T
	lang     string
	world    *modeltest.World
	cert     *keypair.Certificate
	keys     []protocol.Certificate
	state    protocol.RegistrationState
}

func newStage(t *testing.T, lang string) *stage {
	pem, err := os.ReadFile(filepath.Join("testdata", "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := keypair.Read(pem)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, lang: lang, at: date(2026, 11, 22), cert: cert, keys: []protocol.Certificate{{Thumbprint: cert.Thumbprint(), CommonName: cert.CommonName,
		Issuer: cert.Issuer, Places: []string{"Base NSS partagée"}, NotAfter: date(2029, 3, 12), KeyKind: "ec", Bits: 256, Curve: "P-256",
		HasKey: true, Usable: true, SelfSigned: true, Warnings: []string{"self-signed"}}}}
	around := model.Surroundings{Browser: "Chromium 156", Version: 156, Minimum: 130, Sites: 1, Free: 8 << 30}
	s.world = &modeltest.World{Around: func() (model.Surroundings, error) { return around, nil }, Host: s.host(), Worker: s.worker(), Page: s.page()}
	s.envelopes()
	return s
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 13, 5, 0, 0, time.UTC)
}

func (s *stage) env() model.Env {
	return model.Env{NoSaving: s.noSaving, Folders: s.folders, Lang: s.lang, Version: "0.1.0", Now: func() time.Time { return s.at },
		Zone: func(time.Time) (string, int) { return "UTC+1", 3600 }}
}

func (s *stage) host() map[protocol.Method]func(any) (any, error) {
	key := func(any) (any, error) { return protocol.KeyResult{Certificate: s.keys[0], DER: s.cert.Raw}, nil }
	return map[protocol.Method]func(any) (any, error){
		protocol.HostStatus: func(any) (any, error) {
			return protocol.HostStatusResult{Stores: []protocol.StoreStatus{{ID: "nss", Name: "Base NSS partagée", Location: "~/.pki/nssdb", State: "ready", Import: true, Keys: 3}}}, nil
		},
		protocol.HostDoctor:      func(any) (any, error) { return s.doctor(), nil },
		protocol.HostList:        func(any) (any, error) { return protocol.ListResult{Certificates: s.keys}, nil },
		protocol.HostCertificate: key,
		protocol.HostGenerate:    key,
		protocol.HostImport:      key,
		protocol.HostTransport:   func(any) (any, error) { return protocol.TransportResult{ID: "t"}, nil },
		protocol.HostPresent:     func(any) (any, error) { return protocol.HostPresentResult{}, nil },
		protocol.HostUnwrap:      func(any) (any, error) { return protocol.UnwrapResult{ContentKey: make([]byte, 32)}, nil },
		protocol.HostBatchBegin: func(any) (any, error) {
			return protocol.BatchResult{ID: "b", Expires: date(2026, 11, 23), Version: "0.1.0", Journal: &protocol.JournalMark{Lines: 12, Chain: strings.Repeat("ab", 32)}}, nil
		},
		protocol.HostBatchEnd: func(any) (any, error) {
			return protocol.BatchEndResult{Journal: &protocol.JournalMark{Lines: 14, Chain: strings.Repeat("cd", 32)}}, nil
		},
	}
}

// doctor finds everything in order but what a scene breaks.
func (s *stage) doctor() protocol.DoctorResult {
	r := protocol.DoctorResult{Version: "0.1.0", OS: "linux", Arch: "amd64", System: "Linux 6.1.0"}
	for _, c := range checkup.Of(checkup.Host) {
		f := protocol.Finding{Check: c, Level: checkup.Good}
		if broken, ok := s.found[c]; ok {
			f = broken
		}
		r.Findings = append(r.Findings, f)
	}
	return r
}

func (s *stage) worker() map[protocol.Method]func(any) (any, error) {
	done := func(any) (any, error) { return protocol.Empty{}, nil }
	return map[protocol.Method]func(any) (any, error){
		protocol.SiteRemember:    done,
		protocol.OptionsLanguage: done,
		protocol.OptionsGet: func(any) (any, error) {
			return protocol.OptionsResult{Sites: []protocol.SiteEntry{{Origin: origin, Allowed: true}}}, nil
		},
		protocol.SessionFinish: done,
		protocol.UpdateCheck:   func(any) (any, error) { return protocol.UpdateResult{}, nil },
		protocol.SitePin:       done,
		protocol.SiteTrust: func(any) (any, error) {
			return protocol.TrustResult{Pins: []string{}, Unsigned: protocol.WarnUnsigned}, nil
		},
		protocol.SiteState: func(any) (any, error) {
			return protocol.SiteResult{Origin: origin, Secure: true}, nil
		},
		protocol.Status: func(any) (any, error) {
			return protocol.StatusResult{Host: protocol.HostState{Online: true, Version: "0.1.0"}, Store: protocol.StoreState{Ready: true}}, nil
		},
	}
}

func (s *stage) page() map[protocol.Call]func(any, []model.FileRef) (any, error) {
	to := func(state protocol.RegistrationState) func(any, []model.FileRef) (any, error) {
		return func(any, []model.FileRef) (any, error) { s.state = state; return s.registration(), nil }
	}
	return map[protocol.Call]func(any, []model.FileRef) (any, error){
		protocol.CallSubmitCertificate: to(protocol.AwaitingProof),
		protocol.CallSubmitProof:       to(protocol.Active),
		protocol.CallDiscard:           to(protocol.Discarded),
		protocol.CallRequestServerKey: func(any, []model.FileRef) (any, error) {
			s.state = protocol.AwaitingImport
			return protocol.ServerKey{Registration: s.registration(), Envelope: []byte{1}}, nil
		},
		protocol.CallRequestChallenge: func(any, []model.FileRef) (any, error) {
			return protocol.Challenge{Mechanism: envelope.ECDH, Envelope: []byte{1}}, nil
		},
		protocol.CallReceiveOpened: func(any, []model.FileRef) (any, error) { return nil, nil },
	}
}

func (s *stage) registration() protocol.Registration {
	return protocol.Registration{ID: "k1", State: s.state, Thumbprint: s.keys[0].Thumbprint}
}

// envelopes makes every pli readable; one whose label begins with "CBC" has
// no integrity, one that begins with "Autre" is for somebody else.
func (s *stage) envelopes() {
	ours := []model.RecipientInfo{{DER: []byte{1}, Issuer: s.cert.IssuerRaw, Serial: s.cert.SerialRaw, Mechanism: string(envelope.ECDH)}}
	w := s.world
	w.Bytes = func([]byte) (model.EnvelopeInfo, error) {
		return model.EnvelopeInfo{Authenticated: true, Recipients: ours}, nil
	}
	w.Small = func(model.OpenSmall) (string, error) { return strings.Repeat("0", 64), nil }
	w.Fetch = func(id string) (model.FileRef, error) { return model.FileRef{Name: id, Size: 48_300_000}, nil }
	w.Inspect = func(f model.FileRef) (model.EnvelopeInfo, error) {
		info := model.EnvelopeInfo{HeaderSHA256: f.Name, Authenticated: f.Name != "cbc", Recipients: ours}
		if f.Name == "other" {
			info.Recipients = []model.RecipientInfo{{Issuer: []byte{1}, Serial: []byte{1}}}
		}
		if f.Name == "cbc" { // a recovery key beside ours
			info.Recipients = append(slices.Clone(ours), model.RecipientInfo{Issuer: []byte{1}, Serial: []byte{1}})
		}
		return info, nil
	}
	w.Open = func(o model.OpenFile) (model.Opened, error) {
		if o.File.Name == "bad" {
			return model.Opened{}, fault.New(fault.EnvelopeUnreadable)
		}
		sealed, ok := map[string]struct{ depositor, kind string }{"a": {"Société Alpha", "candidature"}, "b": {"Bêta et fils", "offre"}, "cbc": {"Gamma SARL", "offre"}}[o.File.Name]
		if !ok {
			sealed.depositor, sealed.kind = "Dupont et fils", "offre"
		}
		return model.Opened{Authenticated: o.File.Name != "cbc", Kind: sealed.kind, Lot: "2", Depositor: sealed.depositor, SealedAt: "2026-11-20T16:30:00Z", SHA256: strings.Repeat("1f", 32), ContentSHA256: keypair.Thumbprint([]byte(o.File.Name)),
			Files: []model.FileRef{{Name: "memoire.pdf"}}, Details: []protocol.PliFile{{Name: "mémoire technique.pdf", Size: 4_300_000, SHA256: keypair.Thumbprint([]byte("file of " + o.File.Name))}}}, nil
	}
	w.Save = func(_ string, f []model.FileRef) ([]string, error) { return []string{"mémoire technique.pdf"}, nil }
}

// errandsOf are the errands of the module that the worker loads for a method.
func errandsOf(method protocol.Method) model.Errands {
	if strings.HasPrefix(string(method), "pli.") {
		return model.ForPlis
	}
	return model.ForKeys
}

// pageOf draws any screen; each module of wasm/ draws only its own.
func pageOf(s model.Screen) view.Page {
	switch s := s.(type) {
	case *model.Popup:
		return view.Popup(s)
	case *model.Assistant:
		if _, ok := s.Part.(*model.Opening); ok {
			return view.Assistant(s, view.ForPlis)
		}
		return view.Assistant(s, view.ForKeys)
	case *model.Offline:
		return view.Offline(s)
	case *model.Check:
		return view.Check(s)
	case *model.Options:
		return view.Options(s)
	case *model.Drill:
		return view.Drill(s)
	}
	return view.Page{}
}

// assistant plays an assistant window; hold keeps one effect unanswered.
func (s *stage) assistant(method protocol.Method, params any, hold string) *modeltest.Player {
	return s.assistantAt(origin, method, params, hold)
}

func (s *stage) assistantAt(origin string, method protocol.Method, params any, hold string) *modeltest.Player {
	raw, err := json.Marshal(params)
	if err != nil {
		s.t.Fatal(err)
	}
	a := model.NewAssistant(s.env(), protocol.SessionResult{Session: "s", Method: method, Params: raw, Origin: origin, Sites: s.sites}, errandsOf(method))
	p := modeltest.StartHolding(a, s.world, hold)
	p.Tick()
	return p
}

// signed makes the portal sign the list of plis, which the site's trust then
// judges. A pli is known by its whole file.
func (s *stage) signed(params *protocol.OpenParams, trusted protocol.TrustResult, change func(*lists.Opening)) {
	at := s.env().Time()
	list := &lists.Opening{Origin: origin, Tender: params.Tender, NotBefore: at, Issued: at}
	for _, p := range params.Plis {
		list.Plis = append(list.Plis, lists.Pli{ID: p.ID, SHA256: strings.Repeat("1f", 32), Label: p.Label, Kind: pli.Offre, Lot: "2"})
	}
	if change != nil {
		change(list)
	}
	data, err := list.Encode()
	if err != nil {
		s.t.Fatal(err)
	}
	params.OpeningList = []byte{1}
	s.world.Sum = func(model.FileRef) string { return strings.Repeat("1f", 32) }
	s.world.Verify = func([]byte) (*trust.Signed, error) {
		return &trust.Signed{Pin: strings.Repeat("3b6a", 16), JSON: data}, nil
	}
	s.world.Worker[protocol.SiteTrust] = func(any) (any, error) { return trusted, nil }
}

// failing makes a host method fail.
func (s *stage) failing(m protocol.Method, code fault.Code) {
	s.world.Host[m] = func(any) (any, error) { return nil, fault.New(code) }
}

// store fills the list with a usable key, others that are not, and as many
// more as it takes for a filter.
func (s *stage) store(more int) {
	k := s.keys[0]
	soon := k
	soon.Thumbprint, soon.CommonName, soon.Issuer, soon.KeyKind, soon.Bits = strings.Repeat("a1", 32), "Paul Martin", "Autorité de test RGS", "rsa", 3072
	soon.NotAfter, soon.Warnings = date(2026, 12, 20), []string{"also-signs", "expires-in-30"}
	expired := soon
	expired.Thumbprint, expired.CommonName, expired.NotAfter, expired.Usable = strings.Repeat("b2", 32), "Paul Martin (ancien)", date(2024, 12, 1), false
	expired.Reasons, expired.Warnings = []fault.Code{fault.CertificateExpired}, nil
	sign := expired
	sign.Thumbprint, sign.CommonName, sign.NotAfter = strings.Repeat("c3", 32), "<b>Signature</b> & \"carte\"", date(2028, 8, 1)
	sign.Reasons, sign.Places = []fault.Code{fault.CertificateUsage}, []string{"Carte à puce"}
	s.keys = append(s.keys, soon, expired, sign)
	for i := range more {
		extra := k
		extra.Thumbprint, extra.CommonName = strings.Repeat(string(rune('0'+i%10)), 64), "Clé "+string(rune('A'+i))
		s.keys = append(s.keys, extra)
	}
}
