package capi

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"scelle/host/internal/keystore"
)

// view is the system store, open while one operation runs.
type view struct {
	*store
	handle windows.Handle
}

// view opens the system store, runs f and closes it. Opened for reading,
// Windows itself refuses changes.
func (s *store) view(readOnly bool, f func(*view) error) error {
	name, err := windows.UTF16PtrFromString(s.name)
	if err != nil {
		return explain(err)
	}
	flags := uint32(windows.CERT_SYSTEM_STORE_CURRENT_USER)
	if readOnly {
		flags |= windows.CERT_STORE_READONLY_FLAG
	}
	handle, err := windows.CertOpenStore(windows.CERT_STORE_PROV_SYSTEM, 0, 0, flags, uintptr(unsafe.Pointer(name)))
	if readOnly && is(err, windows.Handle(windows.ERROR_FILE_NOT_FOUND)) {
		return f(&view{store: s}) // a store that nobody wrote to yet is empty
	}
	if err != nil {
		return explain(err)
	}
	s.held.Add(1)
	v := &view{store: s, handle: handle}
	err = f(v)
	closed := windows.CertCloseStore(handle, 0)
	s.held.Add(-1)
	return explain(cmp.Or(err, closed))
}

// each calls f with every certificate until it returns false. The context is
// only valid during the call: keep gives one that stays.
func (v *view) each(f func(*windows.CertContext) bool) error {
	if v.handle == 0 {
		return nil
	}
	var c *windows.CertContext
	for {
		next, err := windows.CertEnumCertificatesInStore(v.handle, c) // frees c
		if c != nil {
			v.held.Add(-1)
		}
		if next == nil {
			if is(err, windows.Handle(errNotFound), windows.Handle(windows.ERROR_NO_MORE_FILES), windows.Handle(windows.ERROR_NO_MORE_ITEMS)) {
				err = nil
			}
			return err
		}
		v.held.Add(1)
		if c = next; !f(c) {
			v.free(c)
			return nil
		}
	}
}

// keep returns a context of the same certificate that stays until free.
func (v *view) keep(c *windows.CertContext) *windows.CertContext {
	v.held.Add(1)
	return windows.CertDuplicateCertificateContext(c)
}

func (s *store) free(c *windows.CertContext) {
	if c != nil {
		_ = windows.CertFreeCertificateContext(c) // cannot fail
		s.held.Add(-1)
	}
}

func encoded(c *windows.CertContext) []byte {
	return unsafe.Slice(c.EncodedCert, c.Length)
}

// entries lists the certificates, by name.
func (v *view) entries() ([]keystore.Entry, error) {
	list := []keystore.Entry{}
	err := v.each(func(c *windows.CertContext) bool {
		list = append(list, v.entry(c))
		return true
	})
	slices.SortFunc(list, func(a, b keystore.Entry) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.URI, b.URI))
	})
	return list, err
}

// entry reads what Windows keeps beside a certificate. Whether it has a key is
// whether Windows notes one, whose place is not looked at.
func (v *view) entry(c *windows.CertContext) keystore.Entry {
	der := slices.Clone(encoded(c))
	return keystore.Entry{
		URI:         keyURI{store: v.name, cert: sha256.Sum256(der)}.String(),
		Store:       ID,
		Name:        friendlyName(c),
		Certificate: der,
		HasKey:      hasProperty(c, propKeyInfo),
	}
}

// find returns a context of the certificate with this SHA-256, which the
// caller frees, or nil.
func (v *view) find(sum [32]byte) (*windows.CertContext, error) {
	var found *windows.CertContext
	err := v.each(func(c *windows.CertContext) bool {
		if sha256.Sum256(encoded(c)) == sum {
			found = v.keep(c)
		}
		return found == nil
	})
	return found, err
}

// commit writes changes to the registry now. Windows has done so already and
// may call this a function that the store does not have; Wine would only do it
// once the last context is gone.
func (v *view) commit() {
	_ = call(procControlStore, uintptr(v.handle), commitForce, storeCommit, 0)
}

// unregister removes a system store of the current user. Windows answers with
// no handle and no error.
func unregister(name string) error {
	text, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return err
	}
	handle, _, err := procOpenStore.Call(provRegistry, 0, 0, windows.CERT_SYSTEM_STORE_CURRENT_USER|storeDelete, uintptr(unsafe.Pointer(text)))
	if handle == 0 && !is(err, windows.Handle(windows.ERROR_SUCCESS), windows.Handle(windows.ERROR_FILE_NOT_FOUND)) {
		return err
	}
	// Wine empties the store's registry key and leaves it.
	err = registry.DeleteKey(registry.CURRENT_USER, `Software\Microsoft\SystemCertificates\`+name)
	if is(err, windows.Handle(windows.ERROR_FILE_NOT_FOUND)) {
		return nil
	}
	return err
}
