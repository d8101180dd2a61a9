package pkcs12x

import (
	"bytes"
	"crypto/cipher"
	"crypto/elliptic"
	"crypto/x509"
	"fmt"
	"math/big"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"scelle/shared/certtest"
	"scelle/shared/fault"
)

// variants returns der with one element dropped, emptied, doubled or given
// another tag, for each element of its tree, also inside OCTET STRINGs.
func variants(der []byte) [][]byte {
	var out [][]byte
	for at := 0; at < len(der); {
		tag, length, header, ok := readHeader(der[at:])
		if !ok {
			return out
		}
		end := at + header + length
		before, element, content, after := der[:at], der[at:end], der[at+header:end], der[end:]
		put := func(middle []byte) { out = append(out, bytes.Join([][]byte{before, middle, after}, nil)) }
		wrap := func(tag byte, content []byte) []byte {
			return append(appendLength([]byte{tag}, len(content)), content...)
		}
		put(nil)
		put(wrap(tag, nil))
		put(append(bytes.Clone(element), element...))
		put(wrap(tag^0x01, content))
		if tag&constructed != 0 || tag == tagOctets && isSequence(content) {
			for _, v := range variants(content) {
				put(wrap(tag, v))
			}
		}
		at = end
	}
	return out
}

// TestEveryElementChanged changes the structure of a file at each element,
// first as it stands, then with a fresh MAC, so that the change is reached by
// the steps after it. What is still accepted is the same pair.
func TestEveryElementChanged(t *testing.T) {
	p := certtest.SelfSigned(t, certtest.Options{Curve: elliptic.P256()})
	data := craft(t, false, member{key: p, name: "n", id: "1"}, member{certificate: p, id: "1"})
	f, err := scan(data)
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{iterations: 10, passwords: newPasswords(password)}
	codes := make(map[fault.Code]int)
	check := func(kind string, i int, file []byte) {
		b, err := Decode(file, password)
		code := fault.CodeOf(err)
		codes[code]++
		switch {
		case err == nil && (!equalKeys(b.Key, p.Key) || !bytes.Equal(b.Certificate, p.DER)):
			t.Errorf("%s %d: another pair", kind, i)
		case err == nil && kind == "as it stands" && !bytes.Equal(f.authenticated, authenticated(t, file)):
			t.Errorf("%s %d: accepted", kind, i)
		case code == fault.Internal:
			t.Errorf("%s %d: %v", kind, i, err)
		}
	}
	for i, v := range variants(data) {
		check("as it stands", i, v)
	}
	for i, v := range variants(f.authenticated) {
		check("with a fresh MAC", i, authenticate(t, w, v))
	}
	for _, c := range []fault.Code{"", fault.P12Damaged, fault.P12NoMAC, fault.P12NoKey, fault.P12SeveralKeys, fault.P12NoCertificate, fault.P12Unsupported} {
		if codes[c] == 0 {
			t.Errorf("no change gave %q: %v", c, codes)
		}
	}
}

func authenticated(t *testing.T, file []byte) []byte {
	f, err := scan(file)
	if err != nil {
		t.Fatal(err)
	}
	return f.authenticated
}

// pbes2 writes an AlgorithmIdentifier with the given PRF and cipher, without a
// PRF when it is empty.
func pbes2(c *scheme, prf, cipher string, length int) []byte {
	var b cryptobyte.Builder
	addAlgorithm(&b, oidPBES2, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addAlgorithm(b, oidPBKDF2, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1OctetString(c.salt)
					b.AddASN1Int64(int64(c.iterations))
					if length != 0 {
						b.AddASN1Int64(int64(length))
					}
					if prf != "" {
						addAlgorithm(b, prf, nil)
					}
				})
			})
			addAlgorithm(b, cipher, func(b *cryptobyte.Builder) { b.AddASN1OctetString(c.iv) })
		})
	})
	return b.BytesOrPanic()
}

// TestPBES2Variants reads every PRF and cipher that RFC 8018 names and we take.
func TestPBES2Variants(t *testing.T) {
	plain := []byte{0x30, 3, 2, 1, 5}
	for _, prf := range []string{"", oidHMACSHA1, "1.2.840.113549.2.8", oidHMACSHA256, "1.2.840.113549.2.10", "1.2.840.113549.2.11"} {
		for oid, c := range map[string]*scheme{
			"2.16.840.1.101.3.4.1.2":  {keySize: 16, iv: make([]byte, 16)},
			"2.16.840.1.101.3.4.1.22": {keySize: 24, iv: make([]byte, 16)},
			oidAES256CBC:              {keySize: 32, iv: make([]byte, 16)},
			"1.2.840.113549.3.7":      {keySize: 24, iv: make([]byte, 8), mode: tripleDESCBC},
		} {
			c.pbkdf2, c.salt, c.iterations, c.hash = true, []byte("sel"), 3, hmacByOID(oidHMACSHA1)
			if prf != "" {
				c.hash = hmacByOID(prf)
			}
			key, iv := c.derive(password)
			block, err := c.block(key)
			if err != nil {
				t.Fatal(err)
			}
			padding := len(iv) - len(plain)%len(iv)
			sealed := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(padding)}, padding)...)
			cipher.NewCBCEncrypter(block, iv).CryptBlocks(sealed, sealed)
			for _, length := range []int{0, c.keySize} {
				s := cryptobyte.String(pbes2(c, prf, oid, length))
				got, err := readScheme(&s, new(budget))
				if err != nil {
					t.Errorf("%s with %s: %v", prf, oid, err)
				} else if !bytes.Equal(got.open(sealed, newPasswords(password), isSequence), plain) {
					t.Errorf("%s with %s does not open", prf, oid)
				}
			}
		}
	}
}

func TestPBES2Refusals(t *testing.T) {
	fine := &scheme{salt: []byte("sel"), iterations: 3, iv: make([]byte, 16)}
	short := &scheme{salt: []byte("sel"), iterations: 3, iv: make([]byte, 8)}
	for what, c := range map[string]struct {
		der  []byte
		code fault.Code
	}{
		"unknown PRF":        {pbes2(fine, "1.2.3", oidAES256CBC, 0), fault.P12Unsupported},
		"unknown cipher":     {pbes2(fine, "", "1.2.840.113549.3.2", 0), fault.P12Unsupported},
		"short vector":       {pbes2(short, "", oidAES256CBC, 0), fault.P12Damaged},
		"wrong key length":   {pbes2(fine, "", oidAES256CBC, 16), fault.P12Damaged},
		"negative length":    {pbes2(fine, "", oidAES256CBC, -1), fault.P12Damaged},
		"no iterations":      {pbes2(&scheme{salt: []byte("sel"), iv: fine.iv}, "", oidAES256CBC, 0), fault.P12Iterations},
		"scrypt":             {bytes.Replace(pbes2(fine, "", oidAES256CBC, 0), []byte("\x09*\x86H\x86\xf7\r\x01\x05\x0c"), []byte("\x09+\x06\x01\x04\x01\xda\x47\x04\x0b"), 1), fault.P12Unsupported},
		"not an algorithm":   {[]byte{0x30, 0}, fault.P12Damaged},
		"nothing after PBES": {[]byte("\x30\x0b\x06\x09*\x86H\x86\xf7\r\x01\x05\x0d"), fault.P12Damaged},
	} {
		s := cryptobyte.String(c.der)
		if _, err := readScheme(&s, new(budget)); fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", what, err, c.code)
		}
	}
}

// rsaInfo is a PrivateKeyInfo with an RSA key of our choice.
func rsaInfo(version int64, numbers ...*big.Int) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		addAlgorithm(b, oidRSAEncryption, nil)
		b.AddASN1(asn1.OCTET_STRING, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(version)
				for _, n := range numbers {
					b.AddASN1BigInt(n)
				}
			})
		})
	})
	return b.BytesOrPanic()
}

func TestReadKey(t *testing.T) {
	k := certtest.RSAKey(t, 2048, 0)
	e := big.NewInt(65537)
	p := k.Precomputed
	good, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	all := func(n, e *big.Int) []*big.Int {
		return []*big.Int{n, e, k.D, k.Primes[0], k.Primes[1], p.Dp, p.Dq, p.Qinv}
	}
	wrongD := all(k.N, e)
	wrongD[2] = new(big.Int).Add(k.D, big.NewInt(2))
	for what, c := range map[string]struct {
		info []byte
		code fault.Code
	}{
		"as marshalled":                 {good, ""},
		"as we write it":                {rsaInfo(0, all(k.N, e)...), ""},
		"multi-prime":                   {rsaInfo(1, all(k.N, e)...), fault.CertificateKeyKind},
		"exponent 3":                    {rsaInfo(0, all(k.N, big.NewInt(3))...), fault.CertificateExponent},
		"even exponent":                 {rsaInfo(0, all(k.N, big.NewInt(65538))...), fault.CertificateExponent},
		"gigantic":                      {rsaInfo(0, all(k.N, k.N)...), fault.CertificateExponent},
		"short modulus":                 {rsaInfo(0, all(new(big.Int).Rsh(k.N, 1), e)...), fault.CertificateWeak},
		"negative modulus":              {rsaInfo(0, all(new(big.Int).Neg(k.N), e)...), fault.P12Damaged},
		"long modulus":                  {rsaInfo(0, all(new(big.Int).Lsh(k.N, 6145), e)...), fault.CertificateKeyKind},
		"primes and modulus do not fit": {rsaInfo(0, all(new(big.Int).Add(k.N, big.NewInt(2)), e)...), fault.P12Damaged},
		"wrong private exponent":        {rsaInfo(0, wrongD...), fault.P12Damaged},
		"numbers missing":               {rsaInfo(0, k.N), fault.P12Damaged},
		"nothing":                       {nil, fault.P12Damaged},
		"empty":                         {[]byte{0x30, 0}, fault.P12Damaged},
	} {
		got, err := readKey(c.info)
		if fault.CodeOf(err) != c.code || (err == nil) != (got != nil) {
			t.Errorf("%s: %v, want %s", what, err, c.code)
		}
		if err != nil && bytes.Contains([]byte(fmt.Sprint(err)), []byte(k.D.String())) {
			t.Errorf("%s: the error quotes the key", what)
		}
	}
}
