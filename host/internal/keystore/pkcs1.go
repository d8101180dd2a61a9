package keystore

import "crypto/subtle"

// UnpadSessionKey takes a content key out of a block, as long as the modulus,
// that a store decrypted without looking at its PKCS#1 v1.5 padding (RFC 8017,
// 7.2.2 step 3). A well padded message of exactly len(key) bytes replaces key;
// otherwise key stays as it is. Only lengths show in the time that it takes.
func UnpadSessionKey(block, key []byte) {
	start := len(block) - len(key) // of the message
	if start < 11 {
		return // no room for the padding: lengths are public
	}
	good := subtle.ConstantTimeByteEq(block[0], 0) & subtle.ConstantTimeByteEq(block[1], 2)
	for _, b := range block[2 : start-1] {
		good &= 1 ^ subtle.ConstantTimeByteEq(b, 0)
	}
	good &= subtle.ConstantTimeByteEq(block[start-1], 0)
	subtle.ConstantTimeCopy(good, key, block[start:])
}
