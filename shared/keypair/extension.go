package keypair

import (
	encasn1 "encoding/asn1"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

const (
	oidSubjectKeyID   = "2.5.29.14"
	oidKeyUsage       = "2.5.29.15"
	oidAuthorityKeyID = "2.5.29.35"
)

// maxExtensions is how many extensions are read.
const maxExtensions = 128

// readExtensions reads what follows the key in a TBSCertificate and returns
// the authority's key identifier, nil without one.
func (c *Certificate) readExtensions(tbs cryptobyte.String) (authority []byte) {
	var outer, list cryptobyte.String
	var present bool
	if !tbs.SkipOptionalASN1(asn1.Tag(1).ContextSpecific()) ||
		!tbs.SkipOptionalASN1(asn1.Tag(2).ContextSpecific()) ||
		!tbs.ReadOptionalASN1(&outer, &present, asn1.Tag(3).ContextSpecific().Constructed()) || !tbs.Empty() {
		c.Odd = true
	}
	if !present {
		return nil
	}
	if !outer.ReadASN1(&list, asn1.SEQUENCE) || !outer.Empty() {
		c.Odd = true
		return nil
	}
	seen := make(map[string]bool)
	for !list.Empty() {
		oid, value, ok := readExtension(&list)
		if !ok || seen[oid] || len(seen) == maxExtensions {
			c.Odd = true
			return authority
		}
		seen[oid] = true
		switch oid {
		case oidKeyUsage:
			c.readKeyUsage(value)
		case oidSubjectKeyID:
			var id cryptobyte.String
			if !value.ReadASN1(&id, asn1.OCTET_STRING) || !value.Empty() || len(id) == 0 {
				c.Odd = true
				continue
			}
			c.SubjectKeyID = id
		case oidAuthorityKeyID:
			authority = readAuthorityKeyID(value)
		}
	}
	return authority
}

// readExtension reads one Extension, RFC 5280 4.2.
func readExtension(list *cryptobyte.String) (oid string, value cryptobyte.String, ok bool) {
	var extension cryptobyte.String
	var id encasn1.ObjectIdentifier
	ok = list.ReadASN1(&extension, asn1.SEQUENCE) &&
		extension.ReadASN1ObjectIdentifier(&id) &&
		extension.SkipOptionalASN1(asn1.BOOLEAN) &&
		extension.ReadASN1(&value, asn1.OCTET_STRING) && extension.Empty()
	return id.String(), value, ok
}

// readKeyUsage reads the BIT STRING whatever its padding; bits that RFC 5280
// does not name are dropped.
func (c *Certificate) readKeyUsage(value cryptobyte.String) {
	c.HasKeyUsage = true
	var bits cryptobyte.String
	if !value.ReadASN1(&bits, asn1.BIT_STRING) || !value.Empty() || len(bits) == 0 {
		c.Odd = true
		return
	}
	for n := range 9 {
		if at := 1 + n/8; at < len(bits) && bits[at]&(0x80>>(n%8)) != 0 {
			c.KeyUsage |= 1 << n
		}
	}
}

func readAuthorityKeyID(value cryptobyte.String) []byte {
	var body, id cryptobyte.String
	var present bool
	if !value.ReadASN1(&body, asn1.SEQUENCE) ||
		!body.ReadOptionalASN1(&id, &present, asn1.Tag(0).ContextSpecific()) || !present {
		return nil
	}
	return id
}

// readTime reads a Time: UTCTime or GeneralizedTime, also in the forms that
// RFC 5280 forbids and old authorities wrote (no seconds, an offset, a
// fraction of a second).
func readTime(s *cryptobyte.String) (time.Time, bool) {
	var value cryptobyte.String
	var tag asn1.Tag
	if !s.ReadAnyASN1(&value, &tag) {
		return time.Time{}, false
	}
	text := string(value)
	switch tag {
	case asn1.UTCTime:
		// RFC 5280 4.1.2.5.1: two digits from 50 up mean 19xx.
		if len(text) < 2 {
			return time.Time{}, false
		}
		century := "20"
		if text[0] >= '5' {
			century = "19"
		}
		text = century + text
	case asn1.GeneralizedTime:
	default:
		return time.Time{}, false
	}
	for _, layout := range []string{"20060102150405Z0700", "200601021504Z0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

const (
	oidRSASSAPSS = "1.2.840.113549.1.1.10"
	oidSHA1      = "1.3.14.3.2.26"
)

// signatureHash names the hash of a signatureAlgorithm.
func signatureHash(algorithm cryptobyte.String) string {
	var oid encasn1.ObjectIdentifier
	if !algorithm.ReadASN1ObjectIdentifier(&oid) {
		return ""
	}
	if oid.String() == oidRSASSAPSS {
		return pssHash(algorithm)
	}
	switch oid.String() {
	case "1.2.840.113549.1.1.4":
		return "MD5"
	case "1.2.840.113549.1.1.5", "1.3.14.3.2.29", "1.2.840.10045.4.1", "1.2.840.10040.4.3":
		return "SHA-1"
	case "1.2.840.113549.1.1.11", "1.2.840.10045.4.3.2":
		return "SHA-256"
	case "1.2.840.113549.1.1.12", "1.2.840.10045.4.3.3":
		return "SHA-384"
	case "1.2.840.113549.1.1.13", "1.2.840.10045.4.3.4":
		return "SHA-512"
	}
	return ""
}

// pssHash reads the hashAlgorithm of RSASSA-PSS-params, whose default is
// SHA-1 (RFC 4055 3.1).
func pssHash(parameters cryptobyte.String) string {
	var body, field, algorithm cryptobyte.String
	var present bool
	var oid encasn1.ObjectIdentifier
	if !parameters.ReadASN1(&body, asn1.SEQUENCE) ||
		!body.ReadOptionalASN1(&field, &present, asn1.Tag(0).ContextSpecific().Constructed()) {
		return ""
	}
	if !present {
		return "SHA-1"
	}
	if !field.ReadASN1(&algorithm, asn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) {
		return ""
	}
	switch oid.String() {
	case oidSHA1:
		return "SHA-1"
	case "2.16.840.1.101.3.4.2.1":
		return "SHA-256"
	case "2.16.840.1.101.3.4.2.2":
		return "SHA-384"
	case "2.16.840.1.101.3.4.2.3":
		return "SHA-512"
	}
	return ""
}
