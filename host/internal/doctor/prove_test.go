package doctor_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"scelle/host/internal/doctor"
	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/memory"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// failing is a store with one thing wrong.
type failing struct {
	*memory.Store
	list      func([]keystore.Entry) []keystore.Entry
	unwrapper func(keystore.Unwrapper, error) (keystore.Unwrapper, error)
	status    func(*keystore.Status)
	keep      bool // Delete says yes and does nothing
}

func (f *failing) Status(ctx context.Context) keystore.Status {
	s := f.Store.Status(ctx)
	if f.status != nil {
		f.status(&s)
	}
	return s
}

func (f *failing) List(ctx context.Context) ([]keystore.Entry, error) {
	all, err := f.Store.List(ctx)
	if f.list != nil {
		all = f.list(all)
	}
	return all, err
}

func (f *failing) Unwrapper(ctx context.Context, uri string) (keystore.Unwrapper, error) {
	u, err := f.Store.Unwrapper(ctx, uri)
	if f.unwrapper != nil {
		return f.unwrapper(u, err)
	}
	return u, err
}

func (f *failing) Delete(ctx context.Context, uri string) error {
	if f.keep {
		return nil
	}
	return f.Store.Delete(ctx, uri)
}

// garbled gives other bytes for one mechanism.
type garbled struct {
	keystore.Unwrapper
	mechanism envelope.Mechanism
}

func (g garbled) Decrypt(ctx context.Context, m envelope.Mechanism, c []byte) ([]byte, error) {
	out, err := g.Unwrapper.Decrypt(ctx, m, c)
	if m == g.mechanism && len(out) > 0 {
		out[0] ^= 1
	}
	return out, err
}

func prove(t *testing.T, store keystore.Store, others ...doctor.Trial) doctor.Proof {
	t.Helper()
	return doctor.Prove(t.Context(), doctor.ProveOptions{Stores: []keystore.Store{store}, Now: time.Now, Others: others})
}

func failures(p doctor.Proof) []string {
	var out []string
	for _, s := range p.Stores {
		for _, step := range s.Steps {
			if step.Outcome == doctor.Failed && !slices.Contains(out, step.Name) {
				out = append(out, step.Name)
			}
		}
	}
	return out
}

func TestProveAGoodStore(t *testing.T) {
	store := memory.New()
	ran := false
	p := prove(t, store, doctor.Trial{Name: "registration", Run: func(context.Context) error { ran = true; return nil }})
	if !p.OK() || !ran || p.System == "" || len(p.Stores) != 1 {
		t.Fatalf("%+v", p)
	}
	tried := map[string]int{}
	for _, s := range p.Stores[0].Steps {
		if s.Outcome == doctor.Passed {
			tried[s.Key+" "+s.Name]++
		}
	}
	for _, want := range []string{"RSA 2048 import", "RSA 3072 unwrap rsa-oaep-sha256", "RSA 3072 unwrap rsa-pkcs1", "P-256 unwrap ecdh", "P-256 gone", "RSA 2048 bad padding gives nothing away"} {
		if tried[want] != 1 {
			t.Errorf("%q passed %d times: %+v", want, tried[want], tried)
		}
	}
	if left, err := store.List(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("left behind: %+v, %v", left, err)
	}
}

func TestProveFindsWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		store failing
		want  string
	}{
		"not listed": {failing{list: func([]keystore.Entry) []keystore.Entry { return nil }}, "listed with its key"},
		"listed without key": {failing{list: func(all []keystore.Entry) []keystore.Entry {
			for i := range all {
				all[i].HasKey = false
			}
			return all
		}}, "listed with its key"},
		"other bytes": {failing{unwrapper: func(u keystore.Unwrapper, err error) (keystore.Unwrapper, error) {
			return garbled{u, envelope.RSAOAEPSHA1}, err
		}}, "unwrap rsa-oaep-sha1"},
		"key cannot be found": {failing{unwrapper: func(keystore.Unwrapper, error) (keystore.Unwrapper, error) { return nil, fault.New(fault.KeyNotFound) }}, "unwrap rsa-oaep-sha256"},
		"not deleted":         {failing{keep: true}, "gone"},
		"cannot be opened":    {failing{status: func(s *keystore.Status) { s.State, s.Err = keystore.Failed, fault.New(fault.StoreDamaged) }}, "open"},
	} {
		t.Run(name, func(t *testing.T) {
			c.store.Store = memory.New()
			p := prove(t, &c.store)
			if p.OK() || !slices.Contains(failures(p), c.want) {
				t.Errorf("failed %q, want %q among them", failures(p), c.want)
			}
		})
	}
}

func TestProveLeavesAReadOnlyStoreAlone(t *testing.T) {
	store := &failing{Store: memory.New(), status: func(s *keystore.Status) { s.State = keystore.ReadOnly }}
	p := prove(t, store)
	steps := p.Stores[0].Steps
	if last := steps[len(steps)-1]; last.Name != "import" || last.Outcome != doctor.Skipped || !p.OK() {
		t.Errorf("%+v", steps)
	}
}

func TestProveCleansUpWhenItEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	store := &failing{Store: memory.New()}
	store.unwrapper = func(u keystore.Unwrapper, err error) (keystore.Unwrapper, error) { cancel(); return u, err }
	p := doctor.Prove(ctx, doctor.ProveOptions{Stores: []keystore.Store{store}, Now: time.Now})
	if left, err := store.Store.List(t.Context()); err != nil || len(left) != 0 || p.OK() {
		t.Errorf("left behind: %d, %v, ok %v", len(left), err, p.OK())
	}
}
