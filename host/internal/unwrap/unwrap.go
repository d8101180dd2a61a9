// Package unwrap stands between what a browser asks and the private keys: no
// content key leaves a store but through a [Guard]. It applies the rules of
// envelope.UnwrapWith, whatever the store, and counts.
//
// A private key that answers questions is an oracle. What is done about it:
// a question is one whole RecipientInfo that names the certificate; no answer
// tells whether a PKCS#1 v1.5 padding was good; and questions are few, as a
// consent names its envelopes and allows two operations for each. A bad pli can
// thus neither be used to ask thousands of times nor use up what the other plis
// of an opening need.
//
// Outside a consent there is one purpose only, the proof of possession: its
// envelope is a challenge that the portal makes after the person has agreed,
// when no consent can name it yet. Proofs are 60 a minute and connection. The
// host cannot see that an envelope is a challenge, since it never has the
// content; the extension does, and gives a portal nothing but the hash of a
// right one (protocol.ProofPrefix).
package unwrap

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"
	"time"

	"scelle/host/internal/journal"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// Service is the oracle policy of one installation. It is shared by all
// connections; each has a Guard of its own.
type Service struct {
	secret   []byte
	recorder Recorder
	now      func() time.Time
}

// Recorder keeps what private keys were used for: journal.Journal. A key is
// used only when Ready said yes, and its answer given out only when Add did.
type Recorder interface {
	Ready() error
	Add(journal.Entry) error
}

// Key is a private key that was opened for one question.
type Key interface {
	envelope.PrivateKey
	Close() error
}

// Opener opens the private key of a question. It may ask a person for a PIN.
type Opener func(context.Context) (Key, error)

// New makes the service. secret is the install secret, SecretSize bytes (see
// LoadOrCreateSecret): it seeds the keys that stand for a failed PKCS#1 v1.5
// decryption. now is time.Now, or a test's clock.
func New(secret []byte, recorder Recorder, now func() time.Time) *Service {
	return &Service{secret: secret, recorder: recorder, now: now}
}

// Guard is one connection's share of the policy: its consents and its count
// of proofs. Its methods may be called from several goroutines.
type Guard struct {
	service *Service

	mu      sync.Mutex
	batches map[string]*batch
	recent  []time.Time // of proofs, oldest first
}

// Guard returns a new connection's guard. Everything it knows ends with it.
func (s *Service) Guard() *Guard {
	return &Guard{service: s, batches: make(map[string]*batch)}
}

// maxBatches is how many consents one connection may have at a time: one for
// each assistant window that a person could reasonably have open.
const maxBatches = 8

// batch is one consent.
type batch struct {
	origin  string
	verb    journal.Verb     // of the first question; "" before it
	left    map[Envelope]int // key operations left
	expires time.Time
}

// Envelope is the SHA-256 of an envelope's header, which names it in a
// consent.
type Envelope [32]byte

// ParseEnvelope reads 64 lower-case hex digits; fault.BadRequest otherwise.
func ParseEnvelope(s string) (Envelope, error) {
	var e Envelope
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(e) || hex.EncodeToString(b) != s {
		return e, fault.Newf(fault.BadRequest, "envelope")
	}
	copy(e[:], b)
	return e, nil
}

// Batch is a consent as the caller knows it.
type Batch struct {
	ID      string // 32 hex digits, random
	Expires time.Time
}

// Begin notes that a person consented to open these envelopes for origin, ""
// offline. Each may be asked about protocol.UnwrapsPerPli times, until Expires
// (protocol.BatchSeconds from now) or End. An envelope named twice counts once.
// Errors: fault.BadRequest for none or more than protocol.MaxPlis envelopes,
// fault.Busy when too many consents are open.
func (g *Guard) Begin(origin string, envelopes []Envelope) (Batch, error) {
	if len(envelopes) == 0 || len(envelopes) > protocol.MaxPlis {
		return Batch{}, fault.Newf(fault.BadRequest, "%d envelopes", len(envelopes))
	}
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		return Batch{}, fault.Wrap(fault.Internal, err)
	}
	now := g.service.now()
	b := &batch{origin: origin, left: make(map[Envelope]int), expires: now.Add(protocol.BatchSeconds * time.Second)}
	for _, e := range envelopes {
		b.left[e] = protocol.UnwrapsPerPli
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.expire(now)
	if len(g.batches) >= maxBatches {
		return Batch{}, fault.New(fault.Busy)
	}
	id := hex.EncodeToString(random)
	g.batches[id] = b
	return Batch{ID: id, Expires: b.expires}, nil
}

// End withdraws a consent. Ending one that is not there changes nothing.
func (g *Guard) End(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.batches, id)
}

// Request is one question to a private key.
type Request struct {
	Certificate      []byte   // DER, of the key's own entry
	RecipientInfo    []byte   // DER, RFC 5652 6.2
	ContentAlgorithm []byte   // DER AlgorithmIdentifier of the content
	Origin           string   // as the browser reported it, "" offline
	Envelope         Envelope // the envelope it is about
	Batch            string   // consent, "" for a proof
	Verb             journal.Verb
}

// Unwrap counts the operation, opens the key, and returns a content-encryption
// key of exactly the length that the content algorithm wants; the caller wipes
// it. For PKCS#1 v1.5 a bad padding is answered with a synthetic key. The use
// is in the journal before the answer is given.
//
// fault.ConsentRefused when the consent is unknown, over, or not for this
// origin, envelope and purpose, and without one for all but a proof;
// fault.RateLimited when its operations, or the proofs of the last minute, are
// used up; fault.JournalFailed; otherwise open's and those of
// envelope.UnwrapWith. An operation counts even when it fails.
func (g *Guard) Unwrap(ctx context.Context, open Opener, r Request) ([]byte, error) {
	if err := g.allow(r); err != nil {
		return nil, err
	}
	entry := journal.Entry{Origin: r.Origin, Verb: r.Verb, Key: keypair.Thumbprint(r.Certificate), Envelope: hex.EncodeToString(r.Envelope[:])}
	return Recorded(g.service.recorder, entry, func() ([]byte, error) {
		key, err := open(ctx)
		if err != nil {
			return nil, err
		}
		defer key.Close()
		return envelope.UnwrapWith(ctx, key, envelope.UnwrapRequest{
			Certificate:      r.Certificate,
			RecipientInfo:    r.RecipientInfo,
			ContentAlgorithm: r.ContentAlgorithm,
			Secret:           g.service.secret,
		})
	})
}

// Recorded uses a private key and records it: e gets the outcome. The content
// key that use returns is withheld, and wiped, when that fails.
func Recorded(to Recorder, e journal.Entry, use func() ([]byte, error)) ([]byte, error) {
	if err := to.Ready(); err != nil {
		return nil, err
	}
	contentKey, err := use()
	e.Outcome = journal.Done
	if err != nil {
		e.Outcome = string(fault.CodeOf(err))
	}
	if bad := to.Add(e); bad != nil {
		clear(contentKey)
		return nil, bad
	}
	return contentKey, err
}

// allow takes one operation off what is left.
func (g *Guard) allow(r Request) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.service.now()
	g.expire(now)
	if r.Batch == "" {
		return g.allowProof(r.Verb, now)
	}
	b, ok := g.batches[r.Batch]
	if !ok || b.origin != r.Origin || b.verb != "" && b.verb != r.Verb {
		return fault.New(fault.ConsentRefused)
	}
	left, ok := b.left[r.Envelope]
	switch {
	case !ok:
		return fault.New(fault.ConsentRefused)
	case left == 0:
		return fault.New(fault.RateLimited)
	}
	if b.verb == "" {
		b.verb = r.Verb
	}
	b.left[r.Envelope]--
	return nil
}

// allowProof holds operations without a consent to proofs, UnwrapsPerMinute in
// any sixty seconds.
func (g *Guard) allowProof(verb journal.Verb, now time.Time) error {
	if verb != journal.Prove {
		return fault.New(fault.ConsentRefused)
	}
	if len(g.recent) >= protocol.UnwrapsPerMinute {
		return fault.New(fault.RateLimited)
	}
	g.recent = append(g.recent, now)
	return nil
}

// expire forgets what is over.
func (g *Guard) expire(now time.Time) {
	for id, b := range g.batches {
		if !now.Before(b.expires) {
			delete(g.batches, id)
		}
	}
	old := 0
	for old < len(g.recent) && now.Sub(g.recent[old]) >= time.Minute {
		old++
	}
	g.recent = g.recent[old:]
}
