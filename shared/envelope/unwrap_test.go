package envelope_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"testing"

	"scelle/shared/certtest"
	der "scelle/shared/cms/dertest"
	"scelle/shared/envelope"
	"scelle/shared/envelope/paddingtest"
	"scelle/shared/fault"
)

// secret is an install secret.
func secret() []byte { return bytes.Repeat([]byte{7}, 32) }

// request is an UnwrapRequest for AES-256-CBC.
func request(pair *certtest.Pair, info []byte) envelope.UnwrapRequest {
	return envelope.UnwrapRequest{
		Certificate:      pair.DER,
		RecipientInfo:    info,
		ContentAlgorithm: der.Algorithm(oidAES256CBC, der.Octets(make([]byte, 16))),
		Secret:           secret(),
	}
}

// stores are the ways in which private keys answer malformed padding.
func stores(pair *certtest.Pair) map[string]envelope.PrivateKey {
	private := pair.Key.(*rsa.PrivateKey)
	strict := func(_ envelope.Mechanism, ciphertext []byte) ([]byte, error) {
		message, ok := decodePKCS1(private, ciphertext)
		if !ok {
			return nil, fault.New(fault.EnvelopeUnreadable)
		}
		return message, nil
	}
	implicit := func(m envelope.Mechanism, ciphertext []byte) ([]byte, error) {
		message, err := strict(m, ciphertext)
		if err != nil { // NSS and OpenSSL 3.2 make something up, of any length
			sum := sha256.Sum256(ciphertext)
			return sum[:sum[0]%33], nil
		}
		return message, nil
	}
	nameless := func(m envelope.Mechanism, ciphertext []byte) ([]byte, error) {
		message, err := strict(m, ciphertext)
		if err != nil {
			return nil, errors.New("CKR_ENCRYPTED_DATA_INVALID")
		}
		return message, nil
	}
	return map[string]envelope.PrivateKey{
		"an error":           &counted{key: private, decrypt: strict},
		"implicit rejection": &counted{key: private, decrypt: implicit},
		"a nameless error":   &counted{key: private, decrypt: nameless},
	}
}

// decodePKCS1 is RFC 8017 7.2.2 in the open.
func decodePKCS1(private *rsa.PrivateKey, ciphertext []byte) ([]byte, bool) {
	m := new(big.Int).SetBytes(ciphertext)
	em := m.Exp(m, private.D, private.N).FillBytes(make([]byte, private.Size()))
	if em[0] != 0 || em[1] != 2 {
		return nil, false
	}
	zero := bytes.IndexByte(em[2:], 0)
	if zero < 8 {
		return nil, false
	}
	return em[2+zero+1:], true
}

// TestPKCS1Families: every malformed padding gets a key of the right length,
// the same each time, the one that the rule says, from every kind of store.
func TestPKCS1Families(t *testing.T) {
	pair := rsaPair(t, 0)
	k := pair.Key.(*rsa.PrivateKey).Size()
	for name, key := range stores(pair) {
		for _, family := range paddingtest.PKCS1(k) {
			t.Run(name+"/"+family.Name, func(t *testing.T) {
				if name == "implicit rejection" && len(family.Name) > 6 && family.Name[:6] != "key of" {
					return // checked below: the store's own answer may even have the right length
				}
				ciphertext := rawRSA(t, pair, family.EM)
				info := keyTrans(issuerAndSerial(t, pair), der.Algorithm(oidRSA, der.Null()), ciphertext)
				mac := hmac.New(sha256.New, secret())
				mac.Write(certificate(t, pair).SPKI)
				mac.Write(ciphertext)
				for range 2 {
					got, err := envelope.UnwrapWith(context.Background(), key, request(pair, info))
					if err != nil || !bytes.Equal(got, mac.Sum(nil)) {
						t.Fatalf("%x, %v", got, err)
					}
				}
			})
		}
		good := keyTrans(issuerAndSerial(t, pair), der.Algorithm(oidRSA, der.Null()), pkcs1(t, pair, random(32)))
		got, err := envelope.UnwrapWith(context.Background(), key, request(pair, good))
		if err != nil || !bytes.Equal(got, random(32)) {
			t.Fatalf("%s: the good key: %v", name, err)
		}
	}
}

// TestPaddingOracleSeenFromOutside: what a bidder sees of a malformed key is
// byte for byte what he sees of a damaged pli.
func TestPaddingOracleSeenFromOutside(t *testing.T) {
	pair := rsaPair(t, 0)
	k := pair.Key.(*rsa.PrivateKey).Size()
	u := unwrapper(t, pair)
	answers := map[string]int{}
	note := func(sealed []byte) {
		got, report, err := open(sealed, u)
		answers[fmt.Sprintf("%v %v %v", len(got) > 0, report, err)]++
	}
	families := paddingtest.PKCS1(k)
	for _, family := range families {
		c := craftGCM(t, pair, random(100))
		c.recipients[0] = keyTrans(issuerAndSerial(t, pair), der.Algorithm(oidRSA, der.Null()), rawRSA(t, pair, family.EM))
		note(c.bytes())
	}
	damaged := craftGCM(t, pair, random(100))
	damaged.content[20] ^= 1
	note(damaged.bytes())
	if len(answers) != 1 {
		t.Fatalf("%d different answers: %v", len(answers), answers)
	}
}

// TestInMemoryKeyFamilies: the key of the command line, which has constant
// time of its own.
func TestInMemoryKeyFamilies(t *testing.T) {
	pair := rsaPair(t, 0)
	k := pair.Key.(*rsa.PrivateKey).Size()
	u := unwrapper(t, pair)
	seen := map[string]bool{}
	for _, family := range paddingtest.PKCS1(k) {
		info := recipientInfo(t, keyTrans(issuerAndSerial(t, pair), der.Algorithm(oidRSA, der.Null()), rawRSA(t, pair, family.EM)))
		var first []byte
		for range 2 {
			got, err := u.Unwrap(context.Background(), info, algorithm(t, der.Algorithm(oidAES256CBC, der.Octets(make([]byte, 16)))))
			if err != nil || len(got) != 32 || (first != nil && !bytes.Equal(got, first)) {
				t.Fatalf("%s: %x %v", family.Name, got, err)
			}
			first = got
		}
		if seen[string(first)] {
			t.Fatalf("%s: the synthetic key of another ciphertext", family.Name)
		}
		seen[string(first)] = true
	}
}

// TestRefusedBeforeTheKey: what can be refused in public never reaches the
// private key.
func TestRefusedBeforeTheKey(t *testing.T) {
	pair, other := rsaPair(t, 0), rsaPair(t, 1)
	n := pair.Key.(*rsa.PrivateKey).N
	k := (n.BitLen() + 7) / 8
	rid := issuerAndSerial(t, pair)
	pkcs1Algorithm := der.Algorithm(oidRSA, der.Null())
	good := oaep(t, pair, random(32))
	aboveN := new(big.Int).Add(n, big.NewInt(2)).FillBytes(make([]byte, k))
	cases := []struct {
		name string
		edit func(q *envelope.UnwrapRequest)
		code fault.Code
	}{
		{"oaep one byte short", info(keyTrans(rid, oaepSHA256(), good[1:])), fault.EnvelopeUnreadable},
		{"oaep one byte long", info(keyTrans(rid, oaepSHA256(), append([]byte{0}, good...))), fault.EnvelopeUnreadable},
		{"oaep empty", info(keyTrans(rid, oaepSHA256(), nil)), fault.EnvelopeUnreadable},
		{"oaep the modulus", info(keyTrans(rid, oaepSHA256(), n.Bytes())), fault.EnvelopeUnreadable},
		{"oaep above the modulus", info(keyTrans(rid, oaepSHA256(), aboveN)), fault.EnvelopeUnreadable},
		{"pkcs1 one byte short", info(keyTrans(rid, pkcs1Algorithm, good[1:])), fault.EnvelopeUnreadable},
		{"pkcs1 one byte long", info(keyTrans(rid, pkcs1Algorithm, append([]byte{0}, good...))), fault.EnvelopeUnreadable},
		{"pkcs1 the modulus", info(keyTrans(rid, pkcs1Algorithm, n.Bytes())), fault.EnvelopeUnreadable},
		{"pkcs1 above the modulus", info(keyTrans(rid, pkcs1Algorithm, aboveN)), fault.EnvelopeUnreadable},
		{"another's", info(keyTrans(issuerAndSerial(t, other), oaepSHA256(), good)), fault.EnvelopeNotForYou},
		{"another's serial", info(keyTrans(der.Seq(certificate(t, pair).IssuerRaw, der.TLV(2, certificate(t, other).SerialRaw)), oaepSHA256(), good)), fault.EnvelopeNotForYou},
		{"the serial with a zero before it", info(keyTrans(der.Seq(certificate(t, pair).IssuerRaw, der.TLV(2, []byte{0}, certificate(t, pair).SerialRaw)), oaepSHA256(), good)), fault.EnvelopeNotForYou},
		{"an empty key identifier", info(keyTrans(der.TLV(0x80), oaepSHA256(), good)), fault.EnvelopeMalformed},
		{"another key identifier", info(keyTrans(der.TLV(0x80, []byte("nobody")), oaepSHA256(), good)), fault.EnvelopeNotForYou},
		{"a signature algorithm", info(keyTrans(rid, der.Algorithm("1.2.840.113549.1.1.11", der.Null()), good)), fault.EnvelopeUnsupported},
		{"PKCS#1 with parameters", info(keyTrans(rid, der.Algorithm(oidRSA, der.Int(1)), good)), fault.EnvelopeMalformed},
		{"OAEP without parameters", info(keyTrans(rid, der.Algorithm(oidOAEP), good)), fault.EnvelopeMalformed},
		{"OAEP with MGF1 of another hash", info(keyTrans(rid, der.Algorithm(oidOAEP, der.Seq(der.TLV(0xa0, der.Algorithm(oidSHA256)))), good)), fault.EnvelopeUnsupported},
		{"OAEP with MD5", info(keyTrans(rid, der.Algorithm(oidOAEP, der.Seq(der.TLV(0xa0, der.Algorithm("1.2.840.113549.2.5")))), good)), fault.EnvelopeUnsupported},
		{"OAEP with a label", info(keyTrans(rid, der.Algorithm(oidOAEP, der.Seq(der.TLV(0xa2, der.Algorithm(oidPSpecified, der.Octets([]byte("label")))))), good)), fault.EnvelopeUnsupported},
		{"OAEP with an odd label", info(keyTrans(rid, der.Algorithm(oidOAEP, der.Seq(der.TLV(0xa2, der.Algorithm(oidPSpecified, der.Null())))), good)), fault.EnvelopeUnsupported},
		{"OAEP with another mask", info(keyTrans(rid, der.Algorithm(oidOAEP, der.Seq(der.TLV(0xa1, der.Algorithm(oidSHA256)))), good)), fault.EnvelopeUnsupported},
		{"OAEP with a fourth field", info(keyTrans(rid, der.Algorithm(oidOAEP, der.Seq(der.TLV(0xa3))), good)), fault.EnvelopeMalformed},
		{"a password recipient", info(der.TLV(0xa3, der.Int(0))), fault.EnvelopeNotForYou},
		{"trailing data", info(append(keyTrans(rid, oaepSHA256(), good), 0)), fault.EnvelopeMalformed},
		{"a key agreement", info(der.TLV(0xa1, der.Int(3), der.TLV(0xa0, der.TLV(0xa1, der.Algorithm("1.2.840.10045.2.1"), der.Bits([]byte{4, 1}))),
			der.Algorithm("1.3.132.1.11.1", der.Algorithm("2.16.840.1.101.3.4.1.45")), der.Seq(der.Seq(rid, der.Octets(good[:40]))))), fault.EnvelopeUnreadable},
		{"a content algorithm that is not opened", func(q *envelope.UnwrapRequest) {
			q.RecipientInfo = keyTrans(rid, oaepSHA256(), good)
			q.ContentAlgorithm = der.Algorithm("1.2.840.113549.3.2", der.Octets(make([]byte, 8)))
		}, fault.EnvelopeUnsupported},
		{"a content algorithm without parameters", func(q *envelope.UnwrapRequest) {
			q.RecipientInfo = keyTrans(rid, oaepSHA256(), good)
			q.ContentAlgorithm = der.Algorithm(oidAES256GCM)
		}, fault.EnvelopeMalformed},
		{"the certificate of another key", func(q *envelope.UnwrapRequest) {
			q.RecipientInfo, q.Certificate = keyTrans(issuerAndSerial(t, other), oaepSHA256(), good), other.DER
		}, fault.CertificateBad},
		{"a short secret", func(q *envelope.UnwrapRequest) {
			q.RecipientInfo, q.Secret = keyTrans(rid, pkcs1Algorithm, good), make([]byte, 31)
		}, fault.Internal},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			key := &counted{key: pair.Key}
			q := request(pair, nil)
			c.edit(&q)
			_, err := envelope.UnwrapWith(context.Background(), key, q)
			wantCode(t, err, c.code)
			if key.operations != 0 {
				t.Fatal("the private key was used")
			}
		})
	}
}

func info(b []byte) func(q *envelope.UnwrapRequest) {
	return func(q *envelope.UnwrapRequest) { q.RecipientInfo = b }
}

// keyAgree is a kari for one recipient.
func keyAgree(rid, originator, algorithm, wrapped []byte) []byte {
	return der.TLV(0xa1, der.Int(3), der.TLV(0xa0, originator), algorithm, der.Seq(der.Seq(rid, der.Octets(wrapped))))
}

// TestInvalidPoints: an ephemeral key that is not a point of the key's own
// curve never meets the private key.
func TestInvalidPoints(t *testing.T) {
	pair := ecPair(t, elliptic.P256())
	own := &pair.Key.(*ecdsa.PrivateKey).PublicKey
	point, err := own.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := certtest.ECKey(t, elliptic.P384()).PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	offCurve := bytes.Clone(point)
	offCurve[64] ^= 1
	hybrid := bytes.Clone(point)
	hybrid[0] = 6 + point[64]&1
	order := append([]byte{4}, bytes.Repeat([]byte{0xff}, 64)...)
	points := map[string][]byte{
		"off the curve": offCurve, "at infinity": {0}, "no bytes": {}, "zero": append([]byte{4}, make([]byte, 64)...),
		"compressed": append([]byte{2 + point[64]&1}, point[1:33]...), "hybrid": hybrid, "short": point[:64],
		"long": append(bytes.Clone(point), 0), "of another curve": foreign, "coordinates above the field": order,
	}
	agreement := der.Algorithm("1.3.132.1.11.1", der.Algorithm("2.16.840.1.101.3.4.1.45"))
	ecKey := der.Algorithm("1.2.840.10045.2.1")
	for name, p := range points {
		infos := map[string][]byte{"": keyAgree(issuerAndSerial(t, pair), der.TLV(0xa1, ecKey, der.Bits(p)), agreement, make([]byte, 40))}
		refusePoint(t, pair, name, infos[""], fault.EnvelopeUnreadable)
	}
	p384 := der.Algorithm("1.2.840.10045.2.1", der.OID("1.3.132.0.34"))
	refusePoint(t, pair, "another curve's name", keyAgree(issuerAndSerial(t, pair), der.TLV(0xa1, p384, der.Bits(point)), agreement, make([]byte, 40)), fault.EnvelopeUnreadable)
	refusePoint(t, pair, "an RSA originator", keyAgree(issuerAndSerial(t, pair), der.TLV(0xa1, der.Algorithm(oidRSA), der.Bits(point)), agreement, make([]byte, 40)), fault.EnvelopeUnsupported)
	refusePoint(t, pair, "an originator by name", keyAgree(issuerAndSerial(t, pair), issuerAndSerial(t, pair), agreement, make([]byte, 40)), fault.EnvelopeUnsupported)
	refusePoint(t, pair, "3DES key wrap", keyAgree(issuerAndSerial(t, pair), der.TLV(0xa1, ecKey, der.Bits(point)),
		der.Algorithm("1.3.132.1.11.1", der.Algorithm("1.2.840.113549.1.9.16.3.6", der.Null())), make([]byte, 40)), fault.EnvelopeUnsupported)
	refusePoint(t, pair, "no key wrap", keyAgree(issuerAndSerial(t, pair), der.TLV(0xa1, ecKey, der.Bits(point)),
		der.Algorithm("1.3.132.1.11.1"), make([]byte, 40)), fault.EnvelopeMalformed)
	refusePoint(t, pair, "another agreement", keyAgree(issuerAndSerial(t, pair), der.TLV(0xa1, ecKey, der.Bits(point)),
		der.Algorithm("1.2.840.113549.1.9.16.3.5", der.Algorithm("2.16.840.1.101.3.4.1.45")), make([]byte, 40)), fault.EnvelopeUnsupported)
}

func refusePoint(t *testing.T, pair *certtest.Pair, name string, info []byte, code fault.Code) {
	t.Run(name, func(t *testing.T) {
		key := &counted{key: pair.Key}
		_, err := envelope.UnwrapWith(context.Background(), key, request(pair, info))
		wantCode(t, err, code)
		if key.operations != 0 {
			t.Fatal("the private key was used")
		}
	})
}

// TestKeyWrapFailures: a wrapped key that does not unwrap is unreadable and
// nothing else, whatever is wrong with it.
func TestKeyWrapFailures(t *testing.T) {
	pair := ecPair(t, elliptic.P256())
	u := unwrapper(t, pair)
	sealed := seal(t, random(50), envelope.SealOptions{Recipients: to(pair), Length: 50})
	i, err := envelope.Inspect(bytes.NewReader(sealed))
	if err != nil {
		t.Fatal(err)
	}
	k := i.Header.RecipientInfos[0].KeyAgree
	for _, wrapped := range [][]byte{nil, k.RecipientEncryptedKeys[0].EncryptedKey[:32], make([]byte, 40), make([]byte, 41), make([]byte, 4096)} {
		originator := der.TLV(0xa1, der.Algorithm("1.2.840.10045.2.1"), der.Bits(k.OriginatorKey))
		info := keyAgree(issuerAndSerial(t, pair), originator, k.KeyEncryptionAlgorithm.Raw, wrapped)
		_, err := u.Unwrap(context.Background(), recipientInfo(t, info), i.Content)
		wantCode(t, err, fault.EnvelopeUnreadable)
		if err.Error() != string(fault.EnvelopeUnreadable) {
			t.Fatal(err)
		}
	}
}

// TestTwoTries: however many recipients look like ours, the key is used twice.
func TestTwoTries(t *testing.T) {
	pair := rsaPair(t, 0)
	c := craftGCM(t, pair, random(10))
	bad := keyTrans(issuerAndSerial(t, pair), oaepSHA256(), rawRSA(t, pair, append(make([]byte, 255), 3)))
	key := &counted{key: pair.Key, decrypt: func(envelope.Mechanism, []byte) ([]byte, error) {
		return nil, fault.New(fault.EnvelopeUnreadable)
	}}
	u, err := envelope.NewIdentity(key, pair.DER, secret())
	if err != nil {
		t.Fatal(err)
	}
	c.recipients = [][]byte{bad, bad, bad, c.recipients[0]}
	_, _, err = open(c.bytes(), u)
	wantCode(t, err, fault.EnvelopeUnreadable)
	if key.operations != 2 {
		t.Fatalf("%d key operations", key.operations)
	}
	c.recipients = [][]byte{bad, c.recipients[3]}
	mustOpen(t, c.bytes(), random(10), unwrapper(t, pair))
}

// TestNotForYou: no recipient is ours, so nothing is asked of the key.
func TestNotForYou(t *testing.T) {
	pair, other := rsaPair(t, 0), rsaPair(t, 1)
	key := &counted{key: other.Key}
	u, err := envelope.NewIdentity(key, other.DER, secret())
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = open(craftGCM(t, pair, random(10)).bytes(), u)
	wantCode(t, err, fault.EnvelopeNotForYou)
	if key.operations != 0 {
		t.Fatal("the private key was used")
	}
}

// TestClash: issuer and serial of a certificate that has another key.
func TestClash(t *testing.T) {
	ca := certtest.NewCA(t, "AC")
	mine := ca.Issue(t, certtest.Options{Key: 0, Serial: big.NewInt(77)})
	twin := ca.Issue(t, certtest.Options{Key: 1, Serial: big.NewInt(77)})
	for _, c := range []*crafted{craftGCM(t, twin, random(100)), craftCBC(t, twin, random(100))} {
		got, _, err := open(c.bytes(), unwrapper(t, mine))
		if err == nil { // one wrong CBC key in 256 pads well, and is then noise
			if bytes.Equal(got, random(100)) {
				t.Fatal("opened with another key")
			}
			continue
		}
		wantCode(t, err, fault.EnvelopeUnreadable)
	}
}

// TestStoreFaultsPass: what the store itself says reaches the person.
func TestStoreFaultsPass(t *testing.T) {
	pair := rsaPair(t, 0)
	for _, code := range []fault.Code{fault.PINIncorrect, fault.TokenRemoved, fault.MechanismMissing} {
		key := &counted{key: pair.Key, decrypt: func(envelope.Mechanism, []byte) ([]byte, error) { return nil, fault.New(code) }}
		u, err := envelope.NewIdentity(key, pair.DER, secret())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []*crafted{craftGCM(t, pair, nil), craftCBC(t, pair, nil)} {
			_, _, err = open(c.bytes(), u)
			wantCode(t, err, code)
		}
	}
}
