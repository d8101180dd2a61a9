package cms_test

import (
	"bytes"
	"io"
	"testing"

	"scelle/shared/cms"
	der "scelle/shared/cms/dertest"
	"scelle/shared/fault"
)

// TestNewRecipientInfos: the DER of what is written to recipients, element by
// element.
func TestNewRecipientInfos(t *testing.T) {
	algorithm, err := cms.ParseAlgorithm(der.Algorithm("1.2.840.113549.1.1.1", der.Null()))
	if err != nil {
		t.Fatal(err)
	}
	curve := cms.NewAlgorithm(cms.OID(der.OID("1.2.840.10045.2.1")[2:]), nil)
	trans, err := cms.NewKeyTrans(name(), []byte{5}, algorithm, []byte("wrapped"))
	if err != nil || !bytes.Equal(trans.Raw, recipient()) || string(trans.KeyTrans.EncryptedKey) != "wrapped" {
		t.Errorf("ktri %x, %v", trans.Raw, err)
	}
	agree, err := cms.NewKeyAgree(name(), []byte{5}, curve, []byte("point"), algorithm, []byte("wrapped"))
	want := der.TLV(0xa1, der.Int(3),
		der.TLV(0xa0, der.TLV(0xa1, der.Algorithm("1.2.840.10045.2.1"), der.Bits([]byte("point")))),
		algorithm.Raw, der.Seq(der.Seq(der.Seq(name(), der.Int(5)), der.Octets([]byte("wrapped")))))
	if err != nil || !bytes.Equal(agree.Raw, want) {
		t.Errorf("kari %x, %v", agree.Raw, err)
	}
	if _, err := cms.NewKeyTrans(nil, []byte{5}, algorithm, nil); fault.CodeOf(err) != fault.EnvelopeMalformed {
		t.Errorf("no issuer: %v", err)
	}
	if _, err := cms.NewKeyAgree(name(), nil, curve, nil, algorithm, nil); fault.CodeOf(err) != fault.EnvelopeMalformed {
		t.Errorf("no serial number: %v", err)
	}
}

// TestAlgorithms: with parameters and without, and nothing behind them.
func TestAlgorithms(t *testing.T) {
	for _, parameters := range [][]byte{nil, der.Null(), der.Seq(der.Int(1))} {
		want := der.Algorithm(oidData, parameters)
		a := cms.NewAlgorithm(cms.Data, parameters)
		b, err := cms.ParseAlgorithm(want)
		if err != nil || !bytes.Equal(a.Raw, want) || !bytes.Equal(b.Raw, want) || b.Algorithm != cms.Data ||
			!bytes.Equal(b.Parameters, parameters) || (b.Parameters == nil) != (parameters == nil) {
			t.Errorf("%x: %+v, %+v, %v", parameters, a, b, err)
		}
		if _, err := cms.ParseAlgorithm(append(want, 0)); fault.CodeOf(err) != fault.EnvelopeMalformed {
			t.Errorf("%x and more: %v", parameters, err)
		}
	}
}

// TestMarshalRefuses: what no reader would take is not written.
func TestMarshalRefuses(t *testing.T) {
	m, err := read(bytes.NewReader(enveloped().der()))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		spoil  func(h *cms.Header)
		length int64
		good   bool
	}{
		"as it was":         {func(*cms.Header) {}, 0, true},
		"version 5":         {func(h *cms.Header) { h.Version = 5 }, 0, true},
		"version 6":         {func(h *cms.Header) { h.Version = 6 }, 0, false},
		"a version below 0": {func(h *cms.Header) { h.Version = -1 }, 0, false},
		"no recipient":      {func(h *cms.Header) { h.RecipientInfos = nil }, 0, false},
		"unknown length":    {func(*cms.Header) {}, cms.UnknownLength, true},
		"a length below":    {func(*cms.Header) {}, -2, false},
		"the longest":       {func(*cms.Header) {}, 1 << 61, true},
		"longer":            {func(*cms.Header) {}, 1<<61 + 1, false},
	} {
		h := *m.header
		c.spoil(&h)
		out, err := cms.MarshalHeader(&h, c.length, 0)
		if c.good != (err == nil) || !c.good && fault.CodeOf(err) != fault.EnvelopeMalformed {
			t.Errorf("%s: %v", name, err)
		}
		if !c.good {
			continue
		}
		back, err := cms.NewReader(bytes.NewReader(out)).Header()
		if err != nil || back.Version != h.Version {
			t.Errorf("%s: read back: %v", name, err)
		}
	}
}

// TestPlaces: where the content is and how much follows it, as far as the
// header can say.
func TestPlaces(t *testing.T) {
	definite := authEnveloped()
	b := definite.der()
	segments := authEnveloped()
	segments.content = der.TLV(0xa0, der.Octets([]byte("the encrypted content")))
	inIndefinite := der.Indefinite(0x30, definite.kind, der.TLV(0xa0, der.Seq(definite.version, definite.recipients,
		der.Seq(definite.inner, definite.algorithm, definite.content), definite.after[0])))
	inContentInfo := der.Seq(definite.kind, der.TLV(0xa0, der.Seq(definite.version, definite.recipients,
		der.Indefinite(0x30, definite.inner, definite.algorithm, definite.content), definite.after[0])))
	at := func(b []byte) int64 { return int64(bytes.Index(b, []byte("the encrypted content"))) }
	for name, c := range map[string]struct {
		message                 []byte
		length, offset, trailer int64
	}{
		"DER":                     {b, 21, at(b), int64(len(definite.after[0]))},
		"segments":                {segments.der(), -1, -1, int64(len(definite.after[0]))},
		"indefinite":              {definite.with(der.Indefinite), 21, at(definite.with(der.Indefinite)), -1},
		"indefinite outside only": {inIndefinite, 21, at(inIndefinite), -1},
		"indefinite inside only":  {inContentInfo, 21, at(inContentInfo), -1},
	} {
		r := cms.NewReader(bytes.NewReader(c.message))
		if _, err := r.Header(); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r.ContentLength() != c.length || r.ContentOffset() != c.offset || r.TrailerLength() != c.trailer {
			t.Errorf("%s: length %d, offset %d, trailer %d; want %+v", name, r.ContentLength(), r.ContentOffset(), r.TrailerLength(), c)
		}
	}
}

// TestEachElementInItsPlace: an element may not slip into the next container,
// where it would be looked for, nor be left out.
func TestEachElementInItsPlace(t *testing.T) {
	inside := authEnveloped()
	inside.content, inside.after = append(inside.content, inside.after[0]...), nil
	wantMalformed(t, inside.der())
	wantMalformed(t, inside.with(der.Indefinite))
	without := authEnveloped()
	without.after = nil
	wantMalformed(t, without.der())
	wantMalformed(t, without.with(der.Indefinite))
	another := authEnveloped()
	another.after = [][]byte{der.Int(0)}
	wantMalformed(t, another.der())
	body := der.Seq(inside.version, inside.recipients, der.Seq(inside.inner, inside.algorithm, der.TLV(0x80, nil)))
	wantMalformed(t, der.Seq(der.OID(oidEnveloped), der.TLV(0xa1, body)))
	wantMalformed(t, der.Seq(der.OID(oidEnveloped), body))
	early := authEnveloped()
	early.after = append(early.after, der.TLV(0xa1))
	wantMalformed(t, early.der())
}

// TestBudget: the limit of MaxHeader to the byte, wherever the bytes stand.
func TestBudget(t *testing.T) {
	p := authEnveloped()
	sized := func(filler int) []byte {
		p.recipients = der.Set(recipient(), der.TLV(0xa4, der.Octets(make([]byte, filler))))
		return p.der()
	}
	const content = 21 // octets, which do not count
	filler := cms.MaxHeader - (len(sized(1<<20)) - content - 1<<20)
	filler -= len(sized(filler)) - content - cms.MaxHeader
	if n := len(sized(filler)) - content; n != cms.MaxHeader {
		t.Fatalf("a header of %d bytes, not the limit", n)
	}
	if _, err := read(bytes.NewReader(sized(filler))); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	wantMalformed(t, sized(filler+1))
}

// TestErrorsStay: what ended the reading ends every later call.
func TestErrorsStay(t *testing.T) {
	r := cms.NewReader(bytes.NewReader(der.Seq(der.OID(oidData))))
	_, first := r.Header()
	_, second := r.Header()
	if first == nil || second != first {
		t.Errorf("%v, then %v", first, second)
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != first {
		t.Errorf("content: %d, %v", n, err)
	}
	if _, err := r.Trailer(); err != first {
		t.Errorf("trailer: %v", err)
	}
}

// TestSkip: a caller that takes the content from elsewhere goes on behind it,
// and finds there what it would have found by reading. Nothing else can be
// skipped.
func TestSkip(t *testing.T) {
	whole := authEnveloped().der()
	start := func(b []byte) *cms.Reader {
		r := cms.NewReader(bytes.NewReader(b))
		if _, err := r.Header(); err != nil {
			t.Fatal(err)
		}
		return r
	}
	want, err := read(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	r := start(whole)
	behind := whole[r.ContentOffset()+r.ContentLength():]
	if err := r.Skip(bytes.NewReader(behind)); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("the content after it was skipped: %d, %v", n, err)
	}
	if got, err := r.Trailer(); err != nil || !bytes.Equal(got.MAC, want.trailer.MAC) {
		t.Errorf("the trailer: %+v, %v", got, err)
	}
	for name, spoilt := range map[string][]byte{"cut": behind[:len(behind)-1], "longer": append(bytes.Clone(behind), 0), "nothing": nil} {
		r := start(whole)
		if err := r.Skip(bytes.NewReader(spoilt)); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Trailer(); fault.CodeOf(err) != fault.EnvelopeMalformed {
			t.Errorf("%s: %v", name, err)
		}
	}
	read := start(whole)
	if _, err := read.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	segments := authEnveloped()
	segments.content = der.Indefinite(0xa0, der.Octets([]byte("the encrypted content")))
	for name, r := range map[string]*cms.Reader{
		"no header yet":   cms.NewReader(bytes.NewReader(whole)),
		"a byte was read": read,
		"in segments":     start(segments.with(der.Indefinite)),
	} {
		if err := r.Skip(bytes.NewReader(behind)); fault.CodeOf(err) != fault.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestIdentifiersOfOthers: kinds that are only carried name nobody.
func TestIdentifiersOfOthers(t *testing.T) {
	info, err := cms.ParseRecipientInfo(der.TLV(0xa4, der.OID("1.2.3")))
	if err != nil || len(info.Identifiers()) != 0 {
		t.Errorf("%+v, %v", info.Identifiers(), err)
	}
}
