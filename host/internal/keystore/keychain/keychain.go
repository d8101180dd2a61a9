// Package keychain is the certificate store of macOS: the user's keychain,
// reached through the Security framework, without cgo.
//
// The keychain in question is the file-based one (login.keychain-db), which
// Safari, Chrome, Mail and Keychain Access use. The other one, the data
// protection keychain, only lets in programs with an entitlement that a
// command-line program does not have.
//
// How each thing is done, and why so:
//
//   - Listing asks for certificates with their attributes, and for the
//     attributes of private keys. Attributes are not encrypted, so nothing
//     prompts. A certificate has its key when a private key's
//     kSecAttrApplicationLabel is the SHA-1 of the certificate's public key,
//     which is how macOS itself joins the two.
//   - Importing gives the bare key to SecItemImport, PKCS#1 or SEC 1 inside,
//     as permanent, sensitive and not extractable, then adds the certificate
//     and names it. SecPKCS12Import knows no such attributes and makes every
//     key extractable; a key of SecKeyCreateWithData is taken for one of the
//     data protection keychain by SecItemAdd, which then refuses it.
//   - Unwrapping is one SecKeyCreateDecryptedData with the mechanism that the
//     envelope names, or one SecKeyCopyKeyExchangeResult for the raw shared
//     secret. macOS may ask the user to allow the access to the key: the
//     permission is bound to the code signature of the program that imported
//     it, so that a host with another signature asks again.
//   - Deleting removes the private key, public keys beside it and the
//     certificate, in this order, and looks each time whether they are gone:
//     what a failure leaves can be deleted again. Keys are named by their
//     label, as the file-based keychain compares references of keys by a hash.
//
// On Linux the tests run against a mock of the two frameworks (testdata/mock),
// which counts references, refuses arguments of other shapes than the headers
// and Apple's published sources (Security-61901) describe, and fails where it
// is told to. What only a Mac can show:
//
//   - that the symbols and their calling convention are as bound here;
//   - the prompts: none for listing, one for the first use of a key that
//     another program imported, and the error when the user refuses;
//   - that SecItemImport takes SEC 1 keys on P-256, P-384 and P-521, and that
//     Keychain Access then refuses to export a key made so;
//   - that SecItemUpdate names a certificate (where it does not, the entry has
//     the name that macOS gave it, and the import succeeds all the same);
//   - that OAEP and ECDH work with keys of the file-based keychain, and what
//     a smart card (CryptoTokenKit) makes of each mechanism;
//   - certificates that macOS refuses and other systems take.
//
// "scelle doctor --prove" shows most of it to a user, on keys that it throws
// away. The conformance suite runs on a Mac, on keychains that it throws away,
// by
//
//	SCELLE_TEST_KEYCHAIN=1 go test ./host/internal/keystore/keychain
package keychain

import "scelle/shared/storename"

// ID is Status.ID and the scheme of this store's key URIs.
const ID = "keychain"

// Name is what people are shown, in their language.
const Name = storename.MacOS
