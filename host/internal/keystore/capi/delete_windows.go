package capi

import (
	"context"
	"slices"

	"golang.org/x/sys/windows"

	"scelle/shared/fault"
)

// Delete implements keystore.Deleter. The key goes first: what is left when
// something fails in between is a certificate that a second Delete removes,
// never a key that nothing names. A key that another certificate uses too (a
// renewed one) stays. A key on a card, or in another program's provider, is
// not ours to destroy: fault.StoreReadOnly.
func (s *store) Delete(ctx context.Context, uri string) error {
	u, err := parseURI(uri)
	if err == nil && u.store != s.name {
		err = fault.New(fault.KeyNotFound)
	}
	if err != nil {
		return s.refuse(ctx, err)
	}
	return s.write(ctx, func(v *view) error { return v.remove(u.cert) })
}

func (v *view) remove(sum [32]byte) error {
	c, err := v.find(sum)
	if err != nil {
		return err
	}
	if c == nil {
		return fault.New(fault.KeyNotFound)
	}
	defer v.free(c)
	if place, has := locationOf(c); has {
		shared, err := v.users(place)
		if err != nil {
			return err
		}
		if shared == 1 {
			if err := v.removeKey(place); err != nil {
				return err
			}
		}
	}
	return v.removeCertificate(sum)
}

// users counts the certificates whose key is in this place.
func (v *view) users(place location) (int, error) {
	n := 0
	err := v.each(func(c *windows.CertContext) bool {
		other, has := locationOf(c)
		if has && other.container == place.container && other.provider == place.provider {
			n++
		}
		return true
	})
	return n, err
}

// removeKey removes a key and its container. It succeeds when there is none.
func (s *store) removeKey(place location) error {
	ours := []string{softwareProvider, cryptoAPIProvider, "Microsoft Strong Cryptographic Provider",
		"Microsoft Enhanced Cryptographic Provider v1.0", "Microsoft Base Cryptographic Provider v1.0",
		"Microsoft RSA SChannel Cryptographic Provider"}
	if !slices.Contains(ours, place.provider) {
		return fault.Newf(fault.StoreReadOnly, "%s", place.provider)
	}
	var err error
	if place.kind == 0 {
		err = s.deleteCNG(place)
	} else {
		_, err = acquire(place, deleteKeySet)
	}
	if keyGone(err) {
		return nil
	}
	return err
}

// removeCertificate removes a certificate, if it is there.
func (v *view) removeCertificate(sum [32]byte) error {
	c, err := v.find(sum)
	if c == nil || err != nil {
		return err
	}
	v.held.Add(-1)
	if err := windows.CertDeleteCertificateFromStore(c); err != nil { // frees c in any case
		return err
	}
	v.commit()
	return nil
}
