package capi

import (
	"testing"

	"golang.org/x/sys/windows"

	"scelle/shared/fault"
)

// TestFaults gives Windows's words for what cards, readers and people do the
// codes that people are shown. No card was ever seen: these are from
// winerror.h.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		number           windows.Handle
		opening, reading fault.Code // while looking for the key; while decrypting
	}{
		{windows.NTE_BAD_KEYSET, fault.KeyNotFound, fault.KeyNotFound},
		{windows.NTE_NO_KEY, fault.KeyNotFound, fault.KeyNotFound},
		{windows.Handle(windows.CRYPT_E_NO_KEY_PROPERTY), fault.KeyNotFound, fault.KeyNotFound},
		{windows.SCARD_E_NO_KEY_CONTAINER, fault.KeyNotFound, fault.KeyNotFound},
		{windows.SCARD_W_CANCELLED_BY_USER, fault.PINCancelled, fault.PINCancelled},
		{windows.NTE_USER_CANCELLED, fault.PINCancelled, fault.PINCancelled},
		{windows.Handle(windows.ERROR_CANCELLED), fault.PINCancelled, fault.PINCancelled},
		{windows.SCARD_W_WRONG_CHV, fault.PINIncorrect, fault.PINIncorrect},
		{windows.SCARD_W_CHV_BLOCKED, fault.PINLocked, fault.PINLocked},
		{windows.NTE_SILENT_CONTEXT, fault.PINPromptMissing, fault.PINPromptMissing},
		{windows.SCARD_W_REMOVED_CARD, fault.TokenRemoved, fault.TokenRemoved},
		{windows.SCARD_E_NO_SMARTCARD, fault.TokenRemoved, fault.TokenRemoved},
		{windows.SCARD_E_TIMEOUT, fault.TokenNotResponding, fault.TokenNotResponding},
		{windows.Handle(windows.ERROR_ACCESS_DENIED), fault.StoreReadOnly, fault.EnvelopeUnreadable},
		{windows.NTE_PERM, fault.StoreReadOnly, fault.MechanismMissing},
		{windows.NTE_NOT_SUPPORTED, fault.StoreFailed, fault.MechanismMissing},
		{windows.NTE_BAD_FLAGS, fault.StoreFailed, fault.MechanismMissing},
		// Whatever can be about a padding is one and the same.
		{windows.NTE_BAD_DATA, fault.StoreFailed, fault.EnvelopeUnreadable},
		{windows.NTE_BAD_LEN, fault.StoreFailed, fault.EnvelopeUnreadable},
		{windows.NTE_INVALID_PARAMETER, fault.StoreFailed, fault.EnvelopeUnreadable},
		{windows.NTE_DECRYPTION_FAILURE, fault.StoreFailed, fault.EnvelopeUnreadable},
		{windows.NTE_BUFFER_TOO_SMALL, fault.StoreFailed, fault.EnvelopeUnreadable},
		{windows.NTE_FAIL, fault.StoreFailed, fault.EnvelopeUnreadable},
	} {
		err := windows.Errno(c.number)
		wantFault(t, err.Error()+", opening", explain(err), c.opening)
		wantFault(t, err.Error()+", decrypting", decryptFault(err, "x"), c.reading)
	}
	if explain(nil) != nil || decryptFault(nil, "x") != nil {
		t.Error("no error became one")
	}
	own := fault.New(fault.StoreBusy)
	if explain(own) != error(own) || decryptFault(own, "x") != error(own) {
		t.Error("a fault was changed")
	}
}
