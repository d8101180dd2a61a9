package capi

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/windows"

	"scelle/host/internal/keystore"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// containerPrefix begins the name of every key container made here.
const containerPrefix = "scelle-"

// Import implements keystore.Importer. fault.MechanismMissing for an EC key
// where CNG does not work: CryptoAPI knows none.
func (s *store) Import(ctx context.Context, pair keystore.Pair) (keystore.Entry, error) {
	if _, err := pair.Check(); err != nil {
		return keystore.Entry{}, err
	}
	if _, ec := pair.Key.(*ecdsa.PrivateKey); ec && !s.cng.agree {
		return keystore.Entry{}, s.refuse(ctx, fault.Newf(fault.MechanismMissing, "%s", envelope.ECDH))
	}
	var entry keystore.Entry
	err := s.write(ctx, func(v *view) (err error) {
		entry, err = v.add(pair)
		return err
	})
	return entry, err
}

// add stores the pair unless it is there. A certificate that came without its
// key, or whose key is gone, gets one and keeps its name.
func (v *view) add(pair keystore.Pair) (keystore.Entry, error) {
	sum := sha256.Sum256(pair.Certificate)
	present, err := v.find(sum)
	if err != nil {
		return keystore.Entry{}, err
	}
	defer func() { v.free(present) }()
	if present != nil {
		if _, has := locationOf(present); has && !v.orphan(present) {
			return v.entry(present), nil
		}
	}
	place, err := v.storeKey(pair)
	if err != nil {
		return keystore.Entry{}, err
	}
	entry, err := v.attach(present, place, pair)
	if err != nil {
		return keystore.Entry{}, errors.Join(err, v.removeKey(place))
	}
	return entry, nil
}

// orphan says whether a certificate's key is gone. One that cannot be reached
// now (a card that is elsewhere) is not gone.
func (v *view) orphan(c *windows.CertContext) bool {
	k, err := v.acquireKey(c, true)
	if err == nil {
		k.free()
	}
	return keyGone(err)
}

// storeKey puts the private key into a container of its own.
func (v *view) storeKey(pair keystore.Pair) (location, error) {
	guid, err := windows.GenerateGUID()
	if err != nil {
		return location{}, err
	}
	l := location{container: containerPrefix + strings.Trim(guid.String(), "{}"), provider: softwareProvider}
	switch key := pair.Key.(type) {
	case *ecdsa.PrivateKey:
		blob, err := cngEC(key)
		if err != nil {
			return l, err
		}
		defer clear(blob)
		return l, v.importCNG(l.container, blobECPrivate, blob)
	case *rsa.PrivateKey:
		if v.cng.decrypt {
			blob := cngRSA(key)
			defer clear(blob)
			return l, v.importCNG(l.container, blobRSAFull, blob)
		}
		return v.storeCryptoAPI(l.container, key)
	}
	return l, fault.New(fault.CertificateKeyKind)
}

func (v *view) storeCryptoAPI(container string, key *rsa.PrivateKey) (location, error) {
	l := location{container: container, provider: cryptoAPIProvider, kind: cryptoAPIKind, spec: exchangeKey}
	blob, err := cryptoAPIRSA(key)
	if err != nil {
		return l, err
	}
	defer clear(blob)
	if err := v.importCryptoAPI(l, blob); err != nil {
		return l, errors.Join(err, v.removeKey(l)) // the container may be there without a key
	}
	return l, nil
}

// attach ties the certificate to its key and looks, in a store opened again,
// whether both are kept.
func (v *view) attach(present *windows.CertContext, place location, pair keystore.Pair) (keystore.Entry, error) {
	var err error
	if present != nil {
		err = setLocation(present, place)
	} else {
		err = v.addCertificate(place, pair)
	}
	if err != nil {
		return keystore.Entry{}, err
	}
	v.commit()
	entry, err := v.again(sha256.Sum256(pair.Certificate))
	if err != nil && present == nil {
		err = errors.Join(err, v.removeCertificate(sha256.Sum256(pair.Certificate)))
	}
	return entry, err
}

// addCertificate stores the certificate with its name and the place of its
// key. One that another program stored meanwhile is not replaced.
func (v *view) addCertificate(place location, pair keystore.Pair) error {
	name, err := v.freeName(pair.Name)
	if err != nil {
		return err
	}
	c, err := windows.CertCreateCertificateContext(encodingX509, &pair.Certificate[0], uint32(len(pair.Certificate)))
	if err != nil {
		return fault.Recode(fault.CertificateBad, err)
	}
	v.held.Add(1)
	defer v.free(c)
	if err := setLocation(c, place); err != nil {
		return err
	}
	if err := setName(c, name); err != nil {
		return err
	}
	err = windows.CertAddCertificateContextToStore(v.handle, c, windows.CERT_STORE_ADD_NEW, nil)
	if is(err, windows.Handle(errFileExists)) {
		return fault.Recode(fault.StoreBusy, err)
	}
	return err
}

// freeName numbers a name that another certificate has.
func (v *view) freeName(name string) (string, error) {
	var taken []string
	err := v.each(func(c *windows.CertContext) bool {
		taken = append(taken, friendlyName(c))
		return true
	})
	return keystore.FreeName(name, func(n string) bool { return slices.Contains(taken, n) }), err
}

// again reads an entry from the store as the next program will see it.
func (v *view) again(sum [32]byte) (keystore.Entry, error) {
	var entry keystore.Entry
	err := v.view(true, func(v *view) error {
		c, err := v.find(sum)
		defer v.free(c)
		if err == nil && (c == nil || !hasProperty(c, propKeyInfo)) {
			err = fault.Newf(fault.StoreFailed, "imported certificate not found")
		}
		if err == nil {
			entry = v.entry(c)
		}
		return err
	})
	return entry, err
}
