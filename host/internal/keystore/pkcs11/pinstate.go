//go:build linux && cgo

package pkcs11

import (
	"context"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
)

// Tokens implements keystore.TokenLister. A module that cannot tell, or takes
// longer than Options.Look, is left out unless none can tell anything.
func (s *store) Tokens(ctx context.Context) ([]keystore.Token, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	var all []keystore.Token
	var failed error
	for _, m := range s.modules {
		list, err := call(ctx, m, s.o.Look, nil, tokens)
		if err != nil {
			failed = explain(err)
			continue
		}
		for _, t := range list {
			all = append(all, keystore.Token{Label: t.info.Label, PIN: pinState(t.info.Flags)})
		}
	}
	if len(all) > 0 {
		failed = nil
	}
	return all, failed
}

// pinState reads the flags of CK_TOKEN_INFO (PKCS#11 2.40, section 3.2).
func pinState(flags uint) keystore.PINState {
	switch {
	case flags&pkcs11.CKF_USER_PIN_LOCKED != 0:
		return keystore.PINLocked
	case flags&pkcs11.CKF_USER_PIN_FINAL_TRY != 0:
		return keystore.PINFinalTry
	case flags&pkcs11.CKF_USER_PIN_COUNT_LOW != 0:
		return keystore.PINFew
	case flags&pkcs11.CKF_LOGIN_REQUIRED != 0 && flags&pkcs11.CKF_USER_PIN_INITIALIZED == 0:
		return keystore.PINMissing
	case flags&pkcs11.CKF_USER_PIN_TO_BE_CHANGED != 0:
		return keystore.PINToChange
	}
	return keystore.PINSet
}
