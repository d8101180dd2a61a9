// Package signeddata signs and verifies the lists of package lists: PKCS#7
// SignedData (RFC 5652 5, RFC 2315 9) over canonical JSON.
//
// A portal signs with [Sign], or with anything that writes the same, such as
//
//	openssl cms -sign -binary -nodetach -md sha256 -outform DER -signer cert.pem -inkey key.pem
//
// and whoever knows a portal's key verifies with [VerifyRecipients] and
// [VerifyOpening]. The extension verifies with [Verify] and decides outside.
//
// # Trust
//
// The signer is known by a pin, the SHA-256 of the certificate's
// SubjectPublicKeyInfo ([Pin]), which was settled by the first list after the
// site was allowed or by an administrator. There is no chain of trust, no revocation list and no
// network: whoever replaces the key settles the new pin, and both pins hold
// during a change. A renewed certificate over the same key keeps its pin.
//
// Only the key is authenticated by the pin. What the certificate around it
// says of its name, its validity and its purpose is checked, but it is the
// signer's own word and at best reminds a portal to renew it; what ends a key
// is the end of its pin.
//
// # Form
//
// Exactly one form is read: DER with definite lengths and nothing behind it,
// at most [MaxSize] bytes; version 1; the content attached, of type id-data;
// one signer, named by issuer and serial number, whose certificate is
// included; signed attributes with contentType, messageDigest and signingTime,
// each once; SHA-256, SHA-384 or SHA-512 with RSA (PKCS#1 v1.5, 2048 bits and
// more) or ECDSA (P-256, P-384, P-521); no unsigned attributes and no
// revocation lists. RSASSA-PSS and EdDSA are refused, since
// go.mozilla.org/pkcs7 knows neither.
//
// # The fence
//
// go.mozilla.org/pkcs7 recurses without limit, converts BER as it goes, passes
// over errors and trailing bytes, and checks neither the content type nor the
// strength of an algorithm. So it only ever sees bytes that an iterative
// scanner ([MaxDepth], [MaxElements]) and a reader of our own have taken
// apart, runs behind recover, and what it read is compared with what our
// reader read. It does what is left: the certificates, the message digest and
// the signature.
//
// A stack overflow cannot be recovered; the extension therefore verifies in a
// second WebAssembly module in a throw-away Worker, where it is a refusal.
// A js/wasm program that calls both functions has 6.6 MB, 1.8 MB compressed, most
// of it crypto/x509 and what that drags in (Go 1.26, -trimpath -ldflags "-s -w").
package signeddata
