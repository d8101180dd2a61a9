//go:build windows || (darwin && cgo)

package doctor

import (
	"errors"
	"syscall"

	"github.com/github/smimesign/certstore"

	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// secondReader lists the certificates with a private key of the user's store.
func secondReader() ([]string, error) {
	store, err := certstore.Open(certstore.User, certstore.ReadOnly)
	if err != nil {
		return nil, fault.Wrap(fault.StoreFailed, err)
	}
	defer store.Close()
	identities, err := store.Identities()
	if errors.Is(err, syscall.EINVAL) {
		// CertFindChainInStore failed without an error number: Wine's stub.
		return nil, fault.Recode(fault.StoreUnsupported, err)
	}
	if err != nil {
		return nil, fault.Wrap(fault.StoreFailed, err)
	}
	var all []string
	for _, id := range identities {
		// One identity that cannot be read must not hide the others.
		if c, err := id.Certificate(); err == nil {
			all = append(all, keypair.Thumbprint(c.Raw))
		}
		id.Close()
	}
	return all, nil
}
