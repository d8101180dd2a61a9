package pkcs12x

import (
	"bytes"
	"crypto/elliptic"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/fault"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRC2 decrypts the vectors of RFC 2268 section 5 whose effective length
// is the whole key.
func TestRC2(t *testing.T) {
	for _, v := range []struct{ key, plain, cipher string }{
		{"ffffffffffffffff", "ffffffffffffffff", "278b27e42e2f0d49"},
		{"3000000000000000", "1000000000000001", "30649edf9be7d2c2"},
		{"88bca90e90875a7f0f79c384627bafb2", "0000000000000000", "2269552ab0f85ca6"},
	} {
		got := make([]byte, 8)
		newRC2(unhex(t, v.key)).decrypt(got, unhex(t, v.cipher))
		if hex.EncodeToString(got) != v.plain {
			t.Errorf("key %s: %x, want %s", v.key, got, v.plain)
		}
	}
}

// TestPBKDF2 has the vectors of RFC 6070 and, for SHA-256, of RFC 7914 section 11.
func TestPBKDF2(t *testing.T) {
	for _, v := range []struct {
		hash           newHash
		password, salt string
		iterations     int
		want           string
	}{
		{sha1.New, "password", "salt", 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"},
		{sha1.New, "password", "salt", 2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"},
		{sha1.New, "password", "salt", 4096, "4b007901b765489abead49d926f721d065a429c1"},
		{sha1.New, "passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096, "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"},
		{sha1.New, "pass\x00word", "sa\x00lt", 4096, "56fa6aa75548099dcc37d7f03425e0c3"},
		{sha256.New, "passwd", "salt", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"},
	} {
		got := derivePBKDF2(v.hash, []byte(v.password), []byte(v.salt), v.iterations, len(v.want)/2)
		if hex.EncodeToString(got) != v.want {
			t.Errorf("%q, %d: %x", v.password, v.iterations, got)
		}
	}
}

func TestToDER(t *testing.T) {
	for _, v := range []struct{ what, in, out string }{
		{"definite", "3003020103", "3003020103"},
		{"long length", "308200030201 03", "3003020103"},
		{"indefinite", "3080 020103 0000", "3003020103"},
		{"nested indefinite", "3080 3080 020103 0000 0000", "30053003020103"},
		{"empty indefinite", "3080 0000", "3000"},
		{"chunks", "2480 0401aa 0402bbcc 0000", "0403aabbcc"},
		{"chunks of chunks", "240a 2480 0401aa 0000 0401bb", "0402aabb"},
		{"chunks inside", "3007 2405 0401aa 0400", "30030401aa"},
		{"primitive alone", "0401aa", "0401aa"},
		{"context constructed stays", "a080 0401aa 0000", "a0030401aa"},
		{"marker inside a definite", "3002 0000", ""},
		{"trailing", "3000 00", ""},
		{"two elements", "3000 3000", ""},
		{"no end", "3080 020103", ""},
		{"half an end", "3080 020103 00", ""},
		{"child passes its parent", "3004 0203 0101", ""},
		{"indefinite child passes its parent", "3004 3080 0201 03 0000", ""},
		{"indefinite primitive", "0480 0000", ""},
		{"foreign chunk", "2480 020101 0000", ""},
		{"high tag", "3f1f00", ""},
		{"length of five bytes", "30850000000000", ""},
		{"no length", "30", ""},
	} {
		in := unhex(t, string(bytes.ReplaceAll([]byte(v.in), []byte(" "), nil)))
		out, ok := toDER(in)
		if ok != (v.out != "") || ok && hex.EncodeToString(out) != v.out {
			t.Errorf("%s: %x, %v", v.what, out, ok)
		}
	}
	for depth, want := range map[int]bool{maxDepth: true, maxDepth + 1: false} {
		in := append(bytes.Repeat([]byte{0x30, 0x80}, depth), bytes.Repeat([]byte{0, 0}, depth)...)
		if _, ok := toDER(in); ok != want {
			t.Errorf("depth %d: %v", depth, ok)
		}
	}
}

func TestPasswordForms(t *testing.T) {
	for _, v := range []struct {
		password string
		bmp, raw []string
	}{
		{"", []string{"0000", ""}, []string{"", "0000"}},
		{"a", []string{"00610000"}, []string{"61", "00610000"}},
		{"é", []string{"00e90000", "00c300a90000"}, []string{"c3a9", "e9", "00e90000"}},
		{"😀", []string{"d83dde000000", "00f0009f009800800000"}, []string{"f09f9880", "d83dde000000"}},
		{"\xe9", []string{"00e90000", "00e90000"}, []string{"e9", "00e90000"}},
	} {
		p := newPasswords([]byte(v.password))
		if !same(p.bmp, v.bmp) || !same(p.raw, v.raw) {
			t.Errorf("%q: bmp %x, raw %x", v.password, p.bmp, p.raw)
		}
		p.clear()
		for _, b := range append(p.bmp, p.raw...) {
			if bytes.Count(b, []byte{0}) != len(b) {
				t.Errorf("%q: %x is left", v.password, b)
			}
		}
	}
}

func same(got [][]byte, want []string) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if hex.EncodeToString(got[i]) != want[i] {
			return false
		}
	}
	return true
}

func TestMend(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "abc": "abc", "Clé": "Clé", "Cl\u00c3\u00a9 d'\u00c3\u0089lodie": "Clé d'Élodie", "\u00c3": "\u00c3", "\u20ac \u00c3\u00a9": "\u20ac \u00c3\u00a9",
	} {
		if got := mend(name); got != want {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
	}
}

// FuzzScan reads the structure of changed real files: limits hold and
// refusals have a code.
func FuzzScan(f *testing.F) {
	for name := range accepted {
		f.Add(read(f, name)) // fails when the file is gone
	}
	for name := range refused {
		f.Add(read(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		scanned, err := scan(data)
		switch {
		case err != nil && (scanned != nil || fault.CodeOf(err) == fault.Internal):
			t.Fatal(err)
		case err == nil && (scanned.budget.spent > MaxTotalIterations || scanned.bags > maxBags || len(scanned.keys) > 1 || len(scanned.mac.digest) == 0):
			t.Fatalf("%+v", scanned)
		}
	})
}

// FuzzDecode: what is accepted is one sound pair, which is written and read
// again the same; everything else is a fault with a code, never a panic. The
// seeds have few iterations, and what asks for many is left to FuzzScan.
func FuzzDecode(f *testing.F) {
	p := certtest.SelfSigned(f, certtest.Options{Curve: elliptic.P256()})
	f.Add(craft(f, false, member{key: p}, member{certificate: p}))
	f.Add(craft(f, true, member{key: p, name: "é"}, member{certificate: p}))
	f.Add(craft(f, false, member{certificate: p}))
	for _, format := range []Format{Modern, TripleDES} {
		data, err := encode(p.Key, p.DER, "Clé", password, format, 5)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if scanned, err := scan(data); err == nil && scanned.budget.spent > 1000 {
			return
		}
		b, err := Decode(data, password)
		if err != nil {
			if fault.CodeOf(err) == fault.Internal || b != nil {
				t.Fatal(err)
			}
			return
		}
		again, err := encode(b.Key, b.Certificate, b.FriendlyName, password, Modern, 1)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Decode(again, password)
		if err != nil || !equalKeys(c.Key, b.Key) || !bytes.Equal(c.Certificate, b.Certificate) || c.FriendlyName != b.FriendlyName {
			t.Fatalf("%+v, %v", c, err)
		}
	})
}
