package keystore

import (
	"crypto"
	"crypto/ecdsa"

	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// CheckPoint holds a point that a key is to agree with to the key's own curve,
// before any store sees it (invalid-curve attacks), and returns that key.
// fault.MechanismMissing when the key is not EC,
// CertificateKeyKind for a curve without ECDH, EnvelopeUnreadable for a point
// that is not on it.
func CheckPoint(public crypto.PublicKey, point []byte) (*ecdsa.PublicKey, error) {
	key, isEC := public.(*ecdsa.PublicKey)
	if !isEC {
		return nil, fault.Newf(fault.MechanismMissing, "%s", envelope.ECDH)
	}
	own, err := key.ECDH()
	if err != nil {
		return nil, fault.Recode(fault.CertificateKeyKind, err)
	}
	if _, err := own.Curve().NewPublicKey(point); err != nil {
		return nil, fault.Recode(fault.EnvelopeUnreadable, err)
	}
	return key, nil
}
