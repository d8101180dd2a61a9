package tlv_test

import (
	"bytes"
	encasn1 "encoding/asn1"
	"encoding/hex"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"scelle/shared/certtest"
	"scelle/shared/tlv"
)

// same reads one element of each kind with both packages.
func same(t *testing.T, data []byte) {
	t.Helper()
	check := func(what string, ours, theirs bool, got, want, left, rest []byte) {
		t.Helper()
		if ours != theirs || ours && (!bytes.Equal(got, want) || !bytes.Equal(left, rest)) {
			t.Fatalf("%s of %x: %v %x left %x, but cryptobyte says %v %x left %x", what, data, ours, got, left, theirs, want, rest)
		}
		if !ours && !bytes.Equal(left, data) {
			t.Fatalf("%s of %x took something and failed", what, data)
		}
	}
	{
		s, c := tlv.String(data), cryptobyte.String(data)
		var got tlv.String
		var want cryptobyte.String
		var tag tlv.Tag
		var theirTag asn1.Tag
		ours, theirs := s.ReadAny(&got, &tag), c.ReadAnyASN1(&want, &theirTag)
		check("ReadAny", ours, theirs, got, want, s, c)
		if ours && uint8(tag) != uint8(theirTag) {
			t.Fatalf("tag %x, not %x", tag, theirTag)
		}
	}
	for _, tag := range []tlv.Tag{tlv.Sequence, tlv.Integer, tlv.Context(3).Constructed()} {
		s, c := tlv.String(data), cryptobyte.String(data)
		var got tlv.String
		var want cryptobyte.String
		check("ReadElement", s.ReadElement(&got, tag), c.ReadASN1Element(&want, asn1.Tag(tag)), got, want, s, c)
		s, c = data, data
		check("Read", s.Read(&got, tag), c.ReadASN1(&want, asn1.Tag(tag)), got, want, s, c)
		s, c = data, data
		check("SkipOptional", s.SkipOptional(tag), c.SkipOptionalASN1(asn1.Tag(tag)), nil, nil, s, c)
		s, c = data, data
		var present, theirs bool
		got, want = nil, nil
		check("ReadOptional", s.ReadOptional(&got, &present, tag), c.ReadOptionalASN1(&want, &theirs, asn1.Tag(tag)), got, want, s, c)
		if present != theirs {
			t.Fatalf("present %v, not %v", present, theirs)
		}
	}
	s, c := tlv.String(data), cryptobyte.String(data)
	var bits tlv.String
	var want []byte
	check("ReadBits", s.ReadBits(&bits), c.ReadASN1BitStringAsBytes(&want), bits, want, s, c)
	s, c = data, data
	var oid string
	var theirs encasn1.ObjectIdentifier
	check("ReadOID", s.ReadOID(&oid), c.ReadASN1ObjectIdentifier(&theirs), []byte(oid), []byte(theirs.String()), s, c)
	s, c = data, data
	var skipped tlv.String
	for s.Read(&skipped, tlv.Sequence) && len(skipped) > 0 { // down to the first element
		s = skipped
	}
	if len(s) > 0 && len(s) < len(data) {
		same(t, s)
	}
}

var samples = []string{
	"", "30", "3000", "300100", "0201ff05", "30810100", "30818000", "3082010000", "3084000000ff", "30850000000001", "3080", "1f0100", "3f1f00",
	"3003020101" + "ff", "0303000102", "03020702", "030100", "0300", "a303020101", "a30402",
	"06092a864886f70d010101", "0603550403", "06028001", "060288" + "37", "0605ffffffff7f", "0605" + "8fffffff7f", "06068780808080" + "00", "0600", "060155", "06052a80" + "8001" + "00",
}

// TestSameAsCryptobyte: every element is taken as cryptobyte takes it.
func TestSameAsCryptobyte(t *testing.T) {
	for _, s := range samples {
		data, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		same(t, data)
		same(t, append(data, 0x30, 0x03, 0x02, 0x01, 0x05))
	}
	long := append([]byte{0x30, 0x82, 0x01, 0x00}, make([]byte, 256)...)
	same(t, long)
	same(t, long[:200])
}

// FuzzSameAsCryptobyte is the same for anything.
func FuzzSameAsCryptobyte(f *testing.F) {
	for _, s := range samples {
		data, _ := hex.DecodeString(s)
		f.Add(data)
	}
	f.Add(certtest.SelfSigned(f, certtest.Options{}).DER)
	f.Fuzz(same)
}
