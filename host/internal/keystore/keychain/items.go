//go:build darwin || linux

package keychain

import (
	"cmp"

	"slices"

	"scelle/host/internal/keystore"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// certificate is one certificate of the keychains.
type certificate struct {
	item  ref // SecCertificateRef, owned by what the pool owns
	der   []byte
	label string
	uri   keyURI
}

// entries lists the certificates, by name.
func (p *pool) entries() ([]keystore.Entry, error) {
	certs, err := p.certificates()
	if err != nil {
		return nil, err
	}
	ids, err := p.privateIDs()
	if err != nil {
		return nil, err
	}
	entries := make([]keystore.Entry, 0, len(certs))
	for _, c := range certs {
		entries = append(entries, c.entry(ids[c.uri.id]))
	}
	slices.SortFunc(entries, func(a, b keystore.Entry) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.URI, b.URI))
	})
	return entries, nil
}

// entry describes c. A certificate without a label, which other programs
// leave, is shown by its common name.
func (c certificate) entry(hasKey bool) keystore.Entry {
	e := keystore.Entry{URI: c.uri.String(), Store: ID, Name: c.label, Certificate: c.der, HasKey: hasKey}
	if e.Name == "" {
		if parsed, err := keypair.Parse(c.der); err == nil {
			e.Name = parsed.Subject
		}
	}
	return e
}

// certificates reads all certificates, each once even when several keychains
// have it.
func (p *pool) certificates() ([]certificate, error) {
	c := &p.f.constants
	found, err := p.find(
		entry{c.class, c.classCertificate}, entry{c.matchLimit, c.matchAll},
		entry{c.returnRef, c.yes}, entry{c.returnAttributes, c.yes})
	if err != nil {
		return nil, err
	}
	certs := make([]certificate, 0, len(found))
	seen := make(map[keyURI]bool, len(found))
	for _, attributes := range found {
		item := p.f.value(attributes, c.valueRef)
		if item == 0 || p.f.typeOf(item) != p.f.certificateType() {
			continue
		}
		der := p.f.bytes(p.own(p.f.certificateData(item)))
		uri := uriOf(der)
		if len(der) == 0 || seen[uri] {
			continue
		}
		seen[uri] = true
		certs = append(certs, certificate{item: item, der: der, uri: uri, label: p.string(p.f.value(attributes, c.label))})
	}
	return certs, nil
}

// certificate returns the one that a URI names.
func (p *pool) certificate(u keyURI) (certificate, bool, error) {
	certs, err := p.certificates()
	if err != nil {
		return certificate{}, false, err
	}
	i := slices.IndexFunc(certs, func(c certificate) bool { return c.uri == u })
	if i < 0 {
		return certificate{}, false, nil
	}
	return certs[i], true, nil
}

// privateIDs returns the labels of all private keys, from their attributes.
func (p *pool) privateIDs() (map[string]bool, error) {
	c := &p.f.constants
	found, err := p.find(
		entry{c.class, c.classKey}, entry{c.keyClass, c.keyClassPrivate},
		entry{c.matchLimit, c.matchAll}, entry{c.returnAttributes, c.yes})
	if err != nil {
		return nil, err
	}
	ids := make(map[string]bool, len(found))
	for _, attributes := range found {
		// Other programs' keys may have another kind of label, or none.
		if id := p.f.bytes(p.f.value(attributes, c.applicationLabel)); len(id) == sha1Size {
			ids[string(id)] = true
		}
	}
	return ids, nil
}

// sha1Size is the length of a key label that macOS made, in bytes.
const sha1Size = 20

// keys finds the keys of a class, kSecAttrKeyClassPrivate or Public, with
// this label.
func (p *pool) keys(class ref, id string) ([]ref, error) {
	if len(id) != sha1Size {
		return nil, nil // an empty label would find every key
	}
	c := &p.f.constants
	found, err := p.find(
		entry{c.class, c.classKey}, entry{c.keyClass, class},
		entry{c.applicationLabel, p.data([]byte(id))},
		entry{c.matchLimit, c.matchAll}, entry{c.returnRef, c.yes})
	return slices.DeleteFunc(found, func(r ref) bool { return p.f.typeOf(r) != p.f.keyType() }), err
}

// find asks for items, which stay the pool's. Finding none is no error.
func (p *pool) find(query ...entry) ([]ref, error) {
	question := p.dictionary(query...)
	if question == 0 {
		return nil, errNoObject()
	}
	var result ref
	status := p.f.itemCopyMatching(question, &result)
	p.own(result)
	if status == itemNotFound {
		return nil, nil
	}
	if err := statusFault(status); err != nil {
		return nil, err
	}
	return p.f.elements(result), nil
}

// oneCertificate names a certificate, in whichever keychains it is, for
// SecItemUpdate and SecItemDelete.
func (p *pool) oneCertificate(item ref) ref {
	c := &p.f.constants
	return p.dictionary(
		entry{c.class, c.classCertificate}, entry{c.matchItems, p.array(item)}, entry{c.matchLimit, c.matchAll})
}

// keysOf names all keys of a class with this label, likewise. Keys are not
// named by reference: the file-based keychain compares those by a hash.
func (p *pool) keysOf(class ref, id string) ref {
	c := &p.f.constants
	if len(id) != sha1Size {
		return 0
	}
	return p.dictionary(
		entry{c.class, c.classKey}, entry{c.keyClass, class},
		entry{c.applicationLabel, p.data([]byte(id))}, entry{c.matchLimit, c.matchAll})
}

// rename gives items another label.
func (p *pool) rename(query ref, label string) error {
	change := p.dictionary(entry{p.f.constants.label, p.text(label)})
	if query == 0 || change == 0 {
		return errNoObject()
	}
	return statusFault(p.f.itemUpdate(query, change))
}

// removeCertificate deletes one certificate and looks whether it is gone.
func (p *pool) removeCertificate(item ref, u keyURI) error {
	if err := p.remove(p.oneCertificate(item)); err != nil {
		return err
	}
	_, found, err := p.certificate(u)
	if err == nil && found {
		err = fault.Newf(fault.StoreFailed, "certificate not deleted")
	}
	return err
}

// removeKeys deletes the keys of a class with this label, looks whether they
// are gone, and says whether there were any.
func (p *pool) removeKeys(class ref, id string) (bool, error) {
	keys, err := p.keys(class, id)
	if err != nil || len(keys) == 0 {
		return false, err
	}
	if err := p.remove(p.keysOf(class, id)); err != nil {
		return false, err
	}
	if keys, err = p.keys(class, id); err == nil && len(keys) > 0 {
		err = fault.Newf(fault.StoreFailed, "key not deleted")
	}
	return true, err
}

// remove deletes what a query names. That nothing is found is no error: the
// callers look again.
func (p *pool) remove(query ref) error {
	if query == 0 {
		return errNoObject()
	}
	status := p.f.itemDelete(query)
	if status == itemNotFound {
		return nil
	}
	return statusFault(status)
}

// stored returns the entry of a pair, and fails when it is not complete.
func (p *pool) stored(der []byte) (keystore.Entry, error) {
	c, found, err := p.certificate(uriOf(der))
	if err != nil {
		return keystore.Entry{}, err
	}
	ids, err := p.privateIDs()
	if err != nil {
		return keystore.Entry{}, err
	}
	if !found || !ids[c.uri.id] {
		return keystore.Entry{}, fault.Newf(fault.StoreFailed, "imported pair not found")
	}
	return c.entry(true), nil
}
