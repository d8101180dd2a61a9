package serve

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/memory"
	"scelle/shared/certtest"
	"scelle/shared/cms"
	der "scelle/shared/cms/dertest"
	"scelle/shared/envelope"
	"scelle/shared/envelope/paddingtest"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// oracle is a connection to a host whose clock moves on by a second with each
// look, so that no rate stands in the way, and which keeps what was logged.
type oracle struct {
	*peer
	logged []string
}

func newOracle(t *testing.T, store keystore.Store) *oracle {
	t.Helper()
	o, now := &oracle{}, noon
	s := New(Options{
		Stores:   func() []keystore.Store { return []keystore.Store{store} },
		Secret:   func() ([]byte, error) { return bytes.Repeat([]byte{7}, 32), nil },
		StateDir: func() (string, error) { return t.TempDir(), nil },
		Now:      func() time.Time { now = now.Add(time.Second); return now },
		Log:      func(format string, _ ...any) { o.logged = append(o.logged, format) },
	})
	t.Cleanup(func() { s.Close() })
	o.peer = connect(t, s)
	o.hello()
	return o
}

// answer asks and returns the whole frame without its id.
func (o *oracle) answer(m protocol.Method, params any) (string, protocol.Response) {
	o.t.Helper()
	id := o.ask(m, params)
	frame := o.receive()
	var r protocol.Response
	if err := json.Unmarshal(frame, &r); err != nil || r.ID != id {
		o.t.Fatalf("%s, %v", frame, err)
	}
	return strings.Replace(string(frame), `"`+id+`"`, `"id"`, 1), r
}

// keyTrans is a RecipientInfo for the certificate with any ciphertext in it,
// by RSA PKCS#1 v1.5.
func keyTrans(t *testing.T, certificate, ciphertext []byte) cms.RecipientInfo {
	t.Helper()
	c, err := keypair.Parse(certificate)
	if err != nil {
		t.Fatal(err)
	}
	algorithm, err := cms.ParseAlgorithm(der.Algorithm("1.2.840.113549.1.1.1", der.Null()))
	if err != nil {
		t.Fatal(err)
	}
	info, err := cms.NewKeyTrans(c.IssuerRaw, c.SerialRaw, algorithm, ciphertext)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// TestUnwrapAnswersAreEqual: the answer to a PKCS#1 v1.5 question is the same
// frame for good padding and for every malformed one, but for the key in it;
// that key is always 32 bytes, the same when asked again, and never the one
// that a malformed message holds.
func TestUnwrapAnswersAreEqual(t *testing.T) {
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Alice"})
	store := memory.New()
	if _, err := store.Import(t.Context(), keystore.Pair{Key: pair.Key, Certificate: pair.DER, Name: "Alice"}); err != nil {
		t.Fatal(err)
	}
	o := newOracle(t, store)
	public := pair.Key.Public().(*rsa.PublicKey)
	key := bytes.Repeat([]byte{0x33}, 32)
	good := paddingtest.Message{Name: "good", EM: paddingtest.Good(public.Size(), key)}
	answers, keys := map[string]string{}, map[string]string{}
	for _, m := range append(paddingtest.PKCS1(public.Size()), good) {
		params := protocol.UnwrapParams{
			Thumbprint:       keypair.Thumbprint(pair.DER),
			RecipientInfo:    keyTrans(t, pair.DER, paddingtest.Encrypt(public, m.EM)).Raw,
			ContentAlgorithm: der.Algorithm("2.16.840.1.101.3.4.1.42", der.Octets(make([]byte, 16))),
			Origin:           "https://marches.example",
			Envelope:         strings.Repeat("0a", 32),
			Verb:             protocol.VerbProve,
		}
		frame, r := o.answer(protocol.HostUnwrap, params)
		var result protocol.UnwrapResult
		if err := json.Unmarshal(r.Result, &result); err != nil || len(result.ContentKey) != 32 {
			t.Fatalf("%s: %s", m.Name, frame)
		}
		if again, _ := o.answer(protocol.HostUnwrap, params); again != frame {
			t.Errorf("%s: asked again: %s", m.Name, again)
		}
		if bytes.Equal(result.ContentKey, key) != (m.Name == "good") || bytes.Contains(m.EM, result.ContentKey) != (m.Name == "good") {
			t.Errorf("%s: answered with %x", m.Name, result.ContentKey)
		}
		text, err := json.Marshal(result.ContentKey)
		if err != nil || strings.Count(frame, string(text)) != 1 {
			t.Fatalf("%s: %s, %v", m.Name, frame, err)
		}
		answers[strings.Replace(frame, string(text), "key", 1)] = m.Name
		if other := keys[string(text)]; other != "" {
			t.Errorf("%s and %s have one key", m.Name, other)
		}
		keys[string(text)] = m.Name
	}
	if len(answers) != 1 || len(o.logged) != 0 {
		t.Errorf("answers that differ: %v, logged %q", answers, o.logged)
	}
}

// TestImportAnswersAreEqual: what the host itself opens, a portal's key pair,
// is refused with the same frame whatever is wrong with it: any malformed
// PKCS#1 v1.5 padding, any malformed CBC padding, a wrong tag, or an odd
// length.
func TestImportAnswersAreEqual(t *testing.T) {
	o := newOracle(t, memory.New())
	const size = 384 // of the one-time key's modulus, bytes
	answers := map[string][]string{}
	note := func(name string, craft func(certificate []byte) []byte) {
		t.Helper()
		_, r := o.answer(protocol.HostTransport, protocol.Empty{})
		var ticket protocol.TransportResult
		if err := json.Unmarshal(r.Result, &ticket); err != nil || !r.OK {
			t.Fatalf("%+v, %v", r, err)
		}
		frame, r := o.answer(protocol.HostImport, protocol.ImportParams{Transport: ticket.ID, Envelope: craft(ticket.Certificate), Name: "Clé"})
		if r.OK || r.Fault.Code != fault.TransportFailed {
			t.Errorf("%s: %s", name, frame)
		}
		answers[frame] = append(answers[frame], name)
	}
	// One of each sort: a one-time key takes a second to make.
	for _, m := range paddingtest.PKCS1(size) {
		switch m.Name {
		case "first byte", "block type 1", "no separator", "separator at 5", "key of 16 bytes", "key of 48 bytes":
			note(m.Name, func(certificate []byte) []byte { return craft(t, certificate, m.EM, nil, nil) })
		}
	}
	em := paddingtest.Good(size, bytes.Repeat([]byte{0x33}, 32))
	blocks := paddingtest.CBC(aes.BlockSize)
	for _, last := range [][]byte{blocks[0], blocks[1], blocks[3], blocks[4], blocks[len(blocks)/2], blocks[len(blocks)-1]} {
		note("padding", func(certificate []byte) []byte { return craft(t, certificate, em, last, nil) })
	}
	note("odd length", func(certificate []byte) []byte { return craft(t, certificate, em, blocks[0], []byte{1}) })
	note("tag", func(certificate []byte) []byte { return craft(t, certificate, em, nil, nil) })
	if len(answers) != 1 || len(o.logged) != 0 {
		t.Errorf("answers that differ: %v, logged %q", answers, o.logged)
	}
}

// craft is an envelope to the certificate whose content key travels in the
// encoded message em. With a last block it is AES-256-CBC that ends in that
// block, more being put behind the ciphertext; without one it is AES-256-GCM
// with a tag of zeros.
func craft(t *testing.T, certificate, em, last, more []byte) []byte {
	t.Helper()
	c, err := keypair.Parse(certificate)
	if err != nil {
		t.Fatal(err)
	}
	public, err := c.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	info := keyTrans(t, certificate, paddingtest.Encrypt(public.(*rsa.PublicKey), em))
	iv := make([]byte, aes.BlockSize)
	content := make([]byte, 64)
	kind, algorithm, after := "1.2.840.113549.1.9.16.1.23", der.Algorithm("2.16.840.1.101.3.4.1.46", der.Seq(der.Octets(iv[:12]), der.Int(16))), [][]byte{der.Octets(make([]byte, 16))}
	if last != nil {
		block, err := aes.NewCipher(em[len(em)-32:])
		if err != nil {
			t.Fatal(err)
		}
		content = append(content, last...)
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(content, content)
		content = append(content, more...)
		kind, algorithm, after = "1.2.840.113549.1.7.3", der.Algorithm("2.16.840.1.101.3.4.1.42", der.Octets(iv)), nil
	}
	parts := append([][]byte{der.Int(0), der.Set(info.Raw), der.Seq(der.OID("1.2.840.113549.1.7.1"), algorithm, der.TLV(0x80, content))}, after...)
	sealed := der.Seq(der.OID(kind), der.TLV(0xa0, der.Seq(parts...)))
	if _, err := envelope.Inspect(bytes.NewReader(sealed)); err != nil {
		t.Fatal(err)
	}
	return sealed
}
