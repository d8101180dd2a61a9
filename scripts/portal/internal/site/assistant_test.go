package site

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/keypair"
	"scelle/shared/pkcs12x"
	"scelle/shared/protocol"
)

// assistant plays extension and host for a page: private keys in memory, and
// everything that scelle.js asks the page to request.
type assistant struct {
	*client
	origin string
}

func (c *client) assistant() assistant { return assistant{c, c.url} }

// challengeBody and proofBody are what the page sends: the path has the id.
type (
	challengeBody struct {
		Refused []envelope.Mechanism `json:"refused"`
	}
	proofBody struct {
		Mechanism envelope.Mechanism `json:"mechanism"`
		Proof     string             `json:"proof"`
	}
)

// open decrypts an envelope with a key of this computer.
func open(t *testing.T, sealed []byte, pair *certtest.Pair) ([]byte, *envelope.Report) {
	t.Helper()
	unwrapper, err := envelope.NewPrivateKeyUnwrapper(pair.Key, pair.DER)
	if err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	report, err := envelope.Open(context.Background(), &plain, bytes.NewReader(sealed), envelope.OpenOptions{Unwrapper: unwrapper})
	if err != nil {
		t.Fatal(err)
	}
	return plain.Bytes(), report
}

// submit registers a certificate.
func (a assistant) submit(name string, recovery bool, pair *certtest.Pair) protocol.Registration {
	a.t.Helper()
	var r protocol.Registration
	a.must(http.MethodPost, "/api/keys", submitArgs(name, recovery, pair), &r)
	return r
}

func submitArgs(name string, recovery bool, pair *certtest.Pair) protocol.SubmitCertificateArgs {
	return protocol.SubmitCertificateArgs{Name: name, Recovery: recovery, Mode: protocol.ModeExisting, Certificate: pair.DER, Thumbprint: keypair.Thumbprint(pair.DER)}
}

// challenge asks for a challenge.
func (a assistant) challenge(id string, refused ...envelope.Mechanism) protocol.Challenge {
	a.t.Helper()
	var c protocol.Challenge
	a.must(http.MethodPost, "/api/keys/"+id+"/challenge", challengeBody{Refused: refused}, &c)
	return c
}

// answer opens a challenge as the assistant does: only for this origin and
// this certificate, and only its hash leaves.
func (a assistant) answer(c protocol.Challenge, pair *certtest.Pair) string {
	a.t.Helper()
	plain, report := open(a.t, c.Envelope, pair)
	if !report.Authenticated || report.Info.Algorithm != envelope.AES256GCM {
		a.t.Errorf("challenge is not in the normal profile: %s", report.Info.Algorithm)
	}
	if len(report.Info.Recipients) != 1 || report.Info.Recipients[0].Mechanism != c.Mechanism {
		a.t.Errorf("challenge says %s and is %v", c.Mechanism, report.Info.Recipients)
	}
	want := "^" + regexp.QuoteMeta("scelle-proof/1\n"+a.origin+"\n"+keypair.Thumbprint(pair.DER)+"\n") + "[0-9a-f]{64}\n$"
	if !regexp.MustCompile(want).Match(plain) {
		a.t.Fatalf("challenge reads %q", plain)
	}
	sum := sha256.Sum256(plain)
	return hex.EncodeToString(sum[:])
}

// prove goes from a registration to an active key.
func (a assistant) prove(id string, pair *certtest.Pair, refused ...envelope.Mechanism) protocol.Registration {
	a.t.Helper()
	c := a.challenge(id, refused...)
	var r protocol.Registration
	a.must(http.MethodPost, "/api/keys/"+id+"/proof", proofBody{Mechanism: c.Mechanism, Proof: a.answer(c, pair)}, &r)
	return r
}

// activate registers a certificate and proves its key.
func (a assistant) activate(name string, recovery bool, pair *certtest.Pair) string {
	a.t.Helper()
	r := a.prove(a.submit(name, recovery, pair).ID, pair)
	if r.State != protocol.Active {
		a.t.Fatalf("%s is %s", name, r.State)
	}
	return r.ID
}

// serverKey has the portal make a pair, and imports it as the host does.
func (a assistant) serverKey(name, commonName string) (protocol.Registration, *pkcs12x.Bundle) {
	a.t.Helper()
	oneTime := certtest.SelfSigned(a.t, certtest.Options{CommonName: "one time", Bits: 3072})
	var answer protocol.ServerKey
	a.must(http.MethodPost, "/api/keys/server", protocol.RequestServerKeyArgs{Name: name, CommonName: commonName, OneTimeCertificate: oneTime.DER}, &answer)
	p12, _ := open(a.t, answer.Envelope, oneTime)
	bundle, err := pkcs12x.Decode(p12, []byte(keypair.Thumbprint(oneTime.DER)))
	if err != nil {
		a.t.Fatal(err)
	}
	return answer.Registration, bundle
}

// keys lists the key pairs that the person sees.
func (c *client) keys() []keyJSON {
	c.t.Helper()
	var list struct{ Keys []keyJSON }
	c.must(http.MethodGet, "/api/keys", nil, &list)
	return list.Keys
}

// key is one of them; it fails the test when it is not listed.
func (c *client) key(id string) keyJSON {
	c.t.Helper()
	keys := c.keys()
	i := slices.IndexFunc(keys, func(k keyJSON) bool { return k.ID == id })
	if i < 0 {
		c.t.Fatalf("key %s is not listed", id)
	}
	return keys[i]
}

// sealedFile is what scelle.seal gives to a company's page.
type sealedFile struct {
	bytes []byte
	query url.Values
}

// seal seals a content to a consultation's recipients.
func (c *client) seal(tender, lot, content string) sealedFile {
	c.t.Helper()
	place := url.Values{"lot": {lot}, "kind": {"offre"}}
	var r recipientsJSON
	c.must(http.MethodGet, "/api/tenders/"+tender+"/recipients?"+place.Encode(), nil, &r)
	var to []envelope.Recipient
	for _, one := range r.Recipients {
		to = append(to, envelope.Recipient{Certificate: one.Certificate, Mechanism: one.Mechanism})
	}
	var out bytes.Buffer
	receipt, err := envelope.Seal(c.t.Context(), &out, strings.NewReader(content), envelope.SealOptions{Recipients: to, Length: int64(len(content))})
	if err != nil {
		c.t.Fatal(err)
	}
	place.Set("name", "offre.p7m")
	place.Set("sha256", hex.EncodeToString(receipt.SHA256[:]))
	place.Set("contentSha256", hex.EncodeToString(receipt.ContentSHA256[:]))
	return sealedFile{out.Bytes(), place}
}

// path is the address of a deposit.
func (f sealedFile) path(tender string) string {
	return "/api/tenders/" + tender + "/plis?" + f.query.Encode()
}

// deposit sends a sealed file, which has to be taken.
func (c *client) deposit(tender string, f sealedFile) receiptJSON {
	c.t.Helper()
	var r receiptJSON
	if status, failure := c.raw(http.MethodPost, f.path(tender), bytes.NewReader(f.bytes), &r); failure != nil {
		c.t.Fatalf("deposit: %d %v", status, *failure)
	}
	return r
}
