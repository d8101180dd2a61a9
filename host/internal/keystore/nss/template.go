//go:build linux && cgo

package nss

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// objects is a pair as the three objects of NSS, without their label.
type objects struct {
	id      []byte // CKA_ID of all three
	serial  []byte // CKA_SERIAL_NUMBER, DER INTEGER
	sum     [32]byte
	private []*pkcs11.Attribute
	public  []*pkcs11.Attribute

	certificate []*pkcs11.Attribute
}

// templates writes the objects as pk12util and certutil do, so that what
// other tools import later merges with it: CKA_ID is the SHA-1 of the modulus
// (unsigned, big-endian) or of the uncompressed point.
//
// The private key passes in the clear, within this process, to a library that
// keeps it encrypted under the database's password. CKA_EXTRACTABLE is set as
// it should be although softoken does not honour it.
func templates(pair keystore.Pair, c *keypair.Certificate) (*objects, error) {
	serial, err := derSerial(c)
	if err != nil {
		return nil, err
	}
	o := &objects{serial: serial, sum: sha256.Sum256(c.Raw)}
	switch key := pair.Key.(type) {
	case *rsa.PrivateKey:
		o.addRSA(key)
	case *ecdsa.PrivateKey:
		err = o.addEC(key)
	default:
		err = fault.New(fault.CertificateKeyKind)
	}
	if err != nil {
		return nil, err
	}
	o.addCertificate(c)
	return o, nil
}

func (o *objects) addRSA(key *rsa.PrivateKey) {
	key.Precompute() // a no-op where crypto/rsa made or read the key
	modulus, exponent := key.N.Bytes(), big.NewInt(int64(key.E)).Bytes()
	id := sha1.Sum(modulus)
	o.id = id[:]
	o.private = append(o.privateCommon(pkcs11.CKK_RSA),
		flag(pkcs11.CKA_DECRYPT), flag(pkcs11.CKA_UNWRAP), flag(pkcs11.CKA_SIGN), flag(pkcs11.CKA_SIGN_RECOVER),
		pkcs11.NewAttribute(pkcs11.CKA_MODULUS, modulus),
		pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, exponent),
		pkcs11.NewAttribute(pkcs11.CKA_PRIVATE_EXPONENT, key.D.Bytes()),
		pkcs11.NewAttribute(pkcs11.CKA_PRIME_1, key.Primes[0].Bytes()),
		pkcs11.NewAttribute(pkcs11.CKA_PRIME_2, key.Primes[1].Bytes()),
		pkcs11.NewAttribute(pkcs11.CKA_EXPONENT_1, key.Precomputed.Dp.Bytes()),
		pkcs11.NewAttribute(pkcs11.CKA_EXPONENT_2, key.Precomputed.Dq.Bytes()),
		pkcs11.NewAttribute(pkcs11.CKA_COEFFICIENT, key.Precomputed.Qinv.Bytes()))
	o.public = append(o.publicCommon(pkcs11.CKK_RSA),
		flag(pkcs11.CKA_ENCRYPT), flag(pkcs11.CKA_WRAP), flag(pkcs11.CKA_VERIFY),
		pkcs11.NewAttribute(pkcs11.CKA_MODULUS, modulus),
		pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, exponent))
}

func (o *objects) addEC(key *ecdsa.PrivateKey) error {
	oid, ok := curveOID(key.Curve)
	if !ok {
		return fault.New(fault.CertificateKeyKind)
	}
	parameters, err := asn1.Marshal(oid)
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	secret, err := key.Bytes()
	if err != nil {
		return fault.Recode(fault.CertificateKeyKind, err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return fault.Recode(fault.CertificateKeyKind, err)
	}
	wrapped, err := asn1.Marshal(point) // CKA_EC_POINT is a DER OCTET STRING
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	id := sha1.Sum(point)
	o.id = id[:]
	o.private = append(o.privateCommon(pkcs11.CKK_EC),
		flag(pkcs11.CKA_DERIVE), flag(pkcs11.CKA_SIGN),
		pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, parameters),
		pkcs11.NewAttribute(pkcs11.CKA_VALUE, bytes.Clone(secret))) // Bytes gives the key's own, which wipe must spare
	o.public = append(o.publicCommon(pkcs11.CKK_EC),
		flag(pkcs11.CKA_DERIVE), flag(pkcs11.CKA_VERIFY),
		pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, parameters),
		pkcs11.NewAttribute(pkcs11.CKA_EC_POINT, wrapped))
	return nil
}

// curveOID returns a named curve's identifier, RFC 5480, section 2.1.1.1.
func curveOID(curve elliptic.Curve) (asn1.ObjectIdentifier, bool) {
	switch curve {
	case elliptic.P256():
		return asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}, true
	case elliptic.P384():
		return asn1.ObjectIdentifier{1, 3, 132, 0, 34}, true
	case elliptic.P521():
		return asn1.ObjectIdentifier{1, 3, 132, 0, 35}, true
	}
	return nil, false
}

func (o *objects) privateCommon(kind uint) []*pkcs11.Attribute {
	return []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY),
		flag(pkcs11.CKA_TOKEN), flag(pkcs11.CKA_PRIVATE), flag(pkcs11.CKA_SENSITIVE),
		pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false),
		pkcs11.NewAttribute(pkcs11.CKA_ID, o.id),
		pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, kind),
	}
}

func (o *objects) publicCommon(kind uint) []*pkcs11.Attribute {
	return []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PUBLIC_KEY),
		flag(pkcs11.CKA_TOKEN),
		pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, false),
		pkcs11.NewAttribute(pkcs11.CKA_ID, o.id),
		pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, kind),
	}
}

func (o *objects) addCertificate(c *keypair.Certificate) {
	o.certificate = []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_CERTIFICATE),
		pkcs11.NewAttribute(pkcs11.CKA_CERTIFICATE_TYPE, pkcs11.CKC_X_509),
		flag(pkcs11.CKA_TOKEN),
		pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, false),
		pkcs11.NewAttribute(pkcs11.CKA_ID, o.id),
		pkcs11.NewAttribute(pkcs11.CKA_SUBJECT, c.SubjectRaw),
		pkcs11.NewAttribute(pkcs11.CKA_ISSUER, c.IssuerRaw),
		pkcs11.NewAttribute(pkcs11.CKA_SERIAL_NUMBER, o.serial),
		pkcs11.NewAttribute(pkcs11.CKA_VALUE, c.Raw),
	}
}

// flag is an attribute that is true.
func flag(kind uint) *pkcs11.Attribute { return pkcs11.NewAttribute(kind, true) }

// wipe clears the private numbers. The copies that cgo made are in the C heap,
// freed; they are out of reach.
func (o *objects) wipe() {
	for _, a := range o.private {
		clear(a.Value)
	}
}
