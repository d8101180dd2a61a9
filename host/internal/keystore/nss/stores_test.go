//go:build linux && cgo

package nss

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"scelle/host/internal/keystore"
	"scelle/host/internal/selfsign"
	"scelle/shared/certtest"
	"scelle/shared/fault"
)

// TestTwoStores: two databases are open at once in one process.
func TestTwoStores(t *testing.T) {
	a, b := open(t, newPlace(t).dir), open(t, newPlace(t).dir)
	pair, _ := issue(t, "Anne", certtest.Options{})
	inA, inB := add(t, a, pair), add(t, b, pair)
	if inA.URI == inB.URI {
		t.Error("keys of two databases have one URI")
	}
	_, err := b.Unwrapper(t.Context(), inA.URI)
	wantFault(t, "URI of the other store", err, fault.KeyNotFound)
	held, err := a.Unwrapper(t.Context(), inA.URI)
	if err != nil {
		t.Fatal(err)
	}
	if err := selfsign.SelfTest(t.Context(), b, inB); err != nil {
		t.Error("beside the other store:", err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
}

// profile is a Firefox profile of one test.
type profile struct {
	dir   string
	store keystore.Store
	state keystore.State
	fault fault.Code
	keys  int
}

func openProfile(t *testing.T, dir string, p *person) keystore.Store {
	t.Helper()
	s, err := OpenProfile(Options{Path: dir, Prompt: p, Linger: time.Minute}, "Firefox (essai)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// profiles are one of each kind, in trouble and not.
func profiles(t *testing.T, person *person) map[string]profile {
	t.Helper()
	pair, _ := issue(t, "Anne", certtest.Options{})
	filled := func() string {
		dir := newPlace(t).dir
		add(t, open(t, dir), pair)
		return dir
	}
	good, damaged, locked := filled(), filled(), filled()
	overwrite(t, filepath.Join(damaged, "key4.db"), 40, string(bytes.Repeat([]byte{0xa5}, 900)))
	lockedBy(t, locked, "EXCLUSIVE")
	written := filled()
	lockedBy(t, written, "IMMEDIATE")
	empty := filepath.Join(t.TempDir(), "empty")
	all := map[string]profile{
		"good":          {dir: good, state: keystore.Ready, keys: 1},
		"written to":    {dir: written, state: keystore.Ready, keys: 1},
		"with password": {dir: fixture(t, "older-nss"), state: keystore.Locked, keys: 1},
		"newer NSS":     {dir: fixture(t, "newer-nss"), state: keystore.Locked, fault: fault.StoreNewerNSS, keys: 1},
		"damaged":       {dir: damaged, state: keystore.Failed, fault: fault.StoreDamaged},
		"locked":        {dir: locked, state: keystore.Failed, fault: fault.StoreBusy},
		"legacy":        {dir: fixture(t, "legacy"), state: keystore.Failed, fault: fault.StoreLegacy},
		"gone":          {dir: empty, state: keystore.Failed, fault: fault.StoreMissing},
	}
	for name, p := range all {
		p.store = openProfile(t, p.dir, person)
		if _, ok := p.store.(keystore.Importer); ok {
			t.Error("a profile takes imports")
		}
		all[name] = p
	}
	return all
}

// TestProfileStores: each profile is a status of its own, none stops another,
// and the shared database works beside them. Nothing is written to a profile.
func TestProfileStores(t *testing.T) {
	who := &person{answers: []string{fixturePassword}}
	all := profiles(t, who)
	shared := open(t, newPlace(t).dir)
	pair, _ := issue(t, "Bruno", certtest.Options{Key: 1})
	before := make(map[string][]byte)
	for name, p := range all {
		before[name] = everything(t, p.dir)
	}
	if shared.(*writer).softoken.readsNewer() {
		delete(all, "newer NSS")
	}
	var together sync.WaitGroup
	for name, p := range all {
		together.Go(func() { p.check(t, name) })
	}
	together.Go(func() {
		if err := selfsign.SelfTest(t.Context(), shared, add(t, shared, pair)); err != nil {
			t.Error("shared:", err)
		}
	})
	together.Wait()
	who.expect(t, "all", 1)
	for name, p := range all {
		if !bytes.Equal(before[name], everything(t, p.dir)) {
			t.Errorf("%s: the profile was written to", name)
		}
	}
}

// check looks at a profile and uses its key, if there is one.
func (p profile) check(t *testing.T, name string) {
	status := p.store.Status(t.Context())
	if status.ID != FirefoxID || status.Name != "Firefox (essai)" || status.Location != p.dir ||
		status.State != p.state || status.Keys != p.keys || status.Capabilities.Import || status.Capabilities.Delete {
		t.Errorf("%s: %+v", name, status)
	}
	list, err := p.store.List(t.Context())
	if p.fault != "" {
		wantFault(t, name, status.Err, p.fault)
	}
	if p.state == keystore.Failed {
		wantFault(t, name+": List", err, p.fault)
		return
	}
	if err != nil || len(list) != 1 || list[0].Store != FirefoxID {
		t.Errorf("%s: %+v, %v", name, list, err)
		return
	}
	if p.fault != "" {
		_, err := p.store.Unwrapper(t.Context(), list[0].URI)
		wantFault(t, name+": Unwrapper", err, p.fault)
	} else if err := selfsign.SelfTest(t.Context(), p.store, list[0]); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// everything is the names and contents of all files of a folder.
func everything(t *testing.T, dir string) []byte {
	t.Helper()
	var all []byte
	files, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(append(all, f.Name()...), data...)
	}
	return all
}

// TestLegacyImport: an import does not convert an old database without a word.
func TestLegacyImport(t *testing.T) {
	dir := fixture(t, "legacy")
	before := everything(t, dir)
	pair, _ := issue(t, "Anne", certtest.Options{})
	_, err := open(t, dir).Import(t.Context(), pair)
	wantFault(t, "Import", err, fault.StoreLegacy)
	if !bytes.Equal(before, everything(t, dir)) {
		t.Error("the old database was changed")
	}
}
