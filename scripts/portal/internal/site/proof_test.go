package site

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// proofs is one registration that waits for its proof.
type proofs struct {
	*testing.T
	portal *portal
	agent  assistant
	pair   *certtest.Pair
	id     string
}

func newProofs(t *testing.T) proofs {
	p := newPortal(t)
	agent := p.login(t, "agent").assistant()
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Preuve"})
	return proofs{t, p, agent, pair, agent.submit("Preuve", false, pair).ID}
}

func (p proofs) refused(status int, code fault.Code, m envelope.Mechanism, proof string) {
	p.Helper()
	p.agent.refusal(status, code, http.MethodPost, "/api/keys/"+p.id+"/proof", proofBody{Mechanism: m, Proof: proof})
	if k := p.agent.key(p.id); k.State != protocol.AwaitingProof {
		p.Errorf("a refused proof left the key %s", k.State)
	}
}

func TestWrongProofSpendsTheChallenge(t *testing.T) {
	p := newProofs(t)
	c := p.agent.challenge(p.id)
	right := p.agent.answer(c, p.pair)
	p.refused(422, fault.ProofFailed, c.Mechanism, strings.Repeat("0", 64))
	p.refused(422, fault.ProofFailed, c.Mechanism, right)
	if r := p.agent.prove(p.id, p.pair); r.State != protocol.Active {
		t.Errorf("a new challenge does not help: %s", r.State)
	}
}

func TestProofWithoutChallenge(t *testing.T) {
	newProofs(t).refused(422, fault.ProofFailed, envelope.RSAOAEPSHA256, strings.Repeat("0", 64))
}

func TestProofForAnotherMechanism(t *testing.T) {
	p := newProofs(t)
	c := p.agent.challenge(p.id)
	p.refused(422, fault.ProofFailed, envelope.RSAPKCS1, p.agent.answer(c, p.pair))
}

func TestOldChallengeIsVoid(t *testing.T) {
	p := newProofs(t)
	old := p.agent.challenge(p.id)
	p.agent.challenge(p.id, envelope.RSAOAEPSHA256)
	p.refused(422, fault.ProofFailed, old.Mechanism, p.agent.answer(old, p.pair))
}

func TestChallengeExpires(t *testing.T) {
	p := newProofs(t)
	c := p.agent.challenge(p.id)
	p.portal.clock.advance(challengeLife)
	p.refused(422, fault.ProofFailed, c.Mechanism, p.agent.answer(c, p.pair))
}

func TestProofOfAnotherKey(t *testing.T) {
	p := newProofs(t)
	other := certtest.SelfSigned(t, certtest.Options{CommonName: "Autre", Key: 1})
	c := p.agent.challenge(p.agent.submit("Autre", false, other).ID)
	p.agent.challenge(p.id)
	p.refused(422, fault.ProofFailed, c.Mechanism, p.agent.answer(c, other))
}

// TestLostAnswer is a proof whose answer did not arrive, sent again; and what
// must not pass for one.
func TestLostAnswer(t *testing.T) {
	p := newProofs(t)
	c := p.agent.challenge(p.id)
	args := proofBody{Mechanism: c.Mechanism, Proof: p.agent.answer(c, p.pair)}
	for range 2 {
		var r protocol.Registration
		p.agent.must(http.MethodPost, "/api/keys/"+p.id+"/proof", args, &r)
		if r.State != protocol.Active {
			t.Fatalf("%s", r.State)
		}
	}
	args.Proof = strings.Repeat("0", 64)
	p.agent.refusal(422, fault.ProofFailed, http.MethodPost, "/api/keys/"+p.id+"/proof", args)
	if k := p.agent.key(p.id); k.State != protocol.Active {
		t.Errorf("a wrong proof left the key %s", k.State)
	}
}

// TestVerifiedAgain proves a key that is active: the portal notes the day, and
// a proof that fails takes nothing away.
func TestVerifiedAgain(t *testing.T) {
	p := newProofs(t)
	if k := p.agent.key(p.id); k.Proven != nil {
		t.Errorf("proven before its proof: %v", k.Proven)
	}
	p.agent.prove(p.id, p.pair)
	first := p.agent.key(p.id)
	p.portal.clock.advance(200 * 24 * time.Hour)
	p.agent.enter("agent")
	if _, page := p.agent.page("/administration/service/cles"); !strings.Contains(page, `data-code="key-proof-old"`) {
		t.Error("the page says nothing of a proof of half a year ago")
	}

	c := p.agent.challenge(p.id)
	p.agent.refusal(422, fault.ProofFailed, http.MethodPost, "/api/keys/"+p.id+"/proof", proofBody{Mechanism: c.Mechanism, Proof: strings.Repeat("0", 64)})
	if k := p.agent.key(p.id); k.State != protocol.Active || !k.Proven.Equal(*first.Proven) {
		t.Errorf("after a wrong proof: %s, %v", k.State, k.Proven)
	}
	if r := p.agent.prove(p.id, p.pair, envelope.RSAOAEPSHA256); r.State != protocol.Active {
		t.Errorf("verified and %s", r.State)
	}
	k := p.agent.key(p.id)
	if k.Mechanism != envelope.RSAOAEPSHA1 || k.Proven.Sub(*first.Proven) < 200*24*time.Hour {
		t.Errorf("verified with %s on %v", k.Mechanism, k.Proven)
	}
	if _, page := p.agent.page("/administration/service/cles"); strings.Contains(page, "key-proof-old") || !strings.Contains(page, `id="verify-keys"`) {
		t.Error("the page does not show the new proof")
	}
	p.agent.must(http.MethodDelete, "/api/keys/"+p.id, nil, nil)
	p.agent.refusal(409, fault.PortalRefused, http.MethodPost, "/api/keys/"+p.id+"/challenge", challengeBody{})
	if reader := p.portal.login(t, "lecture"); strings.Contains(second(reader.page("/administration/service/cles")), "verify-keys") {
		t.Error("somebody who may not manage keys can verify them")
	}
}

func second(_ int, page string) string { return page }

// TestRestart stops the portal after each step; nothing is lost.
func TestRestart(t *testing.T) {
	p := newPortal(t)
	c := p.login(t, "agent")
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Reprise"})
	r := c.assistant().submit("Reprise", false, pair)
	p.restart(t, c)
	if k := c.key(r.ID); k.State != protocol.AwaitingProof {
		t.Fatalf("after a restart: %+v", k)
	}
	agent := c.assistant()
	challenge := agent.challenge(r.ID)
	answer := agent.answer(challenge, pair)
	p.restart(t, c)
	c.must(http.MethodPost, "/api/keys/"+r.ID+"/proof", proofBody{Mechanism: challenge.Mechanism, Proof: answer}, &r)
	p.restart(t, c)
	if k := c.key(r.ID); k.State != protocol.Active || k.Mechanism != envelope.RSAOAEPSHA256 {
		t.Errorf("after a restart: %+v", k)
	}
	company := p.login(t, "entreprise")
	receipt := company.deposit("sel-2027", company.seal("sel-2027", "", "contenu"))
	p.clock.advance(40 * 24 * time.Hour)
	p.restart(t)
	buyer := p.login(t, "agent")
	response, body := buyer.send(http.MethodGet, "/api/plis/"+receipt.ID+"/content", nil, http.Header{})
	if plain, _ := open(t, body, pair); response.StatusCode != 200 || string(plain) != "contenu" {
		t.Errorf("after a restart: %d %q", response.StatusCode, plain)
	}
}
