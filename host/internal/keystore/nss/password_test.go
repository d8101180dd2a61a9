//go:build linux && cgo

package nss

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"scelle/host/internal/keystore"
	"scelle/host/internal/pinentry"
	"scelle/host/internal/selfsign"
	"scelle/shared/certtest"
	"scelle/shared/fault"
)

// fixturePassword is that of the databases in testdata, see make.sh there.
const fixturePassword = "été 2026"

// fixture unpacks a database of testdata.
func fixture(t *testing.T, name string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	packed, err := filepath.Glob(filepath.Join("testdata", name, "*.gz"))
	if err != nil || len(packed) != 2 {
		t.Fatalf("%s: %v, %v", name, packed, err)
	}
	for _, path := range packed {
		data := unpacked(t, path)
		if err := os.WriteFile(filepath.Join(dir, strings.TrimSuffix(filepath.Base(path), ".gz")), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func unpacked(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// person answers prompts in order, and cancels when there is no answer left.
type person struct {
	answers []string
	asked   []pinentry.Request
	given   [][]byte // what the store must have cleared
}

func (*person) Available() bool { return true }

func (p *person) PIN(_ context.Context, r pinentry.Request) ([]byte, error) {
	p.asked = append(p.asked, r)
	if len(p.answers) == 0 {
		return nil, fault.New(fault.PINCancelled)
	}
	answer := []byte(p.answers[0])
	p.answers, p.given = p.answers[1:], append(p.given, answer)
	return answer, nil
}

// expect checks how many questions there were, that all answers were cleared,
// and forgets them.
func (p *person) expect(t *testing.T, what string, questions int, answers ...string) {
	t.Helper()
	if len(p.asked) != questions {
		t.Errorf("%s: asked %d times, want %d", what, len(p.asked), questions)
	}
	for i, r := range p.asked {
		if !r.Password || r.Token == "" || r.Wrong != (i > 0) {
			t.Errorf("%s: question %d is %+v", what, i, r)
		}
	}
	for _, b := range p.given {
		if len(bytes.Trim(b, "\x00")) > 0 {
			t.Errorf("%s: a password is still in memory", what)
		}
	}
	p.asked, p.given, p.answers = nil, nil, answers
}

// openAs opens a database that asks this person.
func openAs(t *testing.T, dir string, p *person, linger time.Duration) powers {
	t.Helper()
	s, err := Open(Options{Path: dir, Prompt: p, Linger: linger})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// only returns the one entry of a store.
func only(t *testing.T, s keystore.Store) keystore.Entry {
	t.Helper()
	list, err := s.List(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("List: %+v, %v", list, err)
	}
	return list[0]
}

// TestPassword: looking asks for nothing; using a key asks, again after a
// mistake, and not again for what follows at once.
func TestPassword(t *testing.T) {
	ctx := keystore.WithPurpose(t.Context(), keystore.Purpose{Origin: "https://portail.example", Action: "open"})
	p := &person{}
	s := openAs(t, fixture(t, "older-nss"), p, time.Minute)
	status := s.Status(ctx)
	if status.State != keystore.Locked || status.Err != nil || status.Keys != 1 || status.Certificates != 1 {
		t.Errorf("status %+v", status)
	}
	e := only(t, s)
	if !e.HasKey || !e.Asks {
		t.Errorf("listed %+v", e)
	}
	_, err := s.Unwrapper(ctx, e.URI[:len(e.URI)-1]+"x")
	wantFault(t, "Unwrapper of nothing", err, fault.KeyNotFound)
	p.expect(t, "listing", 0)

	_, err = s.Unwrapper(ctx, e.URI)
	wantFault(t, "cancelled", err, fault.PINCancelled)
	if len(p.asked) == 1 && (p.asked[0].Origin != "https://portail.example" || p.asked[0].Action != "open") {
		t.Errorf("asked %+v", p.asked[0])
	}
	p.expect(t, "cancelled", 1, "faux", "Été 2026", strings.Repeat("x", 600))
	_, err = s.Unwrapper(ctx, e.URI)
	wantFault(t, "three mistakes", err, fault.StorePassword)
	p.expect(t, "three mistakes", 3, "faux", fixturePassword)
	if err := selfsign.SelfTest(ctx, s, e); err != nil {
		t.Error(err)
	}
	p.expect(t, "one mistake", 2)
	if err := selfsign.SelfTest(ctx, s, e); err != nil {
		t.Error(err)
	}
	if again := only(t, s); !again.HasKey || again.Asks || s.Status(ctx).State != keystore.Ready {
		t.Errorf("unlocked and listed %+v", again)
	}
	p.expect(t, "in a row", 0)
}

// TestOneAnswerForAllWhoWait: of several uses at once, as of the plis of one
// opening, one asks, and the others take the person's answer, a no as well. The
// next use asks anew.
func TestOneAnswerForAllWhoWait(t *testing.T) {
	for name, c := range map[string]struct {
		answer []byte
		want   fault.Code
	}{"cancelled": {nil, fault.PINCancelled}, "given": {[]byte(fixturePassword), ""}} {
		t.Run(name, func(t *testing.T) {
			p := &slow{asked: make(chan struct{}, 9), answer: make(chan []byte)}
			s, err := Open(Options{Path: fixture(t, "older-nss"), Prompt: p, Linger: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { s.Close() })
			uri := only(t, s).URI
			const uses = 3
			done, wanting := make(chan error, uses), make(chan struct{}, uses+1)
			use := func() {
				ctx := &watched{Context: t.Context(), wanting: wanting}
				u, err := s.Unwrapper(ctx, uri)
				if err == nil {
					err = u.Close()
				}
				done <- err
			}
			for range uses {
				go use()
			}
			<-p.asked
			for range uses {
				<-wanting
			}
			p.answer <- c.answer
			for range uses {
				select {
				case err := <-done:
					if fault.CodeOf(err) != c.want {
						t.Error(err)
					}
				case <-p.asked:
					t.Fatal("the next one is asked for, too")
				}
			}
			if c.want == "" {
				return
			}
			go use()
			<-p.asked
			p.answer <- []byte(fixturePassword)
			if err := <-done; err != nil {
				t.Errorf("the next use: %v", err)
			}
		})
	}
}

// watched says once that the wait for a password begins.
type watched struct {
	context.Context
	once    sync.Once
	wanting chan struct{}
}

func (w *watched) Done() <-chan struct{} {
	w.once.Do(func() { w.wanting <- struct{}{} })
	return w.Context.Done()
}

// slow answers when the test does; nil is a no.
type slow struct {
	asked  chan struct{}
	answer chan []byte
}

func (*slow) Available() bool { return true }

func (s *slow) PIN(ctx context.Context, _ pinentry.Request) ([]byte, error) {
	s.asked <- struct{}{}
	select {
	case a := <-s.answer:
		if a == nil {
			return nil, fault.New(fault.PINCancelled)
		}
		return bytes.Clone(a), nil
	case <-ctx.Done():
		return nil, fault.New(fault.Cancelled)
	}
}

// TestPasswordForgotten: without a linger each use asks.
func TestPasswordForgotten(t *testing.T) {
	p := &person{answers: []string{fixturePassword, fixturePassword}}
	s := openAs(t, fixture(t, "older-nss"), p, 0)
	e := only(t, s)
	for range 2 {
		if err := selfsign.SelfTest(t.Context(), s, e); err != nil {
			t.Error(err)
		}
	}
	if status := s.Status(t.Context()); status.State != keystore.Locked {
		t.Errorf("afterwards %+v", status)
	}
	_, err := s.Unwrapper(t.Context(), e.URI)
	wantFault(t, "third use", err, fault.PINCancelled)
	if len(p.asked) != 3 || p.asked[1].Wrong || p.asked[2].Wrong {
		t.Errorf("asked %+v", p.asked)
	}
}

// TestPasswordImport: an import asks once, for the self-test that follows and
// a removal too; what is stored is under the password.
func TestPasswordImport(t *testing.T) {
	dir := fixture(t, "older-nss")
	p := &person{}
	s := openAs(t, dir, p, time.Minute)
	pair, _ := issue(t, "Bruno", certtest.Options{Key: 1})
	before := contents(t, dir)
	_, err := s.Import(t.Context(), pair)
	wantFault(t, "cancelled", err, fault.PINCancelled)
	if !bytes.Equal(before, contents(t, dir)) {
		t.Error("a cancelled import changed the files")
	}
	p.expect(t, "cancelled", 1, fixturePassword)
	e := add(t, s, pair)
	if err := selfsign.SelfTest(t.Context(), s, e); err != nil {
		t.Error(err)
	}
	if keys := tool(t, nil, "certutil", "-K", "-d", "sql:"+dir, "-f", secretFile(t, fixturePassword)); strings.Count(keys, "rsa ") != 2 {
		t.Errorf("certutil -K:\n%s", keys)
	}
	if err := s.Delete(t.Context(), e.URI); err != nil {
		t.Error(err)
	}
	p.expect(t, "import", 1)
}

// TestNobodyToAsk: without a prompt a database with a password is listed.
func TestNobodyToAsk(t *testing.T) {
	s := open(t, fixture(t, "older-nss"))
	status := s.Status(t.Context())
	if status.State != keystore.Locked || status.Keys != 1 {
		t.Errorf("status %+v", status)
	}
	wantFault(t, "Status", status.Err, fault.StoreLocked)
	e := only(t, s)
	_, err := s.Unwrapper(t.Context(), e.URI)
	wantFault(t, "Unwrapper", err, fault.StoreLocked)
	pair, _ := issue(t, "Anne", certtest.Options{})
	_, err = s.Import(t.Context(), pair)
	wantFault(t, "Import", err, fault.StoreLocked)
	wantFault(t, "Delete", s.Delete(t.Context(), e.URI), fault.StoreLocked)
}

// TestCloseWhileAsking: the end of the store does not wait for the person.
func TestCloseWhileAsking(t *testing.T) {
	p := &sleeper{asked: make(chan struct{})}
	s, err := Open(Options{Path: fixture(t, "older-nss"), Prompt: p})
	if err != nil {
		t.Fatal(err)
	}
	e := only(t, s)
	done := make(chan error)
	go func() {
		_, err := s.Unwrapper(t.Context(), e.URI)
		done <- err
	}()
	<-p.asked
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	wantFault(t, "Unwrapper", <-done, fault.Cancelled)
}

// sleeper does not answer.
type sleeper struct{ asked chan struct{} }

func (*sleeper) Available() bool { return true }

func (s *sleeper) PIN(ctx context.Context, _ pinentry.Request) ([]byte, error) {
	close(s.asked)
	<-ctx.Done()
	return nil, fault.New(fault.Cancelled)
}

// TestNewerNSS: a password set by a newer NSS is told as that, before anybody
// is asked. Where the system's NSS is as new, it is asked for and works.
func TestNewerNSS(t *testing.T) {
	p := &person{}
	s := openAs(t, fixture(t, "newer-nss"), p, time.Minute)
	e := only(t, s)
	if !e.HasKey || !e.Asks {
		t.Errorf("listed %+v", e)
	}
	if s.(*writer).softoken.readsNewer() {
		p.answers = []string{fixturePassword}
		if err := selfsign.SelfTest(t.Context(), s, e); err != nil {
			t.Error(err)
		}
		return
	}
	status := s.Status(t.Context())
	if status.State != keystore.Locked || status.Keys != 1 {
		t.Errorf("status %+v", status)
	}
	wantFault(t, "Status", status.Err, fault.StoreNewerNSS)
	_, err := s.Unwrapper(t.Context(), e.URI)
	wantFault(t, "Unwrapper", err, fault.StoreNewerNSS)
	pair, _ := issue(t, "Anne", certtest.Options{})
	_, err = s.Import(t.Context(), pair)
	wantFault(t, "Import", err, fault.StoreNewerNSS)
	p.expect(t, "newer NSS", 0)
	// The right password is refused by softoken itself: that is why.
	w := &s.(*writer).store
	err = w.with(t.Context(), false, func(v *view) error { return v.db.login([]byte(fixturePassword)) })
	wantFault(t, "login", err, fault.StorePassword)
}
