package unwrap_test

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"scelle/host/internal/journal"
	"scelle/host/internal/keystore"
	"scelle/host/internal/unwrap"
	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// aes256CBC is the AlgorithmIdentifier of AES-256-CBC with a zero IV.
const aes256CBC = "\x30\x1d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2a\x04\x10" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// scene is one key, one guard and a clock that stands until it is moved.
type scene struct {
	pair  *certtest.Pair
	key   *counter
	guard *unwrap.Guard
	now   time.Time
	want  []byte // the content key in request's envelope
}

// counter counts the operations that reach the key. It hides the optional
// powers of the software key, as stores do.
type counter struct {
	keystore.Unwrapper
	calls atomic.Int64
}

func (c *counter) Decrypt(ctx context.Context, m envelope.Mechanism, b []byte) ([]byte, error) {
	c.calls.Add(1)
	return c.Unwrapper.Decrypt(ctx, m, b)
}

func (c *counter) Agree(ctx context.Context, p []byte) ([]byte, error) {
	c.calls.Add(1)
	return c.Unwrapper.Agree(ctx, p)
}

func newScene(t *testing.T, o certtest.Options) *scene {
	t.Helper()
	s := &scene{pair: certtest.NewCA(t, "AC").Issue(t, o), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), want: make([]byte, 32)}
	rand.Read(s.want)
	soft, err := keystore.Software(s.pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	s.key = &counter{Unwrapper: soft}
	s.guard = unwrap.New(bytes.Repeat([]byte{1}, unwrap.SecretSize), nowhere{}, func() time.Time { return s.now }).Guard()
	return s
}

func (s *scene) request(t *testing.T, m envelope.Mechanism) unwrap.Request {
	t.Helper()
	info, err := envelope.WrapKey(envelope.Recipient{Certificate: s.pair.DER, Mechanism: m}, s.want)
	if err != nil {
		t.Fatal(err)
	}
	return unwrap.Request{Certificate: s.pair.DER, RecipientInfo: info.Raw, ContentAlgorithm: []byte(aes256CBC), Origin: "https://marches.example", Verb: journal.Prove}
}

func (s *scene) ask(t *testing.T, r unwrap.Request) ([]byte, error) {
	t.Helper()
	return s.guard.Unwrap(t.Context(), use(s.key), r)
}

func wantFault(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Errorf("%s: %v, want %q", what, err, code)
	}
}

func TestUnwrap(t *testing.T) {
	rsa := newScene(t, certtest.Options{})
	ec := newScene(t, certtest.Options{Curve: elliptic.P384()})
	for _, m := range keystore.AllMechanisms() {
		s := rsa
		if !m.RSA() {
			s = ec
		}
		if got, err := s.ask(t, s.request(t, m)); err != nil || !bytes.Equal(got, s.want) {
			t.Errorf("%s: %x, %v", m, got, err)
		}
	}
}

// TestOtherRecipient: a question that does not name the certificate does not
// reach the key.
func TestOtherRecipient(t *testing.T) {
	s, other := newScene(t, certtest.Options{}), newScene(t, certtest.Options{})
	r := other.request(t, envelope.RSAOAEPSHA256) // same key, another certificate
	r.Certificate = s.pair.DER
	_, err := s.ask(t, r)
	wantFault(t, "another certificate", err, fault.EnvelopeNotForYou)
	r = s.request(t, envelope.RSAOAEPSHA256)
	r.RecipientInfo = append(r.RecipientInfo, 0)
	if _, err := s.ask(t, r); err == nil {
		t.Error("trailing byte accepted")
	}
	r = s.request(t, envelope.RSAOAEPSHA256)
	r.ContentAlgorithm = []byte("\x30\x07\x06\x05\x2b\x0e\x03\x02\x07") // DES-CBC
	_, err = s.ask(t, r)
	wantFault(t, "DES", err, fault.EnvelopeUnsupported)
	if n := s.key.calls.Load(); n != 0 {
		t.Errorf("%d operations reached the key", n)
	}
}

// TestSynthetic: bad PKCS#1 v1.5 is answered like good, the same each time, by
// each installation differently.
func TestSynthetic(t *testing.T) {
	s := newScene(t, certtest.Options{})
	r := s.request(t, envelope.RSAPKCS1)
	r.RecipientInfo[len(r.RecipientInfo)-20] ^= 1
	first, err := s.ask(t, r)
	if err != nil || len(first) != 32 || bytes.Equal(first, s.want) {
		t.Fatalf("%x, %v", first, err)
	}
	second, err := s.ask(t, r)
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("%x, then %x, %v", first, second, err)
	}
	elsewhere := unwrap.New(bytes.Repeat([]byte{2}, unwrap.SecretSize), nowhere{}, time.Now).Guard()
	third, err := elsewhere.Unwrap(t.Context(), use(s.key), r)
	if err != nil || bytes.Equal(first, third) {
		t.Errorf("another installation answers %x, %v", third, err)
	}
	r.ContentAlgorithm = bytes.Replace([]byte(aes256CBC), []byte("\x01\x2a"), []byte("\x01\x02"), 1) // AES-128-CBC
	short, err := s.ask(t, r)
	if err != nil || !bytes.Equal(short, first[:16]) {
		t.Errorf("for AES-128: %x, %v", short, err)
	}
	r = s.request(t, envelope.RSAOAEPSHA256)
	r.RecipientInfo[len(r.RecipientInfo)-20] ^= 1
	_, err = s.ask(t, r)
	wantFault(t, "bad OAEP", err, fault.EnvelopeUnreadable)
}

// failing is a store that cannot be used now. That is no answer about padding
// and must not be hidden.
type failing struct {
	keystore.Unwrapper
	err error
}

func (f failing) Decrypt(context.Context, envelope.Mechanism, []byte) ([]byte, error) {
	return nil, f.err
}

func TestStoreFaultsPass(t *testing.T) {
	s := newScene(t, certtest.Options{})
	for _, m := range []envelope.Mechanism{envelope.RSAPKCS1, envelope.RSAOAEPSHA256} {
		for _, code := range []fault.Code{fault.StoreBusy, fault.TokenRemoved, fault.MechanismMissing} {
			_, err := s.guard.Unwrap(t.Context(), use(failing{s.key, fault.New(code)}), s.request(t, m))
			wantFault(t, string(m), err, code)
		}
	}
	got, err := s.guard.Unwrap(t.Context(), use(failing{s.key, errors.New("CKR_GENERAL_ERROR")}), s.request(t, envelope.RSAPKCS1))
	if err != nil || len(got) != 32 {
		t.Errorf("an error without a code: %x, %v", got, err)
	}
}

// closed is a key that counts how often it was closed.
type closed struct {
	unwrap.Key
	times int
}

func (c *closed) Close() error { c.times++; return c.Key.Close() }

// TestKeyIsClosed: once after each question, whatever its answer.
func TestKeyIsClosed(t *testing.T) {
	s := newScene(t, certtest.Options{})
	good, bad := s.request(t, envelope.RSAOAEPSHA256), s.request(t, envelope.RSAOAEPSHA256)
	bad.RecipientInfo = append(bad.RecipientInfo, 0)
	for i, r := range []unwrap.Request{good, bad} {
		key := &closed{Key: open{s.key}}
		_, err := s.guard.Unwrap(t.Context(), func(context.Context) (unwrap.Key, error) { return key, nil }, r)
		if (err == nil) != (i == 0) || key.times != 1 {
			t.Errorf("%d: closed %d times, %v", i, key.times, err)
		}
	}
}

// TestRate: sixty in any minute, failures included.
func TestRate(t *testing.T) {
	s := newScene(t, certtest.Options{Curve: elliptic.P256()})
	good := s.request(t, envelope.ECDH)
	bad := good
	bad.RecipientInfo = []byte{0x30, 0}
	for i := range protocol.UnwrapsPerMinute {
		if i%2 == 0 {
			if _, err := s.ask(t, good); err != nil {
				t.Fatalf("operation %d: %v", i, err)
			}
		} else if _, err := s.ask(t, bad); err == nil || fault.CodeOf(err) == fault.RateLimited {
			t.Fatalf("operation %d: %v", i, err)
		}
		s.now = s.now.Add(500 * time.Millisecond) // 30 s in all
	}
	_, err := s.ask(t, good)
	wantFault(t, "operation 61", err, fault.RateLimited)
	s.now = s.now.Add(30*time.Second - time.Millisecond)
	_, err = s.ask(t, good)
	wantFault(t, "just before a minute", err, fault.RateLimited)
	s.now = s.now.Add(time.Millisecond)
	if _, err := s.ask(t, good); err != nil {
		t.Errorf("after a minute: %v", err)
	}
	_, err = s.ask(t, good)
	wantFault(t, "only one place came free", err, fault.RateLimited)

	if _, err := s.guard.Begin("", []unwrap.Envelope{{1}}); err != nil {
		t.Errorf("a consent is refused when the minute is used up: %v", err)
	}
}

// TestOnlyAProofNeedsNoConsent: whatever else a key is to be used for, it is
// not reached, and no proof is used up by asking.
func TestOnlyAProofNeedsNoConsent(t *testing.T) {
	s := newScene(t, certtest.Options{Curve: elliptic.P256()})
	r := s.request(t, envelope.ECDH)
	for _, verb := range []journal.Verb{journal.Open, journal.Rewrap, journal.Rehearse, journal.SelfTest, journal.Backup, ""} {
		for range protocol.UnwrapsPerMinute {
			r.Verb = verb
			_, err := s.ask(t, r)
			wantFault(t, "without a consent, to "+string(verb), err, fault.ConsentRefused)
		}
	}
	if n := s.key.calls.Load(); n != 0 {
		t.Errorf("%d operations reached the key", n)
	}
	if _, err := s.ask(t, s.request(t, envelope.ECDH)); err != nil {
		t.Errorf("a proof after that: %v", err)
	}
}

// TestBatch: a consent covers its envelopes, twice each, for its origin and one
// purpose.
func TestBatch(t *testing.T) {
	s := newScene(t, certtest.Options{Curve: elliptic.P256()})
	r := s.request(t, envelope.ECDH)
	b, err := s.guard.Begin(r.Origin, []unwrap.Envelope{{1}, {2}, {2}})
	if err != nil {
		t.Fatal(err)
	}
	if len(b.ID) != 32 || !b.Expires.Equal(s.now.Add(time.Hour)) {
		t.Errorf("batch %+v", b)
	}
	r.Batch, r.Verb = b.ID, journal.Rehearse
	for _, e := range []unwrap.Envelope{{1}, {2}} {
		r.Envelope = e
		for i := range protocol.UnwrapsPerPli {
			if _, err := s.ask(t, r); err != nil {
				t.Errorf("envelope %d, operation %d: %v", e[0], i, err)
			}
		}
		_, err := s.ask(t, r)
		wantFault(t, "third operation", err, fault.RateLimited)
	}
	calls := s.key.calls.Load()
	r.Envelope = unwrap.Envelope{3}
	_, err = s.ask(t, r)
	wantFault(t, "another envelope", err, fault.ConsentRefused)
	r.Envelope, r.Verb = unwrap.Envelope{1}, journal.Open
	_, err = s.ask(t, r)
	wantFault(t, "another purpose", err, fault.ConsentRefused)
	r.Verb, r.Origin = journal.Rehearse, "https://autre.example"
	_, err = s.ask(t, r)
	wantFault(t, "another origin", err, fault.ConsentRefused)
	r.Batch = strings.Repeat("0", 32)
	_, err = s.ask(t, r)
	wantFault(t, "another consent", err, fault.ConsentRefused)
	if s.key.calls.Load() != calls {
		t.Error("a refused operation reached the key")
	}
}

func TestBatchEnds(t *testing.T) {
	s := newScene(t, certtest.Options{Curve: elliptic.P256()})
	r := s.request(t, envelope.ECDH)
	begin := func() {
		b, err := s.guard.Begin(r.Origin, []unwrap.Envelope{r.Envelope})
		if err != nil {
			t.Fatal(err)
		}
		r.Batch = b.ID
	}
	begin()
	s.guard.End(r.Batch)
	s.guard.End(r.Batch)
	_, err := s.ask(t, r)
	wantFault(t, "ended", err, fault.ConsentRefused)
	begin()
	s.now = s.now.Add(time.Hour - time.Nanosecond)
	if _, err := s.ask(t, r); err != nil {
		t.Errorf("in its last moment: %v", err)
	}
	s.now = s.now.Add(time.Nanosecond)
	_, err = s.ask(t, r)
	wantFault(t, "expired", err, fault.ConsentRefused)

	other := unwrap.New(bytes.Repeat([]byte{1}, 32), nowhere{}, func() time.Time { return s.now }).Guard()
	begin()
	_, err = other.Unwrap(t.Context(), use(s.key), r)
	wantFault(t, "another connection", err, fault.ConsentRefused)
}

func TestBatchLimits(t *testing.T) {
	s := newScene(t, certtest.Options{Curve: elliptic.P256()})
	_, err := s.guard.Begin("", nil)
	wantFault(t, "none", err, fault.BadRequest)
	_, err = s.guard.Begin("", make([]unwrap.Envelope, protocol.MaxPlis+1))
	wantFault(t, "too many", err, fault.BadRequest)
	most, err := s.guard.Begin("", make([]unwrap.Envelope, protocol.MaxPlis))
	if err != nil {
		t.Errorf("as many as may be: %v", err)
	}
	s.guard.End(most.ID)
	var ids []string
	for {
		b, err := s.guard.Begin("", []unwrap.Envelope{{1}})
		if err != nil {
			wantFault(t, "too many consents", err, fault.Busy)
			break
		}
		if ids = append(ids, b.ID); len(ids) > 100 {
			t.Fatal("consents without end")
		}
	}
	if len(ids) != 8 {
		t.Errorf("%d consents at a time, want 8", len(ids))
	}
	s.guard.End(ids[0])
	if _, err := s.guard.Begin("", []unwrap.Envelope{{1}}); err != nil {
		t.Errorf("after one ended: %v", err)
	}
	s.now = s.now.Add(time.Hour)
	if _, err := s.guard.Begin("", []unwrap.Envelope{{1}}); err != nil {
		t.Errorf("after all expired: %v", err)
	}
}

// TestConcurrentCount: eight goroutines get no more than is allowed.
func TestConcurrentCount(t *testing.T) {
	s := newScene(t, certtest.Options{Curve: elliptic.P256()})
	r := s.request(t, envelope.ECDH)
	b, err := s.guard.Begin(r.Origin, []unwrap.Envelope{r.Envelope})
	if err != nil {
		t.Fatal(err)
	}
	alone := r
	r.Batch = b.ID
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				s.guard.Unwrap(t.Context(), use(s.key), r)
				s.guard.Unwrap(t.Context(), use(s.key), alone)
			}
		})
	}
	all.Wait()
	if n := s.key.calls.Load(); n != protocol.UnwrapsPerPli+protocol.UnwrapsPerMinute {
		t.Errorf("%d operations", n)
	}
}

func TestParseEnvelope(t *testing.T) {
	good := strings.Repeat("0a", 32)
	if e, err := unwrap.ParseEnvelope(good); err != nil || e[31] != 10 {
		t.Errorf("%x, %v", e, err)
	}
	for _, bad := range []string{"", good[2:], good + "00", strings.ToUpper(good), good[:63] + "g", " " + good} {
		_, err := unwrap.ParseEnvelope(bad)
		wantFault(t, bad, err, fault.BadRequest)
	}
}
