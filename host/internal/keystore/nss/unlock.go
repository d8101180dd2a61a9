//go:build linux && cgo

package nss

import (
	"context"
	"errors"
	"unsafe"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/scrub"
	"scelle/host/internal/pinentry"
	"scelle/shared/fault"
)

// passwordTries is how often a person may try before the answer is
// fault.StorePassword. NSS counts nothing and locks nothing.
const passwordTries = 3

// unlockable says what stands against unlocking the database here, besides
// that a password is asked for; nil when nothing does.
func (s *store) unlockable(db *database) error {
	switch {
	case db.newer:
		return fault.New(fault.StoreNewerNSS)
	case s.prompt == nil || !s.prompt.Available():
		return fault.New(fault.StoreLocked)
	}
	return nil
}

// unlock makes sure that the database's private keys can be used, and asks for
// its password if it has one that was not given. Call it with calls held and
// the database acquired. Errors: fault.StoreNewerNSS before anybody is asked,
// StoreLocked when nobody can be, StorePassword after three mistakes, and those of
// the prompt.
func (s *store) unlock(ctx context.Context, db *database) error {
	if !db.hidden() {
		return nil
	}
	before := s.refused.Load()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(s.life, stop)()
	select { // one window for one database, however many keys wait for it
	case s.asking <- struct{}{}:
		defer func() { <-s.asking }()
	case <-ctx.Done():
		return keystore.Interrupted(ctx)
	}
	if !db.hidden() {
		return nil
	}
	if now := s.refused.Load(); now != before { // and one answer: nobody cancels twice
		return now
	}
	if err := s.unlockable(db); err != nil {
		return err
	}
	err := s.ask(ctx, db)
	if code := fault.CodeOf(err); code == fault.PINCancelled || code == fault.StorePassword {
		s.refused.Store(fault.New(code))
	}
	return err
}

// ask asks the person for the database's password until it is right.
func (s *store) ask(ctx context.Context, db *database) error {
	purpose := keystore.PurposeOf(ctx)
	for try := range passwordTries {
		password, err := s.prompt.PIN(ctx, pinentry.Request{
			Origin: purpose.Origin, Action: purpose.Action, Token: s.name,
			Password: true, Wrong: try > 0,
		})
		if err == nil {
			err = s.explain(db.login(password))
		}
		clear(password)
		if fault.CodeOf(err) != fault.StorePassword {
			return err
		}
	}
	return fault.New(fault.StorePassword)
}

// login shows the password to softoken, in a session that stays open: with its
// last session a token forgets who logged in.
func (db *database) login(password []byte) error {
	lib := db.softoken.lib
	session, err := lib.OpenSession(db.slot, pkcs11.CKF_SERIAL_SESSION)
	if err != nil {
		return err
	}
	_, err = scrub.After(func() (struct{}, error) {
		return struct{}{}, lib.Login(session, pkcs11.CKU_USER, unsafe.String(unsafe.SliceData(password), len(password)))
	})
	if err != nil && !errors.Is(err, pkcs11.Error(pkcs11.CKR_USER_ALREADY_LOGGED_IN)) {
		_ = lib.CloseSession(session)
		return err
	}
	db.session = session
	db.in.Store(true)
	return nil
}
