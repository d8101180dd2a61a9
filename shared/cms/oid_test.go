package cms_test

import (
	"strings"
	"testing"

	"scelle/shared/cms"
)

func TestOID(t *testing.T) {
	for dotted, oid := range map[string]cms.OID{
		oidData: cms.Data, oidEnveloped: cms.EnvelopedData, oidAuth: cms.AuthEnvelopedData,
		"0.9": "\x09", "1.39": "\x4f", "2.999.1": "\x88\x37\x01", "2.5.4.3": "\x55\x04\x03",
		"1.2.18446744073709551615":               "\x2a\x81" + cms.OID(strings.Repeat("\xff", 8)) + "\x7f", // 2^64 - 1
		"?2a82" + strings.Repeat("80", 8) + "00": "\x2a\x82" + cms.OID(strings.Repeat("\x80", 8)) + "\x00", // 2^64
		"2.0":                                    "\x50", "2.47": "\x7f", "2.48": "\x81\x00",
		"?": "", "?2a86": "\x2a\x86", "?" + strings.Repeat("ff", 12) + "01": cms.OID(strings.Repeat("\xff", 12) + "\x01"),
	} {
		if oid.String() != dotted {
			t.Errorf("%q is %s, want %s", string(oid), oid, dotted)
		}
	}
}
