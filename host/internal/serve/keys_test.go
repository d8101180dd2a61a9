package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/memory"
	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// TestListPages: a thousand certificates with long names come in pages that
// fit a frame, each once, in order.
func TestListPages(t *testing.T) {
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: strings.Repeat("é", 100)})
	var entries []keystore.Entry
	for i := range 1000 {
		entries = append(entries, keystore.Entry{
			URI: "fake:" + strings.Repeat("u", 9000), Store: "fake", Name: fmt.Sprint(i),
			Certificate: fmt.Append(slices.Clone(pair.DER), i), // trailing bytes: each a damaged one of its own
		})
	}
	entries = append(entries, keystore.Entry{URI: "fake:good", Store: "fake", Certificate: pair.DER, HasKey: true})
	looks := 0
	store := &fakeStore{status: ready("fake"), list: func(context.Context) ([]keystore.Entry, error) {
		looks++
		return entries, nil
	}}
	s := newService(t, store)
	seen := map[string]bool{}
	var p protocol.ListParams
	pages := 0
	for {
		page, err := s.List(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(page)
		if err != nil || len(text) > protocol.MaxFrame-1024 {
			t.Fatalf("a page of %d bytes, %v", len(text), err)
		}
		if pages++; pages == 1 && (len(page.Certificates) == 0 || !page.Certificates[0].Usable) {
			t.Error("the usable certificate is not the first")
		}
		for _, c := range page.Certificates {
			if seen[c.Thumbprint] {
				t.Fatalf("%s twice", c.Name)
			}
			seen[c.Thumbprint] = true
		}
		if page.Next == "" {
			break
		}
		// What comes and goes between pages moves nothing.
		entries = append(entries, keystore.Entry{URI: "fake:new", Store: "fake", Certificate: fmt.Append(nil, pages)})
		p.Cursor = page.Next
	}
	if len(seen) < 1001 || pages < 10 || looks != 1 {
		t.Errorf("%d certificates in %d pages, the store was read %d times", len(seen), pages, looks)
	}
	// A new list sees what is there now, a page that comes late as well.
	now := noon
	s.now = func() time.Time { return now }
	page, err := s.List(t.Context(), protocol.ListParams{Limit: 1})
	if err != nil || looks != 2 {
		t.Errorf("a new list: %v, the store was read %d times", err, looks)
	}
	now = now.Add(snapshotAge)
	if _, err := s.List(t.Context(), protocol.ListParams{Limit: 1, Cursor: page.Next}); err != nil || looks != 3 {
		t.Errorf("a late page: %v, the store was read %d times", err, looks)
	}
}

// TestOneCertificateInTwoStores is shown once, with both places, and used
// where its key is.
func TestOneCertificateInTwoStores(t *testing.T) {
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Alice"})
	without := memory.New()
	without.AddCertificate(pair.DER, "nom sans clé")
	with := &fakeStore{status: ready("carte"), list: func(context.Context) ([]keystore.Entry, error) {
		return []keystore.Entry{{URI: "carte:1", Store: "carte", Name: "nom avec clé", Certificate: pair.DER, HasKey: true}}, nil
	}}
	list, err := newService(t, without, with).List(t.Context(), protocol.ListParams{})
	if err != nil || len(list.Certificates) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	c := list.Certificates[0]
	if !slices.Equal(c.Places, []string{"carte", "Mémoire"}) || c.URI != "carte:1" || c.Name != "nom avec clé" || !c.HasKey || !c.Usable {
		t.Errorf("%+v", c)
	}
}

func TestListOrder(t *testing.T) {
	store := memory.New()
	add := func(name string, o certtest.Options) {
		o.CommonName = name
		pair := certtest.SelfSigned(t, o)
		if _, err := store.Import(t.Context(), keystore.Pair{Key: pair.Key, Certificate: pair.DER, Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	add("expired", certtest.Options{NotBefore: noon.AddDate(-3, 0, 0), NotAfter: noon.AddDate(0, 0, -1)})
	add("soon", certtest.Options{NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(0, 0, 10)})
	add("long expired", certtest.Options{NotBefore: noon.AddDate(-9, 0, 0), NotAfter: noon.AddDate(-5, 0, 0)})
	add("late", certtest.Options{NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(2, 0, 0)})
	list, err := newService(t, store).List(t.Context(), protocol.ListParams{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range list.Certificates {
		names = append(names, c.Name)
	}
	if want := []string{"late", "soon", "expired", "long expired"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	if soon := list.Certificates[1]; !slices.Contains(soon.Warnings, string(keypair.ExpiresIn30)) {
		t.Errorf("%q", soon.Warnings)
	}
	if !slices.Equal(list.Certificates[2].Reasons, []fault.Code{fault.CertificateExpired}) {
		t.Errorf("%q", list.Certificates[2].Reasons)
	}
}

// TestAPairThatFailsItsTestIsRemoved, unless it was there before.
func TestAPairThatFailsItsTestIsRemoved(t *testing.T) {
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Alice"})
	p12 := pair.P12(t, "secret", certtest.Modern)
	for _, there := range []bool{false, true} {
		store := &fakeStore{
			status: ready("fake"),
			list: func(context.Context) ([]keystore.Entry, error) {
				if !there {
					return nil, nil
				}
				return []keystore.Entry{{URI: "fake:1", Store: "fake", Certificate: pair.DER, HasKey: true}}, nil
			},
			unwrap: func(string) (keystore.Unwrapper, error) { return nil, fault.New(fault.StoreFailed) },
		}
		_, err := newService(t, store).ImportFile(t.Context(), p12, []byte("secret"), "")
		if fault.CodeOf(err) != fault.StoreSelfTest {
			t.Errorf("there %v: %v", there, err)
		}
		if removed := len(store.deleted) == 1; removed == there {
			t.Errorf("there %v: removed %q", there, store.deleted)
		}
	}
}

// TestWhereNewKeysGo: the first store that takes them, else the reason.
func TestWhereNewKeysGo(t *testing.T) {
	state := func(s keystore.State, err error) *fakeStore {
		f := &fakeStore{status: ready("fake")}
		f.status.State, f.status.Err = s, err
		return f
	}
	unable := state(keystore.Ready, nil)
	unable.status.Capabilities.Import = false
	for name, c := range map[string]struct {
		stores []keystore.Store
		want   fault.Code
	}{
		"none":             {nil, fault.StoreUnsupported},
		"one that is gone": {[]keystore.Store{keystore.Unavailable("nss", "NSS", fault.New(fault.StoreMissing))}, fault.StoreMissing},
		"locked":           {[]keystore.Store{state(keystore.Locked, nil)}, ""},
		"locked for good":  {[]keystore.Store{state(keystore.Locked, fault.New(fault.StoreNewerNSS))}, fault.StoreNewerNSS},
		"read-only":        {[]keystore.Store{state(keystore.ReadOnly, nil)}, fault.StoreReadOnly},
		"damaged":          {[]keystore.Store{state(keystore.Failed, fault.New(fault.StoreDamaged))}, fault.StoreDamaged},
		"unable":           {[]keystore.Store{unable}, fault.StoreUnsupported},
		"locked, then one": {[]keystore.Store{state(keystore.Locked, fault.New(fault.StoreLocked)), memory.New()}, ""},
	} {
		_, err := newService(t, c.stores...).importer(t.Context())
		if fault.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestImportFile(t *testing.T) {
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Alice", NotBefore: noon.AddDate(-9, 0, 0), NotAfter: noon.AddDate(-5, 0, 0)})
	p12 := pair.P12(t, "mot de passe", certtest.Legacy)
	store := memory.New()
	s := newService(t, store)
	if _, err := s.ImportFile(t.Context(), p12, []byte("wrong"), ""); fault.CodeOf(err) != fault.P12Password {
		t.Errorf("wrong password: %v", err)
	}
	if _, err := s.ImportFile(t.Context(), p12, []byte("mot de passe"), "a\x00b"); fault.CodeOf(err) != fault.NameBad {
		t.Errorf("bad name: %v", err)
	}
	if list, err := store.List(t.Context()); err != nil || len(list) != 0 {
		t.Fatalf("refused files left %v (%v)", list, err)
	}
	r, err := s.ImportFile(t.Context(), p12, []byte("mot de passe"), "Ancienne clé")
	if err != nil {
		t.Fatal(err)
	}
	if r.Certificate.Name != "Ancienne clé" || !r.Certificate.HasKey || r.Certificate.Usable {
		t.Errorf("an expired pair is kept, to open old plis, and cannot receive: %+v", r.Certificate)
	}
}

// TestAPortalsPairMustBeGood: what a person may bring, a portal may not make.
func TestAPortalsPairMustBeGood(t *testing.T) {
	store := memory.New()
	s := newService(t, store)
	ticket, err := s.BeginTransport(t.Context(), protocol.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	expired := certtest.SelfSigned(t, certtest.Options{NotBefore: noon.AddDate(-2, 0, 0), NotAfter: noon.AddDate(-1, 0, 0)})
	_, err = s.Import(t.Context(), protocol.ImportParams{
		Transport: ticket.ID, Envelope: sealPair(t, expired, ticket.Certificate), Name: "Clé",
	})
	if fault.CodeOf(err) != fault.CertificateExpired {
		t.Errorf("%v", err)
	}
	if list, _ := store.List(t.Context()); len(list) != 0 {
		t.Error("it was stored")
	}
}

// TestAPortalsPairMustBeTheRegisteredOne: another certificate than the one
// that the portal registered reaches no store.
func TestAPortalsPairMustBeTheRegisteredOne(t *testing.T) {
	store := memory.New()
	s := newService(t, store)
	ticket, err := s.BeginTransport(t.Context(), protocol.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	registered := certtest.SelfSigned(t, certtest.Options{CommonName: "Inscrite"})
	other := certtest.SelfSigned(t, certtest.Options{CommonName: "Autre", Key: 1})
	_, err = s.Import(t.Context(), protocol.ImportParams{
		Transport: ticket.ID, Envelope: sealPair(t, other, ticket.Certificate), Name: "Clé", Thumbprint: keypair.Thumbprint(registered.DER),
	})
	if fault.CodeOf(err) != fault.TransportFailed {
		t.Errorf("%v", err)
	}
	if list, _ := store.List(t.Context()); len(list) != 0 {
		t.Error("it was stored")
	}
}

// TestOneTimeKeysEndWithTheirConnection: another caller cannot use them.
func TestOneTimeKeysEndWithTheirConnection(t *testing.T) {
	store := memory.New()
	one, other := newService(t, store), newService(t, store)
	ticket, err := one.BeginTransport(t.Context(), protocol.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	sealed := sealPair(t, certtest.SelfSigned(t, certtest.Options{}), ticket.Certificate)
	_, err = other.Import(t.Context(), protocol.ImportParams{Transport: ticket.ID, Envelope: sealed, Name: "Clé"})
	if fault.CodeOf(err) != fault.TransportExpired {
		t.Errorf("on another connection: %v", err)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"Clé du service":                  "Clé du service",
		"  trop   d’espaces\u00a0! ":      "trop d’espaces !",
		"日本語":                             "日本語",
		strings.Repeat("é", 120):          strings.Repeat("é", 120),
		strings.Repeat("é", 121):          "",
		"":                                "",
		" \t ":                            "",
		"ligne\nautre":                    "",
		"nul\x00":                         "",
		"droite\u202egauche":              "",
		"isolé\u2066x\u2069":              "",
		"invi\u200bsible":                 "",
		"privé\ue000":                     "",
		"\xff":                            "",
		"sépara\u2028teur":                "",
		"remplacé \ufffd":                 "",
		"échappé \x1b[31mrouge":           "",
		"emoji 🔑 oui":                     "emoji 🔑 oui",
		"combining e\u0301 is a letter":   "combining e\u0301 is a letter",
		"<script>alert(1)</script>":       "<script>alert(1)</script>",
		"../../etc/passwd is only a name": "../../etc/passwd is only a name",
	} {
		got, err := checkedName(name)
		if got != want || (err == nil) != (want != "") || err != nil && fault.CodeOf(err) != fault.NameBad {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
}

func TestCallers(t *testing.T) {
	chrome, edge, firefox := protocol.ChromeOrigin, protocol.EdgeOrigin, protocol.FirefoxID
	manifest := "/home/u/.mozilla/native-messaging-hosts/" + protocol.HostName + ".json"
	for _, c := range []struct {
		args    []string
		browser bool // looks like a browser's start
		allowed bool
	}{
		{[]string{chrome}, true, true},
		{[]string{chrome, "--parent-window=12345"}, true, true},
		{[]string{edge}, true, true},
		{[]string{edge, "--parent-window=12345"}, true, true},
		{[]string{edge, "import", "x.p12"}, true, false},
		{[]string{strings.TrimSuffix(edge, "/")}, true, false},
		{[]string{manifest, edge}, false, false},
		{[]string{manifest, firefox}, true, true},
		{[]string{`C:\Users\u\AppData\Local\Scelle\` + protocol.HostName + ".json", firefox}, true, true},
		{[]string{"chrome-extension://" + strings.Repeat("a", 32) + "/"}, true, false},
		{[]string{strings.TrimSuffix(chrome, "/")}, true, false},
		{[]string{chrome + "x"}, true, false},
		{[]string{strings.ToUpper(chrome)}, false, false},
		{[]string{chrome, "import", "x.p12"}, true, false},
		{[]string{chrome, "--parent-window=1", "more"}, true, false},
		{[]string{manifest, "evil@example.org"}, true, false},
		{[]string{"/tmp/other.json", firefox}, true, false},
		{[]string{firefox}, false, false},
		{[]string{manifest}, false, false},
		{[]string{"serve"}, false, false},
		{[]string{"moz-extension://x/"}, false, false},
		{nil, false, false},
	} {
		if got := BrowserStart(c.args); got != c.browser {
			t.Errorf("%q: a browser's start: %v", c.args, got)
		}
		if err := Caller(c.args); (err == nil) != c.allowed || err != nil && fault.CodeOf(err) != fault.HostForbidden {
			t.Errorf("%q: %v", c.args, err)
		}
	}
	for origin, ok := range map[string]bool{chrome: true, edge: true, firefox: true, "": false, "*": false, "https://marches.example": false} {
		if err := DeveloperCaller(origin); (err == nil) != ok {
			t.Errorf("--caller %q: %v", origin, err)
		}
	}
}

// TestAbsentOnlyWhenAllWasRead: a key may be in the store that could not be
// read just now.
func TestAbsentOnlyWhenAllWasRead(t *testing.T) {
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Alice"})
	here, elsewhere := keypair.Thumbprint(pair.DER), strings.Repeat("0", 64)
	store := &fakeStore{status: ready("fake"), list: func(context.Context) ([]keystore.Entry, error) {
		return []keystore.Entry{{URI: "fake:1", Store: "fake", Certificate: pair.DER, HasKey: true}}, nil
	}}
	broken := &fakeStore{status: ready("broken"), list: func(context.Context) ([]keystore.Entry, error) {
		return nil, fault.New(fault.StoreBusy)
	}}
	for name, c := range map[string]struct {
		stores []keystore.Store
		asked  []string
		want   fault.Code
	}{
		"here":                      {[]keystore.Store{store, broken}, []string{here, here}, ""},
		"not here":                  {[]keystore.Store{store}, []string{here, elsewhere}, ""},
		"not in what could be read": {[]keystore.Store{store, broken}, []string{here, elsewhere}, fault.StoreBusy},
	} {
		r, err := newService(t, c.stores...).Present(t.Context(), protocol.PresentParams{Thumbprints: c.asked})
		if fault.CodeOf(err) != c.want || c.want == "" && !slices.Equal(r.Present, []string{here}) {
			t.Errorf("%s: %q, %v", name, r.Present, err)
		}
	}
}
