package doctor

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"math/big"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"scelle/host/internal/keystore"
	"scelle/host/internal/selfsign"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/version"
)

// Proof is what Prove found, for a report that can be sent to anyone: it names
// no person, no path and no certificate of the computer.
type Proof struct {
	Version string       `json:"version"` // of the host
	System  string       `json:"system"`  // GOOS/GOARCH, then what the system calls itself
	Go      string       `json:"go"`
	Time    time.Time    `json:"time"` // UTC, when it began
	Stores  []StoreProof `json:"stores"`
	Others  []Step       `json:"others"` // outside of the stores, such as the registration
}

// StoreProof is one store.
type StoreProof struct {
	ID         string               `json:"id"`
	State      keystore.State       `json:"state"`
	Mechanisms []envelope.Mechanism `json:"mechanisms"` // that it declares
	Modules    []ModuleProof        `json:"modules,omitempty"`
	Steps      []Step               `json:"steps"`
}

// ModuleProof is one PKCS#11 module of a store of cards.
type ModuleProof struct {
	Name   string     `json:"name"`   // its file's, without the folders
	Tokens int        `json:"tokens"` // cards and tokens that are there
	Fault  fault.Code `json:"fault,omitempty"`
}

// Step is one thing that was tried.
type Step struct {
	Key     string     `json:"key,omitempty"` // kind of the throw-away key: "RSA 3072"
	Name    string     `json:"name"`          // "import", "unwrap rsa-oaep-sha256", ...
	Outcome Outcome    `json:"outcome"`
	Fault   fault.Code `json:"fault,omitempty"`
	Detail  string     `json:"detail,omitempty"`
	Millis  float64    `json:"millis"` // milliseconds that it took
}

// Outcome is how a step ended.
type Outcome string

// The outcomes.
const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	Skipped Outcome = "skipped" // the store does not declare it, or an earlier step failed
)

// OK reports whether no step failed.
func (p Proof) OK() bool {
	failed := func(s Step) bool { return s.Outcome == Failed }
	for _, s := range p.Stores {
		if slices.ContainsFunc(s.Steps, failed) {
			return false
		}
	}
	return !slices.ContainsFunc(p.Others, failed)
}

// ProveOptions are what a proof works with.
type ProveOptions struct {
	Stores []keystore.Store
	Now    func() time.Time
	// Others are further steps, tried in order after the stores.
	Others []Trial
}

// Trial is a step by its name. Its error fails the step; fault.StoreUnsupported
// skips it.
type Trial struct {
	Name string
	Run  func(context.Context) error
}

// Prove shows on this very computer that its certificate stores do what Scellé
// needs: throw-away keys are made in memory, imported, listed, seen by the
// second reader where there is one, opened by each mechanism, and deleted. It
// prompts for nothing but what a store itself asks. Every key that came into a
// store is removed again, also when ctx ends.
func Prove(ctx context.Context, o ProveOptions) Proof {
	p := Proof{Version: version.Version, System: runtime.GOOS + "/" + runtime.GOARCH + " " + systemVersion(), Go: runtime.Version(), Time: o.Now().UTC().Truncate(time.Second)}
	for _, store := range o.Stores {
		p.Stores = append(p.Stores, proveStore(ctx, store))
	}
	r := recorder{}
	for _, t := range o.Others {
		r.try(t.Name, func() error { return t.Run(ctx) })
	}
	p.Others = r.steps
	return p
}

// recorder collects the steps of one key.
type recorder struct {
	key   string
	steps []Step
	broke bool // a step that the next ones need has failed
}

// try runs a step unless an earlier one broke.
func (r *recorder) try(name string, run func() error) {
	s := Step{Key: r.key, Name: name, Outcome: Skipped}
	if !r.broke {
		start := time.Now()
		err := run()
		s.Millis = float64(time.Since(start).Microseconds()) / 1000
		switch code := fault.CodeOf(err); code {
		case "":
			s.Outcome = Passed
		case fault.StoreUnsupported:
			s.Fault = code
		default:
			s.Outcome, s.Fault, s.Detail = Failed, code, fault.Of(err).Detail
		}
	}
	r.steps = append(r.steps, s)
}

// need is try for a step without which the next ones make no sense.
func (r *recorder) need(name string, run func() error) {
	r.try(name, run)
	r.broke = r.broke || r.steps[len(r.steps)-1].Outcome != Passed
}

func proveStore(ctx context.Context, store keystore.Store) StoreProof {
	status := store.Status(ctx)
	p := StoreProof{ID: status.ID, State: status.State, Mechanisms: status.Capabilities.Mechanisms}
	for _, m := range status.Modules {
		p.Modules = append(p.Modules, ModuleProof{Name: filepath.Base(m.Path), Tokens: m.Tokens, Fault: fault.CodeOf(m.Err)})
	}
	r := recorder{}
	r.need("open", func() error { return status.Err })
	r.need("list", func() error { _, err := store.List(ctx); return err })
	r.need("import", func() error {
		if !status.Capabilities.Import || !status.Capabilities.Delete || status.State != keystore.Ready {
			return fault.Newf(fault.StoreUnsupported, "%s", status.State)
		}
		return nil
	})
	p.Steps = r.steps
	if r.broke {
		return p
	}
	p.Steps = p.Steps[:len(p.Steps)-1] // each key says more
	for _, kind := range throwAway {
		if slices.ContainsFunc(status.Capabilities.Mechanisms, kind.suits) {
			p.Steps = append(p.Steps, proveKey(ctx, store, kind, status.Capabilities.Mechanisms)...)
		}
	}
	return p
}

// kind is one kind of throw-away key.
type kind struct {
	name string
	bits int // RSA; 0 is P-256
}

var throwAway = []kind{{"RSA 2048", 2048}, {"RSA 3072", 3072}, {"P-256", 0}}

func (k kind) suits(m envelope.Mechanism) bool { return m.RSA() == (k.bits > 0) }

func (k kind) pair(ctx context.Context) (keystore.Pair, error) {
	random := make([]byte, 6)
	if _, err := rand.Read(random); err != nil {
		return keystore.Pair{}, fault.Wrap(fault.Internal, err)
	}
	name := "Scelle essai " + hex.EncodeToString(random)
	if k.bits > 0 {
		return selfsign.MakePair(ctx, keystore.GenerateOptions{CommonName: name, Bits: k.bits})
	}
	return pairP256(name)
}

// pairP256 makes a pair for key agreement that lasts a day.
func pairP256(name string) (keystore.Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return keystore.Pair{}, fault.Wrap(fault.Internal, err)
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-5 * time.Minute), NotAfter: now.AddDate(0, 0, 1), KeyUsage: x509.KeyUsageKeyAgreement}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return keystore.Pair{Key: key, Certificate: der, Name: name}, fault.Wrap(fault.Internal, err)
}

// trial is one throw-away key on its way through a store.
type trial struct {
	store  keystore.Store
	pair   keystore.Pair
	entry  keystore.Entry
	inside bool // the pair is in the store
	recorder
}

func proveKey(ctx context.Context, store keystore.Store, k kind, mechanisms []envelope.Mechanism) []Step {
	t := &trial{store: store, recorder: recorder{key: k.name}}
	defer t.remove(ctx)
	t.need("make", func() (err error) { t.pair, err = k.pair(ctx); return err })
	t.need("import", func() error { return t.importPair(ctx) })
	t.try("listed with its key", func() error { return t.listed(ctx) })
	t.try("seen by the second reader", t.seen)
	for _, m := range mechanisms {
		if k.suits(m) {
			t.try("unwrap "+string(m), func() error { return t.unwrap(ctx, m) })
		}
	}
	if k.bits > 0 {
		t.try("bad padding gives nothing away", func() error { return t.badPadding(ctx) })
	}
	t.try("import again", func() error { return t.importAgain(ctx) })
	t.need("delete", func() error { return t.delete(ctx) })
	t.try("gone", func() error { return t.gone(ctx) })
	return t.steps
}

func (t *trial) importPair(ctx context.Context) (err error) {
	t.entry, err = t.store.(keystore.Importer).Import(ctx, t.pair)
	t.inside = err == nil
	if err == nil && (!bytes.Equal(t.entry.Certificate, t.pair.Certificate) || !t.entry.HasKey) {
		return fault.Newf(fault.StoreFailed, "another entry came back")
	}
	return err
}

// find returns the entries of the throw-away certificate.
func (t *trial) find(ctx context.Context) ([]keystore.Entry, error) {
	all, err := t.store.List(ctx)
	return slices.DeleteFunc(all, func(e keystore.Entry) bool { return !bytes.Equal(e.Certificate, t.pair.Certificate) }), err
}

func (t *trial) listed(ctx context.Context) error {
	found, err := t.find(ctx)
	switch {
	case err != nil:
		return err
	case len(found) != 1:
		return fault.Newf(fault.StoreFailed, "%d entries", len(found))
	case !found[0].HasKey:
		return fault.Newf(fault.StoreFailed, "without its key")
	case found[0].Name != t.pair.Name:
		return fault.Newf(fault.StoreFailed, "under another name")
	}
	return nil
}

func (t *trial) seen() error {
	if !readSecond(t.entry.Store) {
		return fault.Newf(fault.StoreUnsupported, "no second reader of %s", t.entry.Store)
	}
	thumbprint := keypair.Thumbprint(t.pair.Certificate)
	d, err := Verify([]string{thumbprint})
	if err == nil && slices.Contains(d.OnlyOurs, thumbprint) {
		return fault.Newf(fault.StoreFailed, "not seen")
	}
	return err
}

func (t *trial) unwrap(ctx context.Context, m envelope.Mechanism) error {
	u, err := t.store.Unwrapper(ctx, t.entry.URI)
	if err != nil {
		return err
	}
	defer u.Close()
	return selfsign.TryMechanism(ctx, u, t.pair.Certificate, m)
}

// badPadding sends a number that no padding fits: the store may refuse it or
// give other bytes, and must not do anything else.
func (t *trial) badPadding(ctx context.Context) error {
	u, err := t.store.Unwrapper(ctx, t.entry.URI)
	if err != nil {
		return err
	}
	defer u.Close()
	c, err := keypair.Parse(t.pair.Certificate)
	if err != nil {
		return err
	}
	ciphertext := make([]byte, c.Bits/8)
	if _, err := rand.Read(ciphertext[1:]); err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	_, err = u.Decrypt(ctx, envelope.RSAPKCS1, ciphertext)
	if code := fault.CodeOf(err); code == "" || code == fault.EnvelopeUnreadable || code == fault.MechanismMissing {
		return nil
	}
	return err
}

func (t *trial) importAgain(ctx context.Context) error {
	again, err := t.store.(keystore.Importer).Import(ctx, t.pair)
	if err != nil {
		return err
	}
	t.entry = again
	return t.listed(ctx)
}

func (t *trial) delete(ctx context.Context) error {
	err := t.store.(keystore.Deleter).Delete(ctx, t.entry.URI)
	if err == nil {
		t.inside = false
	}
	return err
}

func (t *trial) gone(ctx context.Context) error {
	found, err := t.find(ctx)
	if err == nil && len(found) > 0 {
		return fault.Newf(fault.StoreFailed, "%d entries are left", len(found))
	}
	if err != nil {
		return err
	}
	u, err := t.store.Unwrapper(ctx, t.entry.URI)
	if err == nil {
		defer u.Close()
		return fault.Newf(fault.StoreFailed, "its key is left")
	}
	if fault.CodeOf(err) == fault.KeyNotFound {
		return nil
	}
	return err
}

// remove takes out what a failure or an end left inside.
func (t *trial) remove(ctx context.Context) {
	if t.inside {
		_ = t.delete(context.WithoutCancel(ctx))
	}
}
