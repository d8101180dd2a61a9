//go:build linux && cgo

package nss

import (
	"bytes"
	"context"
	"encoding/asn1"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// Import implements keystore.Importer. The database is made if there is none.
// The password is asked for if it has one. fault.CertificateBad when another
// certificate with the same issuer and
// serial number is there, which NSS cannot keep beside it.
func (s *writer) Import(ctx context.Context, pair keystore.Pair) (keystore.Entry, error) {
	c, err := pair.Check()
	if err != nil {
		return keystore.Entry{}, err
	}
	objects, err := templates(pair, c)
	if err != nil {
		return keystore.Entry{}, err
	}
	defer objects.wipe()
	var entry keystore.Entry
	err = s.write(ctx, func(v *view) error {
		i := importing{view: v, cert: c, objects: objects}
		if err := i.run(pair.Name); err != nil {
			return err
		}
		stored, found, err := v.certificate(keyURI{id: objects.id, cert: objects.sum})
		if err == nil && !found {
			err = fault.Newf(fault.StoreFailed, "imported certificate not found")
		}
		entry = stored.entry(&s.store, true, false)
		return err
	})
	if err != nil {
		return keystore.Entry{}, err
	}
	return entry, nil
}

// write runs f in a writing session, alone among all processes of this
// product that work on this database. A password is asked for before the
// others are kept waiting.
func (s *writer) write(ctx context.Context, f func(*view) error) error {
	s.imports.Lock()
	defer s.imports.Unlock()
	if err := s.refuse(ctx, nil); err != nil {
		return err
	}
	if err := s.prepare(true); err != nil {
		return err
	}
	if s.exists() {
		done, err := s.unlocked(ctx)
		if err != nil {
			return err
		}
		defer done()
	}
	unlock, err := lockDirectory(ctx, s.path)
	if err != nil {
		return err
	}
	defer unlock()
	return s.with(ctx, true, func(v *view) error {
		defer s.note(v.db)
		if err := v.setEmptyPassword(); err != nil {
			return err
		}
		return f(v)
	})
}

// unlocked opens the database for writing, asks for its password if it has
// one, and keeps it open until done is called.
func (s *writer) unlocked(ctx context.Context) (done func(), err error) {
	s.calls.RLock()
	defer s.calls.RUnlock()
	db, err := s.acquire(ctx, true)
	if err != nil {
		return nil, err
	}
	if err := s.unlock(ctx, db); err != nil {
		s.release()
		return nil, err
	}
	return s.release, nil
}

// note keeps what we wrote ourselves from looking like another program's work.
func (s *writer) note(db *database) {
	s.mu.Lock()
	defer s.mu.Unlock()
	db.stamp = s.stamp()
}

// lockDirectory takes an advisory lock on the database's directory, flock(2),
// so that two hosts importing at once cannot undo each other's work. It leaves
// no file behind and does not meet SQLite's own locks, which are on the files.
// Other programs do not know it; softoken's transactions guard against those.
func lockDirectory(ctx context.Context, path string) (func(), error) {
	dir, err := os.Open(path)
	if err != nil {
		return nil, fault.Recode(fault.StoreFailed, err)
	}
	for range 100 {
		err = syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != syscall.EWOULDBLOCK {
			// A file system without locks (some network ones) is used without.
			return func() { dir.Close() }, nil
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			dir.Close()
			return nil, err
		}
	}
	dir.Close()
	return nil, fault.Recode(fault.StoreBusy, err)
}

// setEmptyPassword does to a new database what NSS does when it makes one:
// its keys are encrypted under an empty password, and nobody is ever asked.
func (v *view) setEmptyPassword() error {
	if !v.db.fresh {
		return nil
	}
	if err := v.lib.Login(v.Handle, pkcs11.CKU_SO, ""); err != nil {
		return err
	}
	if err := v.lib.InitPIN(v.Handle, ""); err != nil {
		return err
	}
	v.db.fresh = false
	return v.lib.Logout(v.Handle)
}

// importing is one import: what it made is undone when a later step fails.
type importing struct {
	*view
	cert    *keypair.Certificate
	objects *objects
	made    []pkcs11.ObjectHandle
}

// run stores the pair. The certificate that may already be there is looked for
// first, by issuer and serial number: storing it again would fail only after
// softoken had changed the key's label, and a nickname that another subject
// uses would leave a key without certificate.
func (i *importing) run(name string) error {
	present, found, err := i.sameCertificate()
	if err != nil {
		return err
	}
	label := present.label
	if !found {
		if label, err = i.freeLabel(name); err != nil {
			return err
		}
	}
	if err := i.store(label, present, found); err != nil {
		i.undo()
		return err
	}
	return nil
}

func (i *importing) store(label string, present certificate, found bool) error {
	for _, key := range [][]*pkcs11.Attribute{i.objects.private, i.objects.public} {
		if err := i.createKey(key, label); err != nil {
			return err
		}
	}
	if !found {
		return i.create(i.objects.certificate, label)
	}
	if bytes.Equal(present.id, i.objects.id) {
		return nil
	}
	return i.lib.SetAttributeValue(i.Handle, present.handle,
		[]*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_ID, i.objects.id)})
}

// sameCertificate finds the certificate where it is already stored.
func (i *importing) sameCertificate() (certificate, bool, error) {
	same, err := i.certificates(
		pkcs11.NewAttribute(pkcs11.CKA_ISSUER, i.cert.IssuerRaw),
		pkcs11.NewAttribute(pkcs11.CKA_SERIAL_NUMBER, i.objects.serial))
	if err != nil || len(same) == 0 {
		return certificate{}, false, err
	}
	if !bytes.Equal(same[0].der, i.cert.Raw) {
		return certificate{}, false, fault.Newf(fault.CertificateBad, "same issuer and serial number as another certificate")
	}
	return same[0], true, nil
}

func (i *importing) freeLabel(name string) (string, error) {
	certs, err := i.certificates()
	if err != nil {
		return "", err
	}
	return keystore.FreeName(name, func(label string) bool {
		return slices.ContainsFunc(certs, func(c certificate) bool { return c.label == label })
	}), nil
}

// createKey creates a key object unless one with its id is there: softoken
// would merge the two, and undoing would then remove what was there before.
func (i *importing) createKey(template []*pkcs11.Attribute, label string) error {
	class := uint(pkcs11.CKO_PUBLIC_KEY)
	if &template[0] == &i.objects.private[0] {
		class = pkcs11.CKO_PRIVATE_KEY
	}
	there, err := i.Keys(class, i.objects.id)
	if err != nil || len(there) > 0 {
		return err
	}
	return i.create(template, label)
}

func (i *importing) create(template []*pkcs11.Attribute, label string) error {
	template = append(slices.Clone(template), pkcs11.NewAttribute(pkcs11.CKA_LABEL, label))
	handle, err := i.lib.CreateObject(i.Handle, template)
	if err == nil {
		i.made = append(i.made, handle)
	}
	return err
}

func (i *importing) undo() {
	for _, handle := range slices.Backward(i.made) {
		_ = i.lib.DestroyObject(i.Handle, handle)
	}
}

// Delete implements keystore.Deleter. A private key that another certificate
// uses too (a renewed one) stays.
func (s *writer) Delete(ctx context.Context, uri string) error {
	u, err := s.parse(uri)
	if err != nil {
		return s.refuse(ctx, err)
	}
	return s.write(ctx, func(v *view) error { return v.remove(u) })
}

func (v *view) remove(u keyURI) error {
	cert, found, err := v.certificate(u)
	if err != nil {
		return err
	}
	sharing, err := v.certificates(pkcs11.NewAttribute(pkcs11.CKA_ID, u.id))
	if err != nil {
		return err
	}
	var doomed []pkcs11.ObjectHandle
	if found {
		doomed = append(doomed, cert.handle)
	}
	if shared := len(sharing) - len(doomed); shared == 0 {
		for _, class := range []uint{pkcs11.CKO_PRIVATE_KEY, pkcs11.CKO_PUBLIC_KEY} {
			keys, err := v.Keys(class, u.id)
			if err != nil {
				return err
			}
			doomed = append(doomed, keys...)
		}
	}
	if len(doomed) == 0 {
		return fault.New(fault.KeyNotFound)
	}
	for _, handle := range doomed {
		if err := v.lib.DestroyObject(v.Handle, handle); err != nil {
			return err
		}
	}
	return nil
}

// derSerial is the serial number as softoken stores it: with its DER header.
func derSerial(c *keypair.Certificate) ([]byte, error) {
	der, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagInteger, Bytes: c.SerialRaw})
	return der, fault.Wrap(fault.CertificateBad, err)
}
