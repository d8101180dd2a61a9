package pkcs12x

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// newHash makes a hash function's state.
type newHash func() hash.Hash

// hashByOID returns a digest algorithm, RFC 8017 B.1.
func hashByOID(oid string) newHash {
	switch oid {
	case "1.3.14.3.2.26":
		return sha1.New
	case "2.16.840.1.101.3.4.2.4":
		return sha256.New224
	case oidSHA256:
		return sha256.New
	case "2.16.840.1.101.3.4.2.2":
		return sha512.New384
	case "2.16.840.1.101.3.4.2.3":
		return sha512.New
	}
	return nil
}

// hmacByOID returns the hash of an HMAC, RFC 8018 B.1.
func hmacByOID(oid string) newHash {
	switch oid {
	case "1.2.840.113549.2.7":
		return sha1.New
	case "1.2.840.113549.2.8":
		return sha256.New224
	case oidHMACSHA256:
		return sha256.New
	case "1.2.840.113549.2.10":
		return sha512.New384
	case "1.2.840.113549.2.11":
		return sha512.New
	}
	return nil
}

// The diversifiers of the PKCS#12 key derivation, RFC 7292 B.3.
const (
	forKey byte = 1
	forIV  byte = 2
	forMAC byte = 3
)

// deriveP12 is the key derivation of RFC 7292 B.2: n bytes from a password in
// BMPString form. Letters are those of the RFC.
func deriveP12(h newHash, id byte, password, salt []byte, iterations, n int) []byte {
	state := h()
	v := state.BlockSize()
	d := make([]byte, v)
	for i := range d {
		d[i] = id
	}
	filled := fill(password, v)
	input := slices.Concat(fill(salt, v), filled)
	clear(filled)
	defer clear(input)
	var out, a []byte
	b := make([]byte, v)
	defer clear(b)
	for {
		state.Reset()
		state.Write(d)
		state.Write(input)
		a = state.Sum(a[:0])
		for range iterations - 1 {
			state.Reset()
			state.Write(a)
			a = state.Sum(a[:0])
		}
		out = append(out, a...)
		if len(out) >= n {
			clear(a)
			return out[:n]
		}
		for i := range b {
			b[i] = a[i%len(a)]
		}
		for i := 0; i < len(input); i += v {
			addOne(input[i:i+v], b)
		}
	}
}

// fill repeats s to a multiple of v bytes, none for an empty s.
func fill(s []byte, v int) []byte {
	if len(s) == 0 {
		return nil
	}
	out := make([]byte, (len(s)+v-1)/v*v)
	for i := range out {
		out[i] = s[i%len(s)]
	}
	return out
}

// addOne sets x to x + b + 1 as big-endian numbers of the same length.
func addOne(x, b []byte) {
	carry := uint(1)
	for i := len(x) - 1; i >= 0; i-- {
		carry += uint(x[i]) + uint(b[i])
		x[i] = byte(carry)
		carry >>= 8
	}
}

// derivePBKDF2 is PBKDF2 with HMAC, RFC 8018 5.2. It is here because the
// standard library's takes the password as a string.
func derivePBKDF2(h newHash, password, salt []byte, iterations, n int) []byte {
	mac := hmac.New(h, password)
	var out, u []byte
	for block := uint32(1); len(out) < n; block++ {
		mac.Reset()
		mac.Write(salt)
		mac.Write(binary.BigEndian.AppendUint32(nil, block))
		u = mac.Sum(u[:0])
		t := append([]byte(nil), u...)
		for range iterations - 1 {
			mac.Reset()
			mac.Write(u)
			u = mac.Sum(u[:0])
			for i := range t {
				t[i] ^= u[i]
			}
		}
		out = append(out, t...)
		clear(t)
	}
	clear(u)
	return out[:n]
}

// passwords holds the forms in which writers feed one password to the two
// derivations, the standard's first.
type passwords struct {
	bmp [][]byte // for deriveP12
	raw [][]byte // for derivePBKDF2
}

// newPasswords makes the forms of a UTF-8 password.
//
// RFC 7292 B.1 wants a BMPString with two zero bytes at the end for its own
// derivation. Some writers give no bytes at all for an empty password, and
// OpenSSL before 1.1 widened each byte, whatever the encoding of the terminal.
// PBES2 wants UTF-8 (RFC 8018 3), but one meets Latin-1 and, from old NSS, the
// BMPString.
func newPasswords(password []byte) *passwords {
	bmp := toBMP(password, utf8.DecodeRune)
	p := &passwords{bmp: [][]byte{bmp}, raw: [][]byte{append([]byte(nil), password...)}}
	switch {
	case len(password) == 0:
		p.bmp = append(p.bmp, nil)
	case !isASCII(password):
		p.bmp = append(p.bmp, toBMP(password, oneByte))
		if latin1 := toLatin1(password); latin1 != nil {
			p.raw = append(p.raw, latin1)
		}
	}
	p.raw = append(p.raw, append([]byte(nil), bmp...))
	return p
}

func (p *passwords) clear() {
	for _, forms := range [][][]byte{p.bmp, p.raw} {
		for _, b := range forms {
			clear(b)
		}
	}
}

func isASCII(s []byte) bool {
	for _, b := range s {
		if b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func oneByte(s []byte) (rune, int) { return rune(s[0]), 1 }

// toBMP is UTF-16 in big-endian order with a zero at the end.
func toBMP(s []byte, next func([]byte) (rune, int)) []byte {
	out := make([]byte, 0, 2*len(s)+2)
	for len(s) > 0 {
		r, n := next(s)
		if r == utf8.RuneError && n == 1 {
			r = rune(s[0]) // not UTF-8: take it for Latin-1
		}
		s = s[n:]
		if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
			out = binary.BigEndian.AppendUint16(out, uint16(hi))
			r = lo
		}
		out = binary.BigEndian.AppendUint16(out, uint16(r))
	}
	return append(out, 0, 0)
}

// toLatin1 returns nil when a character is not in Latin-1.
func toLatin1(s []byte) []byte {
	out := make([]byte, 0, len(s))
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		if r > 0xff {
			clear(out)
			return nil
		}
		out = append(out, byte(r))
		s = s[n:]
	}
	return out
}
