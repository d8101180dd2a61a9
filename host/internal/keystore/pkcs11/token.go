//go:build linux && cgo

package pkcs11

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/cryptoki"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// name is the module's file name, for people and faults.
func (m *module) name() string { return filepath.Base(m.path) }

// token is a token that is there now.
type token struct {
	slot uint
	name tokenName
	info pkcs11.TokenInfo
}

// tokens lists those that are there. Slots without one, or whose token is not
// set up, are passed over.
func tokens(lib library) ([]token, error) {
	slots, err := lib.GetSlotList(true)
	if err != nil {
		return nil, err
	}
	var all []token
	for _, slot := range slots {
		info, err := lib.GetTokenInfo(slot)
		if err != nil || info.Flags&pkcs11.CKF_TOKEN_INITIALIZED == 0 {
			continue // removed just now, or empty
		}
		all = append(all, token{slot: slot, info: info, name: tokenName{
			label: info.Label, manufacturer: info.ManufacturerID, serial: info.SerialNumber, model: info.Model,
		}})
	}
	return all, nil
}

// findToken returns the token of this name, fault.TokenRemoved when it is not there.
func findToken(lib library, name tokenName) (token, error) {
	all, err := tokens(lib)
	if err != nil {
		return token{}, explain(err)
	}
	i := slices.IndexFunc(all, func(t token) bool { return t.name == name })
	if i < 0 {
		return token{}, fault.Newf(fault.TokenRemoved, "%s", name.label)
	}
	return all[i], nil
}

// view is one session on one token: what an operation works with.
type view struct {
	cryptoki.Session
	lib    library
	token  token
	notice time.Duration // Options.Notice
}

// inSession runs f in a session of its own on the token.
func inSession[T any](lib library, name tokenName, f func(*view) (T, error)) (T, error) {
	var none T
	t, err := findToken(lib, name)
	if err != nil {
		return none, err
	}
	session, err := lib.OpenSession(t.slot, pkcs11.CKF_SERIAL_SESSION)
	if err != nil {
		return none, settle(lib, name, err)
	}
	defer lib.CloseSession(session)
	value, err := f(&view{Session: cryptoki.Session{Lib: lib, Handle: session}, lib: lib, token: t})
	if err != nil {
		return none, settle(lib, name, err)
	}
	return value, nil
}

// certificate is one certificate object of a token.
type certificate struct {
	der, id []byte
	label   string
}

// entries lists the token's certificates as anybody sees them, logged in or
// not. A certificate has its key when an object of a key has the same id: the
// private key or, where that is hidden until the PIN is given, the public key
// that stands beside it. Cards whose issuer left public keys out are taken at
// their word: a certificate that is no authority's is there for its key.
func (v *view) entries() ([]keystore.Entry, error) {
	certs, err := v.certificates()
	if err != nil {
		return nil, err
	}
	private, err := v.ids(pkcs11.CKO_PRIVATE_KEY)
	if err != nil {
		return nil, err
	}
	public, err := v.ids(pkcs11.CKO_PUBLIC_KEY)
	if err != nil {
		return nil, err
	}
	hidden := len(private) == 0 && v.token.info.Flags&pkcs11.CKF_LOGIN_REQUIRED != 0
	list := make([]keystore.Entry, 0, len(certs))
	for _, c := range certs {
		has := private[string(c.id)] || hidden && (public[string(c.id)] || len(public) == 0 && len(c.id) > 0 && !authority(c.der))
		list = append(list, keystore.Entry{
			URI:   keyURI{token: v.token.name, id: c.id, cert: sha256.Sum256(c.der)}.String(),
			Store: ID, Name: cmp.Or(c.label, v.token.name.label), Certificate: c.der, HasKey: has, Asks: has && hidden,
		})
	}
	return list, nil
}

func authority(der []byte) bool {
	c, err := keypair.Parse(der)
	return err != nil || c.KeyUsage&keypair.KeyCertSign != 0
}

func (v *view) certificates(match ...*pkcs11.Attribute) ([]certificate, error) {
	handles, err := v.Find(cryptoki.Certificates(match...)...)
	if err != nil {
		return nil, err
	}
	var all []certificate
	for _, h := range handles {
		values := v.Attributes(h, pkcs11.CKA_VALUE, pkcs11.CKA_ID, pkcs11.CKA_LABEL)
		if len(values[0]) > 0 {
			all = append(all, certificate{der: values[0], id: values[1], label: string(values[2])})
		}
	}
	return all, nil
}

// ids returns the CKA_IDs of all visible objects of a class.
func (v *view) ids(class uint) (map[string]bool, error) {
	handles, err := v.Find(cryptoki.Token(class)...)
	if err != nil {
		return nil, err
	}
	ids := make(map[string]bool, len(handles))
	for _, h := range handles {
		if id := v.Attribute(h, pkcs11.CKA_ID); len(id) > 0 {
			ids[string(id)] = true
		}
	}
	return ids, nil
}

// key finds the private key with this id, which takes a login on most tokens.
func (v *view) key(id []byte) (pkcs11.ObjectHandle, error) {
	keys, err := v.Keys(pkcs11.CKO_PRIVATE_KEY, id)
	if err != nil {
		return 0, err
	}
	if len(keys) == 0 {
		return 0, fault.New(fault.KeyNotFound)
	}
	return keys[0], nil
}

// settle gives an error of an operation its code. Modules report a removed
// card by any error (OpenSC by CKR_GENERAL_ERROR), so that is looked at first.
func settle(lib library, name tokenName, err error) error {
	if fault.CodeOf(err) != fault.Internal {
		return err // nil, or explained already
	}
	if _, gone := findToken(lib, name); fault.CodeOf(gone) == fault.TokenRemoved {
		return fault.Recode(fault.TokenRemoved, errors.Join(gone, err))
	}
	return explain(err)
}

// explain gives an error of a module the code that people can act on.
func explain(err error) error {
	if fault.CodeOf(err) != fault.Internal {
		return err
	}
	var rv pkcs11.Error
	if !errors.As(err, &rv) {
		return fault.Recode(fault.StoreFailed, err)
	}
	switch rv {
	case pkcs11.CKR_DEVICE_REMOVED, pkcs11.CKR_TOKEN_NOT_PRESENT, pkcs11.CKR_TOKEN_NOT_RECOGNIZED:
		return fault.Recode(fault.TokenRemoved, err)
	case pkcs11.CKR_USER_NOT_LOGGED_IN:
		return fault.Recode(fault.StoreLocked, err)
	case pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_LEN_RANGE, pkcs11.CKR_PIN_INVALID:
		return fault.Recode(fault.PINIncorrect, err)
	case pkcs11.CKR_PIN_LOCKED:
		return fault.Recode(fault.PINLocked, err)
	case pkcs11.CKR_FUNCTION_CANCELED, pkcs11.CKR_CANCEL:
		return fault.Recode(fault.PINCancelled, err)
	}
	return fault.Recode(fault.StoreFailed, err)
}
