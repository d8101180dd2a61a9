package site

import (
	"bytes"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"net/http"
	"strings"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

func TestExistingCertificate(t *testing.T) {
	p := newPortal(t)
	agent := p.login(t, "agent").assistant()
	pair := certtest.NewCA(t, "AC d’essai").Issue(t, certtest.Options{CommonName: "Camille Lefort"})

	r := agent.submit("Clé de Camille", false, pair)
	if r.State != protocol.AwaitingProof {
		t.Fatalf("registered as %s", r.State)
	}
	if r = agent.prove(r.ID, pair); r.State != protocol.Active {
		t.Fatalf("proven and %s", r.State)
	}
	k := agent.key(r.ID)
	if k.Name != "Clé de Camille" || k.CommonName != "Camille Lefort" || k.Issuer != "AC d’essai" || k.Recovery ||
		k.Mechanism != envelope.RSAOAEPSHA256 || k.Mode != protocol.ModeExisting || k.PendingUntil != nil || !k.NotAfter.Equal(pair.X509.NotAfter) {
		t.Errorf("listed as %+v", k)
	}
}

func TestEllipticCurve(t *testing.T) {
	agent := newPortal(t).login(t, "agent").assistant()
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "EC", Curve: elliptic.P256()})
	id := agent.activate("Clé EC", true, pair)
	if k := agent.key(id); k.Mechanism != envelope.ECDH || !k.Recovery {
		t.Errorf("listed as %+v", k)
	}
	other := agent.submit("Autre", false, certtest.SelfSigned(t, certtest.Options{Curve: elliptic.P384()}))
	agent.refusal(409, fault.MechanismMissing, http.MethodPost, "/api/keys/"+other.ID+"/challenge", challengeBody{Refused: []envelope.Mechanism{envelope.ECDH}})
}

// TestMechanisms walks down the order as a store that knows little would, and
// finds the mechanism that was proven in the recipients.
func TestMechanisms(t *testing.T) {
	p := newPortal(t)
	agent := p.login(t, "agent").assistant()
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Vieille carte"})
	id := agent.submit("Carte", false, pair).ID
	order := []envelope.Mechanism{envelope.RSAOAEPSHA256, envelope.RSAOAEPSHA1, envelope.RSAPKCS1}
	for i, want := range order {
		if c := agent.challenge(id, order[:i]...); c.Mechanism != want {
			t.Errorf("after %v: %s", order[:i], c.Mechanism)
		}
	}
	agent.refusal(409, fault.MechanismMissing, http.MethodPost, "/api/keys/"+id+"/challenge", challengeBody{Refused: order})
	if r := agent.prove(id, pair, order[:2]...); r.State != protocol.Active {
		t.Fatalf("%s", r.State)
	}
	var r recipientsJSON
	agent.must(http.MethodGet, "/api/tenders/sel-2027/recipients?kind=offre", nil, &r)
	if len(r.Recipients) != 1 || r.Recipients[0].Mechanism != envelope.RSAPKCS1 || !bytes.Equal(r.Recipients[0].Certificate, pair.DER) {
		t.Errorf("recipients %+v", r.Recipients)
	}
}

func TestRegistrationIsIdempotent(t *testing.T) {
	agent := newPortal(t).login(t, "agent").assistant()
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Deux fois"})
	first := agent.submit("Un", false, pair)
	if again := agent.submit("Deux", true, pair); again != first {
		t.Errorf("%+v, then %+v", first, again)
	}
	if k := agent.key(first.ID); len(agent.keys()) != 1 || k.Name != "Deux" || !k.Recovery {
		t.Errorf("an unfinished registration keeps its old wishes: %+v", k)
	}
	agent.prove(first.ID, pair)
	if again := agent.submit("Trois", false, pair); again.ID != first.ID || again.State != protocol.Active {
		t.Errorf("an active key registers as %+v", again)
	}
	if k := agent.key(first.ID); k.Name != "Deux" {
		t.Errorf("registering an active key again renamed it: %s", k.Name)
	}
	agent.must(http.MethodDelete, "/api/keys/"+first.ID, nil, nil)
	if again := agent.submit("Quatre", false, pair); again.ID == first.ID || again.State != protocol.AwaitingProof {
		t.Errorf("a deleted key registers as %+v", again)
	}
}

func TestRefusedCertificates(t *testing.T) {
	agent := newPortal(t).login(t, "agent").assistant()
	good := certtest.SelfSigned(t, certtest.Options{})
	wrong := submitArgs("Nom", false, good)
	wrong.Thumbprint = strings.Repeat("0", 64)
	nameless := submitArgs(" \u202e ", false, good)
	endless := submitArgs(strings.Repeat("é", protocol.MaxName+1), false, good)
	broken := submitArgs("Nom", false, &certtest.Pair{DER: []byte{0x30, 0}})
	server := submitArgs("Nom", false, good)
	server.Mode = protocol.ModeServer
	issue := func(o certtest.Options) protocol.SubmitCertificateArgs {
		return submitArgs("Nom", false, certtest.SelfSigned(t, o))
	}
	tests := []struct {
		name   string
		status int
		code   fault.Code
		args   protocol.SubmitCertificateArgs
	}{
		{"another thumbprint", 422, fault.CertificateBad, wrong},
		{"no name", 422, fault.NameBad, nameless},
		{"long name", 422, fault.NameBad, endless},
		{"not a certificate", 422, fault.CertificateBad, broken},
		{"made by the server", 400, fault.BadRequest, server},
		{"expired", 422, fault.CertificateExpired, issue(certtest.Options{NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(-1, 0, 0)})},
		{"signing only", 422, fault.CertificateUsage, issue(certtest.Options{KeyUsage: x509.KeyUsageDigitalSignature})},
		{"exponent 3", 422, fault.CertificateExponent, issue(certtest.Options{Exponent: 3})},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			agent.refusal(test.status, test.code, http.MethodPost, "/api/keys", test.args)
		})
	}
	if keys := agent.keys(); len(keys) != 0 {
		t.Errorf("%d keys were registered", len(keys))
	}
}

func TestServerKey(t *testing.T) {
	agent := newPortal(t).login(t, "agent").assistant()
	registration, bundle := agent.serverKey("Clé du serveur", "Camille Lefort (marchés)")
	if registration.State != protocol.AwaitingImport {
		t.Fatalf("made as %s", registration.State)
	}
	certificate, err := x509.ParseCertificate(bundle.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	key, ok := bundle.Key.(*rsa.PrivateKey)
	years := certificate.NotAfter.Sub(certificate.NotBefore).Hours() / 24 / 365
	if !ok || key.N.BitLen() != 3072 || certificate.Subject.CommonName != "Camille Lefort (marchés)" || years < 2.99 || years > 3.01 ||
		certificate.KeyUsage != x509.KeyUsageKeyEncipherment || bundle.FriendlyName != "Clé du serveur" || bundle.Others != 0 {
		t.Errorf("made %d bits for %s, usage %b, %v years, named %q", key.N.BitLen(), certificate.Subject, certificate.KeyUsage, years, bundle.FriendlyName)
	}
	imported := &certtest.Pair{Key: bundle.Key, DER: bundle.Certificate}
	agent.challenge(registration.ID)
	if k := agent.key(registration.ID); k.State != protocol.AwaitingProof {
		t.Errorf("asked for a challenge and is %s", k.State)
	}
	if r := agent.prove(registration.ID, imported); r.State != protocol.Active {
		t.Errorf("proven and %s", r.State)
	}
	if k := agent.key(registration.ID); k.Mode != protocol.ModeServer {
		t.Errorf("listed as %s", k.Mode)
	}
}

// TestServerKeyAgain is a person whose import went wrong and who starts again.
func TestServerKeyAgain(t *testing.T) {
	agent := newPortal(t).login(t, "agent").assistant()
	lost, _ := agent.serverKey("Clé", "CN")
	var r protocol.Registration
	for range 2 {
		agent.must(http.MethodPost, "/api/keys/"+lost.ID+"/discard", nil, &r)
		if r.State != protocol.Discarded {
			t.Errorf("discarded and %s", r.State)
		}
	}
	agent.refusal(409, fault.PortalRefused, http.MethodPost, "/api/keys/"+lost.ID+"/challenge", challengeBody{})
	if keys := agent.keys(); len(keys) != 0 {
		t.Errorf("a discarded key is listed: %+v", keys)
	}
}

func TestRefusedServerKeys(t *testing.T) {
	agent := newPortal(t).login(t, "agent").assistant()
	signing := certtest.SelfSigned(t, certtest.Options{KeyUsage: x509.KeyUsageDigitalSignature})
	good := certtest.SelfSigned(t, certtest.Options{})
	path := "/api/keys/server"
	agent.refusal(422, fault.CertificateUsage, http.MethodPost, path, protocol.RequestServerKeyArgs{Name: "N", CommonName: "CN", OneTimeCertificate: signing.DER})
	agent.refusal(422, fault.NameBad, http.MethodPost, path, protocol.RequestServerKeyArgs{Name: "N", CommonName: "", OneTimeCertificate: good.DER})
	agent.refusal(422, fault.NameBad, http.MethodPost, path, protocol.RequestServerKeyArgs{Name: "N", CommonName: strings.Repeat("x", 65), OneTimeCertificate: good.DER})
	agent.refusal(422, fault.CertificateBad, http.MethodPost, path, protocol.RequestServerKeyArgs{Name: "N", CommonName: "CN"})
}

func TestPendingExpires(t *testing.T) {
	p := newPortal(t)
	agent := p.login(t, "agent").assistant()
	pair := certtest.SelfSigned(t, certtest.Options{})
	active := agent.activate("Active", false, certtest.SelfSigned(t, certtest.Options{Key: 1}))
	pending := agent.submit("En attente", false, pair)
	p.clock.advance(protocol.PendingDays*24*time.Hour - time.Minute)
	agent.enter("agent") // the first session has ended
	if k := agent.key(pending.ID); k.State != protocol.AwaitingProof || k.PendingUntil == nil {
		t.Errorf("before its time: %+v", k)
	}
	c := agent.challenge(pending.ID)
	p.clock.advance(2 * time.Minute)
	args := proofBody{Mechanism: c.Mechanism, Proof: agent.answer(c, pair)}
	agent.refusal(409, fault.PortalRefused, http.MethodPost, "/api/keys/"+pending.ID+"/proof", args)
	if keys := agent.keys(); len(keys) != 1 || keys[0].ID != active {
		t.Errorf("after seven days: %+v", keys)
	}
	if again := agent.submit("De nouveau", false, pair); again.ID == pending.ID {
		t.Error("an expired registration came back")
	}
}

func TestEditAndDelete(t *testing.T) {
	agent := newPortal(t).login(t, "agent").assistant()
	id := agent.activate("Ancien", false, certtest.SelfSigned(t, certtest.Options{}))
	var k keyJSON
	agent.must(http.MethodPatch, "/api/keys/"+id, map[string]any{"name": "  Nouveau\u200b nom "}, &k)
	if k.Name != "Nouveau nom" || k.Recovery {
		t.Errorf("edited: %+v", k)
	}
	agent.must(http.MethodPatch, "/api/keys/"+id, map[string]any{"recovery": true}, &k)
	if k = agent.key(id); k.Name != "Nouveau nom" || !k.Recovery {
		t.Errorf("edited: %+v", k)
	}
	agent.refusal(422, fault.NameBad, http.MethodPatch, "/api/keys/"+id, map[string]any{"name": ""})
	agent.refusal(409, fault.PortalRefused, http.MethodPost, "/api/keys/"+id+"/discard", nil)
	agent.must(http.MethodDelete, "/api/keys/"+id, nil, nil)
	agent.refusal(404, fault.RegistrationUnknown, http.MethodDelete, "/api/keys/"+id, nil)
	agent.refusal(404, fault.RegistrationUnknown, http.MethodPatch, "/api/keys/"+id, map[string]any{"name": "x"})
	agent.refusal(404, fault.RegistrationUnknown, http.MethodDelete, "/api/keys/none", nil)
}

// TestBadBodies sends what is no JSON, too much of it, or two values.
func TestBadBodies(t *testing.T) {
	agent := newPortal(t).login(t, "agent")
	for body, code := range map[string]fault.Code{
		"":                   fault.BadRequest,
		"{":                  fault.BadRequest,
		"{} {}":              fault.BadRequest,
		`{"name": 3}`:        fault.BadRequest,
		`{"certificate":"-"`: fault.BadRequest,
		`{"name":"` + strings.Repeat("x", maxMessage) + `"}`: fault.MessageTooLarge,
	} {
		if _, f := agent.raw(http.MethodPost, "/api/keys", strings.NewReader(body), nil); f == nil || f.Code != code {
			t.Errorf("%.20s: %v, want %s", body, f, code)
		}
	}
}
