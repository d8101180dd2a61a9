package cms

import (
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// RecipientInfo is one way to the content-encryption key. Exactly one of
// KeyTrans and KeyAgree is set; both are nil for the kinds that are only
// carried (kekri, pwri, ori).
//
//	RecipientInfo ::= CHOICE {
//	  ktri KeyTransRecipientInfo,
//	  kari [1] KeyAgreeRecipientInfo,
//	  kekri [2] KEKRecipientInfo,
//	  pwri [3] PasswordRecipientinfo,
//	  ori [4] OtherRecipientInfo }  -- RFC 5652 6.2
type RecipientInfo struct {
	Raw      []byte // DER of the whole CHOICE
	KeyTrans *KeyTransRecipientInfo
	KeyAgree *KeyAgreeRecipientInfo
}

// KeyTransRecipientInfo carries the key encrypted to an RSA key.
//
//	KeyTransRecipientInfo ::= SEQUENCE {
//	  version CMSVersion,  -- always set to 0 or 2
//	  rid RecipientIdentifier,
//	  keyEncryptionAlgorithm KeyEncryptionAlgorithmIdentifier,
//	  encryptedKey EncryptedKey }  -- RFC 5652 6.2.1
type KeyTransRecipientInfo struct {
	Version                int
	RID                    RecipientIdentifier
	KeyEncryptionAlgorithm AlgorithmIdentifier
	EncryptedKey           []byte
}

// KeyAgreeRecipientInfo carries the key wrapped under an agreed key.
//
//	KeyAgreeRecipientInfo ::= SEQUENCE {
//	  version CMSVersion,  -- always set to 3
//	  originator [0] EXPLICIT OriginatorIdentifierOrKey,
//	  ukm [1] EXPLICIT UserKeyingMaterial OPTIONAL,
//	  keyEncryptionAlgorithm KeyEncryptionAlgorithmIdentifier,
//	  recipientEncryptedKeys RecipientEncryptedKeys }
//
//	OriginatorIdentifierOrKey ::= CHOICE {
//	  issuerAndSerialNumber IssuerAndSerialNumber,
//	  subjectKeyIdentifier [0] SubjectKeyIdentifier,
//	  originatorKey [1] OriginatorPublicKey }
//
//	OriginatorPublicKey ::= SEQUENCE {
//	  algorithm AlgorithmIdentifier,
//	  publicKey BIT STRING }  -- RFC 5652 6.2.2
type KeyAgreeRecipientInfo struct {
	Version                int
	Originator             []byte              // DER of the CHOICE
	OriginatorAlgorithm    AlgorithmIdentifier // of originatorKey; zero for the other choices
	OriginatorKey          []byte              // public point of originatorKey; nil for the other choices
	UKM                    []byte              // content octets; nil when absent
	KeyEncryptionAlgorithm AlgorithmIdentifier
	RecipientEncryptedKeys []RecipientEncryptedKey
}

// RecipientEncryptedKey is the key for one of the recipients that share an
// ephemeral key.
//
//	RecipientEncryptedKey ::= SEQUENCE {
//	  rid KeyAgreeRecipientIdentifier,
//	  encryptedKey EncryptedKey }  -- RFC 5652 6.2.2
type RecipientEncryptedKey struct {
	RID          RecipientIdentifier
	EncryptedKey []byte
}

// RecipientIdentifier points at a certificate: by issuer and serial number,
// or by subject key identifier. It is a hint from whoever wrote the message,
// compared byte by byte and never trusted further.
//
//	RecipientIdentifier ::= CHOICE {
//	  issuerAndSerialNumber IssuerAndSerialNumber,
//	  subjectKeyIdentifier [0] SubjectKeyIdentifier }  -- RFC 5652 6.2.1
//
//	KeyAgreeRecipientIdentifier ::= CHOICE {
//	  issuerAndSerialNumber IssuerAndSerialNumber,
//	  rKeyId [0] IMPLICIT RecipientKeyIdentifier }     -- RFC 5652 6.2.2
type RecipientIdentifier struct {
	Raw          []byte // DER of the CHOICE
	Issuer       []byte // DER of the Name; nil when named by key identifier
	Serial       []byte // content octets of the INTEGER; nil when named by key identifier
	SubjectKeyID []byte // nil when named by issuer and serial
}

// Keys is the number of recipients that r stands for.
func (r *RecipientInfo) Keys() int {
	if r.KeyAgree != nil {
		return len(r.KeyAgree.RecipientEncryptedKeys)
	}
	return 1
}

// Identifiers returns the recipient identifiers in r, in order; none for the
// kinds that are only carried.
func (r *RecipientInfo) Identifiers() []RecipientIdentifier {
	switch {
	case r.KeyTrans != nil:
		return []RecipientIdentifier{r.KeyTrans.RID}
	case r.KeyAgree != nil:
		ids := make([]RecipientIdentifier, len(r.KeyAgree.RecipientEncryptedKeys))
		for i, k := range r.KeyAgree.RecipientEncryptedKeys {
			ids[i] = k.RID
		}
		return ids
	}
	return nil
}

// The context tags of the CHOICE.
const (
	tagKeyAgree = asn1.Tag(1) | 0xa0
	tagOther    = asn1.Tag(4) | 0xa0
)

// ParseRecipientInfo reads one RecipientInfo in DER, all of der. A ktri or
// kari that does not follow its ASN.1 is malformed, other kinds are kept raw.
func ParseRecipientInfo(der []byte) (RecipientInfo, error) {
	r := RecipientInfo{Raw: der}
	s := cryptobyte.String(der)
	var body cryptobyte.String
	var tag asn1.Tag
	if !s.ReadAnyASN1(&body, &tag) || !s.Empty() {
		return r, malformed("RecipientInfo")
	}
	ok := false
	switch {
	case tag == asn1.SEQUENCE:
		r.KeyTrans, ok = parseKeyTrans(body)
	case tag == tagKeyAgree:
		r.KeyAgree, ok = parseKeyAgree(body)
	case tag > tagKeyAgree && tag <= tagOther:
		ok = true
	}
	if !ok {
		return r, malformed("RecipientInfo")
	}
	return r, nil
}

func parseKeyTrans(s cryptobyte.String) (*KeyTransRecipientInfo, bool) {
	var k KeyTransRecipientInfo
	var key cryptobyte.String
	var ok bool
	if !s.ReadASN1Integer(&k.Version) || (k.Version != 0 && k.Version != 2) {
		return nil, false
	}
	if k.RID, ok = readRID(&s, asn1.Tag(0).ContextSpecific()); !ok {
		return nil, false
	}
	if k.KeyEncryptionAlgorithm, ok = readAlgorithm(&s); !ok {
		return nil, false
	}
	if !s.ReadASN1(&key, asn1.OCTET_STRING) || !s.Empty() {
		return nil, false
	}
	k.EncryptedKey = key
	return &k, true
}

func parseKeyAgree(s cryptobyte.String) (*KeyAgreeRecipientInfo, bool) {
	var k KeyAgreeRecipientInfo
	var originator, ukm, keys cryptobyte.String
	var hasUKM, ok bool
	if !s.ReadASN1Integer(&k.Version) || k.Version != 3 ||
		!s.ReadASN1(&originator, asn1.Tag(0).ContextSpecific().Constructed()) || !k.readOriginator(originator) ||
		!s.ReadOptionalASN1(&ukm, &hasUKM, asn1.Tag(1).ContextSpecific().Constructed()) {
		return nil, false
	}
	if hasUKM {
		var octets cryptobyte.String
		if !ukm.ReadASN1(&octets, asn1.OCTET_STRING) || !ukm.Empty() {
			return nil, false
		}
		k.UKM = append([]byte{}, octets...)
	}
	if k.KeyEncryptionAlgorithm, ok = readAlgorithm(&s); !ok {
		return nil, false
	}
	if !s.ReadASN1(&keys, asn1.SEQUENCE) || !s.Empty() || keys.Empty() {
		return nil, false
	}
	for !keys.Empty() {
		if len(k.RecipientEncryptedKeys) >= MaxRecipients {
			return nil, false
		}
		one, ok := readRecipientEncryptedKey(&keys)
		if !ok {
			return nil, false
		}
		k.RecipientEncryptedKeys = append(k.RecipientEncryptedKeys, one)
	}
	return &k, true
}

// readOriginator keeps the CHOICE and takes the public point out of
// originatorKey, the only choice that ephemeral-static ECDH uses.
func (k *KeyAgreeRecipientInfo) readOriginator(s cryptobyte.String) bool {
	k.Originator = s
	var body cryptobyte.String
	var tag asn1.Tag
	if !s.ReadAnyASN1(&body, &tag) || !s.Empty() {
		return false
	}
	switch tag {
	case asn1.SEQUENCE, asn1.Tag(0).ContextSpecific():
		return true
	case asn1.Tag(1).ContextSpecific().Constructed():
	default:
		return false
	}
	var ok bool
	if k.OriginatorAlgorithm, ok = readAlgorithm(&body); !ok {
		return false
	}
	return body.ReadASN1BitStringAsBytes(&k.OriginatorKey) && body.Empty()
}

func readRecipientEncryptedKey(s *cryptobyte.String) (RecipientEncryptedKey, bool) {
	var k RecipientEncryptedKey
	var seq, key cryptobyte.String
	var ok bool
	if !s.ReadASN1(&seq, asn1.SEQUENCE) {
		return k, false
	}
	if k.RID, ok = readRID(&seq, asn1.Tag(0).ContextSpecific().Constructed()); !ok {
		return k, false
	}
	if !seq.ReadASN1(&key, asn1.OCTET_STRING) || !seq.Empty() {
		return k, false
	}
	k.EncryptedKey = key
	return k, true
}

// readRID takes a recipient identifier. keyID is the tag of the key
// identifier: a bare OCTET STRING in a ktri, and a RecipientKeyIdentifier,
// whose date and other fields are looked over, in a kari.
func readRID(s *cryptobyte.String, keyID asn1.Tag) (RecipientIdentifier, bool) {
	var id RecipientIdentifier
	var raw, body cryptobyte.String
	var tag asn1.Tag
	if !s.ReadAnyASN1Element(&raw, &tag) {
		return id, false
	}
	id.Raw = raw
	if !raw.ReadASN1(&body, tag) {
		return id, false
	}
	switch {
	case tag == asn1.SEQUENCE:
		var issuer, serial cryptobyte.String
		if !body.ReadASN1Element(&issuer, asn1.SEQUENCE) ||
			!body.ReadASN1(&serial, asn1.INTEGER) || !body.Empty() || len(serial) == 0 {
			return id, false
		}
		id.Issuer, id.Serial = issuer, serial
	case tag != keyID:
		return id, false
	case tag&0x20 == 0:
		id.SubjectKeyID = body
	default:
		var ski cryptobyte.String
		if !body.ReadASN1(&ski, asn1.OCTET_STRING) {
			return id, false
		}
		id.SubjectKeyID = ski
	}
	return id, len(id.SubjectKeyID) > 0 || id.Issuer != nil
}
