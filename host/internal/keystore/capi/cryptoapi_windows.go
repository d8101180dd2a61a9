package capi

import (
	"crypto"
	"slices"
	"unsafe"

	"golang.org/x/sys/windows"
)

// CryptoAPI's provider of keys in the user's profile.
const (
	cryptoAPIProvider = "Microsoft Enhanced RSA and AES Cryptographic Provider"
	cryptoAPIKind     = windows.PROV_RSA_AES
)

// acquire opens, makes or (with deleteKeySet, when no handle comes back)
// removes a key container.
func acquire(l location, flags uint32) (windows.Handle, error) {
	container, err := windows.UTF16PtrFromString(l.container)
	if err != nil {
		return 0, err
	}
	provider, err := windows.UTF16PtrFromString(l.provider)
	if err != nil {
		return 0, err
	}
	var h windows.Handle
	err = windows.CryptAcquireContext(&h, container, provider, l.kind, flags|l.flags&machineKeySet|silent)
	return h, err
}

// importCryptoAPI makes a container and stores an RSA key in it, not
// exportable.
func (s *store) importCryptoAPI(l location, blob []byte) error {
	provider, err := acquire(l, windows.CRYPT_NEWKEYSET)
	if err != nil {
		return err
	}
	defer windows.CryptReleaseContext(provider, 0)
	var key windows.Handle
	err = call(procImportKey, uintptr(provider), uintptr(unsafe.Pointer(&blob[0])), uintptr(len(blob)), 0, 0, uintptr(unsafe.Pointer(&key)))
	if err != nil {
		return err
	}
	return call(procDestroyKey, uintptr(key)) // the handle, not the key
}

// decryptCryptoAPI decrypts with a key of a CryptoAPI provider, which wants
// the ciphertext little-endian and gives the message as it is. hash 0 is
// PKCS#1 v1.5.
func decryptCryptoAPI(key windows.Handle, hash crypto.Hash, ciphertext []byte) ([]byte, error) {
	block := slices.Clone(ciphertext)
	slices.Reverse(block)
	flags := uintptr(cryptOAEP)
	switch hash {
	case 0:
		flags = 0
	case crypto.SHA1:
	default: // CryptoAPI knows no other OAEP
		flags = cryptNoPadding
	}
	n := uint32(len(block))
	err := call(procDecrypt, uintptr(key), 0, 1, flags, uintptr(unsafe.Pointer(&block[0])), uintptr(unsafe.Pointer(&n)))
	if err == nil && int(n) > len(block) {
		err = windows.Errno(windows.NTE_BAD_DATA)
	}
	if err != nil {
		clear(block)
		return nil, err
	}
	if flags != cryptNoPadding {
		clear(block[n:])
		return block[:n], nil
	}
	message, ok := unpadOAEP(hash, block)
	if ok == 0 {
		return nil, windows.Errno(windows.NTE_BAD_DATA)
	}
	return message, nil
}
