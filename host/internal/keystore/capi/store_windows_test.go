package capi

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"

	"scelle/host/internal/keystore"
	"scelle/host/internal/selfsign"
	"scelle/shared/certtest"
	"scelle/shared/cms"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

func pair(t *testing.T, name string, o certtest.Options) keystore.Pair {
	t.Helper()
	p := certtest.NewCA(t, "AC de "+t.Name()).Issue(t, o)
	return keystore.Pair{Key: p.Key, Certificate: p.DER, Name: name}
}

func add(t *testing.T, s *store, p keystore.Pair) keystore.Entry {
	t.Helper()
	e, err := s.Import(t.Context(), p)
	if err != nil {
		t.Fatalf("Import %q: %v", p.Name, err)
	}
	return e
}

func wantFault(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// change runs f with the certificate of an entry, in a store opened for
// writing.
func change(t *testing.T, s *store, e keystore.Entry, f func(*view, *windows.CertContext) error) {
	t.Helper()
	u := must(parseURI(e.URI))
	err := s.write(t.Context(), func(v *view) error {
		c, err := v.find(u.cert)
		if err != nil {
			return err
		}
		defer v.free(c)
		err = f(v, c)
		v.commit()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func placeOf(t *testing.T, s *store, e keystore.Entry) (place location) {
	t.Helper()
	change(t, s, e, func(_ *view, c *windows.CertContext) error {
		place, _ = locationOf(c)
		return nil
	})
	return place
}

// TestOwnContainer: a pair gets a container of its own in the right kind of
// provider, which does not give the key away.
func TestOwnContainer(t *testing.T) {
	s := newPlace(t).open(t)
	e := add(t, s, pair(t, "Clé", certtest.Options{}))
	l := placeOf(t, s, e)
	if !strings.HasPrefix(l.container, "scelle-") || len(l.container) != len("scelle-")+36 || !slices.Contains(containers(t), l.container) {
		t.Errorf("container %q of %q", l.container, containers(t))
	}
	if windowsCNG().abilities().decrypt {
		if l.provider != softwareProvider || l.kind != 0 {
			t.Errorf("provider %q, kind %d", l.provider, l.kind)
		}
		return
	}
	if l.provider != cryptoAPIProvider || l.kind != cryptoAPIKind || l.spec != exchangeKey {
		t.Errorf("provider %q, kind %d, spec %d", l.provider, l.kind, l.spec)
	}
	u, err := s.Unwrapper(t.Context(), e.URI)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	var n uint32
	export := advapi32.NewProc("CryptExportKey")
	if err := call(export, uintptr(u.(*unwrapper).key.exchange), 0, privateKeyBlb, 0, 0, uintptr(unsafe.Pointer(&n))); err == nil {
		t.Errorf("the private key can be exported, %d bytes", n)
	}
}

// TestRollback: a certificate that cannot be stored leaves no key behind, and
// a second try works.
func TestRollback(t *testing.T) {
	s := newPlace(t).open(t)
	before := containers(t)
	p := pair(t, "un\x00deux", certtest.Options{}) // Windows has no such name
	_, err := s.Import(t.Context(), p)
	wantFault(t, "Import", err, fault.StoreFailed)
	if after := containers(t); !slices.Equal(before, after) {
		t.Errorf("containers were %q, are %q", before, after)
	}
	if list := must(s.List(t.Context())); len(list) != 0 {
		t.Errorf("left: %+v", list)
	}
	p.Name = "un"
	if err := selfsign.SelfTest(t.Context(), s, add(t, s, p)); err != nil {
		t.Error(err)
	}
}

// TestKeyGone: a key that another program removed is missed when it is used,
// comes back by importing, under the certificate's old name, and does not keep
// the certificate from being deleted.
func TestKeyGone(t *testing.T) {
	s := newPlace(t).open(t)
	p := pair(t, "Ancien nom", certtest.Options{})
	e := add(t, s, p)
	lose := func() {
		if err := s.removeKey(placeOf(t, s, e)); err != nil {
			t.Fatal(err)
		}
	}
	lose()
	_, err := s.Unwrapper(t.Context(), e.URI)
	wantFault(t, "Unwrapper", err, fault.KeyNotFound)
	p.Name = "Nouveau nom"
	again := add(t, s, p)
	if again.URI != e.URI || again.Name != e.Name {
		t.Errorf("%q %s, was %q %s", again.Name, again.URI, e.Name, e.URI)
	}
	if err := selfsign.SelfTest(t.Context(), s, again); err != nil {
		t.Error(err)
	}
	lose()
	if err := s.Delete(t.Context(), e.URI); err != nil {
		t.Errorf("Delete without a key: %v", err)
	}
	if list := must(s.List(t.Context())); len(list) != 0 {
		t.Errorf("left: %+v", list)
	}
}

// TestSharedContainer: a key that two certificates name stays with the one
// that is left.
func TestSharedContainer(t *testing.T) {
	p := newPlace(t)
	s := p.open(t)
	old := add(t, s, pair(t, "Ancien", certtest.Options{}))
	renewed := pair(t, "Renouvelé", certtest.Options{})
	p.AddCertificate(t, s, renewed.Certificate, renewed.Name)
	place := placeOf(t, s, old)
	var e keystore.Entry
	for _, x := range must(s.List(t.Context())) {
		if x.URI != old.URI {
			e = x
		}
	}
	change(t, s, e, func(_ *view, c *windows.CertContext) error { return setLocation(c, place) })
	if err := s.Delete(t.Context(), old.URI); err != nil {
		t.Fatal(err)
	}
	if err := selfsign.SelfTest(t.Context(), s, e); err != nil {
		t.Error(err)
	}
}

// TestForeignKey: listing does not look where a key is, and a key in a
// provider that is not Windows's own is not destroyed.
func TestForeignKey(t *testing.T) {
	p := newPlace(t)
	s := p.open(t)
	alone := pair(t, "Carte", certtest.Options{})
	p.AddCertificate(t, s, alone.Certificate, alone.Name)
	e := must(s.List(t.Context()))[0]
	if e.HasKey {
		t.Error("a certificate alone has a key")
	}
	card := location{container: "x", provider: "Some Smart Card Provider", kind: 1, spec: exchangeKey}
	change(t, s, e, func(_ *view, c *windows.CertContext) error { return setLocation(c, card) })
	if list := must(s.List(t.Context())); len(list) != 1 || !list[0].HasKey {
		t.Errorf("listed %+v", list)
	}
	wantFault(t, "Delete", s.Delete(t.Context(), e.URI), fault.StoreReadOnly)
	if _, err := s.Unwrapper(t.Context(), e.URI); err == nil {
		t.Error("a key of no provider opens")
	}
	change(t, s, e, func(_ *view, c *windows.CertContext) error { return setProperty(c, propKeyInfo, nil) })
}

// TestECWithoutCNG: CryptoAPI knows no EC key.
func TestECWithoutCNG(t *testing.T) {
	s := newPlace(t).open(t)
	s.cng = abilities{}
	_, err := s.Import(t.Context(), pair(t, "EC", certtest.Options{Curve: elliptic.P256()}))
	wantFault(t, "Import", err, fault.MechanismMissing)
}

// TestSilentAndWindow: neither changes what works without a dialog.
func TestSilentAndWindow(t *testing.T) {
	p := newPlace(t)
	e := add(t, p.open(t), pair(t, "Clé", certtest.Options{}))
	for name, o := range map[string]Options{
		"silent": {Silent: true}, "desktop": {ParentWindow: uintptr(windows.GetDesktopWindow())}, "no window": {ParentWindow: 0xdeadbee0},
	} {
		o.Store = p.name
		opened, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		if name == "no window" && opened.(*store).window != 0 {
			t.Error("a number that is no window owns dialogs")
		}
		if err := selfsign.SelfTest(t.Context(), opened, e); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := opened.(*store).held.Load(); n != 0 {
			t.Errorf("%s: %d contexts and handles were not given back", name, n)
		}
	}
}

func TestNames(t *testing.T) {
	for _, bad := range []string{"M Y", `..\MY`, "MY\x00", strings.Repeat("x", 65), "Été"} {
		_, err := Open(Options{Store: bad})
		wantFault(t, bad, err, fault.BadRequest)
		wantFault(t, bad, Remove(bad), fault.BadRequest)
	}
	wantFault(t, "Remove MY", Remove(Personal), fault.BadRequest)
	if err := Remove("ScelleTest-never-made"); err != nil {
		t.Errorf("Remove of nothing: %v", err)
	}
	s, err := Open(Options{})
	if err != nil || s.(*store).name != Personal {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestMechanisms is what is declared for what CNG can do.
func TestMechanisms(t *testing.T) {
	for _, c := range []struct {
		cng  abilities
		n    int
		best envelope.Mechanism
	}{
		{abilities{}, 2, envelope.RSAOAEPSHA1},
		{abilities{decrypt: true}, 5, envelope.RSAOAEPSHA256},
		{abilities{decrypt: true, agree: true}, 6, envelope.RSAOAEPSHA256},
	} {
		s := &store{cng: c.cng}
		if m := s.mechanisms(); len(m) != c.n || m[0] != c.best || slices.Contains(m, envelope.ECDH) != c.cng.agree {
			t.Errorf("%+v: %v", c.cng, m)
		}
	}
}

// TestBusy: while another host writes, an import waits, and gives up when its
// caller does.
func TestBusy(t *testing.T) {
	s := newPlace(t).open(t)
	unlock, err := lock(t.Context(), s.name)
	if err != nil {
		t.Fatal(err)
	}
	result := make(chan error)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { // on another thread: a mutex lets its own thread in again
		_, err := lock(ctx, s.name)
		result <- err
	}()
	cancel()
	wantFault(t, "lock", <-result, fault.Cancelled)
	unlock()
	e := add(t, s, pair(t, "Clé", certtest.Options{}))
	if err := selfsign.SelfTest(t.Context(), s, e); err != nil {
		t.Error(err)
	}
}

// TestUndeclaredOAEP: where CryptoAPI can be told to leave the padding alone,
// OAEP with SHA-256 works; where it cannot, it is a mechanism that is missing.
func TestUndeclaredOAEP(t *testing.T) {
	s := newPlace(t).open(t)
	s.cng = abilities{}
	p := pair(t, "Clé", certtest.Options{})
	u := must(s.Unwrapper(t.Context(), add(t, s, p).URI)).(*unwrapper)
	defer u.Close()
	if u.key.cng {
		t.Skip("Windows lifted the key to CNG")
	}
	public := u.public.(*rsa.PublicKey)
	got, err := u.Decrypt(t.Context(), envelope.RSAOAEPSHA256, must(rsa.EncryptOAEP(envelope.RSAOAEPSHA256.Hash().New(), rand.Reader, public, []byte("clé"), nil)))
	if err == nil && string(got) != "clé" {
		t.Errorf("OAEP SHA-256 gives %q", got)
	} else if err != nil {
		wantFault(t, "OAEP SHA-256", err, fault.MechanismMissing)
	}
	got, err = u.Decrypt(t.Context(), envelope.RSAOAEPSHA1, must(rsa.EncryptOAEP(sha1.New(), rand.Reader, public, []byte("clé"), nil)))
	if err != nil || string(got) != "clé" {
		t.Errorf("OAEP SHA-1 gives %q, %v", got, err)
	}
}

// TestBadPaddingAnswers: through envelope.UnwrapWith a PKCS#1 v1.5 ciphertext
// whose padding is bad is answered with a key, always the same one.
func TestBadPaddingAnswers(t *testing.T) {
	s := newPlace(t).open(t)
	p := pair(t, "Clé", certtest.Options{})
	u := must(s.Unwrapper(t.Context(), add(t, s, p).URI))
	defer u.Close()
	info := must(envelope.WrapKey(envelope.Recipient{Certificate: p.Certificate, Mechanism: envelope.RSAPKCS1}, make([]byte, 32)))
	ask := func(recipient []byte) []byte {
		return must(envelope.UnwrapWith(t.Context(), u, envelope.UnwrapRequest{
			Certificate: p.Certificate, RecipientInfo: recipient, ContentAlgorithm: gcm256(), Secret: bytes.Repeat([]byte{7}, 32),
		}))
	}
	if got := ask(info.Raw); !bytes.Equal(got, make([]byte, 32)) {
		t.Errorf("the good one opens to %x", got)
	}
	bad := bytes.Clone(info.Raw)
	bad[len(bad)-1] ^= 1
	first := ask(bad)
	if len(first) != 32 || bytes.Equal(first, make([]byte, 32)) || !bytes.Equal(first, ask(bad)) {
		t.Errorf("the bad one opens to %x, then %x", first, ask(bad))
	}
}

// gcm256 is the AlgorithmIdentifier of AES-256-GCM with a zero nonce (RFC
// 5084, 3.2).
func gcm256() []byte {
	const gcm cms.OID = "\x60\x86\x48\x01\x65\x03\x04\x01\x2e"
	return cms.NewAlgorithm(gcm, slices.Concat([]byte{0x30, 0x11, 0x04, 0x0c}, make([]byte, 12), []byte{0x02, 0x01, 0x10})).Raw
}

// TestOtherProgramsKey: a key that Windows's own import put into the store is
// listed and used, and is not stored a second time.
func TestOtherProgramsKey(t *testing.T) {
	p := newPlace(t)
	s := p.open(t)
	issued := certtest.NewCA(t, "AC").Issue(t, certtest.Options{CommonName: "Anne"})
	der := importedByWindows(t, p, issued.P12(t, "motdepasse", certtest.DES))
	list := must(s.List(t.Context()))
	if len(list) != 1 || !list[0].HasKey || !bytes.Equal(list[0].Certificate, der) {
		t.Fatalf("listed %+v", list)
	}
	u := must(s.Unwrapper(t.Context(), list[0].URI))
	want := []byte("clé de contenu")
	for _, m := range s.mechanisms() {
		if !m.RSA() || m == envelope.RSAPKCS1 {
			continue
		}
		got, err := u.Decrypt(t.Context(), m, must(rsa.EncryptOAEP(m.Hash().New(), rand.Reader, u.Public().(*rsa.PublicKey), want, nil)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %q, %v", m, got, err)
		}
	}
	if err := u.Close(); err != nil {
		t.Error(err)
	}
	before := containers(t)
	e := add(t, s, keystore.Pair{Key: issued.Key, Certificate: issued.DER, Name: "Encore"})
	if e.URI != list[0].URI || len(must(s.List(t.Context()))) != 1 || !slices.Equal(containers(t), before) {
		t.Errorf("imported again as %+v, containers %q", e, containers(t))
	}
}

// importedByWindows gives a PKCS#12 file to Windows's own import, as the
// wizard does, and puts what comes out into the place. It returns the
// certificate.
func importedByWindows(t *testing.T, p *place, p12 []byte) []byte {
	t.Helper()
	const userKeySet = 0x1000 // CRYPT_USER_KEYSET
	blob := windows.CryptDataBlob{Size: uint32(len(p12)), Data: &p12[0]}
	temporary, err := windows.PFXImportCertStore(&blob, must(windows.UTF16PtrFromString("motdepasse")), userKeySet)
	if err != nil {
		t.Fatalf("PFXImportCertStore: %v", err)
	}
	defer windows.CertCloseStore(temporary, 0)
	store := p.system(t)
	defer windows.CertCloseStore(store, 0)
	var der []byte
	var c *windows.CertContext
	for {
		if c, _ = windows.CertEnumCertificatesInStore(temporary, c); c == nil {
			return der
		}
		if !hasProperty(c, propKeyInfo) {
			continue
		}
		der = bytes.Clone(encoded(c))
		if err := windows.CertAddCertificateContextToStore(store, c, windows.CERT_STORE_ADD_NEW, nil); err != nil {
			t.Fatalf("CertAddCertificateContextToStore: %v", err)
		}
	}
}
