package capi

import (
	"crypto/elliptic"
	"slices"
	"unsafe"

	"golang.org/x/sys/windows"
)

// softwareProvider is Windows's CNG provider of keys in the user's profile
// (MS_KEY_STORAGE_PROVIDER).
const softwareProvider = "Microsoft Software Key Storage Provider"

// Names of key blobs (bcrypt.h).
const (
	blobRSAFull   = "RSAFULLPRIVATEBLOB"
	blobECPrivate = "ECCPRIVATEBLOB"
	blobECPublic  = "ECCPUBLICBLOB"
)

// rawSecret names the derivation that derives nothing (BCRYPT_KDF_RAW_SECRET).
const rawSecret = "TRUNCATE"

// Properties of CNG keys (ncrypt.h).
const (
	propExportPolicy   = "Export Policy"
	propProviderHandle = "Provider Handle"
)

// abilities is what this computer's CNG does.
type abilities struct {
	decrypt bool // RSA keys are imported, used and removed by CNG
	agree   bool // EC keys too
}

// abilities asks each function with no handle, and otherwise with what it
// could work with. One that works says that there is no such handle
// (NTE_INVALID_HANDLE); the stub of a Wine says that it is not supported, or is
// not there.
func (api cngAPI) abilities() abilities {
	can := func(err error) bool { return !is(err, windows.Handle(errNotSupported)) }
	var (
		none   cngObject
		n      uint32
		in     = make([]byte, 8)
		out    = make([]byte, 8)
		blob   = utf16(blobECPublic)
		secret = utf16(rawSecret)
	)
	var a abilities
	a.decrypt = can(status(api.decrypt, 0, uintptr(unsafe.Pointer(&in[0])), 8, 0, uintptr(unsafe.Pointer(&out[0])), 8, uintptr(unsafe.Pointer(&n)), padPKCS1)) &&
		can(status(api.importKey, 0, 0, uintptr(unsafe.Pointer(blob)), 0, uintptr(unsafe.Pointer(&none)), uintptr(unsafe.Pointer(&in[0])), 8, silent)) &&
		can(status(api.finalizeKey, 0, silent)) && can(status(api.deleteKey, 0, silent))
	a.agree = a.decrypt && can(status(api.agree, 0, 0, uintptr(unsafe.Pointer(&none)), 0)) &&
		can(status(api.derive, 0, uintptr(unsafe.Pointer(secret)), 0, uintptr(unsafe.Pointer(&out[0])), 8, uintptr(unsafe.Pointer(&n)), 0))
	return a
}

// cngObject is a provider, key or secret of ncrypt.
type cngObject uintptr

func (s *store) freeCNG(h cngObject) {
	if h != 0 {
		_ = status(s.api.free, uintptr(h))
		s.held.Add(-1)
	}
}

func (s *store) openProvider(name string) (cngObject, error) {
	text, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return 0, err
	}
	var provider cngObject
	err = status(s.api.openProvider, uintptr(unsafe.Pointer(&provider)), uintptr(unsafe.Pointer(text)), 0)
	if err == nil {
		s.held.Add(1)
	}
	return provider, err
}

// importCNG stores a key under a name in the software provider, not
// exportable.
func (s *store) importCNG(name, blobKind string, blob []byte) error {
	provider, err := s.openProvider(softwareProvider)
	if err != nil {
		return err
	}
	defer s.freeCNG(provider)
	key, err := s.importBlob(provider, name, blobKind, blob)
	if err != nil {
		return err
	}
	defer s.freeCNG(key)
	var none uint32 // no NCRYPT_ALLOW_EXPORT_FLAG, nor any other
	if err := s.setCNG(key, propExportPolicy, unsafe.Pointer(&none), unsafe.Sizeof(none)); err != nil {
		return err
	}
	return status(s.api.finalizeKey, uintptr(key), silent)
}

// importBlob gives a key blob to a provider: under a name and not finalized,
// or with name "" for this process only.
func (s *store) importBlob(provider cngObject, name, blobKind string, blob []byte) (cngObject, error) {
	var list *bufferList
	flags := uintptr(silent)
	if name != "" {
		text, err := windows.UTF16FromString(name)
		if err != nil {
			return 0, err
		}
		named := &buffer{size: uint32(2 * len(text)), kind: bufferKeyName, data: unsafe.Pointer(&text[0])}
		list = &bufferList{count: 1, buffers: named}
		flags |= doNotFinalize
	}
	var key cngObject
	err := status(s.api.importKey, uintptr(provider), 0, uintptr(unsafe.Pointer(utf16(blobKind))), uintptr(unsafe.Pointer(list)),
		uintptr(unsafe.Pointer(&key)), uintptr(unsafe.Pointer(&blob[0])), uintptr(len(blob)), flags)
	if err == nil {
		s.held.Add(1)
	}
	return key, err
}

// setCNG sets a property of a key for good.
func (s *store) setCNG(key cngObject, name string, value unsafe.Pointer, size uintptr) error {
	return status(s.api.setProperty, uintptr(key), uintptr(unsafe.Pointer(utf16(name))), uintptr(value), size, persist|silent)
}

// deleteCNG removes a key from a provider.
func (s *store) deleteCNG(l location) error {
	provider, err := s.openProvider(l.provider)
	if err != nil {
		return err
	}
	defer s.freeCNG(provider)
	name, err := windows.UTF16PtrFromString(l.container)
	if err != nil {
		return err
	}
	var key cngObject
	if err := status(s.api.openKey, uintptr(provider), uintptr(unsafe.Pointer(&key)), uintptr(unsafe.Pointer(name)),
		uintptr(l.spec), uintptr(l.flags&machineKeySet)|silent); err != nil {
		return err
	}
	s.held.Add(1)
	err = status(s.api.deleteKey, uintptr(key), silent) // frees the handle
	if err != nil {
		s.freeCNG(key)
		return err
	}
	s.held.Add(-1)
	return nil
}

// decryptCNG is one call of NCryptDecrypt, with room for every message: asking
// for the length first would ask a person for the PIN twice.
func (s *store) decryptCNG(key cngObject, hash string, ciphertext []byte, flags uintptr) ([]byte, error) {
	var padding unsafe.Pointer
	kind := uintptr(padPKCS1)
	if hash != "" {
		padding, kind = unsafe.Pointer(&oaepInfo{hash: utf16(hash)}), padOAEP
	}
	out := make([]byte, len(ciphertext))
	var n uint32
	err := status(s.api.decrypt, uintptr(key), uintptr(unsafe.Pointer(&ciphertext[0])), uintptr(len(ciphertext)),
		uintptr(padding), uintptr(unsafe.Pointer(&out[0])), uintptr(len(out)), uintptr(unsafe.Pointer(&n)), kind|flags)
	if err != nil || int(n) > len(out) {
		clear(out)
		return nil, err
	}
	clear(out[n:])
	return out[:n], nil
}

// agreeCNG does ECDH and returns the X coordinate, big-endian. Windows derives
// keys from it by its own functions; "TRUNCATE" (BCRYPT_KDF_RAW_SECRET) is
// none: it gives the number itself, little-endian.
func (s *store) agreeCNG(key cngObject, curve elliptic.Curve, point []byte, flags uintptr) ([]byte, error) {
	blob, err := cngPoint(curve, point)
	if err != nil {
		return nil, err
	}
	provider, err := s.providerOf(key)
	if err != nil {
		return nil, err
	}
	defer s.freeCNG(provider)
	peer, err := s.importBlob(provider, "", blobECPublic, blob)
	if err != nil {
		return nil, err
	}
	defer s.freeCNG(peer)
	var secret cngObject
	if err := status(s.api.agree, uintptr(key), uintptr(peer), uintptr(unsafe.Pointer(&secret)), flags); err != nil {
		return nil, err
	}
	s.held.Add(1)
	defer s.freeCNG(secret)
	z := make([]byte, (curve.Params().BitSize+7)/8)
	var n uint32
	err = status(s.api.derive, uintptr(secret), uintptr(unsafe.Pointer(utf16(rawSecret))), 0, uintptr(unsafe.Pointer(&z[0])),
		uintptr(len(z)), uintptr(unsafe.Pointer(&n)), 0)
	if err != nil {
		clear(z)
		return nil, err
	}
	slices.Reverse(z) // a shorter answer is a smaller number: its zeros go first
	return z, nil
}

// providerOf returns the provider that a key is in: the two keys of an
// agreement must be in one.
func (s *store) providerOf(key cngObject) (cngObject, error) {
	var provider cngObject
	var n uint32
	err := status(s.api.getProperty, uintptr(key), uintptr(unsafe.Pointer(utf16(propProviderHandle))), uintptr(unsafe.Pointer(&provider)),
		unsafe.Sizeof(provider), uintptr(unsafe.Pointer(&n)), 0)
	if err == nil {
		s.held.Add(1)
	}
	return provider, err
}
