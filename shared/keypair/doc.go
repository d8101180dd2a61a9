// Package keypair answers what people ask about a certificate: whose is it,
// until when, and can it receive plis?
//
// It reads X.509 (RFC 5280) with package tlv instead of crypto/x509, for two
// reasons: the WebAssembly module stays 3 MB smaller, and certificates that
// crypto/x509 refuses (negative serial numbers, odd encodings) must still be
// matched against recipients, byte for byte. Reading is lenient; [Check] is
// strict.
package keypair
