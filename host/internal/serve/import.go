package serve

import (
	"context"

	"scelle/host/internal/backup"
	"scelle/host/internal/keystore"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/pkcs12x"
	"scelle/shared/protocol"
)

// Import answers host.keys.import: opens the key pair that a portal sealed to
// a one-time certificate and stores it under the chosen name. The one-time
// certificate is used up whatever happens.
func (s *Service) Import(ctx context.Context, p protocol.ImportParams) (protocol.KeyResult, error) {
	name, err := checkedName(p.Name)
	if err != nil {
		return protocol.KeyResult{}, err
	}
	p12, password, err := s.oneTime.Open(ctx, p.Transport, p.Envelope)
	if err != nil {
		return protocol.KeyResult{}, err
	}
	defer clear(p12)
	defer clear(password)
	bundle, err := pkcs12x.Decode(p12, password)
	if err != nil {
		return protocol.KeyResult{}, err
	}
	if p.Thumbprint != "" && keypair.Thumbprint(bundle.Certificate) != p.Thumbprint {
		return protocol.KeyResult{}, fault.Newf(fault.TransportFailed, "thumbprint")
	}
	// A person may bring an old key to open old plis (ImportFile); a portal
	// that makes a key makes one that can receive plis.
	if err := s.usable(bundle.Certificate); err != nil {
		return protocol.KeyResult{}, err
	}
	return s.store(ctx, bundle, name, p.Backup)
}

// ImportFile stores the key pair of a PKCS#12 file under name; "" takes the
// file's own name, then the certificate's. The password is UTF-8 and stays the
// caller's to clear; the words of a protected copy may be typed as BackupTest
// takes them. Errors: those of pkcs12x.Decode, fault.NameBad, and the
// store's. A certificate that cannot receive plis any more is stored all the
// same: its key opens what was sealed to it.
func (s *Service) ImportFile(ctx context.Context, p12, password []byte, name string) (protocol.KeyResult, error) {
	if name != "" {
		var err error
		if name, err = checkedName(name); err != nil {
			return protocol.KeyResult{}, err
		}
	}
	bundle, err := backup.Open(p12, password)
	if err != nil {
		return protocol.KeyResult{}, err
	}
	if name == "" {
		name = ownName(bundle)
	}
	return s.store(ctx, bundle, name, false)
}

func (s *Service) store(ctx context.Context, b *pkcs12x.Bundle, name string, backed bool) (protocol.KeyResult, error) {
	into, err := s.importer(ctx)
	if err != nil {
		return protocol.KeyResult{}, err
	}
	return s.keepBacked(ctx, into, keystore.Pair{Key: b.Key, Certificate: b.Certificate, Name: name}, backed)
}

// usable is nil when the certificate can receive plis now.
func (s *Service) usable(der []byte) error {
	c, err := keypair.Parse(der)
	if err != nil {
		return err
	}
	return keypair.Check(c, s.now()).Err()
}

// ownName is what a file calls its pair.
func ownName(b *pkcs12x.Bundle) string {
	if name, err := checkedName(b.FriendlyName); err == nil {
		return name
	}
	if c, err := keypair.Parse(b.Certificate); err == nil {
		if name, err := checkedName(c.Subject); err == nil {
			return name
		}
	}
	return "" // the store has a word of its own
}
