//go:build linux && cgo

package pkcs11

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/scrub"
	"scelle/host/internal/pinentry"
	"scelle/shared/fault"
)

// held is a token in use. A token is logged in for the whole process, and only
// while a session is open: this is that session.
type held struct {
	slot    uint
	session pkcs11.SessionHandle
	users   int // unwrappers not closed
	uses    int // counts the times that users rose, so that a late logout knows
}

// need is what a token wants before a private key can be used.
type need struct {
	login  bool // a PIN, and nobody gave it
	keypad bool // to be typed on the reader
	info   pkcs11.TokenInfo
}

// hold opens the session that keeps the token, or counts one more user of it.
// A session that a removed card took with it is opened anew. Call it in turn.
func (m *module) hold(lib library, name tokenName) error {
	h, err := m.session(lib, name)
	if err != nil {
		return err
	}
	h.users++
	h.uses++
	return nil
}

// session returns the token's session, opened if need be. Call it in turn.
func (m *module) session(lib library, name tokenName) (*held, error) {
	t, err := findToken(lib, name)
	if err != nil {
		return nil, err
	}
	h := m.held[name]
	if h != nil && h.session != 0 && h.slot == t.slot {
		if _, err := lib.GetSessionInfo(h.session); err == nil {
			return h, nil
		}
		_ = lib.CloseSession(h.session)
	}
	session, err := lib.OpenSession(t.slot, pkcs11.CKF_SERIAL_SESSION)
	if err != nil {
		return nil, settle(lib, name, err)
	}
	if h == nil {
		h = &held{}
		m.held[name] = h
	}
	h.slot, h.session = t.slot, session
	return h, nil
}

// wants says what the token needs now. Call it in turn.
func (m *module) wants(lib library, name tokenName) (need, error) {
	h, err := m.session(lib, name)
	if err != nil {
		return need{}, err
	}
	info, err := lib.GetTokenInfo(h.slot)
	if err != nil {
		return need{}, settle(lib, name, err)
	}
	state, err := lib.GetSessionInfo(h.session)
	if err != nil {
		return need{}, settle(lib, name, err)
	}
	in := state.State == pkcs11.CKS_RO_USER_FUNCTIONS || state.State == pkcs11.CKS_RW_USER_FUNCTIONS
	return need{
		login:  info.Flags&pkcs11.CKF_LOGIN_REQUIRED != 0 && !in,
		keypad: info.Flags&pkcs11.CKF_PROTECTED_AUTHENTICATION_PATH != 0,
		info:   info,
	}, nil
}

// release is the end of one use: the last one logs out, after a while. Call it
// in turn.
func (m *module) release(name tokenName, linger time.Duration) {
	h := m.held[name]
	if h == nil {
		return
	}
	if h.users--; h.users > 0 {
		return
	}
	if linger <= 0 {
		m.logout(name)
		return
	}
	uses := h.uses
	time.AfterFunc(linger, func() {
		m.later(func() {
			if h.users == 0 && h.uses == uses && m.held[name] == h {
				m.logout(name)
			}
		})
	})
}

// logout ends a token's use. Call it in turn.
func (m *module) logout(name tokenName) {
	if h := m.held[name]; h != nil {
		_ = m.lib.Logout(h.session)
		_ = m.lib.CloseSession(h.session)
		delete(m.held, name)
	}
}

// login makes sure that the token's private keys can be used, and asks for the
// PIN if that takes one. One wrong PIN is one answer: nothing is tried again.
func (s *store) login(ctx context.Context, m *module, name tokenName) error {
	n, err := s.needs(ctx, m, name)
	if err != nil || !n.login {
		return err
	}
	select { // one window for one token, however many keys wait for it
	case m.asking <- struct{}{}:
		defer func() { <-m.asking }()
	case <-ctx.Done():
		return keystore.Interrupted(ctx)
	}
	if n, err = s.needs(ctx, m, name); err != nil || !n.login {
		return err
	}
	switch {
	case n.info.Flags&pkcs11.CKF_USER_PIN_LOCKED != 0:
		return fault.New(fault.PINLocked)
	case n.keypad:
		return s.try(ctx, m, name, nil, s.o.Keypad)
	case s.o.Prompt == nil:
		return fault.New(fault.PINPromptMissing)
	}
	pin, err := s.o.Prompt.PIN(ctx, request(ctx, n.info))
	if err != nil {
		clear(pin)
		return err
	}
	if len(pin) == 0 || n.info.MinPinLen > 0 && len(pin) < int(n.info.MinPinLen) ||
		n.info.MaxPinLen > 0 && uint(len(pin)) > n.info.MaxPinLen {
		clear(pin)
		return fault.Newf(fault.PINIncorrect, "length") // not shown to the card: costs no try
	}
	return s.try(ctx, m, name, pin, s.o.Work)
}

func (s *store) needs(ctx context.Context, m *module, name tokenName) (need, error) {
	return call(ctx, m, s.o.Work, nil, func(lib library) (need, error) { return m.wants(lib, name) })
}

// request says to the person what is known.
func request(ctx context.Context, info pkcs11.TokenInfo) pinentry.Request {
	purpose := keystore.PurposeOf(ctx)
	return pinentry.Request{
		Origin: purpose.Origin, Action: purpose.Action, Token: info.Label,
		Tries: triesLeft(info.Flags), Few: info.Flags&pkcs11.CKF_USER_PIN_COUNT_LOW != 0,
	}
}

// triesLeft is 1 when the token says so, 0 when it does not say: PKCS#11 has
// no counter.
func triesLeft(flags uint) int {
	if flags&pkcs11.CKF_USER_PIN_FINAL_TRY != 0 {
		return 1
	}
	return 0
}

// try logs in with the PIN, nil for the reader's keypad, and clears it. The
// PIN belongs to the call, which may outlive this one, or to this one: a call
// that comes too late must not show a cleared PIN to the card.
func (s *store) try(ctx context.Context, m *module, name tokenName, pin []byte, limit time.Duration) error {
	var taken atomic.Bool
	_, err := call(ctx, m, limit, nil, func(lib library) (struct{}, error) {
		if taken.Swap(true) {
			return struct{}{}, fault.New(fault.Cancelled)
		}
		defer clear(pin)
		return struct{}{}, m.login(lib, name, pin)
	})
	if !taken.Swap(true) {
		clear(pin)
	}
	return err
}

// login shows the PIN to the token. Call it in turn.
func (m *module) login(lib library, name tokenName, pin []byte) error {
	h, err := m.session(lib, name)
	if err != nil {
		return err
	}
	_, err = scrub.After(func() (struct{}, error) {
		return struct{}{}, lib.Login(h.session, pkcs11.CKU_USER, unsafe.String(unsafe.SliceData(pin), len(pin)))
	})
	if errors.Is(err, pkcs11.Error(pkcs11.CKR_USER_ALREADY_LOGGED_IN)) {
		return nil
	}
	return loginFault(lib, name, err)
}

// loginFault tells a wrong PIN from a locked token, and how many tries are
// left as far as the token says.
func loginFault(lib library, name tokenName, err error) error {
	err = settle(lib, name, err)
	if fault.CodeOf(err) != fault.PINIncorrect {
		return err
	}
	t, gone := findToken(lib, name)
	switch {
	case gone != nil:
		return gone
	case t.info.Flags&pkcs11.CKF_USER_PIN_LOCKED != 0:
		return fault.Recode(fault.PINLocked, err)
	case t.info.Flags&pkcs11.CKF_USER_PIN_FINAL_TRY != 0:
		return fault.Newf(fault.PINIncorrect, "tries left: 1")
	}
	return fault.New(fault.PINIncorrect)
}
