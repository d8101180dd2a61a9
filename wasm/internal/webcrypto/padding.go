package webcrypto

import "crypto/subtle"

// unpad says how many bytes of a content's last block are content, RFC 5652
// 6.3. Which byte of the padding is wrong shows neither in the answer nor in
// the time.
func unpad(block []byte) (n int, ok bool) {
	size := len(block)
	pad := int(block[size-1])
	good := subtle.ConstantTimeLessOrEq(1, pad) & subtle.ConstantTimeLessOrEq(pad, size)
	for i, b := range block {
		inPad := subtle.ConstantTimeLessOrEq(size-i, pad)
		good &= subtle.ConstantTimeSelect(inPad, subtle.ConstantTimeByteEq(b, byte(pad)), 1)
	}
	if good != 1 {
		return 0, false
	}
	return size - pad, true
}
