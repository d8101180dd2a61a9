package keystoretest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"scelle/host/internal/keystore"
	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

func testDelete(t *testing.T, w world) {
	if !w.store.Status(t.Context()).Capabilities.Delete {
		t.Skip("the store declares no removal")
	}
	deleter := w.store.(keystore.Deleter)
	stays := w.add(t, pairOf(t, "Reste", certtest.Options{Key: 1}))
	for kind, options := range w.kinds(t) {
		pair := pairOf(t, kind, options)
		e := w.add(t, pair)
		if err := deleter.Delete(t.Context(), e.URI); err != nil {
			t.Errorf("%s: Delete: %v", kind, err)
		}
		wantFault(t, kind+": second Delete", deleter.Delete(t.Context(), e.URI), fault.KeyNotFound)
		_, err := w.store.Unwrapper(t.Context(), e.URI)
		wantFault(t, kind+": Unwrapper", err, fault.KeyNotFound)
		if again := w.add(t, pair); again.URI != e.URI {
			t.Errorf("%s: imported again as %s, was %s", kind, again.URI, e.URI)
		}
		if err := deleter.Delete(t.Context(), e.URI); err != nil {
			t.Errorf("%s: Delete after a new import: %v", kind, err)
		}
	}
	list := w.list(t)
	if len(list) != 1 || list[0].URI != stays.URI || !list[0].HasKey {
		t.Errorf("left: %+v", list)
	}
	if err := opens(t.Context(), t, w.unwrapper(t, stays.URI), w.rsa(t)); err != nil {
		t.Error(err)
	}
}

// testReopen: a URI means the same key in the next process.
func testReopen(t *testing.T, w world) {
	pair := pairOf(t, "Clé d'été; 100 %", certtest.Options{})
	e := w.add(t, pair)
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	w.store = w.place.Open(t)
	defer w.store.Close()
	if !w.subject.Persistent {
		if list := w.list(t); len(list) != 0 {
			t.Errorf("a store that keeps nothing lists %d", len(list))
		}
		if again := w.add(t, pair); again.URI != e.URI {
			t.Errorf("URI was %s, is %s", e.URI, again.URI)
		}
		return
	}
	list := w.list(t)
	if len(list) != 1 || list[0].URI != e.URI || list[0].Name != e.Name || !list[0].HasKey {
		t.Fatalf("had %+v, now %+v", e, list)
	}
	if err := opens(t.Context(), t, w.unwrapper(t, e.URI), w.rsa(t)); err != nil {
		t.Error(err)
	}
}

// testNotFound asks for keys by names that nothing has.
func testNotFound(t *testing.T, w world) {
	uri := w.add(t, pairOf(t, "RSA", certtest.Options{})).URI
	names := []string{"", "x", ":", "nss:", "memory:", "nss:path=/;id=;cert=", "file:///etc/passwd",
		uri + " ", " " + uri, uri + ";", uri[:len(uri)-1], uri[:len(uri)-1] + "g", uri + "00",
		strings.ToUpper(uri), strings.Replace(uri, "cert=", "CERT=", 1), uri + "\x00", strings.Repeat(uri, 1000)}
	for _, name := range names {
		_, err := w.store.Unwrapper(t.Context(), name)
		wantFault(t, fmt.Sprintf("Unwrapper %.80q", name), err, fault.KeyNotFound)
		if deleter, ok := w.store.(keystore.Deleter); ok {
			wantFault(t, fmt.Sprintf("Delete %.80q", name), deleter.Delete(t.Context(), name), fault.KeyNotFound)
		}
	}
	if len(w.list(t)) != 1 {
		t.Error("the key is gone")
	}
}

// calls are the methods of a store as one table.
func calls(s keystore.Store, uri string, pair keystore.Pair) map[string]func(context.Context) error {
	all := map[string]func(context.Context) error{
		"List":      func(ctx context.Context) error { _, err := s.List(ctx); return err },
		"Unwrapper": func(ctx context.Context) error { _, err := s.Unwrapper(ctx, uri); return err },
		"Status":    func(ctx context.Context) error { return s.Status(ctx).Err },
	}
	if i, ok := s.(keystore.Importer); ok {
		all["Import"] = func(ctx context.Context) error { _, err := i.Import(ctx, pair); return err }
	}
	if d, ok := s.(keystore.Deleter); ok {
		all["Delete"] = func(ctx context.Context) error { return d.Delete(ctx, uri) }
	}
	if g, ok := s.(keystore.Generator); ok {
		all["Generate"] = func(ctx context.Context) error {
			_, err := g.Generate(ctx, keystore.GenerateOptions{CommonName: "x", Bits: 2048})
			return err
		}
	}
	return all
}

func testCancelled(t *testing.T, w world) {
	pair := pairOf(t, "Clé", w.quick(t, 0))
	uri := w.add(t, pair).URI
	u := w.unwrapper(t, uri)
	mechanism := w.rsa(t)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancelLate := context.WithTimeout(t.Context(), 0)
	defer cancelLate()
	<-late.Done()
	all := calls(w.store, uri, pairOf(t, "Autre", w.quick(t, 1)))
	delete(all, "Status") // it looks, whatever happens
	all["the key"] = func(ctx context.Context) error { return opens(ctx, t, u, mechanism) }
	for name, call := range all {
		wantFault(t, name, call(cancelled), fault.Cancelled)
		wantFault(t, name+", late", call(late), fault.Timeout)
	}
	if len(w.list(t)) != 1 {
		t.Error("a cancelled call changed the store")
	}
}

func testClosed(t *testing.T, w world) {
	pair := pairOf(t, "Clé", w.quick(t, 0))
	uri := w.add(t, pair).URI
	u := w.unwrapper(t, uri)
	mechanism := w.rsa(t)
	for range 2 {
		if err := w.store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	for name, call := range calls(w.store, uri, pair) {
		wantFault(t, name, call(t.Context()), fault.StoreFailed)
	}
	wantFault(t, "the key", opens(t.Context(), t, u, mechanism), fault.StoreFailed)
	if status := w.store.Status(t.Context()); status.State != keystore.Failed {
		t.Errorf("a closed store is %s", status.State)
	}
	if err := u.Close(); err != nil {
		t.Errorf("closing an unwrapper after its store: %v", err)
	}
}

// testConcurrency lets eight goroutines import, list, unwrap and delete at
// once, each its own keys and all of them a common one.
func testConcurrency(t *testing.T, w world) {
	common := w.add(t, pairOf(t, "Commune", certtest.Options{}))
	shared := w.unwrapper(t, common.URI)
	pairs := make([]keystore.Pair, 8)
	for i := range pairs {
		o := w.quick(t, 1+i)
		o.CommonName = fmt.Sprint(i)
		pairs[i] = pairOf(t, "Même nom", o)
	}
	declared := w.mechanisms(t)
	mechanisms := slices.DeleteFunc([]envelope.Mechanism{w.rsa(t), envelope.RSAPKCS1}, func(m envelope.Mechanism) bool {
		return !slices.Contains(declared, m)
	})
	if seeder, ok := w.seeder(t); ok {
		for _, pair := range pairs {
			seeder.AddPair(t, w.store, pair)
		}
	}
	errs := make([]error, len(pairs))
	var all sync.WaitGroup
	for i := range pairs {
		all.Go(func() {
			for range 5 {
				errs[i] = errors.Join(errs[i], turn(t, w, pairs[i], shared, common.URI, mechanisms))
			}
		})
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("goroutine %d: %v", i, err)
		}
	}
	if list := w.list(t); len(list) != 1+len(pairs) {
		t.Errorf("%d entries, want %d", len(list), 1+len(pairs))
	}
}

func turn(t *testing.T, w world, pair keystore.Pair, shared keystore.Unwrapper, common string, mechanisms []envelope.Mechanism) error {
	ctx := t.Context()
	e, err := put(ctx, w.store, pair)
	if err != nil {
		return err
	}
	own, err := w.store.Unwrapper(ctx, e.URI)
	if err != nil {
		return err
	}
	list, err := w.store.List(ctx)
	if err == nil && !slices.ContainsFunc(list, func(x keystore.Entry) bool { return x.URI == common && x.HasKey }) {
		err = errors.New("the common key is not listed")
	}
	err = errors.Join(err, opens(ctx, t, own, mechanisms[0]))
	for _, m := range mechanisms {
		err = errors.Join(err, opens(ctx, t, shared, m))
	}
	err = errors.Join(err, own.Close())
	if d, ok := w.store.(keystore.Deleter); ok {
		removed := d.Delete(ctx, e.URI)
		_, again := w.store.(keystore.Importer).Import(ctx, pair)
		err = errors.Join(err, removed, again)
	}
	return err
}

// put imports the pair or, in a store that takes none, finds it.
func put(ctx context.Context, s keystore.Store, pair keystore.Pair) (keystore.Entry, error) {
	if importer, ok := s.(keystore.Importer); ok {
		return importer.Import(ctx, pair)
	}
	list, err := s.List(ctx)
	if err != nil {
		return keystore.Entry{}, err
	}
	i := slices.IndexFunc(list, func(e keystore.Entry) bool { return bytes.Equal(e.Certificate, pair.Certificate) })
	if i < 0 {
		return keystore.Entry{}, errors.New("a seeded key is not listed")
	}
	return list[i], nil
}
