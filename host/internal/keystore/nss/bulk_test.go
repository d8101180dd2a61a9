//go:build linux && cgo

package nss

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/cryptoki"
	"scelle/shared/certtest"
)

// TestBulk: what is read in one question is what is read object by object,
// also where one question is not enough: more objects than fit into one, a
// value that is too long for it, an attribute that objects lack.
func TestBulk(t *testing.T) {
	s := open(t, newPlace(t).dir).(*writer)
	ca := certtest.NewCA(t, "AC")
	for i := range 3 {
		pair := ca.Issue(t, certtest.Options{CommonName: fmt.Sprint("Clé ", i), Key: i})
		name := fmt.Sprint("Clé ", i)
		if i == 1 {
			name = strings.Repeat("très longue ", 1000) // 13 kB
		}
		add(t, s, keystore.Pair{Key: pair.Key, Certificate: pair.DER, Name: name})
	}
	err := s.with(t.Context(), false, func(v *view) error {
		if v.db.softoken.bulk.read == nil {
			t.Fatal("the library's functions were not found")
		}
		for name, kinds := range map[string][]uint{
			"certificates": {pkcs11.CKA_VALUE, pkcs11.CKA_ID, pkcs11.CKA_LABEL},
			"lacking":      {pkcs11.CKA_ID, pkcs11.CKA_ALWAYS_AUTHENTICATE},
		} {
			objects, err := v.Find(cryptoki.Certificates()...)
			if err != nil || len(objects) != 3 {
				t.Fatal(objects, err)
			}
			for range 8 { // 768 objects: three questions and more
				objects = append(objects, objects...)
			}
			single := func(h pkcs11.ObjectHandle) [][]byte { return v.Attributes(h, kinds...) }
			var all, each []any
			v.db.softoken.bulk.values(v.Handle, objects, kinds, single, func(h pkcs11.ObjectHandle, values [][]byte) {
				all = append(all, h, text(values))
			})
			bulkReader{}.values(v.Handle, objects[:3], kinds, single, func(h pkcs11.ObjectHandle, values [][]byte) {
				each = append(each, h, text(values))
			})
			if len(all) != 2*len(objects) || len(each) != 6 || !reflect.DeepEqual(all[:6], each) || !reflect.DeepEqual(all[len(all)-6:], each) {
				t.Errorf("%s: %d in bulk, %d one by one, or they differ", name, len(all)/2, len(each)/2)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// text makes an absent value and an empty one the same.
func text(values [][]byte) []string {
	var all []string
	for _, v := range values {
		all = append(all, string(v))
	}
	return all
}
