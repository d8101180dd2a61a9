//go:build linux && cgo

package cryptoki

import (
	"crypto"
	"errors"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore/scrub"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// oaep are the parameters of each hash, which is MGF1's too.
var oaep = map[crypto.Hash][2]uint{
	crypto.SHA1:   {pkcs11.CKM_SHA_1, pkcs11.CKG_MGF1_SHA1},
	crypto.SHA256: {pkcs11.CKM_SHA256, pkcs11.CKG_MGF1_SHA256},
	crypto.SHA384: {pkcs11.CKM_SHA384, pkcs11.CKG_MGF1_SHA384},
	crypto.SHA512: {pkcs11.CKM_SHA512, pkcs11.CKG_MGF1_SHA512},
}

// RSA is PKCS#11's mechanism for one of ours; false for what is not RSA, or a
// hash that PKCS#11 does not name.
func RSA(m envelope.Mechanism) (*pkcs11.Mechanism, bool) {
	if m == envelope.RSAPKCS1 {
		return pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS, nil), true
	}
	with, ok := oaep[m.Hash()]
	if !ok || !m.RSA() {
		return nil, false
	}
	return pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS_OAEP, pkcs11.NewOAEPParams(with[0], with[1], pkcs11.CKZ_DATA_SPECIFIED, nil)), true
}

// Derive does ECDH with CKD_NULL into a session object, reads it and removes
// it. The X9.63 derivation is made by the caller, who also checked the point.
// size is that of the shared secret, in bytes. Errors: the module's or those of
// Refused, fault.EnvelopeUnreadable when no secret came of it.
func (s Session) Derive(key pkcs11.ObjectHandle, point []byte, size int) ([]byte, error) {
	mechanism := pkcs11.NewMechanism(pkcs11.CKM_ECDH1_DERIVE,
		pkcs11.NewECDH1DeriveParams(pkcs11.CKD_NULL, nil, point))
	handle, err := s.Lib.DeriveKey(s.Handle, []*pkcs11.Mechanism{mechanism}, key, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_SECRET_KEY),
		pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_GENERIC_SECRET),
		pkcs11.NewAttribute(pkcs11.CKA_TOKEN, false),
		pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, false),
		pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, true),
		pkcs11.NewAttribute(pkcs11.CKA_VALUE_LEN, size),
	})
	if err != nil {
		return nil, Refused(err, envelope.ECDH)
	}
	z, err := scrub.After(func() ([]byte, error) { return s.Attribute(handle, pkcs11.CKA_VALUE), nil })
	if err != nil {
		return nil, err
	}
	if err := s.Lib.DestroyObject(s.Handle, handle); err != nil || len(z) != size {
		clear(z)
		return nil, fault.Recode(fault.EnvelopeUnreadable, errors.Join(err, errors.New("no shared secret")))
	}
	return z, nil
}

// Refused is fault.MechanismMissing when an operation with a key could not
// begin because module or key cannot do it at all, otherwise the error itself.
func Refused(err error, m envelope.Mechanism) error {
	var rv pkcs11.Error
	if !errors.As(err, &rv) {
		return err
	}
	switch rv {
	case pkcs11.CKR_MECHANISM_INVALID, pkcs11.CKR_MECHANISM_PARAM_INVALID, pkcs11.CKR_ARGUMENTS_BAD,
		pkcs11.CKR_KEY_TYPE_INCONSISTENT, pkcs11.CKR_KEY_FUNCTION_NOT_PERMITTED:
		return fault.Newf(fault.MechanismMissing, "%s", m)
	}
	return err
}
