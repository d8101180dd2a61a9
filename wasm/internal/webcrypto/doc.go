// Package webcrypto is the browser's own cipher as an envelope.ContentCipher:
// SubtleCrypto (W3C Web Cryptography API) takes whole messages, and this
// package makes streams of them.
//
// AES-GCM. The bytes go through AES-CTR, chunk by chunk, with the counter
// block nonce || uint32(2 + offset/16) (NIST SP 800-38D 6.5). The tag is put
// together from the tags of empty plaintexts that have a chunk of ciphertext
// as additional data; package ghash has the algebra. All AES and all GHASH of
// content bytes is native, and Go multiplies a few field elements a chunk.
//
// AES-CBC. To encrypt, each chunk's IV is the last ciphertext block before it,
// and the block of padding that SubtleCrypto adds is dropped, but for the last.
// To decrypt, a forged block that decrypts to sixteen bytes of 0x10 is put
// behind each chunk, so that SubtleCrypto removes exactly that, and the real
// padding is looked at in Go, at the end and in constant time.
//
// Large files go by runs: for some pieces of a file at a time chunks.js reads,
// ciphers, writes and gives the hashes what they want, in one call with the IVs
// or counters that Go chose, and Go counts the tags afterwards.
//
// Keys are imported as not extractable and their copies are zeroed at once.
// What browsers lack goes to Go's own cipher: Triple DES everywhere, and AES
// with 192-bit keys in Chromium.
package webcrypto
