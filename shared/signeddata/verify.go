package signeddata

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"slices"
	"time"

	"go.mozilla.org/pkcs7"

	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/signeddata/lists"
)

// maxSkew is how far the signing time may be from the list's time of issue;
// both come from the portal.
const maxSkew = 10 * time.Minute

// Signature is who signed a list and when. It has no name: nothing vouches for
// what a certificate around the pinned key calls itself.
type Signature struct {
	Pin      string    // SHA-256 of the signer's SubjectPublicKeyInfo, lower-case hex
	SignedAt time.Time // the signingTime attribute, UTC, by the portal's clock
	JSON     []byte    // the list as it was signed, for [lists.ParseRecipients] or [lists.ParseOpening] elsewhere
}

// Pin returns the pin of a certificate's key: SHA-256 of its
// SubjectPublicKeyInfo in lower-case hexadecimal. OpenSSL says the same with
// `openssl x509 -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum`.
// Error: fault.CertificateBad.
func Pin(certificate []byte) (string, error) {
	c, err := keypair.Parse(certificate)
	if err != nil {
		return "", err
	}
	return c.SPKIThumbprint(), nil
}

// VerifyRecipients verifies a signed list of recipients with the pins of its
// portal and checks that it was made for what is expected.
//
// Errors: fault.ListUnsigned for no bytes, fault.ListForged with what is
// wrong, fault.ListSigner with the pin of a signer that is not pinned,
// fault.ListExpired, fault.ListOther, fault.ExtensionOutdated.
func VerifyRecipients(der []byte, pins []string, e lists.Expected) (*lists.Recipients, *Signature, error) {
	return verifyList(der, pins, e, lists.ParseRecipients)
}

// VerifyOpening verifies a signed list of plis like [VerifyRecipients]. It has
// the error fault.OpeningEarly as well.
func VerifyOpening(der []byte, pins []string, e lists.Expected) (*lists.Opening, *Signature, error) {
	return verifyList(der, pins, e, lists.ParseOpening)
}

// expected is a list that knows what it was made for.
type expected interface {
	lists.List
	Check(lists.Expected) error
}

func verifyList[L expected](der []byte, pins []string, e lists.Expected, parse func([]byte) (L, error)) (list L, s *Signature, err error) {
	if s, err = verify(der, append([]string{}, pins...), e.Now); err != nil { // no pin at all is nobody's
		return list, nil, err
	}
	if list, err = parse(s.JSON); err == nil {
		err = s.sane(list.IssuedAt())
	}
	if err == nil {
		err = list.Check(e)
	}
	if err != nil {
		var none L
		return none, nil, err
	}
	return list, s, nil
}

// Verify verifies a signed list of any type and says by whose key it is
// signed; whether that key is the portal's, and whether the list is for what is
// to be done, is for the caller to decide: with the pins that were settled and
// the Check of package lists. It is what the extension's throw-away Worker
// runs, so that everything that needs crypto/x509 is in there and every
// decision is outside.
//
// Errors: fault.ListUnsigned for no bytes, fault.ListForged with what is
// wrong, fault.ListExpired, fault.ListOther for a list of another type,
// fault.ExtensionOutdated.
func Verify(der []byte, now time.Time) (*Signature, error) {
	s, err := verify(der, nil, now)
	if err != nil {
		return nil, err
	}
	list, err := anyList(s.JSON)
	if err != nil {
		return nil, err
	}
	if err := s.sane(list.IssuedAt()); err != nil {
		return nil, err
	}
	return s, nil
}

// anyList reads a list of any type; one that is of none is fault.ListOther.
func anyList(data []byte) (lists.List, error) {
	opening, err := lists.ParseOpening(data)
	if fault.CodeOf(err) != fault.ListOther {
		return opening, err
	}
	transfer, err := lists.ParseTransfer(data)
	if fault.CodeOf(err) != fault.ListOther {
		return transfer, err
	}
	return lists.ParseRecipients(data)
}

// sane compares the portal's two times.
func (s *Signature) sane(issued time.Time) error {
	if s.SignedAt.Sub(issued).Abs() > maxSkew {
		return forged("signed %s, issued %s", s.SignedAt.Format(time.RFC3339), issued.Format(time.RFC3339))
	}
	return nil
}

// verify checks everything but the list itself. Without pins every key counts.
func verify(der []byte, pins []string, now time.Time) (*Signature, error) {
	m, err := fence(der)
	if err != nil {
		return nil, err
	}
	p7, signer, err := parse(der)
	if err != nil {
		return nil, err
	}
	if !m.same(p7, signer) {
		return nil, forged("two readings")
	}
	pin := pinOf(signer)
	if pins != nil && !slices.Contains(pins, pin) {
		return nil, fault.Newf(fault.ListSigner, "%s", pin)
	}
	if err := mayUse(signer, now); err != nil {
		return nil, err
	}
	if !m.agrees(signer.PublicKeyAlgorithm == x509.RSA) {
		return nil, forged("signature algorithm %s with %s", m.signature, m.digest)
	}
	if err := check(p7); err != nil {
		return nil, err
	}
	return &Signature{Pin: pin, SignedAt: m.signingTime, JSON: m.content}, nil
}

// fence is everything that happens before go.mozilla.org/pkcs7 sees a byte.
func fence(der []byte) (*message, error) {
	switch {
	case len(der) == 0:
		return nil, fault.New(fault.ListUnsigned)
	case len(der) > MaxSize:
		return nil, forged("%d > %d bytes", len(der), MaxSize)
	}
	if err := scan(der); err != nil {
		return nil, err
	}
	return readMessage(der)
}

// parse runs pkcs7.Parse, which panics on some input.
func parse(der []byte) (p7 *pkcs7.PKCS7, signer *x509.Certificate, err error) {
	defer rescue(&err)
	if p7, err = pkcs7.Parse(der); err != nil {
		return nil, nil, fault.Recode(fault.ListForged, err)
	}
	if signer = p7.GetOnlySigner(); signer == nil {
		return nil, nil, forged("the signer’s certificate is not included")
	}
	return p7, signer, nil
}

// check runs pkcs7's Verify: the certificate's validity at the signing time,
// the message digest and the signature over the signed attributes.
func check(p7 *pkcs7.PKCS7) (err error) {
	defer rescue(&err)
	if err := p7.Verify(); err != nil {
		return fault.Recode(fault.ListForged, err)
	}
	return nil
}

func rescue(err *error) {
	if r := recover(); r != nil {
		*err = forged("panic")
	}
}

// same reports that both readings agree on what is used afterwards.
func (m *message) same(p7 *pkcs7.PKCS7, signer *x509.Certificate) bool {
	return bytes.Equal(p7.Content, m.content) && len(p7.Signers) == 1 &&
		bytes.Equal(signer.RawIssuer, m.issuer) && signer.SerialNumber.Cmp(m.serial) == 0 &&
		slices.ContainsFunc(m.certificates, func(der []byte) bool { return bytes.Equal(der, signer.Raw) })
}

func pinOf(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:])
}
