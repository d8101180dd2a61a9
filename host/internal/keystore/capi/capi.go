// Package capi is the certificate store of Windows: the current user's
// personal store ("MY"), which Edge, Chrome, Outlook and Java's SunMSCAPI use
// too. It is pure Go over crypt32, advapi32 and ncrypt.
//
// Listing reads certificates and the properties beside them, never a private
// key. Private keys are reached by CNG (ncrypt) where Windows can: RSA by
// PKCS#1 v1.5 and OAEP, EC by ECDH. Keys that only a CryptoAPI provider knows,
// such as an old smart card's, are used through CryptoAPI, which does PKCS#1
// v1.5 and OAEP with SHA-1; OAEP with another hash is tried with the padding
// taken off here. Where CNG is absent (Wine), the store declares what
// CryptoAPI can do and takes no EC key.
//
// A pair that is imported gets a key container of its own, "scelle-" and a
// GUID, not exportable. Nothing but the one certificate and its key is stored,
// and a failed import leaves neither. A store is opened by each operation, so
// that what other programs changed is seen, and every certificate context and
// handle is given back; a count of them is held to zero by the tests.
//
// # What was never seen on a real Windows
//
// Tests run under Wine, whose ncrypt is a stub. The CryptoAPI path, listing,
// import, removal and locking run there; the CNG path runs on a provider of
// the tests' own that reads arguments as ncrypt is documented to, and its key
// blobs and padding structures are checked through bcrypt. Still to be proven:
// NCryptImportKey (RSA, EC), NCryptDecrypt, NCryptSecretAgreement,
// NCryptDeriveKey with the raw secret, NCryptDeleteKey on the software
// provider; CryptoAPI keys lifted to CNG; CRYPT_DECRYPT_RSA_NO_PADDING_CHECK;
// smart-card PIN dialogs, their owner window and their error codes.
package capi

import (
	"scelle/host/internal/keystore"
	"scelle/shared/storename"
)

// ID is Status.ID and the scheme of this store's key URIs.
const ID = "capi"

// Name is what people are shown, in their language.
const Name = storename.Windows

// Personal is the system store that Windows calls "Personal".
const Personal = "MY"

// Options says which store to open, and how.
type Options struct {
	// Store is a system store of the current user: letters, digits and
	// hyphens. Empty means Personal. Another name makes a store that no other
	// program looks at, for tests and proofs; Remove takes it away again.
	Store string
	// ParentWindow is the HWND that owns PIN dialogs, 0 for none. A number
	// that is no window is left out.
	ParentWindow uintptr
	// Silent refuses with fault.PINPromptMissing what would need a dialog.
	Silent bool
}

// Powers of the store that Open returns, besides keystore.Store.
type powers interface {
	keystore.Store
	keystore.Importer
	keystore.Generator
	keystore.Deleter
}
