package capi

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/binary"
	"math/big"
	"slices"

	"scelle/shared/fault"
)

// Magic numbers of key blobs (bcrypt.h, wincrypt.h), little-endian text.
const (
	magicRSAFull  = 0x33415352 // "RSA3", BCRYPT_RSAFULLPRIVATE_MAGIC
	magicRSA2     = 0x32415352 // "RSA2", RSAPUBKEY.magic of a private key
	calgRSAKeyX   = 0x0000a400 // CALG_RSA_KEYX
	privateKeyBlb = 0x07       // PRIVATEKEYBLOB
	blobVersion   = 0x02       // CUR_BLOB_VERSION
)

// cngRSA is a BCRYPT_RSAFULLPRIVATE_BLOB: six 32-bit numbers (magic, bits,
// lengths of e, n, p, q), then e, n, p, q, dp, dq, qInv, d, big-endian. The
// caller wipes it.
func cngRSA(key *rsa.PrivateKey) []byte {
	key.Precompute() // a no-op where crypto/rsa made or read the key
	e := big.NewInt(int64(key.E)).Bytes()
	n, p, q := key.Size(), size(key.Primes[0]), size(key.Primes[1])
	out := make([]byte, 0, 24+len(e)+2*n+3*p+2*q)
	for _, v := range []int{magicRSAFull, key.N.BitLen(), len(e), n, p, q} {
		out = binary.LittleEndian.AppendUint32(out, uint32(v))
	}
	out = append(out, e...)
	for _, f := range []struct {
		v    *big.Int
		size int
	}{
		{key.N, n}, {key.Primes[0], p}, {key.Primes[1], q},
		{key.Precomputed.Dp, p}, {key.Precomputed.Dq, q}, {key.Precomputed.Qinv, p}, {key.D, n},
	} {
		out = appendFixed(out, f.v, f.size)
	}
	return out
}

// cryptoAPIRSA is a PRIVATEKEYBLOB (BLOBHEADER, RSAPUBKEY, then n, p, q, dp,
// dq, qInv, d, little-endian). Its fields have one length each, so that primes
// of other lengths than half the modulus are fault.CertificateKeyKind. The
// caller wipes it.
func cryptoAPIRSA(key *rsa.PrivateKey) ([]byte, error) {
	key.Precompute()
	full, half := key.Size(), key.Size()/2
	if key.N.BitLen()%16 != 0 || size(key.Primes[0]) != half || size(key.Primes[1]) != half {
		return nil, fault.Newf(fault.CertificateKeyKind, "primes of unequal length")
	}
	out := make([]byte, 0, 20+2*full+5*half)
	out = append(out, privateKeyBlb, blobVersion, 0, 0)
	for _, v := range []uint32{calgRSAKeyX, magicRSA2, uint32(key.N.BitLen()), uint32(key.E)} {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	for _, f := range []struct {
		v    *big.Int
		size int
	}{
		{key.N, full}, {key.Primes[0], half}, {key.Primes[1], half},
		{key.Precomputed.Dp, half}, {key.Precomputed.Dq, half}, {key.Precomputed.Qinv, half}, {key.D, full},
	} {
		start := len(out)
		out = appendFixed(out, f.v, f.size)
		slices.Reverse(out[start:])
	}
	return out, nil
}

func size(v *big.Int) int { return (v.BitLen() + 7) / 8 }

// appendFixed appends v, big-endian, in exactly n bytes, without a copy
// elsewhere: out has room.
func appendFixed(out []byte, v *big.Int, n int) []byte {
	start := len(out)
	out = out[:start+n]
	v.FillBytes(out[start:])
	return out
}

// curveMagic returns the magic number of an ECDH public key on the curve
// (BCRYPT_ECDH_PUBLIC_P256_MAGIC and so on) and the length of its numbers in
// bytes. The private key's magic is the next one's, 0x01000000 more.
func curveMagic(curve elliptic.Curve) (magic uint32, n int, ok bool) {
	switch curve {
	case elliptic.P256():
		return 0x314b4345, 32, true // "ECK1"
	case elliptic.P384():
		return 0x334b4345, 48, true // "ECK3"
	case elliptic.P521():
		return 0x354b4345, 66, true // "ECK5"
	}
	return 0, 0, false
}

const privateMagic = 0x01000000

// cngEC is a BCRYPT_ECCKEY_BLOB: magic, length of a number, then X, Y and d,
// big-endian. The caller wipes it.
func cngEC(key *ecdsa.PrivateKey) ([]byte, error) {
	magic, n, ok := curveMagic(key.Curve)
	if !ok {
		return nil, fault.New(fault.CertificateKeyKind)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, fault.Recode(fault.CertificateKeyKind, err)
	}
	d, err := key.Bytes() // crypto/ecdsa's own copy: it must not be cleared
	if err != nil {
		return nil, fault.Recode(fault.CertificateKeyKind, err)
	}
	return slices.Concat(ecHead(magic+privateMagic, n), point[1:], d), nil
}

// cngPoint is a BCRYPT_ECCKEY_BLOB without d. point is uncompressed and was
// checked to be on the curve.
func cngPoint(curve elliptic.Curve, point []byte) ([]byte, error) {
	magic, n, ok := curveMagic(curve)
	if !ok || len(point) != 1+2*n {
		return nil, fault.New(fault.CertificateKeyKind)
	}
	return slices.Concat(ecHead(magic, n), point[1:]), nil
}

func ecHead(magic uint32, n int) []byte {
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, magic), uint32(n))
}
