package cms_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"scelle/shared/cms"
	der "scelle/shared/cms/dertest"
	"scelle/shared/fault"
)

const (
	oidData      = "1.2.840.113549.1.7.1"
	oidEnveloped = "1.2.840.113549.1.7.3"
	oidAuth      = "1.2.840.113549.1.9.16.1.23"
)

// message is what a reader got out of one message.
type message struct {
	header  *cms.Header
	content []byte
	trailer *cms.Trailer
	length  int64
}

func read(src io.Reader) (*message, error) {
	r := cms.NewReader(src)
	h, err := r.Header()
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	t, err := r.Trailer()
	if err != nil {
		return nil, err
	}
	return &message{h, content, t, r.ContentLength()}, nil
}

func wantMalformed(t *testing.T, b []byte) {
	t.Helper()
	_, err := read(bytes.NewReader(b))
	if fault.CodeOf(err) != fault.EnvelopeMalformed {
		t.Fatalf("got %v, want %s", err, fault.EnvelopeMalformed)
	}
}

func name() []byte { return der.Seq(der.Set(der.Seq(der.OID("2.5.4.3"), der.TLV(12, []byte("AC"))))) }

// recipient is a ktri by issuer and serial.
func recipient() []byte {
	return der.Seq(der.Int(0), der.Seq(name(), der.Int(5)), der.Algorithm("1.2.840.113549.1.1.1", der.Null()), der.Octets([]byte("wrapped")))
}

// parts are the elements of a good EnvelopedData, for the tests to change.
type parts struct {
	kind, version, originator, recipients, inner, algorithm, content []byte
	after                                                            [][]byte
}

func enveloped() parts {
	return parts{
		kind: der.OID(oidEnveloped), version: der.Int(0), recipients: der.Set(recipient()), inner: der.OID(oidData),
		algorithm: der.Algorithm("2.16.840.1.101.3.4.1.42", der.Octets(make([]byte, 16))),
		content:   der.TLV(0x80, []byte("the encrypted content")),
	}
}

func authEnveloped() parts {
	p := enveloped()
	p.kind, p.after = der.OID(oidAuth), [][]byte{der.Octets([]byte("0123456789abcdef"))}
	return p
}

func (p parts) with(wrap func(tag byte, parts ...[]byte) []byte) []byte {
	body := [][]byte{p.version, p.originator, p.recipients, wrap(0x30, p.inner, p.algorithm, p.content)}
	return wrap(0x30, p.kind, wrap(0xa0, wrap(0x30, append(body, p.after...)...)))
}

func (p parts) der() []byte { return p.with(der.TLV) }

// long is definite BER with lengths in eight octets.
func long(tag byte, parts ...[]byte) []byte { return der.LongTLV(tag, 8, parts...) }

// TestForms: the same message in every form that BER allows reads the same,
// and from a source that gives one byte at a time.
func TestForms(t *testing.T) {
	content := []byte("the encrypted content")
	segments := [][]byte{
		der.TLV(0x80, content),
		long(0x80, content),
		der.Indefinite(0xa0, der.Octets(content)),
		der.TLV(0xa0, der.Octets(content[:5]), der.Octets(nil), long(4, content[5:])),
		der.Indefinite(0xa0, der.Indefinite(0x24, der.Octets(content[:5]), der.TLV(0x24, der.Octets(content[5:7]))), der.Octets(content[7:])),
		der.TLV(0xa0, der.TLV(0x24), der.Indefinite(0x24), der.Octets(content)),
	}
	for _, base := range []parts{enveloped(), authEnveloped()} {
		for _, c := range segments {
			for _, wrap := range []func(byte, ...[]byte) []byte{der.TLV, der.Indefinite, long} {
				p := base
				p.content = c
				b := p.with(wrap)
				for _, src := range []io.Reader{bytes.NewReader(b), iotest.OneByteReader(bytes.NewReader(b)), iotest.DataErrReader(bytes.NewReader(b))} {
					m, err := read(src)
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(m.content, content) || !bytes.Equal(m.header.RecipientInfos[0].Raw, recipient()) {
						t.Fatalf("%q, %x", m.content, m.header.RecipientInfos[0].Raw)
					}
					if c[0] == 0xa0 != (m.length == -1) {
						t.Fatalf("length %d", m.length)
					}
				}
			}
		}
	}
}

// TestNormalised: header elements come out as DER, however they came in.
func TestNormalised(t *testing.T) {
	want := recipient()
	wrapped := der.Indefinite(0x24, der.Octets([]byte("wrap")), der.TLV(0x24, der.Octets([]byte("pe")), der.Octets(nil)), long(4, []byte("d")))
	ber := der.Indefinite(0x30, long(2, []byte{0}), der.Indefinite(0x30, long(0x30, name()[2:]), der.Int(5)),
		der.Indefinite(0x30, der.OID("1.2.840.113549.1.1.1"), long(5)), wrapped)
	p := authEnveloped()
	p.recipients = der.Indefinite(0x31, ber)
	p.algorithm = der.Indefinite(0x30, der.OID("2.16.840.1.101.3.4.1.42"), der.Indefinite(0x24, der.Octets(make([]byte, 16))))
	p.after = [][]byte{
		der.Indefinite(0xa1, der.Indefinite(0x30, der.OID(oidData), der.Indefinite(0x31, der.OID(oidData)))),
		der.Indefinite(0x24, der.Octets([]byte("01234567")), der.Octets([]byte("89abcdef"))),
		der.Indefinite(0xa2, der.Indefinite(0x30, der.OID(oidData), der.Set())),
	}
	m, err := read(bytes.NewReader(p.der()))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(m.header.RecipientInfos[0].Raw, want) {
		t.Errorf("recipient %x", m.header.RecipientInfos[0].Raw)
	}
	if !bytes.Equal(m.header.EncryptedContentInfo.ContentEncryptionAlgorithm.Raw, enveloped().algorithm) {
		t.Errorf("algorithm %x", m.header.EncryptedContentInfo.ContentEncryptionAlgorithm.Raw)
	}
	if string(m.trailer.MAC) != "0123456789abcdef" || !bytes.Equal(m.trailer.AuthAttrs, der.TLV(0xa1, der.Seq(der.OID(oidData), der.Set(der.OID(oidData))))) ||
		!bytes.Equal(m.trailer.Attrs, der.TLV(0xa2, der.Seq(der.OID(oidData), der.Set()))) {
		t.Errorf("trailer %+v", m.trailer)
	}
}

// TestMalformed: one defect each.
func TestMalformed(t *testing.T) {
	cases := map[string]func(p *parts){
		"other content type":            func(p *parts) { p.kind = der.OID(oidData) },
		"content type is no OID":        func(p *parts) { p.kind = der.Int(3) },
		"empty OID":                     func(p *parts) { p.kind = der.TLV(6) },
		"OID without an end":            func(p *parts) { p.inner = der.TLV(6, []byte{0x2a, 0x86}) },
		"no version":                    func(p *parts) { p.version = nil },
		"version 6":                     func(p *parts) { p.version = der.Int(6) },
		"version in two octets":         func(p *parts) { p.version = der.TLV(2, []byte{0, 0}) },
		"recipients in a SEQUENCE":      func(p *parts) { p.recipients = der.Seq(recipient()) },
		"no recipients":                 func(p *parts) { p.recipients = der.Set() },
		"algorithm is a SET":            func(p *parts) { p.algorithm = der.Set(der.OID(oidData)) },
		"algorithm with two parameters": func(p *parts) { p.algorithm = der.Algorithm(oidData, der.Null(), der.Null()) },
		"no content":                    func(p *parts) { p.content = nil },
		"content with another tag":      func(p *parts) { p.content = der.TLV(0x81, []byte("x")) },
		"segments of another kind":      func(p *parts) { p.content = der.TLV(0xa0, der.Int(0)) },
		"segments without an end":       func(p *parts) { p.content = []byte{0xa0, 0x80, 4, 1, 'x'} },
		"half an end":                   func(p *parts) { p.content = []byte{0xa0, 0x80, 4, 1, 'x', 0, 1} },
		"a primitive of no length":      func(p *parts) { p.content = []byte{0x80, 0x80, 0, 0} },
		"content longer than all":       func(p *parts) { p.content = der.Header(0x80, 1<<40) },
		"segment longer than all":       func(p *parts) { p.content = der.TLV(0xa0, der.Header(4, 1<<40)) },
		"a length of nine octets":       func(p *parts) { p.content = der.LongTLV(0x80, 9, []byte("x")) },
		"reserved length octet":         func(p *parts) { p.content = []byte{0x80, 0xff, 1} },
		"a long tag":                    func(p *parts) { p.content = []byte{0x9f, 0x20, 0} },
		"something behind the content":  func(p *parts) { p.content = append(p.content, der.Null()...) },
		"a mac in EnvelopedData":        func(p *parts) { p.after = [][]byte{der.Octets(make([]byte, 16))} },
		"attributes twice":              func(p *parts) { p.after = [][]byte{der.TLV(0xa1), der.TLV(0xa1)} },
		"originator of another kind":    func(p *parts) { p.originator = der.TLV(0xa1) },
		"a string that holds another": func(p *parts) {
			p.recipients = der.Set(der.TLV(0xa4, der.TLV(0x24, der.Int(0))))
		},
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			p := enveloped()
			spoil(&p)
			wantMalformed(t, p.der())
			wantMalformed(t, p.with(der.Indefinite))
		})
	}
	if _, err := read(bytes.NewReader(enveloped().der())); err != nil {
		t.Fatalf("the message that the cases spoil: %v", err)
	}
}

// TestRecipientInfos: the kinds, and what each refuses.
func TestRecipientInfos(t *testing.T) {
	issuer := der.Seq(name(), der.Int(5))
	keyID := der.TLV(0x80, []byte("identifier"))
	algorithm := der.Algorithm("1.2.840.113549.1.1.1", der.Null())
	key := der.Octets([]byte("key"))
	originator := der.TLV(0xa0, der.TLV(0xa1, der.Algorithm("1.2.840.10045.2.1"), der.Bits([]byte("point"))))
	recipientKeyID := der.TLV(0xa0, der.Octets([]byte("identifier")), der.TLV(24, []byte("20260101000000Z")))
	good := map[string][]byte{
		"ktri issuer":   der.Seq(der.Int(0), issuer, algorithm, key),
		"ktri key id":   der.Seq(der.Int(2), keyID, algorithm, key),
		"kari":          der.TLV(0xa1, der.Int(3), originator, algorithm, der.Seq(der.Seq(issuer, key), der.Seq(recipientKeyID, key))),
		"kari ukm":      der.TLV(0xa1, der.Int(3), originator, der.TLV(0xa1, der.Octets(nil)), algorithm, der.Seq(der.Seq(issuer, key))),
		"kari static":   der.TLV(0xa1, der.Int(3), der.TLV(0xa0, issuer), algorithm, der.Seq(der.Seq(issuer, key))),
		"kekri":         der.TLV(0xa2, der.Int(4)),
		"pwri":          der.TLV(0xa3, der.Int(0)),
		"ori":           der.TLV(0xa4, der.OID(oidData)),
		"odd serial":    der.Seq(der.Int(0), der.Seq(name(), der.TLV(2, []byte{0, 0, 5})), algorithm, key),
		"negative":      der.Seq(der.Int(0), der.Seq(name(), der.Int(-5)), algorithm, key),
		"empty octets":  der.Seq(der.Int(0), issuer, algorithm, der.Octets(nil)),
		"static key id": der.TLV(0xa1, der.Int(3), der.TLV(0xa0, keyID), algorithm, der.Seq(der.Seq(issuer, key))),
	}
	for name, b := range good {
		r, err := cms.ParseRecipientInfo(b)
		if err != nil || !bytes.Equal(r.Raw, b) {
			t.Errorf("%s: %v", name, err)
		}
		if want := map[bool]int{true: 2, false: 1}[name == "kari"]; r.Keys() != want {
			t.Errorf("%s: %d keys", name, r.Keys())
		}
	}
	if r, _ := cms.ParseRecipientInfo(good["kari ukm"]); r.KeyAgree.UKM == nil || len(r.KeyAgree.UKM) != 0 {
		t.Error("an empty ukm is not an absent one")
	}
	if r, _ := cms.ParseRecipientInfo(good["kari"]); string(r.KeyAgree.OriginatorKey) != "point" ||
		string(r.KeyAgree.RecipientEncryptedKeys[1].EncryptedKey) != "key" ||
		string(r.Identifiers()[1].SubjectKeyID) != "identifier" || !bytes.Equal(r.Identifiers()[0].Issuer, issuer[2:2+len(issuer[2:])-3]) {
		t.Errorf("kari %+v", r.KeyAgree)
	}
	bad := map[string][]byte{
		"nothing":               {},
		"ktri version 1":        der.Seq(der.Int(1), issuer, algorithm, key),
		"ktri without rid":      der.Seq(der.Int(0), algorithm, key),
		"ktri with key id kari": der.Seq(der.Int(0), recipientKeyID, algorithm, key),
		"ktri without key":      der.Seq(der.Int(0), issuer, algorithm),
		"ktri and more":         der.Seq(der.Int(0), issuer, algorithm, key, der.Null()),
		"an empty key id":       der.Seq(der.Int(2), der.TLV(0x80), algorithm, key),
		"an empty serial":       der.Seq(der.Int(0), der.Seq(name(), der.TLV(2)), algorithm, key),
		"rid and more":          der.Seq(der.Int(0), der.Seq(name(), der.Int(5), der.Null()), algorithm, key),
		"kari version 0":        der.TLV(0xa1, der.Int(0), originator, algorithm, der.Seq(der.Seq(issuer, key))),
		"kari without keys":     der.TLV(0xa1, der.Int(3), originator, algorithm, der.Seq()),
		"kari key and more":     der.TLV(0xa1, der.Int(3), originator, algorithm, der.Seq(der.Seq(issuer, key, der.Null()))),
		"kari two originators":  der.TLV(0xa1, der.Int(3), der.TLV(0xa0, issuer, issuer), algorithm, der.Seq(der.Seq(issuer, key))),
		"kari odd bits":         der.TLV(0xa1, der.Int(3), der.TLV(0xa0, der.TLV(0xa1, algorithm, der.TLV(3, []byte{1, 2}))), algorithm, der.Seq(der.Seq(issuer, key))),
		"kari no originator":    der.TLV(0xa1, der.Int(3), der.TLV(0xa0, der.Null()), algorithm, der.Seq(der.Seq(issuer, key))),
		"kari too many keys":    der.TLV(0xa1, der.Int(3), originator, algorithm, der.Seq(bytes.Repeat(der.Seq(issuer, key), cms.MaxRecipients+1))),
		"ktri odd algorithm":    der.Seq(der.Int(0), issuer, der.Seq(der.Null()), key),
		"ktri no algorithm":     der.Seq(der.Int(0), issuer, key, key),
		"rid of a string":       der.Seq(der.Int(0), der.TLV(0x30, der.Octets(nil)), algorithm, key),
		"kari odd ukm":          der.TLV(0xa1, der.Int(3), originator, der.TLV(0xa1, der.Null()), algorithm, der.Seq(der.Seq(issuer, key))),
		"kari ukm and more":     der.TLV(0xa1, der.Int(3), originator, der.TLV(0xa1, der.Octets(nil), der.Null()), algorithm, der.Seq(der.Seq(issuer, key))),
		"kari no algorithm":     der.TLV(0xa1, der.Int(3), originator, der.Seq(der.Seq(issuer, key))),
		"kari odd algorithm":    der.TLV(0xa1, der.Int(3), originator, der.Seq(der.Null()), der.Seq(der.Seq(issuer, key))),
		"kari odd key":          der.TLV(0xa1, der.Int(3), originator, algorithm, der.Seq(der.Octets(nil))),
		"kari key without rid":  der.TLV(0xa1, der.Int(3), originator, algorithm, der.Seq(der.Seq(key))),
		"kari no octets":        der.TLV(0xa1, der.Int(3), originator, algorithm, der.Seq(der.Seq(issuer, der.Null()))),
		"kari odd originator":   der.TLV(0xa1, der.Int(3), der.TLV(0xa0, der.TLV(0xa1, der.Bits(nil))), algorithm, der.Seq(der.Seq(issuer, key))),
		"kari odd point":        der.TLV(0xa1, der.Int(3), der.TLV(0xa0, der.TLV(0xa1, der.Seq(der.Null()), der.Bits([]byte("p")))), algorithm, der.Seq(der.Seq(issuer, key))),
		"kari odd key id":       der.TLV(0xa1, der.Int(3), originator, algorithm, der.Seq(der.Seq(der.TLV(0xa0, der.Int(0)), key))),
		"another kind":          der.TLV(0xa5),
		"primitive":             der.TLV(0x81),
		"trailing":              append(der.TLV(0xa2, der.Int(4)), 0),
	}
	for name, b := range bad {
		if _, err := cms.ParseRecipientInfo(b); fault.CodeOf(err) != fault.EnvelopeMalformed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLimits: what is just inside passes, what is just outside does not.
func TestLimits(t *testing.T) {
	ori := der.TLV(0xa4, der.OID(oidData))
	deep := func(n int) []byte { // n containers in the recipient
		b := []byte{}
		for range n {
			b = der.TLV(0xa4, b)
		}
		return b
	}
	sized := func(n int) []byte { return der.Set(der.TLV(0xa4, der.Octets(make([]byte, n)))) }
	cases := map[string]struct {
		spoil func(p *parts)
		good  bool
	}{
		"4,096 recipients":    {func(p *parts) { p.recipients = der.Set(bytes.Repeat(ori, 4096)) }, true},
		"4,097 recipients":    {func(p *parts) { p.recipients = der.Set(bytes.Repeat(ori, 4097)) }, false},
		"12 deep in a set":    {func(p *parts) { p.recipients = der.Set(deep(12)) }, true},
		"13 deep in a set":    {func(p *parts) { p.recipients = der.Set(deep(13)) }, false},
		"11 segments deep":    {func(p *parts) { p.content = nested(11) }, true},
		"12 segments deep":    {func(p *parts) { p.content = nested(12) }, false},
		"1,024 empty":         {func(p *parts) { p.content = der.TLV(0xa0, bytes.Repeat(der.Octets(nil), 1024)) }, true},
		"1,025 empty":         {func(p *parts) { p.content = der.TLV(0xa0, bytes.Repeat(der.Octets(nil), 1025)) }, false},
		"a header of 4 MiB":   {func(p *parts) { p.recipients = sized(4<<20 - 150) }, true},
		"a header over 4 MiB": {func(p *parts) { p.recipients = sized(4 << 20) }, false},
		"a trailer over 4 MiB": {func(p *parts) {
			p.after = [][]byte{der.TLV(0xa1, der.Octets(make([]byte, 4<<20)))}
		}, false},
		"header and trailer over 4 MiB": {func(p *parts) {
			p.recipients, p.after = sized(2<<20), [][]byte{der.TLV(0xa1, der.Octets(make([]byte, 2<<20)))}
		}, false},
		"a content over 4 MiB in small segments": {func(p *parts) {
			p.content = der.Indefinite(0xa0, bytes.Repeat(der.Octets([]byte("12345678")), 1<<20))
		}, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p := enveloped()
			c.spoil(&p)
			_, err := read(bytes.NewReader(p.der()))
			if c.good && err != nil || !c.good && fault.CodeOf(err) != fault.EnvelopeMalformed {
				t.Fatal(err)
			}
		})
	}
}

// nested is a content n strings deep below its own container.
func nested(n int) []byte {
	b := der.Octets([]byte("x"))
	for range n {
		b = der.TLV(0x24, b)
	}
	return der.TLV(0xa0, b)
}

// TestBoundedByOuter: a container of indefinite length does not lift the
// bounds of the definite one around it, and that shows in the header already.
func TestBoundedByOuter(t *testing.T) {
	p := enveloped()
	p.content = der.Header(0x80, 1000)
	inner := der.Indefinite(0x30, p.inner, p.algorithm, p.content, make([]byte, 1000))
	body := der.Indefinite(0x30, p.version, p.recipients, inner)
	short := der.Header(0x30, uint64(len(body)-900))
	whole := append(append(short, p.kind...), der.Indefinite(0xa0, body)...)
	if _, err := cms.NewReader(bytes.NewReader(whole)).Header(); fault.CodeOf(err) != fault.EnvelopeMalformed {
		t.Fatalf("got %v", err)
	}
	good := der.Seq(p.kind, der.Indefinite(0xa0, body))
	if _, err := read(bytes.NewReader(good)); err != nil {
		t.Fatal(err)
	}
}

// TestTruncated: no beginning of a message is one, in any form.
func TestTruncated(t *testing.T) {
	p := authEnveloped()
	p.content = der.Indefinite(0xa0, der.TLV(0x24, der.Octets([]byte("abc"))), der.Octets([]byte("def")))
	p.after = append(p.after, der.TLV(0xa2))
	for _, b := range [][]byte{enveloped().der(), p.der(), p.with(der.Indefinite)} {
		if _, err := read(bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
		for n := range b {
			wantMalformed(t, b[:n])
		}
		wantMalformed(t, append(bytes.Clone(b), 0))
	}
}

// TestSourceFails: a failing source is told from a bad message.
func TestSourceFails(t *testing.T) {
	b := authEnveloped().with(der.Indefinite)
	broken := errors.New("cable")
	for n := range b {
		_, err := read(io.MultiReader(bytes.NewReader(b[:n]), iotest.ErrReader(broken)))
		if fault.CodeOf(err) != fault.ReadFailed || !errors.Is(err, broken) {
			t.Fatalf("at %d: %v", n, err)
		}
	}
	_, err := read(io.MultiReader(bytes.NewReader(b), iotest.ErrReader(broken)))
	if fault.CodeOf(err) != fault.ReadFailed {
		t.Fatalf("behind the end: %v", err)
	}
}

// TestOrder: a reader that is used out of order refuses.
func TestOrder(t *testing.T) {
	r := cms.NewReader(bytes.NewReader(enveloped().der()))
	if _, err := r.Header(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Trailer(); err == nil {
		t.Fatal("a trailer before the content")
	}
	if h, err := r.Header(); err != nil || h == nil {
		t.Fatal("the header twice")
	}
}

// TestMarshal: what is written reads as it was, in both forms.
func TestMarshal(t *testing.T) {
	for _, base := range []parts{enveloped(), authEnveloped()} {
		for _, size := range []int{0, 1, 100, 127, 128, 255, 256, 65_535, 65_536, 1 << 20} {
			m, err := read(bytes.NewReader(base.der()))
			if err != nil {
				t.Fatal(err)
			}
			content := bytes.Repeat([]byte{0x5a}, size)
			for _, length := range []int64{int64(size), cms.UnknownLength} {
				again := marshal(t, m, content, length)
				back, err := read(bytes.NewReader(again))
				if err != nil || !bytes.Equal(back.content, content) || back.length != length ||
					!bytes.Equal(back.trailer.MAC, m.trailer.MAC) || !bytes.Equal(back.header.RecipientInfos[0].Raw, recipient()) {
					t.Fatalf("%d bytes, length %d: %v", size, length, err)
				}
			}
			base.content = der.TLV(0x80, content)
			if !bytes.Equal(marshal(t, m, content, int64(size)), base.der()) {
				t.Fatalf("%d bytes: not the DER that a builder makes", size)
			}
		}
	}
}

func marshal(t testing.TB, m *message, content []byte, length int64) []byte {
	t.Helper()
	trailer := cms.MarshalTrailer(m.header, length, m.trailer)
	out, err := cms.MarshalHeader(m.header, length, len(trailer))
	if err != nil {
		t.Fatal(err)
	}
	if length == cms.UnknownLength && len(content) > 0 {
		out = cms.AppendSegmentHeader(out, len(content))
	}
	return append(append(out, content...), trailer...)
}
