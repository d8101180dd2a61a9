//go:build linux && cgo

package nss

import (
	"bytes"
	"crypto"
	"math/big"
	"slices"
	"testing"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/host/internal/selfsign"
	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// TestSameSerial: NSS cannot keep two certificates of one issuer and serial
// number. The second is refused and leaves no key behind.
func TestSameSerial(t *testing.T) {
	s := open(t, newPlace(t).dir)
	ca := certtest.NewCA(t, "AC négligente")
	first := ca.Issue(t, certtest.Options{CommonName: "Anne", Serial: big.NewInt(77)})
	second := ca.Issue(t, certtest.Options{CommonName: "Bruno", Serial: big.NewInt(77), Key: 1})
	e := add(t, s, keystore.Pair{Key: first.Key, Certificate: first.DER, Name: "Anne"})
	_, err := s.Import(t.Context(), keystore.Pair{Key: second.Key, Certificate: second.DER, Name: "Bruno"})
	wantFault(t, "second import", err, fault.CertificateBad)
	if n := countKeys(t, &s.(*writer).store); n != 1 {
		t.Errorf("%d private keys", n)
	}
	if err := selfsign.SelfTest(t.Context(), s, e); err != nil {
		t.Error(err)
	}
}

// TestImportUndone: when softoken refuses the certificate, the keys made
// before it go again, but not a key that was there already.
func TestImportUndone(t *testing.T) {
	s := open(t, newPlace(t).dir).(*writer)
	pair, _ := issue(t, "Anne", certtest.Options{})
	e := add(t, s, pair)
	renewed, _ := issue(t, "Anne", certtest.Options{})
	other, _ := issue(t, "Bruno", certtest.Options{Key: 1})
	for name, broken := range map[string]keystore.Pair{"new key": other, "key that is there": renewed} {
		c, err := broken.Check()
		if err != nil {
			t.Fatal(err)
		}
		objects, err := templates(broken, c)
		if err != nil {
			t.Fatal(err)
		}
		objects.certificate = slices.DeleteFunc(objects.certificate, func(a *pkcs11.Attribute) bool {
			return a.Type == pkcs11.CKA_VALUE
		})
		err = s.write(t.Context(), func(v *view) error {
			i := importing{view: v, cert: c, objects: objects}
			return i.run("Bruno")
		})
		wantFault(t, name, err, fault.StoreFailed)
		if n := countKeys(t, &s.store); n != 1 {
			t.Errorf("%s: %d private keys", name, n)
		}
	}
	if list, err := s.List(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%d entries, %v", len(list), err)
	}
	if err := selfsign.SelfTest(t.Context(), s, e); err != nil {
		t.Error(err)
	}
}

func countKeys(t *testing.T, s *store) int {
	t.Helper()
	var n int
	err := s.with(t.Context(), false, func(v *view) error {
		ids, err := v.ids(pkcs11.CKO_PRIVATE_KEY)
		n = len(ids)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestTemplatesWiped: the private numbers do not outlive the import, and the
// caller's key does.
func TestTemplatesWiped(t *testing.T) {
	for kind, options := range kinds() {
		pair, _ := issue(t, "Anne", options)
		signature := sign(t, pair.Key) // the key has its own numbers ready
		c, err := keypair.Parse(pair.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		o, err := templates(pair, c)
		if err != nil {
			t.Fatal(err)
		}
		o.wipe()
		for _, a := range o.private {
			if slices.ContainsFunc(a.Value, func(b byte) bool { return b != 0 }) {
				t.Errorf("%s: attribute %#x is not wiped", kind, a.Type)
			}
		}
		if _, err := pair.Check(); err != nil || !bytes.Equal(signature, sign(t, pair.Key)) {
			t.Errorf("%s: the caller's key was touched: %v", kind, err)
		}
	}
}

// sign signs something without randomness.
func sign(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	signature, err := key.Sign(nil, make([]byte, 32), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}
