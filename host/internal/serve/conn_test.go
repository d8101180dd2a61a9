package serve

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/memory"
	"scelle/host/internal/wire"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// fakeStore is a store whose every answer a test decides.
type fakeStore struct {
	status  keystore.Status
	list    func(context.Context) ([]keystore.Entry, error)
	unwrap  func(string) (keystore.Unwrapper, error)
	closed  atomic.Bool
	deleted []string
}

func (f *fakeStore) Status(context.Context) keystore.Status { return f.status }

func (f *fakeStore) List(ctx context.Context) ([]keystore.Entry, error) {
	if f.list == nil {
		return nil, nil
	}
	return f.list(ctx)
}

func (f *fakeStore) Unwrapper(_ context.Context, uri string) (keystore.Unwrapper, error) {
	if f.unwrap == nil {
		return nil, fault.New(fault.KeyNotFound)
	}
	return f.unwrap(uri)
}

func (f *fakeStore) Close() error { f.closed.Store(true); return nil }

func (f *fakeStore) Delete(_ context.Context, uri string) error {
	f.deleted = append(f.deleted, uri)
	return nil
}

func (f *fakeStore) Import(_ context.Context, pair keystore.Pair) (keystore.Entry, error) {
	return keystore.Entry{URI: "fake:1", Store: "fake", Name: pair.Name, Certificate: pair.Certificate, HasKey: true}, nil
}

func ready(id string) keystore.Status {
	return keystore.Status{ID: id, Name: id, State: keystore.Ready,
		Capabilities: keystore.Capabilities{Import: true, Mechanisms: keystore.AllMechanisms()}}
}

func TestHelloComesFirst(t *testing.T) {
	p := connect(t, newService(t, memory.New()))
	if r := p.call(protocol.HostStatus, protocol.Empty{}); r.OK || r.Fault.Code != fault.BadRequest {
		t.Errorf("before hello: %+v", r)
	}
	if r := p.call(protocol.HostHello, protocol.HelloParams{Protocol: 0}); r.OK {
		t.Error("an extension of protocol 0 was greeted")
	}
	if r := p.call(protocol.HostStatus, protocol.Empty{}); r.OK {
		t.Error("a refused hello opened the door")
	}
	p.hello()
	if r := p.call(protocol.HostStatus, protocol.Empty{}); !r.OK {
		t.Errorf("after hello: %+v", r.Fault)
	}
	if err := p.end(); err != nil {
		t.Errorf("a closed port is no clean end: %v", err)
	}
}

// TestRequestsMayFollowHelloAtOnce: a browser need not wait for the greeting.
func TestRequestsMayFollowHelloAtOnce(t *testing.T) {
	for range 20 {
		p := connect(t, newService(t, memory.New()))
		go func() {
			p.ask(protocol.HostHello, protocol.HelloParams{Protocol: 1})
			p.ask(protocol.HostStatus, protocol.Empty{})
		}()
		for range 2 {
			if r := p.answer(); !r.OK {
				t.Fatalf("%s: %+v", r.ID, r.Fault)
			}
		}
	}
}

// TestOnlyTheHostsMethods: whatever else the protocol declares, the host does
// not know it.
func TestOnlyTheHostsMethods(t *testing.T) {
	p := connect(t, newService(t, memory.New()))
	p.hello()
	for _, spec := range protocol.Methods() {
		if spec.To == protocol.Host {
			continue
		}
		if r := p.call(spec.Method, protocol.Empty{}); r.OK || r.Fault.Code != fault.UnknownMethod {
			t.Errorf("%s: %+v", spec.Method, r)
		}
	}
}

func TestBadRequestsAreAnsweredAndTheConnectionGoesOn(t *testing.T) {
	p := connect(t, newService(t, memory.New()))
	p.hello()
	for name, c := range map[string]struct{ payload, id string }{
		"not JSON":        {"hello", ""},
		"two messages":    {`{"id":"7","method":"host.status"}{"id":"8","method":"host.status"}`, ""},
		"no id":           {`{"id":"","method":"host.status"}`, ""},
		"a long id":       {`{"id":"` + strings.Repeat("x", maxID+1) + `","method":"host.status"}`, ""},
		"an origin":       {`{"id":"7","method":"host.status","origin":"https://x"}`, ""},
		"params too many": {`{"id":"7","method":"host.status","params":{"x":1}}`, "7"},
		"params a list":   {`{"id":"7","method":"host.status","params":[]}`, "7"},
	} {
		p.send([]byte(c.payload))
		if r := p.answer(); r.OK || r.Fault.Code != fault.BadRequest || r.ID != c.id {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if r := p.call(protocol.HostStatus, protocol.Empty{}); !r.OK {
		t.Errorf("afterwards: %+v", r.Fault)
	}
}

// TestABrokenStreamEndsTheHost: after a length that cannot be believed, no
// byte can; the peer is told, and the host does not end as if all were well.
func TestABrokenStreamEndsTheHost(t *testing.T) {
	for name, stream := range map[string][]byte{
		"too large": binary.NativeEndian.AppendUint32(nil, wire.MaxFrame+1),
		"empty":     make([]byte, 4),
		"cut":       {9, 0},
	} {
		var out bytes.Buffer
		err := newService(t, memory.New()).Serve(t.Context(), bytes.NewReader(stream), &out)
		if err == nil {
			t.Errorf("%s: a clean end", name)
		}
		payload, readErr := wire.NewReader(&out).Next()
		var r protocol.Response
		if readErr != nil || wire.Decode(payload, &r) != nil || r.Fault == nil || r.Fault.Code != fault.CodeOf(err) {
			t.Errorf("%s: the peer was told %s (%v)", name, payload, readErr)
		}
	}
}

func TestAPanicIsOneFault(t *testing.T) {
	store := &fakeStore{status: ready("fake"), list: func(context.Context) ([]keystore.Entry, error) { panic("a bug with a secret in it") }}
	var mu sync.Mutex
	var logged strings.Builder
	s := New(Options{
		Stores: func() []keystore.Store { return []keystore.Store{store} },
		Log: func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintf(&logged, format, args...)
		},
	})
	p := connect(t, s)
	p.hello()
	if r := p.call(protocol.HostList, protocol.ListParams{}); r.OK || r.Fault.Code != fault.Internal || r.Fault.Detail != "" {
		t.Errorf("%+v", r)
	}
	if r := p.call(protocol.HostStatus, protocol.Empty{}); !r.OK {
		t.Errorf("after a panic: %+v", r.Fault)
	}
	mu.Lock()
	defer mu.Unlock()
	if !strings.Contains(logged.String(), "host.keys.list") || strings.Contains(logged.String(), "secret") {
		t.Errorf("the log says %q", logged.String())
	}
}

// TestAnAnswerThatIsTooLargeBecomesAFault with the same id.
func TestAnAnswerThatIsTooLargeBecomesAFault(t *testing.T) {
	der := bytes.Repeat([]byte{0x30}, wire.MaxFrame)
	s := memory.New()
	s.AddCertificate(der, "huge")
	service := newService(t, s)
	list, err := service.List(t.Context(), protocol.ListParams{})
	if err != nil || len(list.Certificates) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	p := connect(t, service)
	p.hello()
	r := p.call(protocol.HostCertificate, protocol.CertificateParams{Thumbprint: list.Certificates[0].Thumbprint})
	if r.OK || r.Fault.Code != fault.MessageTooLarge {
		t.Errorf("%+v", r.Fault)
	}
	if r := p.call(protocol.HostStatus, protocol.Empty{}); !r.OK {
		t.Errorf("afterwards: %+v", r.Fault)
	}
}

// TestRequestsRunTogetherButNotTooMany: a slow store does not stop others, and
// a flood of requests does not start a flood of work.
func TestRequestsRunTogetherButNotTooMany(t *testing.T) {
	var running, most atomic.Int32
	started, release := make(chan struct{}, 100), make(chan struct{})
	store := &fakeStore{status: ready("fake"), list: func(context.Context) ([]keystore.Entry, error) {
		if n := running.Add(1); n > most.Load() {
			most.Store(n)
		}
		started <- struct{}{}
		<-release
		running.Add(-1)
		return nil, nil
	}}
	p := connect(t, newService(t, store))
	p.hello()
	const asked = 3 * maxInFlight
	go func() {
		for range asked {
			p.ask(protocol.HostList, protocol.ListParams{})
		}
	}()
	for range maxInFlight {
		<-started // all of them at once, or the test hangs
	}
	close(release)
	seen := map[string]bool{}
	for range asked {
		seen[p.answer().ID] = true
	}
	if len(seen) != asked || most.Load() != maxInFlight {
		t.Errorf("%d different answers, %d at once", len(seen), most.Load())
	}
}

// TestTheEndLetsRequestsFinish: the browser has gone, the import goes on.
func TestTheEndLetsRequestsFinish(t *testing.T) {
	for _, how := range []string{"port closed", "signal"} {
		begun, release := make(chan struct{}), make(chan struct{})
		var finished, interrupted atomic.Bool
		store := &fakeStore{status: ready("fake"), list: func(ctx context.Context) ([]keystore.Entry, error) {
			close(begun)
			<-release
			interrupted.Store(ctx.Err() != nil)
			finished.Store(true)
			return nil, nil
		}}
		ctx, cancel := context.WithCancel(t.Context())
		in, toHost := io.Pipe()
		p := &peer{t: t, in: toHost}
		done := make(chan error, 1)
		service := newService(t, store)
		go func() { done <- service.Serve(ctx, in, io.Discard) }()
		p.ask(protocol.HostHello, protocol.HelloParams{Protocol: 1})
		p.ask(protocol.HostList, protocol.ListParams{})
		<-begun
		if how == "signal" {
			cancel()
		} else {
			toHost.Close()
		}
		select {
		case <-done:
			t.Errorf("%s: the host ended with a request under way", how)
		case <-time.After(20 * time.Millisecond):
		}
		close(release)
		if err := <-done; err != nil || !finished.Load() || interrupted.Load() {
			t.Errorf("%s: %v, finished %v, interrupted %v", how, err, finished.Load(), interrupted.Load())
		}
		cancel()
		toHost.Close()
	}
}

// TestStoresOpenWhenNeeded: hello costs no library, and what was never opened
// is not opened to be closed.
func TestStoresOpenWhenNeeded(t *testing.T) {
	store := &fakeStore{status: ready("fake")}
	opened := 0
	s := New(Options{Stores: func() []keystore.Store { opened++; return []keystore.Store{store} }})
	p := connect(t, s)
	p.hello()
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	if s.Close(); opened != 0 {
		t.Error("hello opened the stores")
	}
	s = New(Options{Stores: func() []keystore.Store { opened++; return []keystore.Store{store} }})
	for range 2 {
		if _, err := s.Status(t.Context(), protocol.Empty{}); err != nil {
			t.Fatal(err)
		}
	}
	if s.Close(); opened != 1 || !store.closed.Load() {
		t.Errorf("opened %d times, closed %v", opened, store.closed.Load())
	}
}
