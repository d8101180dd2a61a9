package envelope

import (
	"context"
	"crypto/elliptic"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/envelope/ghash"
	"scelle/shared/fault"
)

// TestGCMStops: no byte beyond what one key and nonce may encrypt, and no
// block of it less.
func TestGCMStops(t *testing.T) {
	ctx := context.Background()
	dec, err := Native().Decrypter(ctx, ContentKey{AES256GCM, make([]byte, 32), make([]byte, NonceSize)})
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	sum := dec.(gcmDecrypter).sum
	sum.Add(ghash.Element{}, maxGCM-32)
	if _, err := dec.Decrypt(ctx, nil, make([]byte, 48)); fault.CodeOf(err) != fault.EnvelopeTooLarge {
		t.Errorf("48 bytes where 32 are left: %v", err)
	}
	if _, err := dec.Decrypt(ctx, nil, make([]byte, 32)); err != nil {
		t.Errorf("the last 32 bytes: %v", err)
	}
	if _, err := dec.Decrypt(ctx, nil, make([]byte, 1)); fault.CodeOf(err) != fault.EnvelopeTooLarge {
		t.Errorf("a byte more: %v", err)
	}
}

// TestCBCCiphersRefuse: chunks behind the last one, and attributes, which CBC
// cannot authenticate.
func TestCBCCiphersRefuse(t *testing.T) {
	ctx := context.Background()
	key := ContentKey{AES256CBC, make([]byte, 32), make([]byte, 16)}
	enc, err := Native().Encrypter(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	defer enc.Close()
	if _, err := enc.Encrypt(ctx, nil, make([]byte, 17)); err != nil {
		t.Fatal(err)
	}
	if _, err := enc.Encrypt(ctx, nil, make([]byte, 16)); fault.CodeOf(err) != fault.Internal {
		t.Errorf("a chunk behind the last: %v", err)
	}
	rest, tag, err := enc.Finish(ctx, nil)
	if err != nil || len(rest) != 16 || tag != nil {
		t.Fatalf("%x, %x, %v", rest, tag, err)
	}
	for aad, code := range map[string]fault.Code{"": "", "attributes": fault.EnvelopeUnreadable} {
		dec, err := Native().Decrypter(ctx, ContentKey{AES256CBC, make([]byte, 32), make([]byte, 16)})
		if err != nil {
			t.Fatal(err)
		}
		sealed := encryptCBC(t, key, make([]byte, 20))
		out, err := dec.Decrypt(ctx, nil, sealed)
		if err == nil {
			_, err = dec.Finish(ctx, out, nil, []byte(aad))
		}
		if (err == nil) != (code == "") || err != nil && fault.CodeOf(err) != code {
			t.Errorf("attributes %q: %v", aad, err)
		}
		dec.Close()
	}
}

func encryptCBC(t *testing.T, key ContentKey, plain []byte) []byte {
	t.Helper()
	enc, err := Native().Encrypter(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer enc.Close()
	out, err := enc.Encrypt(t.Context(), nil, plain)
	if err == nil {
		out, _, err = enc.Finish(t.Context(), out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestMemoryKeyPowers: a key does what its kind can, and says so otherwise.
func TestMemoryKeyPowers(t *testing.T) {
	ctx := context.Background()
	own, err := certtest.ECKey(t, elliptic.P256()).ECDH()
	if err != nil {
		t.Fatal(err)
	}
	ec, r := memoryKey{ec: own}, memoryKey{rsa: certtest.RSAKey(t, 2048, 0)}
	for name, f := range map[string]func() error{
		"EC key, OAEP":                func() error { _, err := ec.Decrypt(ctx, RSAOAEPSHA256, make([]byte, 256)); return err },
		"EC key, PKCS#1":              func() error { return ec.DecryptSessionKey(ctx, make([]byte, 256), make([]byte, 32)) },
		"RSA key, agreement":          func() error { _, err := r.Agree(ctx, own.PublicKey().Bytes()); return err },
		"RSA key, PKCS#1 in the open": func() error { _, err := r.Decrypt(ctx, RSAPKCS1, make([]byte, 256)); return err },
	} {
		if err := f(); fault.CodeOf(err) != fault.MechanismMissing {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ec.Agree(ctx, []byte{4, 1, 2}); fault.CodeOf(err) != fault.EnvelopeUnreadable {
		t.Errorf("a point that is none: %v", err)
	}
}
