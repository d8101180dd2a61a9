package model_test

import (
	"crypto/elliptic"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keyhealth"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
)

// department is a service with four keys: "store" in the NSS database, "one"
// and "two" on one card, and "away" on another computer. All but "two" were
// registered from this browser.
type department struct {
	*portal
	keys    []protocol.ServiceKey
	certs   map[string]*keypair.Certificate // by thumbprint
	entries []protocol.Certificate
	refuse  map[string]fault.Code // by name: why the store does not open its challenge
	now     string                // whose challenge was asked for last
	order   []string              // names in the order of use of their private keys
	marks   []protocol.RememberParams
}

func newDepartment(t *testing.T) *department {
	d := &department{portal: newPortal(t), certs: map[string]*keypair.Certificate{}, refuse: map[string]fault.Code{}}
	proven := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	for _, k := range []struct{ name, uri, place string }{
		{"one", "pkcs11:token=Carte;manufacturer=X;serial=1;model=Y;id=%01;x-scelle-cert=00", "Carte"}, {"store", "nss:abc", "NSS"},
		{"away", "", ""}, {"two", "pkcs11:token=Carte;manufacturer=X;serial=1;model=Y;id=%02;x-scelle-cert=11", "Carte"},
	} {
		pair := certtest.SelfSigned(t, certtest.Options{CommonName: k.name, Curve: elliptic.P256()})
		cert, err := keypair.Parse(pair.DER)
		if err != nil {
			t.Fatal(err)
		}
		thumbprint := cert.Thumbprint()
		d.certs[thumbprint] = cert
		d.keys = append(d.keys, protocol.ServiceKey{ID: k.name, Name: "Clé " + k.name, Thumbprint: thumbprint, State: protocol.Active, Proven: &proven})
		if k.uri != "" {
			d.entries = append(d.entries, protocol.Certificate{URI: k.uri, Places: []string{k.place}, CommonName: k.name, Thumbprint: thumbprint, NotAfter: cert.NotAfter, HasKey: true})
		}
	}
	d.play()
	return d
}

func (d *department) thumbprint(name string) string {
	return d.keys[slices.IndexFunc(d.keys, func(k protocol.ServiceKey) bool { return k.ID == name })].Thumbprint
}

// play makes host, page and worker answer for the department.
func (d *department) play() {
	w := d.world
	w.Host[protocol.HostList] = func(any) (any, error) { return protocol.ListResult{Certificates: d.entries}, nil }
	w.Host[protocol.HostCertificate] = func(p any) (any, error) {
		t := p.(protocol.CertificateParams).Thumbprint
		return protocol.CertificateResult{DER: d.certs[t].Raw}, nil
	}
	w.Worker[protocol.OptionsGet] = func(any) (any, error) {
		mine := protocol.SiteEntry{Origin: origin}
		for _, name := range []string{"one", "store", "away"} {
			mine.Keys = append(mine.Keys, protocol.SiteKey{Thumbprint: d.thumbprint(name)})
		}
		other := protocol.SiteEntry{Origin: "https://autre.example", Keys: []protocol.SiteKey{{Thumbprint: d.thumbprint("two")}}}
		return protocol.OptionsResult{Sites: []protocol.SiteEntry{other, mine}}, nil
	}
	w.Worker[protocol.SiteRemember] = func(p any) (any, error) {
		d.marks = append(d.marks, p.(protocol.RememberParams))
		return protocol.Empty{}, nil
	}
	w.Page[protocol.CallRequestChallenge] = func(args any, _ []model.FileRef) (any, error) {
		d.now = args.(protocol.RequestChallengeArgs).ID
		return protocol.Challenge{Mechanism: envelope.ECDH, Envelope: []byte(d.now)}, nil
	}
	w.Page[protocol.CallSubmitProof] = func(args any, _ []model.FileRef) (any, error) {
		id := args.(protocol.SubmitProofArgs).ID
		return protocol.Registration{ID: id, State: protocol.Active, Thumbprint: d.thumbprint(id)}, nil
	}
	w.Bytes = func(e []byte) (model.EnvelopeInfo, error) {
		c := d.certs[d.thumbprint(string(e))]
		to := model.RecipientInfo{DER: []byte{1}, Issuer: c.IssuerRaw, Serial: c.SerialRaw, Mechanism: string(envelope.ECDH)}
		return model.EnvelopeInfo{HeaderSHA256: strings.Repeat("ab", 32), Authenticated: true, Recipients: []model.RecipientInfo{to}}, nil
	}
	w.Host[protocol.HostUnwrap] = func(p any) (any, error) {
		u := p.(protocol.UnwrapParams)
		if u.Thumbprint != d.thumbprint(d.now) || u.Verb != protocol.VerbProve || u.Origin != origin {
			d.t.Errorf("unwrap %+v for %s", u, d.now)
		}
		d.order = append(d.order, d.now)
		if code := d.refuse[d.now]; code != "" {
			return nil, fault.New(code)
		}
		return protocol.UnwrapResult{ContentKey: make([]byte, 32)}, nil
	}
}

func (d *department) verify() (*modeltest.Player, *model.Verify) {
	a := model.NewAssistant(env(), session(d.t, protocol.KeysVerify, protocol.VerifyKeysParams{Service: "Voirie", Keys: d.keys}), model.ForKeys)
	return modeltest.Start(a, d.world), a.Part.(*model.Verify)
}

// outcomes are what the page heard, "name outcome fault".
func (d *department) outcomes() []string {
	var r protocol.VerifyKeysResult
	if d.finished == nil || d.finished.Fault != nil {
		d.t.Fatalf("finished %+v", d.finished)
	}
	if err := json.Unmarshal(d.finished.Result, &r); err != nil {
		d.t.Fatal(err)
	}
	var out []string
	for _, k := range r.Keys {
		line := k.ID + " " + string(k.Outcome)
		if k.Fault != nil {
			line += " " + string(k.Fault.Code)
		}
		out = append(out, line)
	}
	return out
}

func TestVerifyProvesAllKeysWithOneConsent(t *testing.T) {
	d := newDepartment(t)
	player, v := d.verify()
	if v.Phase != model.VerifyConsent || len(v.Ready()) != 3 || v.Armed {
		t.Fatalf("phase %s, %d ready, armed %v", v.Phase, len(v.Ready()), v.Armed)
	}
	player.Send(model.Consent{Trusted: true})
	player.Tick()
	player.Send(model.Consent{Trusted: false})
	if player.Did("page") || player.Did("host host.keys.unwrap") || v.Phase != model.VerifyConsent {
		t.Fatal("a key is used before the button is armed, or for nobody's click")
	}
	player.Send(model.Consent{Trusted: true})
	if v.Phase != model.VerifyResults || !slices.Equal(d.order, []string{"store", "one", "two"}) {
		t.Errorf("phase %s; keys in order %v, want one token after the other", v.Phase, d.order)
	}
	if got := d.outcomes(); !slices.Equal(got, []string{"one proven", "store proven", "away absent", "two proven"}) {
		t.Errorf("outcomes %v", got)
	}
	if len(d.marks) != 3 || player.Count("host host.keys.unwrap") != 3 || player.Count("host host.batch") != 0 {
		t.Errorf("marks %v, log %v", d.marks, player.Log)
	}
	for _, k := range v.Keys {
		if k.State == model.KeyProven && !keyhealth.Has(k.Health, keyhealth.HereYes) || k.State == model.KeyAbsent && !keyhealth.Has(k.Health, keyhealth.HereNo) || !keyhealth.Has(k.Health, keyhealth.ProofOld) {
			t.Errorf("%s is %s: %v", k.Title(), k.State, k.Health)
		}
	}
	player.Send(model.Close{})
	if !player.Closed || player.Count("worker session.finish") != 1 {
		t.Errorf("log %v", player.Log)
	}
}

// TestVerifyIsolatesFailures: each key has its own outcome; only keys of the
// same card, or all of them when the host is gone, share one.
func TestVerifyIsolatesFailures(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*department)
		want []string
		uses int
	}{
		{"one key is damaged", func(d *department) { d.refuse["one"] = fault.StoreSelfTest },
			[]string{"one failed store-self-test", "store proven", "away absent", "two proven"}, 3},
		{"the PIN is not given: the card is asked for nothing more", func(d *department) { d.refuse["one"] = fault.PINCancelled },
			[]string{"one failed pin-cancelled", "store proven", "away absent", "two unknown"}, 2},
		{"the card was taken out", func(d *department) { d.refuse["one"] = fault.TokenRemoved },
			[]string{"one failed token-removed", "store proven", "away absent", "two unknown"}, 2},
		{"the host is gone", func(d *department) {
			for _, k := range d.keys {
				d.refuse[k.ID] = fault.HostStopped
			}
		}, []string{"one failed host-stopped", "store failed host-stopped", "away absent", "two unknown"}, 1},
		{"the portal refuses one", func(d *department) {
			was := d.world.Page[protocol.CallSubmitProof]
			d.world.Page[protocol.CallSubmitProof] = func(args any, f []model.FileRef) (any, error) {
				if args.(protocol.SubmitProofArgs).ID == "store" {
					return nil, fault.New(fault.ProofFailed)
				}
				return was(args, f)
			}
		}, []string{"one proven", "store failed proof-failed", "away absent", "two proven"}, 3},
		{"a challenge that is somebody's pli", func(d *department) {
			d.world.Small = func(s model.OpenSmall) (string, error) {
				if string(s.Envelope) == "store" {
					return "", fault.New(fault.ProofForeign)
				}
				return strings.Repeat("cd", 32), nil
			}
		}, []string{"one proven", "store failed proof-foreign", "away absent", "two proven"}, 3},
		{"no mechanism", func(d *department) { d.refuse["store"] = fault.MechanismMissing },
			[]string{"one proven", "store failed proof-failed", "away absent", "two proven"}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDepartment(t)
			c.set(d)
			player, v := d.verify()
			player.Tick()
			player.Send(model.Consent{Trusted: true})
			if got := d.outcomes(); !slices.Equal(got, c.want) || len(d.order) != c.uses || v.Phase != model.VerifyResults {
				t.Errorf("%v, want %v; uses %v", got, c.want, d.order)
			}
		})
	}
}

// TestVerifyTellsNothingBeforeConsent: which keys are here is nobody's to know
// before somebody agreed, and a key of another site's only when it proves
// itself.
func TestVerifyTellsNothingBeforeConsent(t *testing.T) {
	ends := map[string]*protocol.FinishParams{}
	for name, set := range map[string]func(*department){
		"here":     func(*department) {},
		"nothing":  func(d *department) { d.entries = nil },
		"unread":   func(d *department) { d.failOnce("host host.keys.certificate", fault.StoreBusy) },
		"no store": func(d *department) { d.failOnce("host host.keys.list", fault.StoreDamaged) },
	} {
		d := newDepartment(t)
		set(d)
		player, _ := d.verify()
		if player.Did("page") || player.Did("progress") {
			t.Errorf("%s: the page hears something: %v", name, player.Log)
		}
		player.Send(model.Cancel{})
		ends[name] = d.finished
	}
	for name, f := range ends {
		if f == nil || f.Fault == nil || f.Fault.Code != fault.Cancelled || f.Result != nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
	d := newDepartment(t)
	d.entries = slices.DeleteFunc(d.entries, func(c protocol.Certificate) bool { return c.CommonName == "two" })
	player, _ := d.verify()
	player.Tick()
	player.Send(model.Consent{Trusted: true})
	if got := d.outcomes()[3]; got != "two unknown" {
		t.Errorf("a key of nobody knows whom that is not here: %q", got)
	}
}

// TestVerifyGoesOnWithoutOne: a certificate that cannot be read keeps the
// other keys from nothing.
func TestVerifyGoesOnWithoutOne(t *testing.T) {
	d := newDepartment(t)
	d.failOnce("host host.keys.certificate", fault.StoreBusy)
	player, v := d.verify()
	if v.Phase != model.VerifyConsent || len(v.Ready()) != 2 {
		t.Fatalf("phase %s, %d ready", v.Phase, len(v.Ready()))
	}
	player.Tick()
	player.Send(model.Consent{Trusted: true})
	if got := d.outcomes(); !slices.Equal(got, []string{"one failed store-busy", "store proven", "away absent", "two proven"}) {
		t.Errorf("outcomes %v", got)
	}
}

func TestVerifyStops(t *testing.T) {
	d := newDepartment(t)
	player, v := d.verify()
	player.Tick()
	player.Hold = "page submitProof"
	player.Send(model.Consent{Trusted: true})
	player.Send(model.Cancel{})
	if v.Phase != model.VerifyResults || len(v.In(model.KeyFailed)) != 3 || !slices.Contains(d.outcomes(), "one failed cancelled") {
		t.Errorf("phase %s, %v", v.Phase, d.outcomes())
	}
	player.Release()
	if len(v.In(model.KeyProven)) != 0 {
		t.Error("a late answer changes the outcome")
	}

	gone := newDepartment(t)
	player, v = gone.verify()
	player.Tick()
	player.Hold = "page submitProof"
	player.Send(model.Consent{Trusted: true}, model.PageCancelled{})
	if !player.Closed || v.Phase != model.VerifyClosing || gone.finished.Fault.Code != fault.Cancelled {
		t.Errorf("phase %s, %+v", v.Phase, gone.finished)
	}
}

func TestVerifyRefusesBadRequests(t *testing.T) {
	good := newDepartment(t).keys
	for name, keys := range map[string][]protocol.ServiceKey{
		"none":          {},
		"too many":      slices.Repeat(good[:1], protocol.MaxPresent+1),
		"no id":         {{Thumbprint: good[0].Thumbprint}},
		"no thumbprint": {{ID: "1", Thumbprint: "../x"}},
	} {
		d := newDepartment(t)
		d.keys = keys
		player, v := d.verify()
		if v.Phase != model.VerifyFailed || v.Retryable() || player.Did("host") {
			t.Errorf("%s: %s, %v", name, v.Phase, player.Log)
		}
		player.Send(model.Close{})
		if d.finished.Fault == nil || d.finished.Fault.Code != fault.BadRequest {
			t.Errorf("%s: %+v", name, d.finished)
		}
	}
}

func TestVerifyTriesAgain(t *testing.T) {
	d := newDepartment(t)
	d.failOnce("host host.keys.list", fault.HostMissing)
	player, v := d.verify()
	if v.Phase != model.VerifyFailed || !v.Retryable() {
		t.Fatalf("phase %s, %v", v.Phase, v.Fault)
	}
	player.Send(model.Retry{})
	if v.Phase != model.VerifyConsent || len(v.Keys) != 4 {
		t.Errorf("phase %s, %d keys", v.Phase, len(v.Keys))
	}
}

// TestPopupKnowsTheLastProof: of what several sites noted the newest proof
// counts, and a key that a portal made stays one.
func TestPopupKnowsTheLastProof(t *testing.T) {
	p := newPortal(t)
	popupWorld(p, &protocol.SiteResult{Origin: origin, Secure: true})
	key := p.entry.Thumbprint
	p.world.Worker[protocol.OptionsGet] = func(any) (any, error) {
		return protocol.OptionsResult{Sites: []protocol.SiteEntry{
			{Origin: origin, Keys: []protocol.SiteKey{{Thumbprint: key, Proven: "2026-11-20T08:00:00Z", Mode: protocol.ModeLocal}}},
			{Origin: "https://autre.example", Keys: []protocol.SiteKey{{Thumbprint: key, Proven: "2026-01-20T08:00:00Z", Mode: protocol.ModeServer}, {Thumbprint: "x", Proven: "never"}}},
		}}, nil
	}
	s := model.NewPopup(env(), origin)
	modeltest.Start(s, p.world)
	if k := s.Known[key]; !k.Server || !k.Active || k.Proven.Format("2006-01") != "2026-11" || !s.Known["x"].Proven.IsZero() {
		t.Errorf("%+v", s.Known)
	}
	found := model.Health(p.entry, s.Known[key], env().Time())
	if !keyhealth.Has(found, keyhealth.Proven) || !keyhealth.Has(found, keyhealth.ServerMade) {
		t.Errorf("%+v", found)
	}
}
