package pkcs12x

import (
	encasn1 "encoding/asn1"
	"encoding/binary"
	"math/big"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// Limits of a file, all applied before any key is derived.
const (
	MaxSize            = 1 << 20    // bytes of the file
	MaxIterations      = 10_000_000 // of one derivation
	MaxTotalIterations = 30_000_000 // of all derivations of a file together
	maxBags            = 1000       // bags of a file
	maxBagDepth        = 3          // layers of SafeContents within SafeContents
)

const (
	oidData          = "1.2.840.113549.1.7.1"
	oidEncryptedData = "1.2.840.113549.1.7.6"

	oidKeyBag       = "1.2.840.113549.1.12.10.1.1"
	oidShroudedKey  = "1.2.840.113549.1.12.10.1.2"
	oidCertBag      = "1.2.840.113549.1.12.10.1.3"
	oidSafeContents = "1.2.840.113549.1.12.10.1.6"

	oidX509Certificate = "1.2.840.113549.1.9.22.1"
	oidFriendlyName    = "1.2.840.113549.1.9.20"
	oidLocalKeyID      = "1.2.840.113549.1.9.21"
)

// file is a PFX, taken apart without the password.
type file struct {
	authenticated []byte // what the MAC covers
	mac           mac
	sealed        []sealed // encrypted SafeContents
	contents
	budget budget
}

// sealed is something encrypted with the password.
type sealed struct {
	scheme *scheme
	data   []byte
}

// contents are the bags found so far.
type contents struct {
	keys         []key
	certificates []certificate
	bags         int
}

// attributes are what bags are labelled with.
type attributes struct {
	name       string // friendlyName, made safe to display
	localKeyID string // octets of localKeyId: joins a key to its certificate
}

// key is a key bag: a PrivateKeyInfo, or one that is encrypted.
type key struct {
	attributes
	plain  []byte
	sealed *sealed
}

// certificate is a bag with an X.509 certificate.
type certificate struct {
	attributes
	der []byte
}

// mac is MacData, RFC 7292 4: the sum of authenticated under the password.
type mac struct {
	scheme         // hash, pbkdf2, salt, iterations, keySize
	hmac   newHash // of the sum itself
	digest []byte
}

func damaged(what string) error { return fault.Newf(fault.P12Damaged, "%s", what) }

// scan reads the structure of a file and applies all limits.
//
//	PFX ::= SEQUENCE {
//	    version   INTEGER {v3(3)}(v3,...),
//	    authSafe  ContentInfo,
//	    macData   MacData OPTIONAL }
func scan(data []byte) (*file, error) {
	if len(data) > MaxSize {
		return nil, fault.Newf(fault.P12TooLarge, "%d", len(data))
	}
	der, ok := toDER(data)
	if !ok {
		return nil, damaged("BER")
	}
	input := cryptobyte.String(der)
	var pfx, safe, wrapped, content cryptobyte.String
	var version int
	var contentType encasn1.ObjectIdentifier
	if !input.ReadASN1(&pfx, asn1.SEQUENCE) || !pfx.ReadASN1Integer(&version) || !pfx.ReadASN1(&safe, asn1.SEQUENCE) ||
		!safe.ReadASN1ObjectIdentifier(&contentType) {
		return nil, damaged("PFX")
	}
	if version != 3 || contentType.String() != oidData {
		return nil, fault.Newf(fault.P12Unsupported, "version %d, %s", version, contentType)
	}
	if !safe.ReadASN1(&wrapped, asn1.Tag(0).ContextSpecific().Constructed()) || !wrapped.ReadASN1(&content, asn1.OCTET_STRING) {
		return nil, damaged("PFX")
	}
	if pfx.Empty() {
		return nil, fault.New(fault.P12NoMAC)
	}
	f := &file{authenticated: content}
	if err := f.scanMAC(&pfx); err != nil {
		return nil, err
	}
	if !pfx.Empty() {
		return nil, damaged("PFX")
	}
	if err := f.scanSafe(); err != nil {
		return nil, err
	}
	return f, nil
}

// scanMAC reads
//
//	MacData ::= SEQUENCE {
//	    mac        DigestInfo,
//	    macSalt    OCTET STRING,
//	    iterations INTEGER DEFAULT 1 }
func (f *file) scanMAC(pfx *cryptobyte.String) error {
	var body, info, digest, salt cryptobyte.String
	if !pfx.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1(&info, asn1.SEQUENCE) {
		return damaged("MAC")
	}
	oid, parameters, ok := readAlgorithm(&info)
	if !ok || !info.ReadASN1(&digest, asn1.OCTET_STRING) || !body.ReadASN1(&salt, asn1.OCTET_STRING) {
		return damaged("MAC")
	}
	f.mac.digest = digest
	if oid == oidPBMAC1 {
		return f.scanPBMAC1(parameters)
	}
	h := hashByOID(oid)
	if h == nil {
		return unsupported(oid)
	}
	f.mac.hmac = h
	f.mac.scheme = scheme{hash: h, salt: salt, keySize: h().Size()}
	if len(digest) != h().Size() {
		return damaged("MAC")
	}
	var err error
	if body.Empty() {
		f.mac.iterations, err = f.budget.spendInt(big.NewInt(1))
	} else {
		f.mac.iterations, err = f.budget.spend(&body)
	}
	return err
}

// scanPBMAC1 reads PBMAC1-params (RFC 8018 A.5) under the rules of RFC 9579:
// the key length must be given, and salt and iterations of MacData mean
// nothing. Keys under 20 bytes are refused, as its section 5 recommends.
func (f *file) scanPBMAC1(parameters cryptobyte.String) error {
	var body cryptobyte.String
	if !parameters.ReadASN1(&body, asn1.SEQUENCE) {
		return damaged("PBMAC1")
	}
	c, length, err := readPBKDF2(&body, &f.budget)
	if err != nil {
		return err
	}
	oid, _, ok := readAlgorithm(&body)
	if !ok || length < 20 || length > 64 {
		return damaged("PBMAC1")
	}
	h := hmacByOID(oid)
	if h == nil {
		return unsupported(oid)
	}
	if len(f.mac.digest) != h().Size() {
		return damaged("PBMAC1")
	}
	f.mac.scheme, f.mac.hmac = *c, h
	f.mac.keySize = length
	return nil
}

// scanSafe reads the AuthenticatedSafe, a SEQUENCE OF ContentInfo, and the
// bags of those contents that are not encrypted.
func (f *file) scanSafe() error {
	der, ok := toDER(f.authenticated)
	if !ok {
		return damaged("AuthenticatedSafe")
	}
	input := cryptobyte.String(der)
	var list cryptobyte.String
	if !input.ReadASN1(&list, asn1.SEQUENCE) {
		return damaged("AuthenticatedSafe")
	}
	for !list.Empty() {
		var info, wrapped, octets cryptobyte.String
		var oid encasn1.ObjectIdentifier
		if !list.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&oid) ||
			!info.ReadASN1(&wrapped, asn1.Tag(0).ContextSpecific().Constructed()) {
			return damaged("ContentInfo")
		}
		switch oid.String() {
		case oidData:
			if !wrapped.ReadASN1(&octets, asn1.OCTET_STRING) {
				return damaged("ContentInfo")
			}
			if err := f.addSafeContents(octets, &f.budget); err != nil {
				return err
			}
		case oidEncryptedData:
			if err := f.scanEncrypted(wrapped); err != nil {
				return err
			}
		default:
			return unsupported(oid.String())
		}
	}
	return nil
}

// scanEncrypted reads EncryptedData, RFC 5652 8:
//
//	EncryptedData ::= SEQUENCE { version, encryptedContentInfo SEQUENCE {
//	    contentType, contentEncryptionAlgorithm, encryptedContent [0] IMPLICIT OCTET STRING } }
func (f *file) scanEncrypted(wrapped cryptobyte.String) error {
	var body, info cryptobyte.String
	var version int
	var oid encasn1.ObjectIdentifier
	if !wrapped.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1Integer(&version) ||
		!body.ReadASN1(&info, asn1.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&oid) {
		return damaged("EncryptedData")
	}
	c, err := readScheme(&info, &f.budget)
	if err != nil {
		return err
	}
	data, ok := implicitOctets(&info)
	if !ok || len(f.sealed) == maxBags {
		return damaged("EncryptedData")
	}
	f.sealed = append(f.sealed, sealed{c, data})
	return nil
}

// addSafeContents reads the bags of a SafeContents, also those inside a
// SafeContents bag. Bags of other kinds (CRLs, secrets) are left aside.
//
//	SafeBag ::= SEQUENCE {
//	    bagId         OBJECT IDENTIFIER,
//	    bagValue  [0] EXPLICIT ANY,
//	    bagAttributes SET OF PKCS12Attribute OPTIONAL }
func (c *contents) addSafeContents(ber []byte, b *budget) error {
	der, ok := toDER(ber)
	if !ok {
		return damaged("SafeContents")
	}
	layer := []cryptobyte.String{der}
	for depth := 0; len(layer) > 0; depth++ {
		if depth == maxBagDepth {
			return damaged("SafeContents")
		}
		var inner []cryptobyte.String
		for _, s := range layer {
			var list cryptobyte.String
			if !s.ReadASN1(&list, asn1.SEQUENCE) || !s.Empty() {
				return damaged("SafeContents")
			}
			for !list.Empty() {
				nested, err := c.addBag(&list, b)
				if err != nil {
					return err
				}
				if nested != nil {
					inner = append(inner, nested)
				}
			}
		}
		layer = inner
	}
	return nil
}

// addBag reads one SafeBag. For a SafeContents bag it returns its content.
func (c *contents) addBag(list *cryptobyte.String, b *budget) (nested cryptobyte.String, err error) {
	var bag, value cryptobyte.String
	var oid encasn1.ObjectIdentifier
	if !list.ReadASN1(&bag, asn1.SEQUENCE) || !bag.ReadASN1ObjectIdentifier(&oid) ||
		!bag.ReadASN1(&value, asn1.Tag(0).ContextSpecific().Constructed()) {
		return nil, damaged("SafeBag")
	}
	if c.bags++; c.bags > maxBags {
		return nil, fault.Newf(fault.P12TooLarge, "%d bags", c.bags)
	}
	a := readAttributes(bag)
	switch oid.String() {
	case oidSafeContents:
		return value, nil
	case oidKeyBag:
		c.keys = append(c.keys, key{attributes: a, plain: value})
	case oidShroudedKey:
		var body, data cryptobyte.String
		if !value.ReadASN1(&body, asn1.SEQUENCE) {
			return nil, damaged("key bag")
		}
		s, err := readScheme(&body, b)
		if err != nil {
			return nil, err
		}
		if !body.ReadASN1(&data, asn1.OCTET_STRING) {
			return nil, damaged("key bag")
		}
		c.keys = append(c.keys, key{attributes: a, sealed: &sealed{s, data}})
	case oidCertBag:
		return nil, c.addCertificate(value, a)
	}
	if len(c.keys) > 1 {
		return nil, fault.New(fault.P12SeveralKeys)
	}
	return nil, nil
}

// addCertificate reads CertBag ::= SEQUENCE { certId, certValue [0] EXPLICIT OCTET STRING };
// other certificates than X.509 are left aside.
func (c *contents) addCertificate(value cryptobyte.String, a attributes) error {
	var body, wrapped, der cryptobyte.String
	var oid encasn1.ObjectIdentifier
	if !value.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1ObjectIdentifier(&oid) {
		return damaged("certificate bag")
	}
	if oid.String() != oidX509Certificate {
		return nil
	}
	if !body.ReadASN1(&wrapped, asn1.Tag(0).ContextSpecific().Constructed()) || !wrapped.ReadASN1(&der, asn1.OCTET_STRING) {
		return damaged("certificate bag")
	}
	c.certificates = append(c.certificates, certificate{a, der})
	return nil
}

// readAttributes reads as many attributes as it understands; they only label.
func readAttributes(bag cryptobyte.String) attributes {
	var a attributes
	var set cryptobyte.String
	if !bag.ReadASN1(&set, asn1.SET) {
		return a
	}
	for !set.Empty() {
		var pair, values, value cryptobyte.String
		var oid encasn1.ObjectIdentifier
		var tag asn1.Tag
		if !set.ReadASN1(&pair, asn1.SEQUENCE) || !pair.ReadASN1ObjectIdentifier(&oid) ||
			!pair.ReadASN1(&values, asn1.SET) || !values.ReadAnyASN1(&value, &tag) {
			return a
		}
		switch oid.String() {
		case oidFriendlyName:
			a.name = keypair.Clean(mend(fromBMP(value)))
		case oidLocalKeyID:
			a.localKeyID = string(value)
		}
	}
	return a
}

func fromBMP(value []byte) string {
	units := make([]uint16, 0, len(value)/2)
	for ; len(value) >= 2; value = value[2:] {
		units = append(units, binary.BigEndian.Uint16(value))
	}
	return string(utf16.Decode(units))
}

// mend undoes what GnuTLS does to a name: it writes each byte of the UTF-8
// text as a character of its own ("ClÃ©" for "Clé"). A name whose characters
// are the bytes of such a text is taken for one, also when it went through that twice.
func mend(name string) string {
	bytes := make([]byte, 0, len(name))
	for _, r := range name {
		if r > 0xFF {
			return name
		}
		bytes = append(bytes, byte(r))
	}
	if mended := string(bytes); mended != name && utf8.Valid(bytes) {
		return mend(mended) // shorter: this ends
	}
	return name
}
