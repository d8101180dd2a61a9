//go:build linux && cgo

package pkcs11

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/cryptoki"
	"scelle/host/internal/keystore/scrub"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

var _ envelope.SessionKeyDecrypter = (*unwrapper)(nil)

// check refuses what cannot be decrypted with this key, and copies the
// ciphertext: a call that hangs outlives its caller.
func (w *unwrapper) check(m envelope.Mechanism, ciphertext []byte) ([]byte, error) {
	public, isRSA := w.public.(*rsa.PublicKey)
	switch {
	case !isRSA || !m.RSA():
		return nil, fault.Newf(fault.MechanismMissing, "%s", m)
	case len(ciphertext) != public.Size():
		return nil, fault.New(fault.EnvelopeUnreadable)
	}
	return bytes.Clone(ciphertext), nil
}

// Decrypt implements keystore.Unwrapper.
func (w *unwrapper) Decrypt(ctx context.Context, m envelope.Mechanism, ciphertext []byte) ([]byte, error) {
	ciphertext, err := w.check(m, ciphertext)
	if err != nil {
		return nil, err
	}
	return use(ctx, w, func(v *view, key pkcs11.ObjectHandle) ([]byte, error) {
		if m == envelope.RSAPKCS1 {
			return v.decryptPKCS1(key, ciphertext)
		}
		plain, err := v.decryptOAEP(key, m, ciphertext)
		if fault.CodeOf(err) != fault.MechanismMissing {
			return plain, err
		}
		return v.decryptRawOAEP(key, m, ciphertext)
	})
}

// DecryptSessionKey implements envelope.SessionKeyDecrypter. The module undoes
// RSA alone, and the padding is undone here: no module's answer depends on it,
// so that a card that was pulled out can be told without any risk. A module
// that does not do that undoes the padding too, with the care of decryptPKCS1.
func (w *unwrapper) DecryptSessionKey(ctx context.Context, ciphertext, key []byte) error {
	ciphertext, err := w.check(envelope.RSAPKCS1, ciphertext)
	if err != nil {
		return err
	}
	block, err := use(ctx, w, func(v *view, handle pkcs11.ObjectHandle) ([]byte, error) {
		return v.decryptRaw(handle, envelope.RSAPKCS1, ciphertext)
	})
	defer clear(block)
	if err == nil {
		keystore.UnpadSessionKey(block, key)
		return nil
	}
	if code := fault.CodeOf(err); code != fault.MechanismMissing && code != fault.EnvelopeUnreadable {
		return err
	}
	plain, err := w.Decrypt(ctx, envelope.RSAPKCS1, ciphertext)
	defer clear(plain)
	if err != nil && fault.CodeOf(err) != fault.EnvelopeUnreadable {
		return err
	}
	fixed := make([]byte, len(key)) // so that what follows does the same for every message
	defer clear(fixed)
	copy(fixed, plain)
	subtle.ConstantTimeCopy(subtle.ConstantTimeEq(int32(len(plain)), int32(len(key))), key, fixed)
	return nil
}

func (v *view) decryptOAEP(key pkcs11.ObjectHandle, m envelope.Mechanism, ciphertext []byte) ([]byte, error) {
	how, known := cryptoki.RSA(m)
	if !known {
		return nil, fault.Newf(fault.MechanismMissing, "%s", m)
	}
	return v.decrypt(key, m, how, ciphertext)
}

// decryptRawOAEP undoes RSA in the module and OAEP here, for modules whose
// OAEP lacks the hash.
func (v *view) decryptRawOAEP(key pkcs11.ObjectHandle, m envelope.Mechanism, ciphertext []byte) ([]byte, error) {
	block, err := v.decryptRaw(key, m, ciphertext)
	if err != nil {
		return nil, err
	}
	plain, ok := keystore.UnpadOAEP(m.Hash(), block)
	if ok != 1 {
		return nil, fault.New(fault.EnvelopeUnreadable)
	}
	return plain, nil
}

// decryptRaw undoes RSA alone and returns a block as long as the modulus.
func (v *view) decryptRaw(key pkcs11.ObjectHandle, m envelope.Mechanism, ciphertext []byte) ([]byte, error) {
	block, err := v.decrypt(key, m, pkcs11.NewMechanism(pkcs11.CKM_RSA_X_509, nil), ciphertext)
	if err != nil {
		return nil, err
	}
	if short := len(ciphertext) - len(block); short > 0 {
		padded := make([]byte, len(ciphertext)) // some modules drop leading zeros
		copy(padded[short:], block)
		clear(block)
		block = padded
	}
	return block, nil
}

// decryptPKCS1 lets the module undo PKCS#1 v1.5. Once that has begun, the
// ciphertext is to blame for a failure, whatever the module calls it: the
// padding must not show. Only a token that is gone is told apart, and it is
// looked for after a success too, so that a failure takes no longer.
func (v *view) decryptPKCS1(key pkcs11.ObjectHandle, ciphertext []byte) ([]byte, error) {
	how := []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS, nil)}
	if err := v.lib.DecryptInit(v.Handle, how, key); err != nil {
		return nil, cryptoki.Refused(err, envelope.RSAPKCS1)
	}
	plain, err := scrub.After(func() ([]byte, error) { return v.lib.Decrypt(v.Handle, ciphertext) })
	_, gone := findToken(v.lib, v.token.name)
	if err != nil && gone != nil {
		return nil, gone
	}
	return plain, fault.Recode(fault.EnvelopeUnreadable, err)
}

// decrypt is one decryption by OAEP or by RSA alone.
func (v *view) decrypt(key pkcs11.ObjectHandle, m envelope.Mechanism, how *pkcs11.Mechanism, ciphertext []byte) ([]byte, error) {
	if err := v.lib.DecryptInit(v.Handle, []*pkcs11.Mechanism{how}, key); err != nil {
		return nil, cryptoki.Refused(err, m)
	}
	plain, err := scrub.After(func() ([]byte, error) { return v.lib.Decrypt(v.Handle, ciphertext) })
	if err != nil {
		return nil, v.blame(err)
	}
	return plain, nil
}

// errAgain marks a failure that may be of a card that was taken out and is
// back: one more try tells.
var errAgain = errors.New("the card may have been away")

// blame says what a failed decryption means. A module that says that the data
// is bad is believed. Anything else may be a card that was pulled out, which
// OpenSC calls a general error and of which the card daemon learns a little
// later: so that is waited for.
func (v *view) blame(err error) error {
	var rv pkcs11.Error
	if errors.As(err, &rv) {
		switch rv {
		case pkcs11.CKR_ENCRYPTED_DATA_INVALID, pkcs11.CKR_ENCRYPTED_DATA_LEN_RANGE, pkcs11.CKR_DATA_INVALID, pkcs11.CKR_DATA_LEN_RANGE:
			return fault.Recode(fault.EnvelopeUnreadable, err)
		}
	}
	time.Sleep(v.notice)
	if _, gone := findToken(v.lib, v.token.name); gone != nil {
		return gone
	}
	return fault.Recode(fault.EnvelopeUnreadable, errors.Join(errAgain, err))
}
