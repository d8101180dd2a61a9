package keypair

import (
	"time"

	"scelle/shared/tlv"
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
func (c *Certificate) readExtensions(tbs tlv.String) (authority []byte) {
	var outer, list tlv.String
	var present bool
	if !tbs.SkipOptional(tlv.Context(1)) ||
		!tbs.SkipOptional(tlv.Context(2)) ||
		!tbs.ReadOptional(&outer, &present, tlv.Context(3).Constructed()) || !tbs.Empty() {
		c.Odd = true
	}
	if !present {
		return nil
	}
	if !outer.Read(&list, tlv.Sequence) || !outer.Empty() {
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
			var id tlv.String
			if !value.Read(&id, tlv.OctetString) || !value.Empty() || len(id) == 0 {
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
func readExtension(list *tlv.String) (oid string, value tlv.String, ok bool) {
	var extension tlv.String
	var id string
	ok = list.Read(&extension, tlv.Sequence) &&
		extension.ReadOID(&id) &&
		extension.SkipOptional(tlv.Boolean) &&
		extension.Read(&value, tlv.OctetString) && extension.Empty()
	return id, value, ok
}

// readKeyUsage reads the BIT STRING whatever its padding; bits that RFC 5280
// does not name are dropped.
func (c *Certificate) readKeyUsage(value tlv.String) {
	c.HasKeyUsage = true
	var bits tlv.String
	if !value.Read(&bits, tlv.BitString) || !value.Empty() || len(bits) == 0 {
		c.Odd = true
		return
	}
	for n := range 9 {
		if at := 1 + n/8; at < len(bits) && bits[at]&(0x80>>(n%8)) != 0 {
			c.KeyUsage |= 1 << n
		}
	}
}

func readAuthorityKeyID(value tlv.String) []byte {
	var body, id tlv.String
	var present bool
	if !value.Read(&body, tlv.Sequence) ||
		!body.ReadOptional(&id, &present, tlv.Context(0)) || !present {
		return nil
	}
	return id
}

// readTime reads a Time: UTCTime or GeneralizedTime, also in the forms that
// RFC 5280 forbids and old authorities wrote (no seconds, an offset, a
// fraction of a second).
func readTime(s *tlv.String) (time.Time, bool) {
	var value tlv.String
	var tag tlv.Tag
	if !s.ReadAny(&value, &tag) {
		return time.Time{}, false
	}
	text := string(value)
	switch tag {
	case tlv.UTCTime:
		// RFC 5280 4.1.2.5.1: two digits from 50 up mean 19xx.
		if len(text) < 2 {
			return time.Time{}, false
		}
		century := "20"
		if text[0] >= '5' {
			century = "19"
		}
		text = century + text
	case tlv.GeneralizedTime:
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
func signatureHash(algorithm tlv.String) string {
	var oid string
	if !algorithm.ReadOID(&oid) {
		return ""
	}
	if oid == oidRSASSAPSS {
		return pssHash(algorithm)
	}
	switch oid {
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
func pssHash(parameters tlv.String) string {
	var body, field, algorithm tlv.String
	var present bool
	var oid string
	if !parameters.Read(&body, tlv.Sequence) ||
		!body.ReadOptional(&field, &present, tlv.Context(0).Constructed()) {
		return ""
	}
	if !present {
		return "SHA-1"
	}
	if !field.Read(&algorithm, tlv.Sequence) || !algorithm.ReadOID(&oid) {
		return ""
	}
	switch oid {
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
