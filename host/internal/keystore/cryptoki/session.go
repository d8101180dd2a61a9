//go:build linux && cgo

package cryptoki

import (
	"cmp"

	"github.com/miekg/pkcs11"
)

// Library is what is called of a module here; *pkcs11.Ctx has it.
type Library interface {
	FindObjectsInit(pkcs11.SessionHandle, []*pkcs11.Attribute) error
	FindObjects(pkcs11.SessionHandle, int) ([]pkcs11.ObjectHandle, bool, error)
	FindObjectsFinal(pkcs11.SessionHandle) error
	GetAttributeValue(pkcs11.SessionHandle, pkcs11.ObjectHandle, []*pkcs11.Attribute) ([]*pkcs11.Attribute, error)
	DeriveKey(pkcs11.SessionHandle, []*pkcs11.Mechanism, pkcs11.ObjectHandle, []*pkcs11.Attribute) (pkcs11.ObjectHandle, error)
	DestroyObject(pkcs11.SessionHandle, pkcs11.ObjectHandle) error
}

// Session is one session of a module. It does one thing at a time. Errors are
// the module's own (pkcs11.Error) unless a method says otherwise.
type Session struct {
	Lib    Library
	Handle pkcs11.SessionHandle
}

// atOnce is how many objects are asked for at once.
const atOnce = 256

// Find returns every object that matches the template.
func (s Session) Find(template ...*pkcs11.Attribute) ([]pkcs11.ObjectHandle, error) {
	if err := s.Lib.FindObjectsInit(s.Handle, template); err != nil {
		return nil, err
	}
	var all []pkcs11.ObjectHandle
	for {
		some, _, err := s.Lib.FindObjects(s.Handle, atOnce)
		if err != nil || len(some) == 0 {
			finalErr := s.Lib.FindObjectsFinal(s.Handle)
			return all, cmp.Or(err, finalErr)
		}
		all = append(all, some...)
	}
}

// Keys finds the token's objects of a class with this CKA_ID: none for an empty
// one.
func (s Session) Keys(class uint, id []byte) ([]pkcs11.ObjectHandle, error) {
	if len(id) == 0 {
		return nil, nil
	}
	return s.Find(append(Token(class), pkcs11.NewAttribute(pkcs11.CKA_ID, id))...)
}

// Token is a template for a token's objects of a class.
func Token(class uint) []*pkcs11.Attribute {
	return []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, class), pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true)}
}

// Certificates is a template for a token's certificates.
func Certificates(match ...*pkcs11.Attribute) []*pkcs11.Attribute {
	x509 := pkcs11.NewAttribute(pkcs11.CKA_CERTIFICATE_TYPE, pkcs11.CKC_X_509)
	return append(append(Token(pkcs11.CKO_CERTIFICATE), x509), match...)
}

// Attributes reads some attributes, nil where the object has none. In one call
// a single missing one fails them all, and they are asked for one by one then.
func (s Session) Attributes(h pkcs11.ObjectHandle, kinds ...uint) [][]byte {
	template := make([]*pkcs11.Attribute, len(kinds))
	for i, kind := range kinds {
		template[i] = pkcs11.NewAttribute(kind, nil)
	}
	values := make([][]byte, len(kinds))
	all, err := s.Lib.GetAttributeValue(s.Handle, h, template)
	for i, kind := range kinds {
		if err == nil && len(all) == len(kinds) {
			values[i] = all[i].Value
		} else if len(kinds) > 1 {
			values[i] = s.Attribute(h, kind)
		}
	}
	return values
}

// Attribute reads one attribute, nil when the object has none.
func (s Session) Attribute(h pkcs11.ObjectHandle, kind uint) []byte { return s.Attributes(h, kind)[0] }
