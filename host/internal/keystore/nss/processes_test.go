//go:build linux && cgo

package nss

import (
	"bytes"
	"context"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"scelle/host/internal/selfsign"
	"scelle/shared/certtest"
	"scelle/shared/fault"
)

// TestLocked: another process is in the middle of something.
func TestLocked(t *testing.T) {
	p := newPlace(t)
	s := open(t, p.dir)
	pair, _ := issue(t, "Anne", certtest.Options{})
	other, _ := issue(t, "Bruno", certtest.Options{Key: 1})
	e := add(t, s, pair)

	unlock := lockedBy(t, p.dir, "IMMEDIATE")
	if list, err := s.List(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("List beside a writer: %v, %v", list, err)
	}
	if err := selfsign.SelfTest(t.Context(), s, e); err != nil {
		t.Errorf("unwrap beside a writer: %v", err)
	}
	_, err := s.Import(t.Context(), other)
	wantFault(t, "Import beside a writer", err, fault.StoreBusy)
	unlock()
	add(t, s, other)

	unlock = lockedBy(t, p.dir, "EXCLUSIVE")
	_, err = s.List(t.Context())
	wantFault(t, "List of an exclusively locked database", err, fault.StoreBusy)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.List(ctx)
	wantFault(t, "cancelled List", err, fault.Cancelled)
	unlock()
	if list, err := s.List(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("List afterwards: %v, %v", list, err)
	}
}

// TestLockReleased: a lock that goes away while we wait costs time only.
func TestLockReleased(t *testing.T) {
	p := newPlace(t)
	s := open(t, p.dir)
	pair, _ := issue(t, "Anne", certtest.Options{})
	add(t, s, pair)
	other, _ := issue(t, "Bruno", certtest.Options{Key: 1})
	unlock := lockedBy(t, p.dir, "IMMEDIATE")
	done := make(chan error)
	go func() {
		_, err := s.Import(t.Context(), other)
		done <- err
	}()
	time.Sleep(200 * time.Millisecond)
	unlock()
	if err := <-done; err != nil {
		t.Errorf("Import: %v", err)
	}
}

// TestTwoProcesses: hosts that import at once lose nothing, not even when they
// import the same key.
func TestTwoProcesses(t *testing.T) {
	p := newPlace(t)
	pair, made := issue(t, "Commune", certtest.Options{})
	const processes = 4
	commands := make([]*exec.Cmd, processes)
	for i := range commands {
		commands[i] = child(t, "import", p.dir, strconv.Itoa(i))
		commands[i].Stdin = bytes.NewReader(append(made.KeyPEM(t), made.PEM()...))
	}
	var all sync.WaitGroup
	for _, cmd := range commands {
		all.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	all.Wait()
	s := open(t, p.dir)
	list, err := s.List(t.Context())
	if err != nil || len(list) != processes*importsPerProcess+1 {
		t.Fatalf("%d entries, want %d: %v", len(list), processes*importsPerProcess+1, err)
	}
	names := map[string]bool{}
	for _, e := range list {
		if names[e.Name] || !e.HasKey {
			t.Errorf("%q: name used twice %v, key %v", e.Name, names[e.Name], e.HasKey)
		}
		names[e.Name] = true
		if err := selfsign.SelfTest(t.Context(), s, e); err != nil {
			t.Errorf("%q: %v", e.Name, err)
		}
	}
	if !names[pair.Name] {
		t.Errorf("no %q among %v", pair.Name, names)
	}
}
