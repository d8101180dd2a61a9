// Package backup makes the one protected copy that a key pair of this computer
// may have, at its birth, and proves later that the copy opens.
//
// A copy is a PKCS#12 file (AES-256, PBES2, 600,000 iterations; package
// pkcs12x) whose passphrase is [Words] words of our own list, chosen by
// crypto/rand: 120 bits. The host makes the words and forgets them with the
// answer: the assistant needs them anyway, to show them, and so they are made
// where bytes can be wiped and where the list is needed to read them back. A
// key that is in a store, or on a card, has no copy: no store is asked to give
// one out.
package backup

import (
	"bytes"
	"context"

	"scelle/host/internal/keystore"
	"scelle/host/internal/selfsign"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/pkcs12x"
)

// Copy is a protected copy of a key pair with what opens it.
type Copy struct {
	File       []byte // PKCS#12
	Passphrase []byte // ASCII: Words words joined by "-"
}

// Clear wipes the passphrase.
func (c *Copy) Clear() {
	if c != nil {
		clear(c.Passphrase)
	}
}

// Make copies a pair that is not in a store yet, and reads the copy back: one
// that does not open is never given out. The caller clears it. Errors: those
// of pkcs12x.Encode, fault.Internal when the copy does not open.
func Make(pair keystore.Pair) (*Copy, error) {
	c := &Copy{Passphrase: newPassphrase()}
	var err error
	if c.File, err = pkcs12x.Encode(pair.Key, pair.Certificate, pair.Name, c.Passphrase); err != nil {
		c.Clear()
		return nil, err
	}
	back, err := pkcs12x.Decode(c.File, c.Passphrase)
	if err != nil || !bytes.Equal(back.Certificate, pair.Certificate) {
		c.Clear()
		return nil, fault.Newf(fault.Internal, "backup")
	}
	return c, nil
}

// Open reads a PKCS#12 file with its password or, where that is wrong, with the
// words that it may be (see Read). Errors: those of pkcs12x.Decode.
func Open(p12, password []byte) (*pkcs12x.Bundle, error) {
	bundle, err := pkcs12x.Decode(p12, password)
	if fault.CodeOf(err) != fault.P12Password {
		return bundle, err
	}
	words := Read(password).Passphrase
	if words == nil || bytes.Equal(words, password) {
		return nil, err
	}
	defer clear(words)
	return pkcs12x.Decode(p12, words)
}

// Prove opens what is sealed to a copy's certificate with the copy's own key,
// by each mechanism that this kind of key knows, and without any store. The
// error is fault.StoreSelfTest with the mechanism, or a context's end.
func Prove(ctx context.Context, b *pkcs12x.Bundle) error {
	certificate, err := keypair.Parse(b.Certificate)
	if err != nil {
		return err
	}
	key, err := keystore.Software(b.Key)
	if err != nil {
		return err
	}
	defer key.Close()
	for _, m := range []envelope.Mechanism{envelope.RSAOAEPSHA256, envelope.RSAOAEPSHA1, envelope.RSAPKCS1, envelope.ECDH} {
		if m.RSA() != (certificate.Kind == keypair.RSA) {
			continue
		}
		if err := selfsign.TryMechanism(ctx, key, b.Certificate, m); err != nil {
			if ended := keystore.Interrupted(ctx); ended != nil {
				return ended
			}
			return fault.Newf(fault.StoreSelfTest, "%s: %s", m, fault.CodeOf(err))
		}
	}
	return nil
}
