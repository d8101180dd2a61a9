package cms_test

import (
	"bytes"
	"testing"

	"scelle/shared/cms"
	der "scelle/shared/cms/dertest"
	"scelle/shared/fault"
)

// FuzzReader: no input makes the reader fail otherwise than by a fault, and
// what it accepts reads the same after it was written again in both forms.
func FuzzReader(f *testing.F) {
	full := authEnveloped()
	full.originator = der.TLV(0xa0)
	full.recipients = der.Set(recipient(), der.TLV(0xa1, der.Int(3), der.TLV(0xa0, der.TLV(0xa1, der.Algorithm("1.2.840.10045.2.1"), der.Bits([]byte("point")))),
		der.Algorithm("1.3.132.1.11.1", der.Algorithm("2.16.840.1.101.3.4.1.45")), der.Seq(der.Seq(der.Seq(name(), der.Int(1)), der.Octets([]byte("key"))))))
	full.content = der.Indefinite(0xa0, der.Indefinite(0x24, der.Octets([]byte("abc"))), der.Octets([]byte("def")))
	full.after = [][]byte{der.TLV(0xa1, der.Seq(der.OID(oidData), der.Set())), der.Octets(make([]byte, 16)), der.TLV(0xa2)}
	for _, p := range []parts{enveloped(), authEnveloped(), full} {
		f.Add(p.der())
		f.Add(p.with(der.Indefinite))
		f.Add(p.with(long))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := read(bytes.NewReader(b))
		if err != nil {
			if code := fault.CodeOf(err); code != fault.EnvelopeMalformed {
				t.Fatalf("%v", err)
			}
			return
		}
		for _, length := range []int64{int64(len(m.content)), cms.UnknownLength} {
			back, err := read(bytes.NewReader(marshal(t, m, m.content, length)))
			if err != nil {
				t.Fatalf("written again: %v", err)
			}
			if !bytes.Equal(back.content, m.content) || !bytes.Equal(back.trailer.MAC, m.trailer.MAC) ||
				!bytes.Equal(back.trailer.Attrs, m.trailer.Attrs) || !bytes.Equal(back.trailer.AuthAttrs, m.trailer.AuthAttrs) ||
				len(back.header.RecipientInfos) != len(m.header.RecipientInfos) || !bytes.Equal(back.header.OriginatorInfo, m.header.OriginatorInfo) {
				t.Fatal("written again, it reads differently")
			}
			for i := range m.header.RecipientInfos {
				if !bytes.Equal(back.header.RecipientInfos[i].Raw, m.header.RecipientInfos[i].Raw) {
					t.Fatal("another recipient")
				}
			}
		}
	})
}

func FuzzRecipientInfo(f *testing.F) {
	f.Add(recipient())
	f.Add(der.TLV(0xa4, der.OID(oidData)))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := cms.ParseRecipientInfo(b)
		if err == nil && !bytes.Equal(r.Raw, b) {
			t.Fatal("raw")
		}
	})
}
