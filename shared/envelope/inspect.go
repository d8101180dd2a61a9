package envelope

import (
	"bytes"
	"crypto/sha256"
	"io"

	"scelle/shared/cms"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// Info is what a header says without any key. Everything in it was written by
// whoever made the envelope.
type Info struct {
	Encoding      Encoding         // how the file carries the CMS object
	Authenticated bool             // changed content would be detected
	Algorithm     ContentAlgorithm // of the content; may be one that is not opened
	Content       cms.AlgorithmIdentifier
	ContentType   cms.OID     // of the plaintext; cms.Data in plis
	Recipients    []Addressee // one for each certificate, in the header's order
	ContentLength int64       // octets of the encrypted content; -1 when not known yet
	ContentOffset int64       // of its first octet in the CMS object; -1 when it is in segments
	HeaderSHA256  [32]byte    // of the header in segmented form: names the envelope before its content is read
	Header        *cms.Header // all of it
}

// Addressee is one certificate that an envelope is sealed to.
type Addressee struct {
	cms.RecipientIdentifier
	Mechanism Mechanism // "" when it is not one of ours
	Err       error     // why Mechanism is "": a *fault.Fault whose Detail names the algorithm
	Info      []byte    // DER of the RecipientInfo that it stands in
}

// Matches reports whether the addressee is this certificate, byte by byte:
// issuer and serial number, or subject key identifier. It says nothing about
// the key.
func (a Addressee) Matches(c *keypair.Certificate) bool { return matches(a.RecipientIdentifier, c) }

func matches(id cms.RecipientIdentifier, c *keypair.Certificate) bool {
	if id.Issuer != nil {
		return bytes.Equal(id.Issuer, c.IssuerRaw) && bytes.Equal(id.Serial, c.SerialRaw)
	}
	return len(id.SubjectKeyID) > 0 && bytes.Equal(id.SubjectKeyID, c.SubjectKeyID)
}

// Inspect reads the header of an envelope and none of its content (beyond
// what a read buffer takes along). It describes algorithms that [Open] would
// refuse, and fails only for what is not an encrypted CMS object:
// fault.EnvelopeMalformed, fault.ReadFailed.
func Inspect(src io.Reader) (*Info, error) {
	decoded, encoding, err := decode(src)
	if err != nil {
		return nil, err
	}
	_, info, err := readHeader(decoded, encoding)
	return info, err
}

// readHeader reads up to the content.
func readHeader(decoded io.Reader, encoding Encoding) (*cms.Reader, *Info, error) {
	r := cms.NewReader(decoded)
	h, err := r.Header()
	if err != nil {
		return nil, nil, err
	}
	content := h.EncryptedContentInfo
	canonical, err := cms.MarshalHeader(h, cms.UnknownLength, 0)
	if err != nil {
		return nil, nil, err
	}
	info := &Info{
		Encoding:      encoding,
		Algorithm:     ParseContentAlgorithm(content.ContentEncryptionAlgorithm),
		Content:       content.ContentEncryptionAlgorithm,
		ContentType:   content.ContentType,
		Recipients:    addressees(h),
		ContentLength: r.ContentLength(),
		ContentOffset: r.ContentOffset(),
		HeaderSHA256:  sha256.Sum256(canonical),
		Header:        h,
	}
	info.Authenticated = info.Algorithm.Authenticated() && h.ContentType == cms.AuthEnvelopedData
	return r, info, nil
}

// addressees lists every recipient identifier of h.
func addressees(h *cms.Header) []Addressee {
	var all []Addressee
	for i := range h.RecipientInfos {
		r := &h.RecipientInfos[i]
		m, err := mechanismOf(r)
		ids := r.Identifiers()
		if ids == nil {
			ids = []cms.RecipientIdentifier{{}}
		}
		for _, id := range ids {
			all = append(all, Addressee{RecipientIdentifier: id, Mechanism: m, Err: err, Info: r.Raw})
		}
	}
	return all
}

// check applies the rules on what may be opened to a header: an algorithm of
// ours, with an AEAD in AuthEnvelopedData and nothing else there, and a
// content that the algorithm can carry. It returns nonce or IV.
func (i *Info) check() ([]byte, error) {
	iv, err := parseContentIV(i.Content)
	if err != nil {
		return nil, err
	}
	if i.Algorithm.Authenticated() != (i.Header.ContentType == cms.AuthEnvelopedData) {
		// Taking one for the other is how an authenticated content is
		// downgraded to a malleable one (RFC 9709).
		return nil, fault.Newf(fault.EnvelopeMalformed, "%s in the wrong content type", i.Algorithm)
	}
	if i.Algorithm.Authenticated() && i.ContentLength > maxGCM {
		return nil, fault.Newf(fault.EnvelopeTooLarge, "%d", i.ContentLength)
	}
	return iv, nil
}
