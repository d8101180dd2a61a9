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
		path = filepath.Clean(path)
		if !slices.ContainsFunc(s.modules, func(m *module) bool { return m.path == path }) {
			s.modules = append(s.modules, newModule(path))
		}
	}
	return s, nil
}

// Title implements keystore.Titled.
func (s *store) Title() string { return Name }

// Status implements keystore.Store. It takes Options.Look at most.
func (s *store) Status(ctx context.Context) keystore.Status {
	status := keystore.Status{
		ID: ID, Name: Name, State: keystore.Ready,
		Capabilities: keystore.Capabilities{Mechanisms: keystore.AllMechanisms()},
	}
	list, sights, err := s.look(ctx)
	if err != nil {
		status.State, status.Err = keystore.Failed, fault.Of(err)
	}
	var paths []string
	for i, m := range s.modules {
		paths = append(paths, m.path)
		module := keystore.Module{Path: m.path, Tokens: sights[i].tokens}
		if sights[i].err != nil {
			module.Err = fault.Of(sights[i].err)
		}
		status.Modules = append(status.Modules, module)
	}
	status.Location = strings.Join(paths, ", ")
	for _, e := range list {
		status.Certificates++
		if e.HasKey {
			status.Keys++
		}
	}
	return status
}

// List implements keystore.Store. All modules are looked at at once, for
// Options.Look at most; what one of them cannot tell is left out, unless there
// is nothing else to tell. A module that is at work (a PIN on a keypad, a slow
// card) is not waited for: what it showed last stands in for what it would
// show.
func (s *store) List(ctx context.Context) ([]keystore.Entry, error) {
	list, _, err := s.look(ctx)
	return list, err
}

// sight is what a look at a module saw.
type sight struct {
	entries []keystore.Entry
	tokens  int   // that are there
	err     error // why nothing, or not everything, was seen
}

// look looks at every module; one sight for each, also when it fails.
func (s *store) look(ctx context.Context) ([]keystore.Entry, []sight, error) {
	sights := make([]sight, len(s.modules))
	if err := s.usable(ctx); err != nil {
		return nil, sights, err
	}
	var all sync.WaitGroup
	for i, m := range s.modules {
		all.Go(func() { sights[i] = m.look(ctx, s.o.Look) })
	}
	all.Wait()
	if err := s.usable(ctx); err != nil {
		return nil, sights, err
	}
	var list []keystore.Entry
	for _, seen := range sights {
		list = append(list, seen.entries...)
	}
	if len(list) == 0 {
		return nil, sights, s.trouble(sights)
	}
	slices.SortFunc(list, func(a, b keystore.Entry) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.URI, b.URI))
	})
	// Two modules may show one token.
	list = slices.CompactFunc(list, func(a, b keystore.Entry) bool { return a.URI == b.URI })
	return list, sights, nil
}

// trouble says why there is no certificate at all: a module that hangs, which
// may have one, or modules that are all broken although somebody wants them.
func (s *store) trouble(sights []sight) error {
	broken := 0
	for _, seen := range sights {
		if fault.CodeOf(seen.err) == fault.TokenNotResponding {
			return seen.err
		}
		if seen.err != nil {
			broken++
		}
	}
	if broken == len(sights) && !s.o.Registered {
		return sights[0].err
	}
	return nil
}

// courtesy is how long a look waits for a module that is at work.
const courtesy = 200 * time.Millisecond

// look looks at a module, for limit at most. Errors: fault.TokenNotResponding,
// StoreLibrary, StoreFailed, and those of an ended context.
func (m *module) look(ctx context.Context, limit time.Duration) sight {
	if last, ok := m.lastWhileBusy(ctx); ok {
		return last
	}
	seen, err := call(ctx, m, limit, nil, lookAt)
	if err != nil {
		return sight{err: err}
	}
	m.last.Store(&seen)
	return seen.clone()
}

func (v sight) clone() sight {
	v.entries = slices.Clone(v.entries)
	return v
}

// lastWhileBusy returns what a module at work showed last.
func (m *module) lastWhileBusy(ctx context.Context) (sight, bool) {
	last := m.last.Load()
	if last == nil || m.stuck.Load() {
		return sight{}, false
	}
	clock := time.NewTimer(courtesy)
	defer clock.Stop()
	select {
	case m.turn <- struct{}{}:
		<-m.turn
		return sight{}, false
	case <-ctx.Done():
		return sight{}, false
	case <-clock.C:
		return last.clone(), !m.stuck.Load()
	}
}

// lookAt lists the certificates of every token of a module. A token that is
// removed meanwhile, or is broken, takes nothing from the others.
func lookAt(lib library) (sight, error) {
	all, err := tokens(lib)
	if err != nil {
		return sight{}, explain(err)
	}
	seen := sight{tokens: len(all)}
	for _, t := range all {
		some, err := inSession(lib, t.name, (*view).entries)
		if err != nil && fault.CodeOf(err) != fault.TokenRemoved {
			seen.err = err
		}
		seen.entries = append(seen.entries, some...)
	}
	return seen, nil
}

// Close implements keystore.Store. Running calls are waited for, for
// Options.Look at most; one that is known to hang is not, and ends with the
// process.
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
