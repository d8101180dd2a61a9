package capi

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"

	"scelle/shared/certtest"
)

// bcrypt.dll takes the same blobs and padding structures as ncrypt.dll, and
// Wine has more of it: what is checked here is what the CNG path hands over.

//go:uintptrescapes
func bcrypt(t *testing.T, name string, args ...uintptr) error {
	t.Helper()
	p := windows.NewLazySystemDLL("bcrypt.dll").NewProc(name)
	if err := p.Find(); err != nil {
		t.Skipf("%s is not here", name)
	}
	if r, _, _ := p.Call(args...); uint32(r) != 0 {
		return windows.NTStatus(uint32(r))
	}
	return nil
}

func text(t *testing.T, s string) uintptr {
	t.Helper()
	p, err := windows.UTF16PtrFromString(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { runtime.KeepAlive(p) })
	return uintptr(unsafe.Pointer(p))
}

// bcryptKey imports a key blob.
func bcryptKey(t *testing.T, algorithm, importer, kind string, blob []byte) uintptr {
	t.Helper()
	var provider, key uintptr
	if err := bcrypt(t, "BCryptOpenAlgorithmProvider", uintptr(unsafe.Pointer(&provider)), text(t, algorithm), 0, 0); err != nil {
		t.Fatalf("%s: %v", algorithm, err)
	}
	t.Cleanup(func() { _ = bcrypt(t, "BCryptCloseAlgorithmProvider", provider, 0) })
	if err := bcrypt(t, importer, provider, 0, text(t, kind), uintptr(unsafe.Pointer(&key)), uintptr(unsafe.Pointer(&blob[0])), uintptr(len(blob)), 0); err != nil {
		t.Fatalf("%s does not take the %s: %v", importer, kind, err)
	}
	t.Cleanup(func() { _ = bcrypt(t, "BCryptDestroyKey", key) })
	return key
}

// TestRSABlobOpens decrypts with the key of cngRSA's blob, by the flags and
// the padding structure that decryptCNG passes.
func TestRSABlobOpens(t *testing.T) {
	for _, bits := range []int{2048, 3072, 4096} {
		private := certtest.RSAKey(t, bits, 0)
		key := bcryptKey(t, "RSA", "BCryptImportKeyPair", blobRSAFull, cngRSA(private))
		want := make([]byte, 32)
		rand.Read(want)
		//lint:ignore SA1019 envelopes of old writers are made for the test
		pkcs1 := must(rsa.EncryptPKCS1v15(rand.Reader, &private.PublicKey, want))
		if got, err := bcryptDecrypt(t, key, nil, padPKCS1, pkcs1); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bits, PKCS#1 v1.5: %x, %v", bits, got, err)
		}
		for name, hash := range map[string]crypto.Hash{"SHA1": crypto.SHA1, "SHA256": crypto.SHA256} {
			oaep := must(rsa.EncryptOAEP(hash.New(), rand.Reader, &private.PublicKey, want, nil))
			info := &oaepInfo{hash: must(windows.UTF16PtrFromString(name))}
			got, err := bcryptDecrypt(t, key, unsafe.Pointer(info), padOAEP, oaep)
			if err != nil && underWine() { // before Wine 9, and with SHA-1 later too
				t.Logf("%d bits, OAEP with %s is not in this Wine: %v", bits, name, err)
				continue
			}
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bits, OAEP with %s: %x, %v", bits, name, got, err)
			}
		}
	}
}

func bcryptDecrypt(t *testing.T, key uintptr, padding unsafe.Pointer, flags uintptr, in []byte) ([]byte, error) {
	t.Helper()
	out := make([]byte, len(in))
	var n uint32
	err := bcrypt(t, "BCryptDecrypt", key, uintptr(unsafe.Pointer(&in[0])), uintptr(len(in)), uintptr(padding), 0, 0,
		uintptr(unsafe.Pointer(&out[0])), uintptr(len(out)), uintptr(unsafe.Pointer(&n)), flags)
	return out[:min(int(n), len(out))], err
}

// TestECBlobsAgree: bcrypt takes the blobs of cngEC and cngPoint, and gives the
// latter back as they were. ECDH itself, where bcrypt has it, gives the number
// that crypto/ecdh gives.
func TestECBlobsAgree(t *testing.T) {
	for name, curve := range map[string]elliptic.Curve{"ECDH_P256": elliptic.P256(), "ECDH_P384": elliptic.P384(), "ECDH_P521": elliptic.P521()} {
		t.Run(name, func(t *testing.T) {
			if curve == elliptic.P521() && underWine() {
				t.Skip("this Wine has no P-521")
			}
			own, peer := certtest.ECKey(t, curve), certtest.ECKey(t, curve)
			point := must(peer.PublicKey.Bytes())
			private := bcryptKey(t, name, "BCryptImportKeyPair", blobECPrivate, must(cngEC(own)))
			public := bcryptKey(t, name, "BCryptImportKeyPair", blobECPublic, must(cngPoint(curve, point)))
			sameExport(t, public, blobECPublic, must(cngPoint(curve, point)))
			var secret uintptr
			if err := bcrypt(t, "BCryptSecretAgreement", private, public, uintptr(unsafe.Pointer(&secret)), 0); err != nil && underWine() {
				t.Logf("BCryptSecretAgreement is not in this Wine: %v", err)
				return
			}
			defer func() { _ = bcrypt(t, "BCryptDestroySecret", secret) }()
			z := make([]byte, (curve.Params().BitSize+7)/8)
			var n uint32
			err := bcrypt(t, "BCryptDeriveKey", secret, text(t, "TRUNCATE"), 0, uintptr(unsafe.Pointer(&z[0])), uintptr(len(z)), uintptr(unsafe.Pointer(&n)), 0)
			if err != nil && underWine() {
				t.Logf("BCryptDeriveKey is not in this Wine: %v", err)
				return
			}
			slices.Reverse(z)
			if want := agreed(own, peer); err != nil || !bytes.Equal(z, want) {
				t.Errorf("agreed on %x, %v, want %x", z, err, want)
			}
		})
	}
}

func agreed(own, peer *ecdsa.PrivateKey) []byte {
	return must(must(own.ECDH()).ECDH(must(peer.PublicKey.ECDH())))
}

func sameExport(t *testing.T, key uintptr, kind string, want []byte) {
	t.Helper()
	out := make([]byte, len(want))
	var n uint32
	err := bcrypt(t, "BCryptExportKey", key, 0, text(t, kind), uintptr(unsafe.Pointer(&out[0])), uintptr(len(out)), uintptr(unsafe.Pointer(&n)), 0)
	if err != nil || !bytes.Equal(out[:n], want) {
		t.Errorf("exported %x, %v, want %x", out[:n], err, want)
	}
}

// underWine says whether this Windows is Wine, by a function that only it has.
func underWine() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
}
