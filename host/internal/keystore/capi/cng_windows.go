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

// findAbilities asks each function with no handle. One that works says that
// there is no such handle (NTE_INVALID_HANDLE); the stub of a Wine says that
// it is not supported, or is not there.
func findAbilities() abilities {
	can := func(p *windows.LazyProc, arguments int) bool {
		return !is(status(p, make([]uintptr, arguments)...), windows.Handle(errNotSupported))
	}
	var a abilities
	a.decrypt = can(procNDecrypt, 9) && can(procNImportKey, 8) && can(procNFinalizeKey, 2) && can(procNDeleteKey, 2)
	a.agree = a.decrypt && can(procNAgree, 4) && can(procNDerive, 7)
	return a
}

// cngObject is a provider, key or secret of ncrypt.
type cngObject uintptr

func (s *store) freeCNG(h cngObject) {
	if h != 0 {
		_ = status(procNFree, uintptr(h))
		s.held.Add(-1)
	}
}

func (s *store) openProvider(name string) (cngObject, error) {
	text, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return 0, err
	}
	var provider cngObject
	err = status(procNOpenProvider, uintptr(unsafe.Pointer(&provider)), uintptr(unsafe.Pointer(text)), 0)
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
	if err := setCNG(key, propExportPolicy, unsafe.Pointer(&none), unsafe.Sizeof(none)); err != nil {
		return err
	}
	return status(procNFinalizeKey, uintptr(key), silent)
}

// importBlob gives a key blob to a provider: under a name and not finalized,
// or with name "" for this process only.
func (s *store) importBlob(provider cngObject, name, blobKind string, blob []byte) (cngObject, error) {
	kind, err := windows.UTF16PtrFromString(blobKind)
	if err != nil {
		return 0, err
	}
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
	err = status(procNImportKey, uintptr(provider), 0, uintptr(unsafe.Pointer(kind)), uintptr(unsafe.Pointer(list)),
		uintptr(unsafe.Pointer(&key)), uintptr(unsafe.Pointer(&blob[0])), uintptr(len(blob)), flags)
	if err == nil {
		s.held.Add(1)
	}
	return key, err
}

func setCNG(key cngObject, name string, value unsafe.Pointer, size uintptr) error {
	text, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return err
	}
	return status(procNSetProperty, uintptr(key), uintptr(unsafe.Pointer(text)), uintptr(value), size, 0)
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
	if err := status(procNOpenKey, uintptr(provider), uintptr(unsafe.Pointer(&key)), uintptr(unsafe.Pointer(name)),
		uintptr(l.spec), uintptr(l.flags&machineKeySet)|silent); err != nil {
		return err
	}
	s.held.Add(1)
	err = status(procNDeleteKey, uintptr(key), silent) // frees the handle
	if err != nil {
		s.freeCNG(key)
		return err
	}
	s.held.Add(-1)
	return nil
}

// decryptCNG is one call of NCryptDecrypt, with room for every message: asking
// for the length first would ask a person for the PIN twice.
func decryptCNG(key cngObject, hash string, ciphertext []byte, flags uintptr) ([]byte, error) {
	var padding unsafe.Pointer
	kind := uintptr(padPKCS1)
	if hash != "" {
		text, err := windows.UTF16PtrFromString(hash)
		if err != nil {
			return nil, err
		}
		padding, kind = unsafe.Pointer(&oaepInfo{hash: text}), padOAEP
	}
	out := make([]byte, len(ciphertext))
	var n uint32
	err := status(procNDecrypt, uintptr(key), uintptr(unsafe.Pointer(&ciphertext[0])), uintptr(len(ciphertext)),
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
	if err := status(procNAgree, uintptr(key), uintptr(peer), uintptr(unsafe.Pointer(&secret)), flags); err != nil {
		return nil, err
	}
	s.held.Add(1)
	defer s.freeCNG(secret)
	kdf, err := windows.UTF16PtrFromString("TRUNCATE")
	if err != nil {
		return nil, err
	}
	z := make([]byte, (curve.Params().BitSize+7)/8)
	var n uint32
	err = status(procNDerive, uintptr(secret), uintptr(unsafe.Pointer(kdf)), 0, uintptr(unsafe.Pointer(&z[0])),
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
	text, err := windows.UTF16PtrFromString(propProviderHandle)
	if err != nil {
		return 0, err
	}
	var provider cngObject
	var n uint32
	err = status(procNGetProperty, uintptr(key), uintptr(unsafe.Pointer(text)), uintptr(unsafe.Pointer(&provider)),
		unsafe.Sizeof(provider), uintptr(unsafe.Pointer(&n)), 0)
	if err == nil {
		s.held.Add(1)
	}
	return provider, err
}
