package capi

import (
	"errors"
	"slices"

	"golang.org/x/sys/windows"

	"scelle/shared/fault"
)

// is says whether err is one of Windows's error numbers.
func is(err error, codes ...windows.Handle) bool {
	var number windows.Errno
	return errors.As(err, &number) && slices.Contains(codes, windows.Handle(uint32(number)))
}

// keyGone says whether err means that a key is no longer where its certificate
// says.
func keyGone(err error) bool {
	return is(err, windows.NTE_BAD_KEYSET, windows.NTE_NO_KEY, windows.NTE_KEYSET_NOT_DEF, windows.NTE_NOT_FOUND,
		windows.Handle(windows.CRYPT_E_NO_KEY_PROPERTY), windows.SCARD_E_NO_KEY_CONTAINER,
		windows.Handle(windows.ERROR_FILE_NOT_FOUND))
}

// personFault explains what a person, a card or a reader did, "" otherwise.
func personFault(err error) fault.Code {
	switch {
	case is(err, windows.NTE_USER_CANCELLED, windows.SCARD_W_CANCELLED_BY_USER, windows.SCARD_E_CANCELLED, windows.Handle(windows.ERROR_CANCELLED)):
		return fault.PINCancelled
	case is(err, windows.SCARD_W_WRONG_CHV, windows.SCARD_E_INVALID_CHV, windows.NTE_INCORRECT_PASSWORD):
		return fault.PINIncorrect
	case is(err, windows.SCARD_W_CHV_BLOCKED):
		return fault.PINLocked
	case is(err, windows.NTE_SILENT_CONTEXT, windows.NTE_UI_REQUIRED):
		return fault.PINPromptMissing
	case is(err, windows.SCARD_W_REMOVED_CARD, windows.SCARD_E_NO_SMARTCARD, windows.SCARD_E_NO_READERS_AVAILABLE,
		windows.SCARD_E_READER_UNAVAILABLE, windows.SCARD_E_UNKNOWN_READER, windows.SCARD_E_NO_SERVICE,
		windows.SCARD_E_SERVICE_STOPPED, windows.NTE_DEVICE_NOT_FOUND):
		return fault.TokenRemoved
	case is(err, windows.SCARD_E_TIMEOUT, windows.SCARD_W_UNRESPONSIVE_CARD, windows.SCARD_W_RESET_CARD,
		windows.SCARD_E_SHARING_VIOLATION, windows.NTE_DEVICE_NOT_READY):
		return fault.TokenNotResponding
	}
	return ""
}

// explain gives an error of Windows the code that people can act on.
func explain(err error) error {
	if err == nil || fault.CodeOf(err) != fault.Internal {
		return err
	}
	code := personFault(err)
	switch {
	case code != "":
	case keyGone(err):
		code = fault.KeyNotFound
	case is(err, windows.NTE_PERM, windows.Handle(windows.ERROR_ACCESS_DENIED), windows.E_ACCESSDENIED, windows.SCARD_E_READ_ONLY_CARD):
		code = fault.StoreReadOnly
	default:
		code = fault.StoreFailed
	}
	return fault.Recode(code, err)
}

// decryptFault explains why a decryption that had begun failed. Whatever could
// be about the padding is the ciphertext's fault and nothing more.
func decryptFault(err error, mechanism string) error {
	code := personFault(err)
	switch {
	case err == nil || fault.CodeOf(err) != fault.Internal:
		return err
	case code != "":
		return fault.Recode(code, err)
	case keyGone(err):
		return fault.Recode(fault.KeyNotFound, err)
	case is(err, windows.NTE_NOT_SUPPORTED, windows.NTE_BAD_FLAGS, windows.NTE_BAD_ALGID, windows.NTE_PERM, windows.NTE_BAD_KEY):
		return fault.Newf(fault.MechanismMissing, "%s", mechanism)
	}
	return fault.Recode(fault.EnvelopeUnreadable, err)
}
