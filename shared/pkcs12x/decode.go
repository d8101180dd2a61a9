package pkcs12x

import (
	"crypto"
	"crypto/hmac"

	"golang.org/x/crypto/cryptobyte/asn1"

	"scelle/shared/fault"
	"scelle/shared/keypair"
	_ "scelle/shared/keypair/public" // PublicKey
)

// Bundle is the one key pair of a file.
type Bundle struct {
	Key          crypto.Signer // *rsa.PrivateKey or *ecdsa.PrivateKey, checked and matching
	Certificate  []byte        // DER
	FriendlyName string        // safe to display; "" when the file gives none
	Others       int           // further certificates that were in the file and are not here
}

// diagnosis is up to how many iterations are spent to tell a wrong password
// from a damaged file, after the MAC has failed.
const diagnosis = 3_000_000

// Decode reads a PKCS#12 file. The password is UTF-8 and stays the caller's to
// clear; [Bundle] shares no memory with data.
//
// Each refusal has its code: fault.P12TooLarge, P12Damaged, P12Unsupported (an
// algorithm; its OID is the detail), P12NoMAC, P12Iterations, P12SeveralKeys
// before any derivation; P12Password; P12NoKey, P12NoCertificate, P12Mismatch;
// CertificateWeak, CertificateExponent, CertificateKeyKind, CertificateBad for
// what the key is. That the certificate is expired or may not encipher is no
// refusal here: see keypair.Check.
func Decode(data, password []byte) (*Bundle, error) {
	f, err := scan(data)
	if err != nil {
		return nil, err
	}
	if len(f.keys) == 0 && len(f.sealed) == 0 {
		return nil, fault.New(fault.P12NoKey)
	}
	p := newPasswords(password)
	defer p.clear()
	if !f.verify(p) {
		return nil, f.diagnose(p)
	}
	defer f.clear()
	if err := f.unseal(p); err != nil {
		return nil, err
	}
	return f.pair(p)
}

// verify checks the MAC and keeps of p the form that it was made with.
func (f *file) verify(p *passwords) bool {
	forms := &p.bmp
	if f.mac.pbkdf2 {
		forms = &p.raw
	}
	for _, form := range *forms {
		if f.mac.matches(f.authenticated, form) {
			*forms = [][]byte{form}
			return true
		}
	}
	return false
}

func (m *mac) matches(message, password []byte) bool {
	var key []byte
	if m.pbkdf2 {
		key = derivePBKDF2(m.hash, password, m.salt, m.iterations, m.keySize)
	} else {
		key = deriveP12(m.hash, forMAC, password, m.salt, m.iterations, m.keySize)
	}
	defer clear(key)
	h := hmac.New(m.hmac, key)
	h.Write(message)
	return hmac.Equal(h.Sum(nil), m.digest)
}

// diagnose says why the MAC does not match. If the password opens something,
// it is right, and the file was changed.
func (f *file) diagnose(p *passwords) error {
	if f.budget.spent > diagnosis {
		return fault.New(fault.P12Password)
	}
	first := &passwords{bmp: p.bmp[:1], raw: p.raw[:1]} // the standard's forms
	for _, s := range f.everySealed() {
		if plain := s.scheme.open(s.data, first, isSequence); plain != nil {
			clear(plain)
			return damaged("MAC")
		}
	}
	return fault.New(fault.P12Password)
}

func (f *file) everySealed() []sealed {
	all := f.sealed
	for _, k := range f.keys {
		if k.sealed != nil {
			all = append(all[:len(all):len(all)], *k.sealed)
		}
	}
	return all
}

// isSequence recognises a SEQUENCE that fills the plaintext: what both a
// SafeContents and a PrivateKeyInfo are.
func isSequence(plain []byte) bool {
	tag, length, header, ok := readHeader(plain)
	if !ok || tag != byte(asn1.SEQUENCE) {
		return false
	}
	if length < 0 {
		_, ok := toDER(plain)
		return ok
	}
	return header+length == len(plain)
}

// unseal opens the encrypted contents and adds their bags.
func (f *file) unseal(p *passwords) error {
	for _, s := range f.sealed {
		opened := s.scheme.open(s.data, p, isSequence)
		if opened == nil {
			// The MAC vouches for these bytes, so they are not damaged: they
			// are under another password than the MAC.
			return fault.Newf(fault.P12Unsupported, "two passwords")
		}
		err := f.addSafeContents(opened, &f.budget)
		clear(opened)
		if err != nil {
			return err
		}
	}
	return nil
}

// clear wipes keys that lay in the file, or in its encrypted contents, without
// an encryption of their own.
func (f *file) clear() {
	for _, k := range f.keys {
		clear(k.plain)
	}
}

// pair finds the one key and the certificate that belongs to it.
func (f *file) pair(p *passwords) (*Bundle, error) {
	switch {
	case len(f.keys) == 0:
		return nil, fault.New(fault.P12NoKey)
	case len(f.keys) > 1:
		return nil, fault.New(fault.P12SeveralKeys)
	case len(f.certificates) == 0:
		return nil, fault.New(fault.P12NoCertificate)
	}
	k := f.keys[0]
	signer, err := k.open(p)
	if err != nil {
		return nil, err
	}
	c, err := f.certificateOf(k, signer)
	if err != nil {
		return nil, err
	}
	name := k.name
	if name == "" {
		name = c.name
	}
	return &Bundle{
		Key:          signer,
		Certificate:  append([]byte(nil), c.der...),
		FriendlyName: name,
		Others:       len(f.certificates) - 1,
	}, nil
}

// certificateOf returns the certificate for the key: of several for the same
// key the one that the file joins to it, otherwise the one that ends last.
func (f *file) certificateOf(k key, signer crypto.Signer) (*certificate, error) {
	var best *certificate
	var bestParsed *keypair.Certificate
	joined := func(c *certificate) bool { return k.localKeyID != "" && c.localKeyID == k.localKeyID }
	for i := range f.certificates {
		c := &f.certificates[i]
		parsed, err := keypair.Parse(c.der)
		if err != nil || !parsed.Matches(signer.Public()) {
			continue
		}
		if best == nil || (joined(c) && !joined(best)) ||
			(joined(c) == joined(best) && parsed.NotAfter.After(bestParsed.NotAfter)) {
			best, bestParsed = c, parsed
		}
	}
	if best == nil {
		return nil, fault.New(fault.P12Mismatch)
	}
	return best, nil
}

// open decrypts the key where it is encrypted, and reads it.
func (k key) open(p *passwords) (crypto.Signer, error) {
	if k.sealed == nil {
		return readKey(k.plain)
	}
	plain := k.sealed.scheme.open(k.sealed.data, p, isSequence)
	if plain == nil {
		return nil, fault.Newf(fault.P12Unsupported, "two passwords")
	}
	defer clear(plain)
	return readKey(plain)
}
