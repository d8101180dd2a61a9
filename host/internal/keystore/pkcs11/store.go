//go:build linux && cgo

package pkcs11

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"scelle/host/internal/keystore"
	"scelle/shared/fault"
)

// store is every token of every module.
type store struct {
	o       Options
	modules []*module
	closed  atomic.Bool
}

// Open returns the store. Modules are loaded when first looked at, so that it
// takes no time and Status tells what a module's trouble is. fault.BadRequest
// for a relative path or no module at all.
func Open(o Options) (keystore.Store, error) {
	if !o.valid() {
		return nil, fault.Newf(fault.BadRequest, "PKCS#11 modules")
	}
	s := &store{o: o.withDefaults()}
	for _, path := range o.Modules {
		if filepath.IsAbs(path) {
			path = filepath.Clean(path)
		}
		if !slices.ContainsFunc(s.modules, func(m *module) bool { return m.path == path }) {
			s.modules = append(s.modules, newModule(path))
		}
	}
	return s, nil
}

// Status implements keystore.Store. It takes Options.Look at most.
func (s *store) Status(ctx context.Context) keystore.Status {
	var paths []string
	for _, m := range s.modules {
		paths = append(paths, m.path)
	}
	status := keystore.Status{
		ID: ID, Name: Name, Location: strings.Join(paths, ", "), State: keystore.Ready,
		Capabilities: keystore.Capabilities{Mechanisms: keystore.AllMechanisms()},
	}
	list, err := s.List(ctx)
	if err != nil {
		status.State, status.Err = keystore.Failed, fault.Of(err)
	}
	for _, e := range list {
		status.Certificates++
		if e.HasKey {
			status.Keys++
		}
	}
	return status
}

// List implements keystore.Store. All modules are looked at at once, for
// Options.Look at most; what one of them cannot tell is left out, unless none
// can tell anything. A module that is at work (a PIN on a keypad, a slow card)
// is not waited for: what it showed last stands in for what it would show.
func (s *store) List(ctx context.Context) ([]keystore.Entry, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	lists := make([][]keystore.Entry, len(s.modules))
	errs := make([]error, len(s.modules))
	var all sync.WaitGroup
	for i, m := range s.modules {
		all.Go(func() { lists[i], errs[i] = m.list(ctx, s.o.Look) })
	}
	all.Wait()
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	if !slices.Contains(errs, nil) {
		return nil, errs[0]
	}
	list := slices.Concat(lists...)
	slices.SortFunc(list, func(a, b keystore.Entry) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.URI, b.URI))
	})
	// Two modules may show one token.
	return slices.CompactFunc(list, func(a, b keystore.Entry) bool { return a.URI == b.URI }), nil
}

// courtesy is how long a look waits for a module that is at work.
const courtesy = 200 * time.Millisecond

// list looks at a module, for limit at most. Errors: fault.TokenNotResponding,
// StoreLibrary, StoreFailed, and those of an ended context.
func (m *module) list(ctx context.Context, limit time.Duration) ([]keystore.Entry, error) {
	if last, ok := m.lastWhileBusy(ctx); ok {
		return last, nil
	}
	list, err := call(ctx, m, limit, nil, look)
	if err == nil {
		m.last.Store(&list)
	}
	return slices.Clone(list), err
}

// lastWhileBusy returns what a module at work showed last.
func (m *module) lastWhileBusy(ctx context.Context) ([]keystore.Entry, bool) {
	last := m.last.Load()
	if last == nil || m.stuck.Load() {
		return nil, false
	}
	clock := time.NewTimer(courtesy)
	defer clock.Stop()
	select {
	case m.turn <- struct{}{}:
		<-m.turn
		return nil, false
	case <-ctx.Done():
		return nil, false
	case <-clock.C:
		return slices.Clone(*last), !m.stuck.Load()
	}
}

// look lists the certificates of every token of a module. A token that is
// removed meanwhile, or is broken, takes nothing from the others.
func look(lib library) ([]keystore.Entry, error) {
	all, err := tokens(lib)
	if err != nil {
		return nil, explain(err)
	}
	var list []keystore.Entry
	var failed error
	for _, t := range all {
		some, err := inSession(lib, t.name, (*view).entries)
		if err != nil && fault.CodeOf(err) != fault.TokenRemoved {
			failed = err
		}
		list = append(list, some...)
	}
	if len(list) == 0 && failed != nil {
		return nil, failed
	}
	return list, nil
}

// Close implements keystore.Store. Running calls are waited for, for
// Options.Look at most; one that hangs ends with the process.
func (s *store) Close() error {
	s.closed.Store(true)
	var all sync.WaitGroup
	for _, m := range s.modules {
		all.Go(func() { m.close(s.o.Look) })
	}
	all.Wait()
	return nil
}

// usable reports why no operation may start.
func (s *store) usable(ctx context.Context) error {
	if s.closed.Load() {
		return keystore.ErrClosed()
	}
	return keystore.Interrupted(ctx)
}
