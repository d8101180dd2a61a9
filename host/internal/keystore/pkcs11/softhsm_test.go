//go:build linux && cgo

package pkcs11

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/host/internal/pinentry"
	"scelle/shared/certtest"
	"scelle/shared/fault"
)

const rightPIN = "préf 1234"

// softHSM finds Debian's softhsm2 (package libsofthsm2), a module that keeps
// its tokens in files.
func softHSM(t *testing.T) string {
	t.Helper()
	for _, path := range []string{
		"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
		"/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so",
	} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Fatal("libsofthsm2.so is not installed (Debian package softhsm2)")
	return ""
}

// place is a folder of SoftHSM tokens, which the module finds through its
// environment when it is initialised.
type place struct {
	path string
	lib  *pkcs11.Ctx
	desk *desk
}

// newPlace has tokens with these labels, "Carte d'Anne" when none is given.
func newPlace(t *testing.T, labels ...string) *place {
	t.Helper()
	dir := t.TempDir()
	conf := filepath.Join(dir, "softhsm2.conf")
	settings := fmt.Sprintf("directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", dir)
	if err := os.WriteFile(conf, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", conf)
	p := &place{path: softHSM(t), desk: &desk{pin: rightPIN}}
	if p.lib = pkcs11.New(p.path); p.lib == nil {
		t.Fatalf("%s does not load", p.path)
	}
	if len(labels) == 0 {
		labels = []string{"Carte d'Anne"}
	}
	p.within(t, func() {
		for _, label := range labels {
			p.makeToken(t, label)
		}
	})
	return p
}

// within runs f with the module initialised, by the store or else for f.
func (p *place) within(t *testing.T, f func()) {
	t.Helper()
	err := p.lib.Initialize()
	if !errors.Is(err, pkcs11.Error(pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED)) {
		must(t, err)
		defer p.lib.Finalize()
	}
	f()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// makeToken sets a token up in the slot that SoftHSM keeps free.
func (p *place) makeToken(t *testing.T, label string) {
	t.Helper()
	slots, err := p.lib.GetSlotList(false)
	must(t, err)
	free := slots[len(slots)-1]
	must(t, p.lib.InitToken(free, "so-pin", label))
	session, err := p.lib.OpenSession(p.slot(t, label), pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	must(t, err)
	must(t, p.lib.Login(session, pkcs11.CKU_SO, "so-pin"))
	must(t, p.lib.InitPIN(session, rightPIN))
	must(t, p.lib.Logout(session))
	must(t, p.lib.CloseSession(session))
}

// slot is where the token with this label is, the first one for "".
func (p *place) slot(t *testing.T, label string) uint {
	t.Helper()
	all, err := tokens(p.lib)
	must(t, err)
	i := slices.IndexFunc(all, func(k token) bool { return label == "" || k.name.label == label })
	if i < 0 {
		t.Fatalf("no token %q", label)
	}
	return all[i].slot
}

// create puts objects on a token as its issuer does, and logs out: the login
// is the whole process's.
func (p *place) create(t *testing.T, label string, objects ...[]*pkcs11.Attribute) {
	t.Helper()
	p.within(t, func() {
		session, err := p.lib.OpenSession(p.slot(t, label), pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
		must(t, err)
		defer p.lib.CloseSession(session)
		if err := p.lib.Login(session, pkcs11.CKU_USER, rightPIN); !errors.Is(err, pkcs11.Error(pkcs11.CKR_USER_ALREADY_LOGGED_IN)) {
			must(t, err)
		}
		for _, o := range objects {
			_, err := p.lib.CreateObject(session, o)
			must(t, err)
		}
		must(t, p.lib.Logout(session))
	})
}

func (p *place) Open(t *testing.T) keystore.Store {
	t.Helper()
	return p.store(t, Options{})
}

func (p *place) store(t *testing.T, o Options) *store {
	t.Helper()
	if o.Modules == nil {
		o.Modules = []string{p.path}
	}
	if o.Prompt == nil {
		o.Prompt = p.desk
	}
	if o.Notice == 0 {
		o.Notice = time.Millisecond // its tokens are gone at once
	}
	s, err := Open(o)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s.(*store)
}

func (p *place) AddCertificate(t *testing.T, _ keystore.Store, der []byte, name string) {
	t.Helper()
	p.create(t, "", certificateObject(der, []byte(name), name))
}

// AddPair implements keystoretest.Seeder.
func (p *place) AddPair(t *testing.T, _ keystore.Store, pair keystore.Pair) {
	t.Helper()
	p.addTo(t, "", pair)
}

func (p *place) addTo(t *testing.T, label string, pair keystore.Pair) {
	t.Helper()
	id, private, public := keyObjects(t, pair)
	p.create(t, label, private, public, certificateObject(pair.Certificate, id, pair.Name))
}

func certificateObject(der, id []byte, name string) []*pkcs11.Attribute {
	subject := []byte{0x30, 0}
	if c, err := x509.ParseCertificate(der); err == nil {
		subject = c.RawSubject
	}
	return []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_CERTIFICATE),
		pkcs11.NewAttribute(pkcs11.CKA_CERTIFICATE_TYPE, pkcs11.CKC_X_509),
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, false),
		pkcs11.NewAttribute(pkcs11.CKA_ID, id), pkcs11.NewAttribute(pkcs11.CKA_LABEL, name),
		pkcs11.NewAttribute(pkcs11.CKA_SUBJECT, subject), pkcs11.NewAttribute(pkcs11.CKA_VALUE, der),
	}
}

// keyObjects are a pair's private and public key objects.
func keyObjects(t *testing.T, pair keystore.Pair) (id []byte, private, public []*pkcs11.Attribute) {
	t.Helper()
	var kind uint
	var secret, open []*pkcs11.Attribute
	switch k := pair.Key.(type) {
	case *rsa.PrivateKey:
		sum := sha1.Sum(k.N.Bytes())
		id, kind = sum[:], pkcs11.CKK_RSA
		open = []*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_MODULUS, k.N.Bytes()),
			pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, big.NewInt(int64(k.E)).Bytes()),
		}
		secret = append(slices.Clone(open), pkcs11.NewAttribute(pkcs11.CKA_DECRYPT, true),
			pkcs11.NewAttribute(pkcs11.CKA_PRIVATE_EXPONENT, k.D.Bytes()),
			pkcs11.NewAttribute(pkcs11.CKA_PRIME_1, k.Primes[0].Bytes()), pkcs11.NewAttribute(pkcs11.CKA_PRIME_2, k.Primes[1].Bytes()),
			pkcs11.NewAttribute(pkcs11.CKA_EXPONENT_1, k.Precomputed.Dp.Bytes()), pkcs11.NewAttribute(pkcs11.CKA_EXPONENT_2, k.Precomputed.Dq.Bytes()),
			pkcs11.NewAttribute(pkcs11.CKA_COEFFICIENT, k.Precomputed.Qinv.Bytes()))
	case *ecdsa.PrivateKey:
		point, err := k.PublicKey.Bytes()
		must(t, err)
		sum := sha1.Sum(point)
		id, kind = sum[:], pkcs11.CKK_EC
		curve, err := asn1.Marshal(map[elliptic.Curve]asn1.ObjectIdentifier{ // RFC 5480, 2.1.1.1
			elliptic.P256(): {1, 2, 840, 10045, 3, 1, 7}, elliptic.P384(): {1, 3, 132, 0, 34}, elliptic.P521(): {1, 3, 132, 0, 35},
		}[k.Curve])
		must(t, err)
		octets, err := asn1.Marshal(point)
		must(t, err)
		value, err := k.Bytes()
		must(t, err)
		parameters := pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, curve)
		open = []*pkcs11.Attribute{parameters, pkcs11.NewAttribute(pkcs11.CKA_EC_POINT, octets)}
		secret = []*pkcs11.Attribute{parameters, pkcs11.NewAttribute(pkcs11.CKA_VALUE, value), pkcs11.NewAttribute(pkcs11.CKA_DERIVE, true)}
	default:
		t.Fatalf("key is %T", pair.Key)
	}
	common := func(class uint, isPrivate bool, more []*pkcs11.Attribute) []*pkcs11.Attribute {
		return append([]*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_CLASS, class), pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, kind),
			pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, isPrivate),
			pkcs11.NewAttribute(pkcs11.CKA_ID, id), pkcs11.NewAttribute(pkcs11.CKA_LABEL, pair.Name),
		}, more...)
	}
	secret = append(secret, pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true), pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false))
	return id, common(pkcs11.CKO_PRIVATE_KEY, true, secret), common(pkcs11.CKO_PUBLIC_KEY, false, open)
}

func issue(t *testing.T, name string, o certtest.Options) keystore.Pair {
	t.Helper()
	o.CommonName = name
	p := certtest.NewCA(t, "AC "+t.Name()).Issue(t, o)
	return keystore.Pair{Key: p.Key, Certificate: p.DER, Name: name}
}

// entry is the listed certificate of a pair.
func entry(t *testing.T, s keystore.Store, pair keystore.Pair) keystore.Entry {
	t.Helper()
	list, err := s.List(t.Context())
	must(t, err)
	i := slices.IndexFunc(list, func(e keystore.Entry) bool { return bytes.Equal(e.Certificate, pair.Certificate) })
	if i < 0 {
		t.Fatalf("%q is not among %d entries", pair.Name, len(list))
	}
	return list[i]
}

func wantFault(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// desk is a person with a PIN in mind, who counts how often it was asked for.
type desk struct {
	mu    sync.Mutex
	pin   string // "" cancels
	asked []pinentry.Request
	given [][]byte
}

func (d *desk) PIN(ctx context.Context, r pinentry.Request) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, r)
	if d.pin == "" {
		return nil, fault.New(fault.PINCancelled)
	}
	pin := []byte(d.pin)
	d.given = append(d.given, pin)
	return pin, nil
}

func (d *desk) set(pin string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pin = pin
}

func (d *desk) times() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.asked)
}
