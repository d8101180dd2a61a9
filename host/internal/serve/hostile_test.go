package serve

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/memory"
	"scelle/shared/certtest"
	der "scelle/shared/cms/dertest"
	"scelle/shared/envelope/paddingtest"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// A local program that drives the host has what the extension has: frames. What
// it must not have is a panic, a hang, more memory, or more of a private key
// than a person agreed to.

// attacked is a service with one key, of which every use is counted.
type attacked struct {
	*Service
	pair   *certtest.Pair
	uses   *atomic.Int64
	panics *atomic.Int64
	now    time.Time
}

// countingStore counts what is asked of private keys.
type countingStore struct {
	*memory.Store
	uses *atomic.Int64
}

func (c countingStore) Unwrapper(ctx context.Context, uri string) (keystore.Unwrapper, error) {
	c.uses.Add(1)
	return c.Store.Unwrapper(ctx, uri)
}

func newAttacked(t *testing.T) *attacked {
	t.Helper()
	a := &attacked{uses: &atomic.Int64{}, panics: &atomic.Int64{}, now: noon, pair: certtest.SelfSigned(t, certtest.Options{CommonName: "Alice"})}
	store := memory.New()
	if _, err := store.Import(t.Context(), keystore.Pair{Key: a.pair.Key, Certificate: a.pair.DER, Name: "Alice"}); err != nil {
		t.Fatal(err)
	}
	state := t.TempDir()
	a.Service = New(Options{
		Stores:   func() []keystore.Store { return []keystore.Store{countingStore{store, a.uses}} },
		Secret:   func() ([]byte, error) { return bytes.Repeat([]byte{7}, 32), nil },
		StateDir: func() (string, error) { return state, nil },
		Now:      func() time.Time { return a.now },
		Log: func(format string, _ ...any) {
			if strings.Contains(format, "panic") {
				a.panics.Add(1)
			}
		},
	})
	t.Cleanup(func() { a.Close() })
	return a
}

// question is one that the key answers: within a consent to open, without one
// as a proof.
func (a *attacked) question(t *testing.T, batch string) protocol.UnwrapParams {
	t.Helper()
	verb := protocol.VerbOpen
	if batch == "" {
		verb = protocol.VerbProve
	}
	public := a.pair.Key.Public().(*rsa.PublicKey)
	em := paddingtest.Good(public.Size(), bytes.Repeat([]byte{0x33}, 32))
	return protocol.UnwrapParams{
		Thumbprint:       keypair.Thumbprint(a.pair.DER),
		RecipientInfo:    keyTrans(t, a.pair.DER, paddingtest.Encrypt(public, em)).Raw,
		ContentAlgorithm: der.Algorithm("2.16.840.1.101.3.4.1.42", der.Octets(make([]byte, 16))),
		Origin:           "https://marches.example",
		Envelope:         strings.Repeat("0a", 32),
		Batch:            batch,
		Verb:             verb,
	}
}

// TestALocalProgramMeetsTheCaps: without a consent, with one of another
// connection, for another site or envelope, after its end, and more often than
// it says.
func TestALocalProgramMeetsTheCaps(t *testing.T) {
	a := newAttacked(t)
	p := connect(t, a.Service)
	p.hello()
	begin := func(p *peer) string {
		r := p.call(protocol.HostBatchBegin, protocol.BatchParams{Origin: "https://marches.example", Tender: "1", Envelopes: []string{strings.Repeat("0a", 32)}})
		var b protocol.BatchResult
		if err := json.Unmarshal(r.Result, &b); err != nil || !r.OK {
			t.Fatalf("%+v, %v", r, err)
		}
		return b.ID
	}
	other := connect(t, newAttacked(t).Service)
	other.hello()
	mine, foreign, ended := begin(p), begin(other), begin(p)
	if r := p.call(protocol.HostBatchEnd, protocol.BatchEndParams{ID: ended}); !r.OK {
		t.Fatalf("%+v", r.Fault)
	}
	for name, change := range map[string]func(*protocol.UnwrapParams){
		"no consent, to open":          func(q *protocol.UnwrapParams) { q.Batch, q.Verb = "", protocol.VerbOpen },
		"no consent, to rewrap":        func(q *protocol.UnwrapParams) { q.Batch, q.Verb = "", protocol.VerbRewrap },
		"no consent, to rehearse":      func(q *protocol.UnwrapParams) { q.Batch, q.Verb = "", protocol.VerbRehearse },
		"a consent that nobody gave":   func(q *protocol.UnwrapParams) { q.Batch = strings.Repeat("0", 32) },
		"another connection's consent": func(q *protocol.UnwrapParams) { q.Batch = foreign },
		"a consent that is over":       func(q *protocol.UnwrapParams) { q.Batch = ended },
		"another site":                 func(q *protocol.UnwrapParams) { q.Origin = "https://evil.example" },
		"no site":                      func(q *protocol.UnwrapParams) { q.Origin = "" },
		"another envelope":             func(q *protocol.UnwrapParams) { q.Envelope = strings.Repeat("0b", 32) },
	} {
		q := a.question(t, mine)
		change(&q)
		if r := p.call(protocol.HostUnwrap, q); r.OK || r.Fault.Code != fault.ConsentRefused {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if n := a.uses.Load(); n != 0 {
		t.Errorf("the key was used %d times without consent", n)
	}
	count := func(batch string, tries int) (answered int) {
		for range tries {
			r := p.call(protocol.HostUnwrap, a.question(t, batch))
			if r.OK {
				answered++
			} else if r.Fault.Code != fault.RateLimited {
				t.Errorf("%+v", r.Fault)
			}
		}
		return answered
	}
	if n := count(mine, 10); n != protocol.UnwrapsPerPli {
		t.Errorf("one consent was good for %d uses", n)
	}
	if n := count("", 3*protocol.UnwrapsPerMinute); n != protocol.UnwrapsPerMinute {
		t.Errorf("a minute was good for %d uses", n)
	}
	if n := a.uses.Load(); n != protocol.UnwrapsPerPli+protocol.UnwrapsPerMinute {
		t.Errorf("the key was used %d times", n)
	}
}

// mutatedFrames is how many damaged requests TestMutatedFrames sends.
const mutatedFrames = 10_000

// TestMutatedFrames damages good requests in every place: each gets one answer
// of the known form, no panic, no hang, and no more memory than before. The
// seed is fixed, so that a failure comes back.
func TestMutatedFrames(t *testing.T) {
	a := newAttacked(t)
	p := connect(t, a.Service)
	p.hello()
	random := rand.New(rand.NewPCG(5, 2027))
	seeds := a.seeds(t)
	for i, seed := range seeds { // undamaged, they are understood
		if r := respond(t, p.exchange(seed)); r.Fault != nil && r.Fault.Code == fault.BadRequest && !strings.Contains(string(seed), "generate") {
			t.Fatalf("seed %d: %+v", i, r.Fault)
		}
	}
	before := heap()
	codes := map[fault.Code]int{}
	deadline := time.Now().Add(2 * time.Minute)
	for i := range mutatedFrames {
		payload := mutate(random, seeds)
		if len(payload) == 0 {
			payload = []byte{0}
		}
		r := respond(t, p.exchange(payload))
		switch {
		case r.OK:
			codes[""]++
		case r.Fault == nil || len(r.Fault.Detail) > 200:
			t.Fatalf("frame %d, %q: %+v", i, payload, r)
		default:
			codes[r.Fault.Code]++
		}
		if time.Now().After(deadline) {
			t.Fatalf("only %d frames in time", i)
		}
	}
	if codes[fault.Internal] > 0 || a.panics.Load() > 0 {
		t.Errorf("%d answers are internal faults, %d panics", codes[fault.Internal], a.panics.Load())
	}
	if codes[fault.BadRequest] < mutatedFrames/2 || len(codes) < 5 {
		t.Errorf("the frames do not reach far: %v", codes)
	}
	if uses := a.uses.Load(); uses > protocol.UnwrapsPerMinute+1 {
		t.Errorf("the key was used %d times", uses)
	}
	if grown := int64(heap()) - int64(before); grown > 32<<20 {
		t.Errorf("%d MiB more are in use", grown>>20)
	}
	if r := p.call(protocol.HostStatus, protocol.Empty{}); !r.OK {
		t.Errorf("afterwards: %+v", r.Fault)
	}
	t.Logf("answers: %v", codes)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func respond(t *testing.T, frame []byte) protocol.Response {
	t.Helper()
	var r protocol.Response
	d := json.NewDecoder(bytes.NewReader(frame))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil || r.OK == (r.Fault != nil) {
		t.Fatalf("%q, %v", frame, err)
	}
	return r
}

// seeds are good requests of every method, but those that take a second each
// (host.keys.generate, host.transport.begin), which are good up to a parameter.
func (a *attacked) seeds(t *testing.T) [][]byte {
	t.Helper()
	print := keypair.Thumbprint(a.pair.DER)
	var all [][]byte
	for method, params := range map[protocol.Method]any{
		protocol.HostHello:       protocol.HelloParams{Version: "0.1.0", Protocol: 1},
		protocol.HostStatus:      protocol.Empty{},
		protocol.HostList:        protocol.ListParams{},
		protocol.HostCertificate: protocol.CertificateParams{Thumbprint: print},
		protocol.HostPresent:     protocol.PresentParams{Thumbprints: []string{print, strings.Repeat("0", 64)}},
		protocol.HostHealth:      protocol.HostHealthParams{Keys: []protocol.ServiceKey{{Thumbprint: print, Certificate: a.pair.DER, Openings: []protocol.KeyOpening{{Tender: "1"}}}}, Registered: []string{print}, Language: "fr"},
		protocol.HostGenerate:    map[string]any{"nothing": strings.Repeat("x", 100)},
		protocol.HostImport:      protocol.ImportParams{Transport: strings.Repeat("0", 32), Envelope: bytes.Repeat([]byte{0x30}, 200), Name: "Clé"},
		protocol.HostUnwrap:      a.question(t, ""),
		protocol.HostBatchBegin:  protocol.BatchParams{Origin: "https://marches.example", Tender: "1", Envelopes: []string{strings.Repeat("0a", 32)}},
		protocol.HostBatchEnd:    protocol.BatchEndParams{ID: strings.Repeat("0", 32)},
	} {
		raw, err := json.Marshal(params)
		if err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(protocol.Request{ID: "7", Method: method, Params: raw})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, body)
	}
	slices.SortFunc(all, bytes.Compare) // a map has no order, the seed must mean the same
	return all
}

// pieces are what parsers stumble over.
var pieces = []string{
	`{`, `}`, `[`, `]`, `"`, `,`, `:`, `\`, "\x00", "\xff", `null`, `true`, `-1`, `1e999`, `1e-999`, `18446744073709551616`, `"\ud800"`, `{"a":`,
	`"id":"8",`, `"origin":"x",`, `"__proto__":{},`, strings.Repeat("[", 40), strings.Repeat(`{"a":`, 40), strings.Repeat("A", 5000), `AAAA`, `=`, `MIIB`,
}

// mutate damages one of the seeds in one to four places.
func mutate(random *rand.Rand, seeds [][]byte) []byte {
	b := bytes.Clone(seeds[random.IntN(len(seeds))])
	for range 1 + random.IntN(4) {
		if len(b) == 0 {
			break
		}
		at := random.IntN(len(b))
		end := min(len(b), at+1+random.IntN(30))
		switch random.IntN(7) {
		case 0: // a bit
			b[at] ^= 1 << random.IntN(8)
		case 1: // a byte
			b[at] = byte(random.IntN(256))
		case 2: // something goes
			b = slices.Delete(b, at, end)
		case 3: // something comes twice
			b = slices.Insert(b, at, b[at:end]...)
		case 4: // something comes
			b = slices.Insert(b, at, []byte(pieces[random.IntN(len(pieces))])...)
		case 5: // the end goes
			b = b[:at]
		case 6: // the rest of another
			other := seeds[random.IntN(len(seeds))]
			b = append(b[:at], other[min(at, len(other)-1):]...)
		}
	}
	return b
}

// TestAFloodIsAnswered: thousands of requests, sent without
// waiting, are all answered, and no more of them are at work than places.
func TestAFloodIsAnswered(t *testing.T) {
	a := newAttacked(t)
	p := connect(t, a.Service)
	p.hello()
	const count = 5000
	before := runtime.NumGoroutine()
	go func() {
		for i := range count {
			p.ask(protocol.HostPresent, protocol.PresentParams{Thumbprints: []string{fmt.Sprintf("%064x", i)}})
		}
	}()
	seen, most := map[string]bool{}, 0
	for range count {
		r := p.answer()
		if !r.OK || seen[r.ID] {
			t.Fatalf("%+v", r)
		}
		seen[r.ID] = true
		most = max(most, runtime.NumGoroutine())
	}
	if most > before+maxInFlight+10 {
		t.Errorf("%d goroutines, %d before", most, before)
	}
	if n := a.uses.Load(); n != 0 {
		t.Errorf("the key was used %d times", n)
	}
}
