package keypair

import (
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"scelle/shared/tlv"
)

// algorithm is the content of an AlgorithmIdentifier with these parameters.
func algorithm(oid []int, parameters func(*cryptobyte.Builder)) cryptobyte.String {
	var b cryptobyte.Builder
	b.AddASN1ObjectIdentifier(oid)
	if parameters != nil {
		parameters(&b)
	}
	return b.BytesOrPanic()
}

// pss is RSASSA-PSS-params with this hash, the default for nil.
func pss(hash []int) func(*cryptobyte.Builder) {
	return func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			if hash == nil {
				return
			}
			b.AddASN1(asn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(hash) })
			})
		})
	}
}

func TestSignatureHash(t *testing.T) {
	pssOID := []int{1, 2, 840, 113549, 1, 1, 10}
	for _, c := range []struct {
		oid        []int
		parameters func(*cryptobyte.Builder)
		want       string
	}{
		{[]int{1, 2, 840, 113549, 1, 1, 4}, nil, "MD5"},
		{[]int{1, 2, 840, 113549, 1, 1, 5}, nil, "SHA-1"},
		{[]int{1, 2, 840, 10045, 4, 1}, nil, "SHA-1"},
		{[]int{1, 2, 840, 113549, 1, 1, 11}, nil, "SHA-256"},
		{[]int{1, 2, 840, 10045, 4, 3, 2}, nil, "SHA-256"},
		{[]int{1, 2, 840, 113549, 1, 1, 12}, nil, "SHA-384"},
		{[]int{1, 2, 840, 113549, 1, 1, 13}, nil, "SHA-512"},
		{[]int{1, 3, 101, 112}, nil, ""},
		{pssOID, nil, ""},
		{pssOID, pss(nil), "SHA-1"},
		{pssOID, pss([]int{1, 3, 14, 3, 2, 26}), "SHA-1"},
		{pssOID, pss([]int{2, 16, 840, 1, 101, 3, 4, 2, 1}), "SHA-256"},
		{pssOID, pss([]int{2, 16, 840, 1, 101, 3, 4, 2, 2}), "SHA-384"},
		{pssOID, pss([]int{2, 16, 840, 1, 101, 3, 4, 2, 3}), "SHA-512"},
		{pssOID, pss([]int{1, 2, 3}), ""},
	} {
		if got := signatureHash(tlv.String(algorithm(c.oid, c.parameters))); got != c.want {
			t.Errorf("%v: %q, want %q", c.oid, got, c.want)
		}
	}
	if got := signatureHash(nil); got != "" {
		t.Errorf("nothing: %q", got)
	}
}

func TestDecodeString(t *testing.T) {
	for _, c := range []struct {
		tag      asn1.Tag
		in, want string
	}{
		{asn1.UTF8String, "é", "é"},
		{asn1.UTF8String, "\xe9", "é"},
		{asn1.PrintableString, "abc", "abc"},
		{asn1.T61String, "\xe9t\xe9", "été"},
		{asn1.Tag(tlv.BMPString), "\x00\xe9\xd8\x3d\xde\x00", "é😀"},
		{asn1.Tag(tlv.BMPString), "\x00a\x00", "a"},
		{asn1.Tag(tlv.UniversalString), "\x00\x00\x00\xe9\x00\x01\xf6\x00", "é😀"},
		{asn1.Tag(tlv.UniversalString), "\xff\xff\xff\xff", "\ufffd"},
	} {
		if got := decodeString(tlv.Tag(c.tag), []byte(c.in)); got != c.want {
			t.Errorf("%d %q: %q, want %q", c.tag, c.in, got, c.want)
		}
	}
}

// rdn is a Name from attributes given as OID and value.
func rdn(pairs ...any) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for i := 0; i < len(pairs); i += 2 {
			b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(pairs[i].([]int))
					b.AddASN1(asn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes([]byte(pairs[i+1].(string))) })
				})
			})
		}
	})
	return b.BytesOrPanic()
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		der  []byte
		want string
		ok   bool
	}{
		{rdn(), "", true},
		{rdn([]int{2, 5, 4, 3}, "CN", []int{2, 5, 4, 10}, "O"), "CN", true},
		{rdn([]int{2, 5, 4, 3}, "\u202e", []int{2, 5, 4, 10}, "O"), "O", true},
		{rdn([]int{2, 5, 4, 7}, "Ville", []int{2, 5, 4, 8}, "Rhône", []int{2, 5, 4, 97}, "NTRFR-1"), "L=Ville, ST=Rhône, ORGANIZATIONIDENTIFIER=NTRFR-1", true},
		{rdn([]int{0, 9, 2342, 19200300, 100, 1, 25}, "fr", []int{1, 2, 840, 113549, 1, 9, 1}, "a@b.fr", []int{1, 2, 3}, "x"), "DC=fr, E=a@b.fr, 1.2.3=x", true},
		{rdn([]int{2, 5, 4, 11}, strings.Repeat("u", 500)), "OU=" + strings.Repeat("u", 125) + "…", true},
		{append(rdn([]int{2, 5, 4, 3}, "CN"), 0), "", false},
		{[]byte{0x30, 2, 0x31, 5}, "", false},
		{[]byte{0x30, 2, 0x30, 0}, "", false},
		{[]byte{0x30, 4, 0x31, 2, 0x30, 0}, "", false},
	} {
		n, ok := parseName(c.der)
		if ok != c.ok || n.display() != c.want {
			t.Errorf("%x: %q %v, want %q", c.der, n.display(), ok, c.want)
		}
	}
	var many []any
	for range maxAttributes + 1 {
		many = append(many, []int{2, 5, 4, 3}, "x")
	}
	if n, ok := parseName(rdn(many...)); ok || len(n) != maxAttributes {
		t.Errorf("%d attributes were read", len(n))
	}
}

func TestSupportedCurve(t *testing.T) {
	for id, want := range map[string]bool{
		"P-256": true, "P-384": true, "P-521": true, "1.2.840.10045.3.1.7": true, "1.3.132.0.34": true, "1.3.132.0.35": true,
		"P-224": false, "1.3.132.0.10": false, "explicit": false, "": false,
	} {
		if SupportedCurve(id) != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
}
