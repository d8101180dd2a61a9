//go:build darwin || linux

package keychain

import "scelle/shared/fault"

// statusFault explains an OSStatus; nil for errSecSuccess. The number is the
// detail: "security error <number>" tells what Apple calls it.
func statusFault(status int32) error {
	if status == 0 {
		return nil
	}
	if code, ok := codeOf(int64(status)); ok {
		return fault.Newf(code, "%d", status)
	}
	return fault.Newf(fault.StoreFailed, "%d", status)
}

// codeOf names the failures that are not the fault of what was asked, but of
// who was asked: the user, the keychain, the card.
func codeOf(status int64) (fault.Code, bool) {
	switch common(status) {
	case userCanceled, authFailed:
		return fault.PINCancelled, true
	case notInteractive:
		return fault.StoreLocked, true
	case noDefault, writePermission, readOnly:
		return fault.StoreReadOnly, true
	case itemNotFound, invalidItem:
		return fault.KeyNotFound, true
	}
	return "", false
}

// common turns the errors of the old layer below (cssmerr.h, cssmapple.h),
// which keys of the file-based keychain let through, into those of Security.
// Its modules share the codes below 256.
func common(status int64) int64 {
	if uint32(status)>>16 != 0x8001 || uint32(status)&0x7ff >= 0x100 {
		return status
	}
	switch uint32(status) & 0xff {
	case 0xe1: // CSSM_ERRCODE_USER_CANCELED
		return userCanceled
	case 0x20, 0x21: // OPERATION_AUTH_DENIED, OBJECT_USE_AUTH_DENIED
		return authFailed
	case 0xe0: // NO_USER_INTERACTION
		return notInteractive
	}
	return status
}

// keyFault explains why an operation with a private key failed. Everything
// that may come from the ciphertext is the one fault.EnvelopeUnreadable: a
// padding must not be told from another, and UnwrapWith answers with a
// synthetic key. What is told apart does not depend on what is decrypted.
func (p *pool) keyFault(cause ref) error {
	if cause == 0 {
		return fault.New(fault.EnvelopeUnreadable)
	}
	number := p.f.errorCode(cause)
	code, ok := codeOf(int64(number))
	if p.string(p.f.errorDomain(cause)) == "CryptoTokenKit" {
		code, ok = tokenCode(number)
	}
	if !ok {
		return fault.New(fault.EnvelopeUnreadable)
	}
	return fault.Newf(code, "%d", number)
}

// tokenCode is codeOf for smart cards (TKError.h).
func tokenCode(number int) (fault.Code, bool) {
	switch number {
	case tokenCanceled:
		return fault.PINCancelled, true
	case tokenPIN:
		return fault.PINIncorrect, true
	case tokenGone:
		return fault.TokenRemoved, true
	}
	return "", false
}
