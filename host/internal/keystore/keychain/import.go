//go:build darwin || linux

package keychain

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"slices"

	"scelle/host/internal/keystore"
	"scelle/host/internal/selfsign"
	"scelle/shared/fault"
)

// Import implements keystore.Importer. The key is not extractable, and this
// program may use it without asking. fault.CertificateBad for a certificate
// that macOS cannot read, or whose issuer and serial number another one in the
// keychain has.
func (s *store) Import(ctx context.Context, pair keystore.Pair) (keystore.Entry, error) {
	if _, err := pair.Check(); err != nil {
		return keystore.Entry{}, err
	}
	der, err := encodeKey(pair)
	if err != nil {
		return keystore.Entry{}, err
	}
	defer clear(der)
	s.changes.Lock()
	defer s.changes.Unlock()
	var stored keystore.Entry
	err = s.with(ctx, func(p *pool) (err error) {
		i := importing{pool: p, key: der, pair: pair}
		stored, err = i.run()
		return err
	})
	return stored, err
}

// encodeKey writes the key as SecItemImport reads it: RSAPrivateKey of RFC
// 8017 A.1.2, or ECPrivateKey of RFC 5915 with its curve.
func encodeKey(pair keystore.Pair) ([]byte, error) {
	if k, ok := pair.Key.(*rsa.PrivateKey); ok {
		if err := k.Validate(); err != nil {
			return nil, fault.Recode(fault.P12Mismatch, err)
		}
		return x509.MarshalPKCS1PrivateKey(k), nil
	}
	k, ok := pair.Key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fault.New(fault.CertificateKeyKind)
	}
	der, err := x509.MarshalECPrivateKey(k)
	return der, fault.Wrap(fault.CertificateKeyKind, err)
}

// Generate implements keystore.Generator. The pair is made in memory, as in
// other stores of software keys, so that one backup can be written of it.
func (s *store) Generate(ctx context.Context, o keystore.GenerateOptions) (keystore.Entry, error) {
	pair, err := selfsign.MakePair(ctx, o)
	if err != nil {
		return keystore.Entry{}, err
	}
	return s.Import(ctx, pair)
}

// importing is one import: what it made is undone when a later step fails.
type importing struct {
	*pool
	key         []byte // the private key's DER
	pair        keystore.Pair
	keyIsOurs   bool // the keychain had no such key before
	certificate ref  // made by this import, otherwise 0
}

func (i *importing) run() (keystore.Entry, error) {
	stored, err := i.store()
	if err != nil {
		i.undo()
		return keystore.Entry{}, err
	}
	return stored, nil
}

// store adds what is not there yet of key and certificate.
func (i *importing) store() (keystore.Entry, error) {
	certs, err := i.certificates()
	if err != nil {
		return keystore.Entry{}, err
	}
	uri := uriOf(i.pair.Certificate)
	at := slices.IndexFunc(certs, func(c certificate) bool { return c.uri == uri })
	keys, err := i.keys(i.f.constants.keyClassPrivate, uri.id)
	if err != nil {
		return keystore.Entry{}, err
	}
	name := keystore.FreeName(i.pair.Name, func(label string) bool {
		return slices.ContainsFunc(certs, func(c certificate) bool { return c.entry(false).Name == label })
	})
	if at >= 0 {
		name = certs[at].entry(false).Name
	}
	keychain, err := i.defaultKeychain()
	if err != nil {
		return keystore.Entry{}, err
	}
	if len(keys) == 0 {
		i.keyIsOurs = true
		if err := i.addKey(keychain, name); err != nil {
			return keystore.Entry{}, err
		}
	}
	if at < 0 {
		if err := i.addCertificate(keychain, name); err != nil {
			return keystore.Entry{}, err
		}
	}
	return i.stored(i.pair.Certificate)
}

// addKey imports the bare key. The name is what people read when macOS asks
// whether another program may use it.
func (i *importing) addKey(keychain ref, name string) error {
	blob, description := i.secretData(i.key), i.text(name)
	traits := i.array(i.f.constants.permanent, i.f.constants.sensitive)
	if blob == 0 || description == 0 || traits == 0 {
		return errNoObject()
	}
	// Without a list of programs, the one that makes the access is allowed.
	var access ref
	status := i.f.accessCreate(description, 0, &access)
	i.own(access)
	if err := statusFault(status); err != nil {
		return err
	}
	format, kind := uint32(formatOpenSSL), uint32(typePrivateKey)
	var made ref
	parameters := &keyParameters{
		version: 0, flags: 0, // SEC_KEY_IMPORT_EXPORT_PARAMS_VERSION; no exceptions from access control
		passphrase: 0, alertTitle: 0, alertPrompt: 0, // nothing is encrypted
		access: access, usage: 0, traits: traits, // any usage; without kSecAttrIsExtractable
	}
	status = i.f.itemImport(blob, 0, &format, &kind, 0, parameters, keychain, &made)
	i.own(made)
	if err := statusFault(status); err != nil {
		return err
	}
	// Only for Keychain Access, which otherwise says "Imported Private Key".
	_ = i.rename(i.keysOf(i.f.constants.keyClassPrivate, keyID(i.pair.Certificate)), name)
	return nil
}

// addCertificate adds the certificate and then names it: SecItemAdd does not
// look at a label. A name that macOS does not take is no reason to lose the
// key; the entry tells the name that there is.
func (i *importing) addCertificate(keychain ref, name string) error {
	c := &i.f.constants
	der := i.data(i.pair.Certificate)
	if der == 0 {
		return errNoObject()
	}
	certificate := i.own(i.f.certificateCreate(0, der))
	if certificate == 0 {
		return fault.Newf(fault.CertificateBad, "SecCertificateCreateWithData")
	}
	request := i.dictionary(
		entry{c.class, c.classCertificate}, entry{c.valueRef, certificate}, entry{c.useKeychain, keychain})
	if request == 0 {
		return errNoObject()
	}
	status := i.f.itemAdd(request, nil)
	if status == duplicateItem {
		return fault.Newf(fault.CertificateBad, "same issuer and serial number as another certificate")
	}
	if err := statusFault(status); err != nil {
		return err
	}
	i.certificate = certificate
	_ = i.rename(i.oneCertificate(certificate), name)
	return nil
}

// undo removes what this import made. It does what it can: there is no one to
// tell, beside the error that made it necessary. The key is looked for, since
// SecItemImport stores it before it sets the access to it: when that fails, it
// returns an error and no reference, and the key stays.
func (i *importing) undo() {
	if i.keyIsOurs {
		_, _ = i.removeKeys(i.f.constants.keyClassPrivate, keyID(i.pair.Certificate))
	}
	if i.certificate != 0 {
		_ = i.removeCertificate(i.certificate, uriOf(i.pair.Certificate))
	}
}

// Delete implements keystore.Deleter. Keys that another certificate uses too
// (a renewed one) stay.
func (s *store) Delete(ctx context.Context, uri string) error {
	u, err := parseURI(uri)
	if err != nil {
		return s.with(ctx, func(*pool) error { return err })
	}
	s.changes.Lock()
	defer s.changes.Unlock()
	return s.with(ctx, func(p *pool) error { return p.removePair(u) })
}

// removePair deletes keys first: a certificate that a failure leaves is
// listed, so that its owner can try again.
func (p *pool) removePair(u keyURI) error {
	certs, err := p.certificates()
	if err != nil {
		return err
	}
	sharing := slices.ContainsFunc(certs, func(c certificate) bool { return c.uri.id == u.id && c.uri != u })
	removed := false
	for _, class := range []ref{p.f.constants.keyClassPrivate, p.f.constants.keyClassPublic} {
		if sharing {
			break
		}
		any, err := p.removeKeys(class, u.id)
		if err != nil {
			return err
		}
		removed = removed || any
	}
	for _, c := range certs {
		if c.uri == u {
			if err := p.removeCertificate(c.item, u); err != nil {
				return err
			}
			removed = true
		}
	}
	if !removed {
		return fault.New(fault.KeyNotFound)
	}
	return nil
}
