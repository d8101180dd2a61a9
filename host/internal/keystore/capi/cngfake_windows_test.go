package capi

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"math/big"
	"slices"
	"sync"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"

	"scelle/host/internal/keystore/keystoretest"
	"scelle/shared/envelope"
)

// fakeCNG is ncrypt.dll's software provider as Microsoft documents it, with
// Go's cryptography: what the store passes is read from memory as Windows
// reads it, and everything that is not as documented is refused. It proves
// structures, flags, byte orders and lifetimes, not Windows.
type fakeCNG struct {
	mu      sync.Mutex
	objects map[cngObject]any // open handles
	next    cngObject
	stored  map[string]crypto.Signer // by key name
}

type (
	fakeProvider struct{}
	fakeSecret   []byte
	fakeKey      struct {
		name    string
		private crypto.Signer
		public  *ecdh.PublicKey
		pending bool // imported and not finalized
		policy  bool // export policy was set
	}
)

// fakeProc is one function; it returns 0 or an NTE number.
type fakeProc func(a []uintptr) windows.Handle

func (fakeProc) Find() error { return nil }

func (f fakeProc) Call(a ...uintptr) (uintptr, uintptr, error) { return uintptr(f(a)), 0, nil }

func at[T any](address uintptr) *T { return (*T)(*(*unsafe.Pointer)(unsafe.Pointer(&address))) }

func bytesAt(address, n uintptr) []byte { return unsafe.Slice(at[byte](address), n) }

func textAt(address uintptr) string { return windows.UTF16PtrToString(at[uint16](address)) }

func newFakeCNG(t *testing.T) *fakeCNG {
	f := &fakeCNG{objects: map[cngObject]any{}, stored: map[string]crypto.Signer{}, next: 0x1000}
	t.Cleanup(func() {
		if len(f.objects) > 0 || len(f.stored) > 0 {
			t.Errorf("%d objects are open, %d keys are left", len(f.objects), len(f.stored))
		}
	})
	return f
}

func (f *fakeCNG) api() cngAPI {
	locked := func(call func(a []uintptr) windows.Handle) proc {
		return fakeProc(func(a []uintptr) windows.Handle {
			f.mu.Lock()
			defer f.mu.Unlock()
			return call(a)
		})
	}
	return cngAPI{
		openProvider: locked(f.openProvider), importKey: locked(f.importKey), setProperty: locked(f.setProperty),
		getProperty: locked(f.getProperty), finalizeKey: locked(f.finalizeKey), openKey: locked(f.openKey),
		deleteKey: locked(f.deleteKey), decrypt: locked(f.decrypt), agree: locked(f.agree), derive: locked(f.derive),
		free: locked(f.free), acquire: f.acquire,
	}
}

// open makes a handle. Call it with mu held, as all that follows.
func (f *fakeCNG) open(object any) cngObject {
	f.next += 8
	f.objects[f.next] = object
	return f.next
}

// object returns what a handle stands for.
func object[T any](f *fakeCNG, handle uintptr) (T, bool) {
	o, ok := f.objects[cngObject(handle)].(T)
	return o, ok
}

func (f *fakeCNG) openProvider(a []uintptr) windows.Handle {
	if textAt(a[1]) != softwareProvider || a[2] != 0 {
		return windows.NTE_INVALID_PARAMETER
	}
	*at[cngObject](a[0]) = f.open(fakeProvider{})
	return 0
}

func (f *fakeCNG) importKey(a []uintptr) windows.Handle {
	if _, ok := object[fakeProvider](f, a[0]); !ok {
		return windows.NTE_INVALID_HANDLE
	}
	blob := bytesAt(a[5], a[6])
	k := &fakeKey{}
	var err error
	switch kind := textAt(a[2]); {
	case a[1] != 0:
		return windows.NTE_INVALID_PARAMETER
	case kind == blobRSAFull:
		k.private, err = readRSA(blob)
	case kind == blobECPrivate:
		k.private, err = readEC(blob)
	case kind == blobECPublic:
		k.public, err = readPoint(blob)
	default:
		return windows.NTE_NOT_SUPPORTED
	}
	if err != nil {
		return windows.NTE_BAD_DATA
	}
	flags := uintptr(silent)
	if a[3] != 0 {
		flags |= doNotFinalize
		list := at[bufferList](a[3])
		name := unsafe.Slice((*uint16)(list.buffers.data), list.buffers.size/2)
		if list.version != 0 || list.count != 1 || list.buffers.kind != bufferKeyName || name[len(name)-1] != 0 {
			return windows.NTE_INVALID_PARAMETER
		}
		k.name, k.pending = windows.UTF16ToString(name), true
	}
	if a[7] != flags {
		return windows.NTE_BAD_FLAGS
	}
	*at[cngObject](a[4]) = f.open(k)
	return 0
}

func (f *fakeCNG) setProperty(a []uintptr) windows.Handle {
	k, ok := object[*fakeKey](f, a[0])
	switch {
	case !ok:
		return windows.NTE_INVALID_HANDLE
	case textAt(a[1]) != "Export Policy" || a[3] != 4 || *at[uint32](a[2]) != 0 || a[4] != persist|silent || !k.pending:
		return windows.NTE_INVALID_PARAMETER
	}
	k.policy = true
	return 0
}

func (f *fakeCNG) getProperty(a []uintptr) windows.Handle {
	if _, ok := object[*fakeKey](f, a[0]); !ok {
		return windows.NTE_INVALID_HANDLE
	}
	if textAt(a[1]) != "Provider Handle" || a[3] != unsafe.Sizeof(cngObject(0)) {
		return windows.NTE_NOT_SUPPORTED
	}
	*at[cngObject](a[2]), *at[uint32](a[4]) = f.open(fakeProvider{}), uint32(a[3])
	return 0
}

func (f *fakeCNG) finalizeKey(a []uintptr) windows.Handle {
	k, ok := object[*fakeKey](f, a[0])
	switch {
	case !ok:
		return windows.NTE_INVALID_HANDLE
	case !k.pending || !k.policy || a[1] != silent:
		return windows.NTE_INVALID_PARAMETER
	case f.stored[k.name] != nil:
		return windows.NTE_EXISTS
	}
	k.pending, f.stored[k.name] = false, k.private
	return 0
}

func (f *fakeCNG) openKey(a []uintptr) windows.Handle {
	if _, ok := object[fakeProvider](f, a[0]); !ok {
		return windows.NTE_INVALID_HANDLE
	}
	name := textAt(a[2])
	key, ok := f.stored[name]
	if !ok || a[3] != 0 || a[4] != silent {
		return windows.NTE_BAD_KEYSET
	}
	*at[cngObject](a[1]) = f.open(&fakeKey{name: name, private: key})
	return 0
}

func (f *fakeCNG) deleteKey(a []uintptr) windows.Handle {
	k, ok := object[*fakeKey](f, a[0])
	if !ok {
		return windows.NTE_INVALID_HANDLE
	}
	delete(f.stored, k.name)
	delete(f.objects, cngObject(a[0]))
	return 0
}

func (f *fakeCNG) free(a []uintptr) windows.Handle {
	if f.objects[cngObject(a[0])] == nil {
		return windows.NTE_INVALID_HANDLE
	}
	delete(f.objects, cngObject(a[0]))
	return 0
}

func (f *fakeCNG) decrypt(a []uintptr) windows.Handle {
	k, ok := object[*fakeKey](f, a[0])
	if !ok {
		return windows.NTE_INVALID_HANDLE
	}
	private, ok := k.private.(*rsa.PrivateKey)
	if !ok || k.pending || a[2] != uintptr(private.Size()) || a[5] < a[2] {
		return windows.NTE_INVALID_PARAMETER
	}
	var plain []byte
	var err error
	switch a[7] &^ silent {
	case padPKCS1:
		//lint:ignore SA1019 it is what Windows does
		plain, err = rsa.DecryptPKCS1v15(nil, private, bytesAt(a[1], a[2]))
	case padOAEP:
		info := at[oaepInfo](a[3])
		hash, known := map[string]crypto.Hash{"SHA1": crypto.SHA1, "SHA256": crypto.SHA256, "SHA384": crypto.SHA384, "SHA512": crypto.SHA512}[windows.UTF16PtrToString(info.hash)]
		if !known || info.label != nil || info.labelSize != 0 {
			return windows.NTE_NOT_SUPPORTED
		}
		plain, err = rsa.DecryptOAEP(hash.New(), nil, private, bytesAt(a[1], a[2]), nil)
	default:
		return windows.NTE_BAD_FLAGS
	}
	if err != nil {
		return windows.NTE_INVALID_PARAMETER
	}
	*at[uint32](a[6]) = uint32(copy(bytesAt(a[4], a[5]), plain))
	return 0
}

func (f *fakeCNG) agree(a []uintptr) windows.Handle {
	own, ok1 := object[*fakeKey](f, a[0])
	peer, ok2 := object[*fakeKey](f, a[1])
	if !ok1 || !ok2 {
		return windows.NTE_INVALID_HANDLE
	}
	private, ok := own.private.(*ecdsa.PrivateKey)
	if !ok || peer.public == nil || own.pending {
		return windows.NTE_INVALID_PARAMETER
	}
	z, err := must(private.ECDH()).ECDH(peer.public)
	if err != nil {
		return windows.NTE_INVALID_PARAMETER
	}
	*at[cngObject](a[2]) = f.open(fakeSecret(z))
	return 0
}

func (f *fakeCNG) derive(a []uintptr) windows.Handle {
	z, ok := object[fakeSecret](f, a[0])
	switch {
	case !ok:
		return windows.NTE_INVALID_HANDLE
	case textAt(a[1]) != "TRUNCATE" || a[2] != 0 || a[6] != 0 || a[4] != uintptr(len(z)):
		return windows.NTE_INVALID_PARAMETER
	}
	little := slices.Clone(z)
	slices.Reverse(little)
	*at[uint32](a[5]) = uint32(copy(bytesAt(a[3], a[4]), little))
	return 0
}

// acquire is CryptAcquireCertificatePrivateKey for keys of this provider.
func (f *fakeCNG) acquire(c *windows.CertContext, flags uint32, parameters unsafe.Pointer, handle *windows.Handle, spec *uint32, owned *bool) error {
	l, has := locationOf(c)
	if !has || l.kind != 0 || l.provider != softwareProvider || l.spec != 0 {
		return windows.CryptAcquireCertificatePrivateKey(c, flags, parameters, handle, spec, owned)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key, ok := f.stored[l.container]
	if !ok || flags&windows.CRYPT_ACQUIRE_PREFER_NCRYPT_KEY_FLAG == 0 {
		return windows.Errno(windows.NTE_BAD_KEYSET)
	}
	*handle, *spec, *owned = windows.Handle(f.open(&fakeKey{name: l.container, private: key})), keySpecCNG, true
	return nil
}

var errBlob = errors.New("bad blob")

// numbers reads 32-bit numbers from the beginning of a blob.
func numbers(blob []byte, n int) (out []int, rest []byte, err error) {
	if len(blob) < 4*n {
		return nil, nil, errBlob
	}
	for i := range n {
		out = append(out, int(binary.LittleEndian.Uint32(blob[4*i:])))
	}
	return out, blob[4*n:], nil
}

// readRSA reads a BCRYPT_RSAFULLPRIVATE_BLOB and checks all its numbers.
func readRSA(blob []byte) (crypto.Signer, error) {
	head, rest, err := numbers(blob, 6)
	if err != nil || head[0] != magicRSAFull || len(rest) != head[2]+2*head[3]+3*head[4]+2*head[5] {
		return nil, errBlob
	}
	take := func(n int) *big.Int {
		v := new(big.Int).SetBytes(rest[:n])
		rest = rest[n:]
		return v
	}
	e, n, p, q := take(head[2]), take(head[3]), take(head[4]), take(head[5])
	dp, dq, inverse, d := take(head[4]), take(head[5]), take(head[4]), take(head[3])
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: int(e.Int64())}, D: d, Primes: []*big.Int{p, q}}
	key.Precompute()
	if key.Validate() != nil || n.BitLen() != head[1] || key.Precomputed.Dp.Cmp(dp) != 0 || key.Precomputed.Dq.Cmp(dq) != 0 || key.Precomputed.Qinv.Cmp(inverse) != 0 {
		return nil, errBlob
	}
	return key, nil
}

// curveOf reads the head of a BCRYPT_ECCKEY_BLOB, of a private key if private.
func curveOf(blob []byte, private bool) (elliptic.Curve, []byte, error) {
	head, rest, err := numbers(blob, 2)
	if err != nil {
		return nil, nil, err
	}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		magic, n, _ := curveMagic(curve)
		parts := 2
		if private {
			magic += privateMagic
			parts = 3
		}
		if head[0] == int(magic) && head[1] == n && len(rest) == parts*n {
			return curve, rest, nil
		}
	}
	return nil, nil, errBlob
}

func readEC(blob []byte) (crypto.Signer, error) {
	curve, rest, err := curveOf(blob, true)
	if err != nil {
		return nil, err
	}
	n := len(rest) / 3
	key, err := ecdsa.ParseRawPrivateKey(curve, rest[2*n:])
	if err != nil || !bytes.Equal(must(key.PublicKey.Bytes())[1:], rest[:2*n]) {
		return nil, errBlob
	}
	return key, nil
}

func readPoint(blob []byte) (*ecdh.PublicKey, error) {
	curve, rest, err := curveOf(blob, false)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, append([]byte{4}, rest...))
	if err != nil {
		return nil, err
	}
	return key.ECDH()
}

// TestConformanceCNG runs the whole suite on the CNG path.
func TestConformanceCNG(t *testing.T) {
	keystoretest.Run(t, keystoretest.Subject{
		New: func(t *testing.T) keystoretest.Place {
			cng := newFakeCNG(t) // its check comes after the place's own
			p := newPlace(t)
			p.cng = cng
			if m := p.unchecked(t).mechanisms(); !slices.Contains(m, envelope.ECDH) || !slices.Contains(m, envelope.RSAOAEPSHA512) {
				t.Fatalf("with CNG, %v", m)
			}
			return p
		},
		Persistent: true,
	})
}
