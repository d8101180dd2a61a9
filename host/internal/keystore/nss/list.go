//go:build linux && cgo

package nss

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"sync"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/cryptoki"
)

// certificate is one certificate object of the database.
type certificate struct {
	handle pkcs11.ObjectHandle
	der    []byte
	id     []byte // CKA_ID
	label  string
}

// entries lists the certificates, by name. A certificate has its key when an
// object of that class has the same id: the private key or, in a database
// whose password was not given, where private keys cannot be seen, the public
// key that every importing program stores beside it. Certificates and keys are
// in a file each, and softoken asks its file anew for every object: both are
// read at once.
func (v *view) entries(s *store) ([]keystore.Entry, error) {
	class := uint(pkcs11.CKO_PRIVATE_KEY)
	if v.db.hidden() {
		class = pkcs11.CKO_PUBLIC_KEY
	}
	var keys map[string]bool
	var unseen error
	var beside sync.WaitGroup
	beside.Go(func() {
		unseen = s.inSession(v.db, false, func(other *view) (err error) {
			keys, err = other.ids(class)
			return err
		})
	})
	certs, err := v.certificates()
	beside.Wait()
	if err := cmp.Or(err, unseen); err != nil {
		return nil, err
	}
	entries := make([]keystore.Entry, 0, len(certs))
	for _, c := range certs {
		entries = append(entries, c.entry(s, keys[string(c.id)], keys[string(c.id)] && v.db.hidden()))
	}
	slices.SortFunc(entries, func(a, b keystore.Entry) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.URI, b.URI))
	})
	return entries, nil
}

func (c certificate) entry(s *store, hasKey, asks bool) keystore.Entry {
	return keystore.Entry{
		URI:         keyURI{scheme: s.id, path: s.path, id: c.id, cert: sha256.Sum256(c.der)}.String(),
		Store:       s.id,
		Name:        c.label,
		Certificate: c.der,
		HasKey:      hasKey,
		Asks:        asks,
	}
}

// certificates reads the certificate objects that match, in addition to their
// class, these attributes.
func (v *view) certificates(match ...*pkcs11.Attribute) ([]certificate, error) {
	handles, err := v.Find(cryptoki.Certificates(match...)...)
	if err != nil {
		return nil, err
	}
	certs := make([]certificate, 0, len(handles))
	v.each(handles, func(h pkcs11.ObjectHandle, values [][]byte) {
		if len(values[0]) > 0 { // otherwise another program removed it since it was found
			certs = append(certs, certificate{handle: h, der: values[0], id: values[1], label: string(values[2])})
		}
	}, pkcs11.CKA_VALUE, pkcs11.CKA_ID, pkcs11.CKA_LABEL)
	return certs, nil
}

// certificate returns the one that a URI names.
func (v *view) certificate(u keyURI) (certificate, bool, error) {
	certs, err := v.certificates(pkcs11.NewAttribute(pkcs11.CKA_ID, u.id))
	if err != nil {
		return certificate{}, false, err
	}
	i := slices.IndexFunc(certs, func(c certificate) bool { return sha256.Sum256(c.der) == u.cert })
	if i < 0 {
		return certificate{}, false, nil
	}
	return certs[i], true, nil
}

// ids returns the CKA_IDs of all objects of a class.
func (v *view) ids(class uint) (map[string]bool, error) {
	handles, err := v.Find(cryptoki.Token(class)...)
	if err != nil {
		return nil, err
	}
	ids := make(map[string]bool, len(handles))
	v.each(handles, func(_ pkcs11.ObjectHandle, values [][]byte) {
		if len(values[0]) > 0 {
			ids[string(values[0])] = true
		}
	}, pkcs11.CKA_ID)
	return ids, nil
}

// each reads some attributes of many objects, in few questions.
func (v *view) each(objects []pkcs11.ObjectHandle, f func(pkcs11.ObjectHandle, [][]byte), kinds ...uint) {
	single := func(h pkcs11.ObjectHandle) [][]byte { return v.Attributes(h, kinds...) }
	v.db.softoken.bulk.values(v.Handle, objects, kinds, single, f)
}
