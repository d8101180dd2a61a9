package envelope

import (
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"math/big"

	"golang.org/x/crypto/cryptobyte"

	"scelle/shared/cms"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// KeyUnwrapper gets content-encryption keys out of recipient infos. It takes
// a whole RecipientInfo and the content's algorithm, never a bare ciphertext,
// and its answer to a PKCS#1 v1.5 ciphertext must not tell whether the padding
// was good: see [UnwrapWith], by which every implementation in this project
// works, in this process or in the host.
type KeyUnwrapper interface {
	// Owns reports whether the unwrapper has the key for one of the
	// certificates that info names, by bytes and without using a key.
	Owns(info *cms.RecipientInfo) bool
	// Unwrap returns a key of exactly the length that content's algorithm
	// wants. The caller wipes it. fault.EnvelopeUnreadable when there is
	// none in info.
	Unwrap(ctx context.Context, info *cms.RecipientInfo, content cms.AlgorithmIdentifier) ([]byte, error)
}

// PrivateKey is the raw power of one private key, wherever it is kept; a
// store's keystore.Unwrapper is one. Nothing but [UnwrapWith] should call it.
type PrivateKey interface {
	// Decrypt opens one RSA ciphertext. Malformed padding is
	// fault.EnvelopeUnreadable, or, with implicit rejection, other bytes.
	Decrypt(ctx context.Context, mechanism Mechanism, ciphertext []byte) ([]byte, error)
	// Agree returns the X coordinate, padded to the field's length, of ECDH
	// with an uncompressed point of the key's curve.
	Agree(ctx context.Context, point []byte) ([]byte, error)
	// Public is an *rsa.PublicKey or *ecdsa.PublicKey.
	Public() crypto.PublicKey
}

// SessionKeyDecrypter is an optional power of a [PrivateKey]: constant time
// for PKCS#1 v1.5, from the modular exponentiation to the answer.
type SessionKeyDecrypter interface {
	// DecryptSessionKey opens a PKCS#1 v1.5 ciphertext. If it is well
	// padded and holds len(key) bytes, they replace key; otherwise key stays
	// as it is. The error only ever depends on the ciphertext's public size.
	DecryptSessionKey(ctx context.Context, ciphertext, key []byte) error
}

// UnwrapRequest is one key operation.
type UnwrapRequest struct {
	Certificate      []byte // DER: the key's own certificate
	RecipientInfo    []byte // DER: must name Certificate
	ContentAlgorithm []byte // DER of the contentEncryptionAlgorithm
	Secret           []byte // of this installation, at least 32 bytes: seeds synthetic keys
}

// minSecret is the shortest UnwrapRequest.Secret, in bytes.
const minSecret = 32

// UnwrapWith returns the content-encryption key in one RecipientInfo, of
// exactly the length that the content algorithm wants. It is the one place
// where the rules on private keys stand.
//
// Before the key is touched: everything is parsed strictly, the RecipientInfo
// must name the certificate byte by byte (fault.EnvelopeNotForYou), key and
// certificate must belong together (fault.CertificateBad), algorithms must be
// ours (fault.EnvelopeUnsupported), an RSA ciphertext must have the modulus's
// length and a smaller value, an EC point must be on the key's own curve
// (fault.EnvelopeUnreadable).
//
// After that: a failure of OAEP or of the key wrap is fault.EnvelopeUnreadable
// and nothing more. A failure of PKCS#1 v1.5, of whatever kind, is no failure
// at all: the answer is then a synthetic key, HMAC-SHA256(Secret,
// SubjectPublicKeyInfo || ciphertext) cut to length, chosen without a branch,
// the same for the same ciphertext, and it shows later as an unreadable pli.
// Errors of the key itself (a wrong PIN, a card pulled out) pass through.
func UnwrapWith(ctx context.Context, key PrivateKey, q UnwrapRequest) ([]byte, error) {
	cert, err := keypair.Parse(q.Certificate)
	if err != nil {
		return nil, err
	}
	info, err := cms.ParseRecipientInfo(q.RecipientInfo)
	if err != nil {
		return nil, err
	}
	content, err := cms.ParseAlgorithm(q.ContentAlgorithm)
	if err != nil {
		return nil, err
	}
	algorithm := ParseContentAlgorithm(content)
	if _, err := parseContentIV(content); err != nil {
		return nil, err
	}
	if !owns(&info, cert) {
		return nil, fault.New(fault.EnvelopeNotForYou)
	}
	if !cert.Matches(key.Public()) {
		return nil, fault.Newf(fault.CertificateBad, "not of this key")
	}
	mechanism, err := mechanismOf(&info)
	if err != nil {
		return nil, err
	}
	var cek []byte
	switch {
	case mechanism == ECDH:
		cek, err = unwrapEC(ctx, key, cert, info.KeyAgree)
	case mechanism == RSAPKCS1:
		return unwrapPKCS1(ctx, key, cert, info.KeyTrans.EncryptedKey, algorithm.KeySize(), q.Secret)
	default:
		cek, err = unwrapOAEP(ctx, key, mechanism, info.KeyTrans.EncryptedKey)
	}
	if err != nil {
		return nil, err
	}
	if len(cek) != algorithm.KeySize() {
		clear(cek)
		return nil, fault.New(fault.EnvelopeUnreadable)
	}
	return cek, nil
}

// owns reports whether info names the certificate.
func owns(info *cms.RecipientInfo, cert *keypair.Certificate) bool {
	for _, id := range info.Identifiers() {
		if matches(id, cert) {
			return true
		}
	}
	return false
}

// checkRSA refuses what no RSA encryption returns (RFC 8017 7.1.2 and 7.2.2
// step 1, 5.1.2 step 1).
func checkRSA(key PrivateKey, ciphertext []byte) error {
	public, ok := key.Public().(*rsa.PublicKey)
	if !ok || len(ciphertext) != public.Size() || new(big.Int).SetBytes(ciphertext).Cmp(public.N) >= 0 {
		return fault.New(fault.EnvelopeUnreadable)
	}
	return nil
}

func unwrapOAEP(ctx context.Context, key PrivateKey, m Mechanism, ciphertext []byte) ([]byte, error) {
	if err := checkRSA(key, ciphertext); err != nil {
		return nil, err
	}
	cek, err := key.Decrypt(ctx, m, ciphertext)
	if err != nil {
		return nil, keyError(ctx, err)
	}
	return cek, nil
}

// keyError lets the faults of a store pass and makes everything else one.
func keyError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fault.Wrap(fault.Cancelled, ctx.Err())
	}
	if code := fault.CodeOf(err); code == fault.Internal || code == fault.EnvelopeUnreadable {
		return fault.New(fault.EnvelopeUnreadable)
	}
	return err
}

// unwrapPKCS1 answers with a key, whatever the padding is.
func unwrapPKCS1(ctx context.Context, key PrivateKey, cert *keypair.Certificate, ciphertext []byte, size int, secret []byte) ([]byte, error) {
	if len(secret) < minSecret {
		return nil, fault.Newf(fault.Internal, "secret of %d bytes", len(secret))
	}
	if err := checkRSA(key, ciphertext); err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(cert.SPKI)
	mac.Write(ciphertext)
	cek := mac.Sum(nil)[:size]
	if k, ok := key.(SessionKeyDecrypter); ok {
		if err := k.DecryptSessionKey(ctx, ciphertext, cek); err != nil {
			return nil, keyError(ctx, err)
		}
		return cek, nil
	}
	message, err := key.Decrypt(ctx, RSAPKCS1, ciphertext)
	defer clear(message)
	bad := 0
	if err != nil {
		bad = 1
		if err = keyError(ctx, err); fault.CodeOf(err) != fault.EnvelopeUnreadable {
			return nil, err
		}
	}
	// The message is copied to a place of fixed size before its length is
	// compared, so that what follows does the same for every message.
	var fixed [maxKeySize]byte
	defer clear(fixed[:])
	copy(fixed[:], message)
	good := subtle.ConstantTimeEq(int32(len(message)), int32(size)) & (1 ^ bad)
	subtle.ConstantTimeCopy(good, cek, fixed[:size])
	return cek, nil
}

// unwrapEC agrees on a key with the ephemeral point and unwraps.
func unwrapEC(ctx context.Context, key PrivateKey, cert *keypair.Certificate, k *cms.KeyAgreeRecipientInfo) ([]byte, error) {
	g, err := parseAgreement(k.KeyEncryptionAlgorithm)
	if err != nil {
		return nil, err
	}
	if err := checkPoint(key, k); err != nil {
		return nil, err
	}
	var wrapped []byte
	for _, r := range k.RecipientEncryptedKeys {
		if matches(r.RID, cert) {
			wrapped = r.EncryptedKey
			break
		}
	}
	z, err := key.Agree(ctx, k.OriginatorKey)
	if err != nil {
		return nil, keyError(ctx, err)
	}
	defer clear(z)
	kek := g.deriveKey(z, k.UKM)
	defer clear(kek)
	return unwrapAES(kek, wrapped)
}

// checkPoint refuses an ephemeral key that is not an uncompressed point on
// the curve of our key.
func checkPoint(key PrivateKey, k *cms.KeyAgreeRecipientInfo) error {
	if k.OriginatorKey == nil {
		return fault.Newf(fault.EnvelopeUnsupported, "static originator key")
	}
	if k.OriginatorAlgorithm.Algorithm != oidECKey {
		return fault.Newf(fault.EnvelopeUnsupported, "originator key %s", k.OriginatorAlgorithm.Algorithm)
	}
	public, ok := key.Public().(*ecdsa.PublicKey)
	if !ok {
		return fault.New(fault.EnvelopeUnreadable)
	}
	own, err := public.ECDH()
	if err != nil {
		return fault.New(fault.EnvelopeUnreadable)
	}
	if p := k.OriginatorAlgorithm.Parameters; !nullOrAbsent(p) && !sameCurve(own.Curve(), p) {
		return fault.New(fault.EnvelopeUnreadable)
	}
	if len(k.OriginatorKey) == 0 || k.OriginatorKey[0] != 4 {
		return fault.New(fault.EnvelopeUnreadable)
	}
	if _, err := own.Curve().NewPublicKey(k.OriginatorKey); err != nil {
		return fault.New(fault.EnvelopeUnreadable)
	}
	return nil
}

// sameCurve reports whether der is the namedCurve identifier of curve.
func sameCurve(curve ecdh.Curve, der cryptobyte.String) bool {
	names := map[ecdh.Curve]string{
		ecdh.P256(): "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07",
		ecdh.P384(): "\x06\x05\x2b\x81\x04\x00\x22",
		ecdh.P521(): "\x06\x05\x2b\x81\x04\x00\x23",
	}
	return names[curve] == string(der)
}
