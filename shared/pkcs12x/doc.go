// Package pkcs12x reads PKCS#12 files (RFC 7292) of unknown origin into one
// checked key pair, and writes files with one pair.
//
// Reading has three steps. The structure is read first, without the password
// and without recursion, and every limit is applied to it: size, nesting,
// iteration counts, one key at most, a MAC present. Only then are keys derived
// and the MAC verified; only then is anything decrypted. The result is one
// private key with the one certificate that belongs to it; further
// certificates are counted and dropped, so that no planted root ever reaches
// a store.
//
// The reader is our own: files of NSS are BER with indefinite lengths inside
// and outside the authenticated bytes, GnuTLS writes one content for each
// certificate, friendly names lie in bag attributes, and passwords must not
// become Go strings. The libraries at hand read none of this. The tests compare
// it with OpenSSL, NSS, Java and go-pkcs12 in both directions, and with what
// GnuTLS and Bouncy Castle write.
//
// Passwords are UTF-8 in []byte and never copied into a string. Intermediate
// keys and plaintexts are cleared; the private key itself lives in big.Int
// values of crypto/rsa and crypto/ecdsa, which cannot be.
package pkcs12x
