//go:build linux && cgo

package nss

import (
	"crypto/rand"
	"crypto/rsa"
	"testing"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/host/internal/selfsign"
	"scelle/shared/envelope"
)

// BenchmarkUnwrap compares a use of a key through the store, which scripts/bench
// does through the whole host, with softoken called in a bare loop. Both answer
// PKCS#1 v1.5 questions to the RSA key that the host makes (3072 bits).
func BenchmarkUnwrap(b *testing.B) {
	opened, err := Open(Options{Path: b.TempDir() + "/nssdb"})
	if err != nil {
		b.Fatal(err)
	}
	defer opened.Close()
	pair, err := selfsign.MakePair(b.Context(), keystore.GenerateOptions{CommonName: "Banc", Name: "Banc", Bits: 3072})
	if err != nil {
		b.Fatal(err)
	}
	entry, err := opened.Import(b.Context(), pair)
	if err != nil {
		b.Fatal(err)
	}
	//lint:ignore SA1019 the mechanism that both sides have
	question, err := rsa.EncryptPKCS1v15(rand.Reader, pair.Key.Public().(*rsa.PublicKey), make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("Store", func(b *testing.B) {
		for b.Loop() {
			key, err := opened.Unwrapper(b.Context(), entry.URI)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := key.Decrypt(b.Context(), envelope.RSAPKCS1, question); err != nil {
				b.Fatal(err)
			}
			key.Close()
		}
	})
	b.Run("BareLoop", func(b *testing.B) {
		w := opened.(*writer)
		u, err := w.parse(entry.URI)
		if err != nil {
			b.Fatal(err)
		}
		err = w.with(b.Context(), false, func(v *view) error {
			keys, err := v.Keys(pkcs11.CKO_PRIVATE_KEY, u.id)
			if err != nil || len(keys) != 1 {
				b.Fatal(keys, err)
			}
			for b.Loop() {
				mechanism := []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS, nil)}
				if err := v.lib.DecryptInit(v.Handle, mechanism, keys[0]); err != nil {
					return err
				}
				if _, err := v.lib.Decrypt(v.Handle, question); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	})
}
