package capi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/keystoretest"
)

// place is a system store that one test has for itself. Neither Personal nor a
// key of the user is touched, on Windows as under Wine.
type place struct {
	name string
	cng  *fakeCNG // in the place of Windows's, nil for Windows's own
}

func newPlace(t *testing.T) *place {
	t.Helper()
	random := make([]byte, 8)
	if _, err := rand.Read(random); err != nil {
		t.Fatal(err)
	}
	p := &place{name: "ScelleTest-" + hex.EncodeToString(random)}
	before := containers(t)
	t.Cleanup(func() {
		p.empty(t)
		if err := Remove(p.name); err != nil {
			t.Errorf("Remove: %v", err)
		}
		if after := containers(t); !slices.Equal(after, before) {
			t.Errorf("key containers were %q, are %q", before, after)
		}
	})
	return p
}

// Open implements keystoretest.Place.
func (p *place) Open(t *testing.T) keystore.Store { return p.open(t) }

// open opens the store; when the test ends, it must hold nothing of Windows.
func (p *place) open(t *testing.T) *store {
	t.Helper()
	s := p.unchecked(t)
	t.Cleanup(func() {
		if n := s.held.Load(); n != 0 {
			t.Errorf("%d contexts and handles were not given back", n)
		}
	})
	return s
}

func (p *place) unchecked(t *testing.T) *store {
	t.Helper()
	opened, err := Open(Options{Store: p.name})
	if err != nil {
		t.Fatal(err)
	}
	s := opened.(*store)
	if p.cng != nil {
		s.api = p.cng.api()
		s.cng = s.api.abilities()
	}
	return s
}

func (p *place) empty(t *testing.T) {
	t.Helper()
	s := p.unchecked(t)
	defer s.Close()
	ctx := context.WithoutCancel(t.Context()) // in a Cleanup the test's own has ended
	list, err := s.List(ctx)
	if err != nil {
		t.Errorf("emptying: %v", err)
	}
	for _, e := range list {
		if err := s.Delete(ctx, e.URI); err != nil {
			t.Errorf("emptying, %s: %v", e.Name, err)
		}
	}
}

// AddCertificate implements keystoretest.Place with Windows's own functions.
func (p *place) AddCertificate(t *testing.T, _ keystore.Store, der []byte, name string) {
	t.Helper()
	store := p.system(t)
	defer windows.CertCloseStore(store, 0)
	c, err := windows.CertCreateCertificateContext(encodingX509, &der[0], uint32(len(der)))
	if err != nil {
		t.Fatalf("CertCreateCertificateContext: %v", err)
	}
	defer windows.CertFreeCertificateContext(c)
	if err := setName(c, name); err != nil {
		t.Fatal(err)
	}
	if err := windows.CertAddCertificateContextToStore(store, c, windows.CERT_STORE_ADD_ALWAYS, nil); err != nil {
		t.Fatalf("CertAddCertificateContextToStore: %v", err)
	}
}

// system opens the system store for writing.
func (p *place) system(t *testing.T) windows.Handle {
	t.Helper()
	name, err := windows.UTF16PtrFromString(p.name)
	if err != nil {
		t.Fatal(err)
	}
	store, err := windows.CertOpenStore(windows.CERT_STORE_PROV_SYSTEM, 0, 0, windows.CERT_SYSTEM_STORE_CURRENT_USER, uintptr(unsafe.Pointer(name)))
	if err != nil {
		t.Fatalf("CertOpenStore: %v", err)
	}
	return store
}

// containers are the key containers of this product, in both kinds of
// provider, sorted.
func containers(t *testing.T) []string {
	t.Helper()
	all := append(cryptoAPIContainers(t), cngContainers(t)...)
	all = slices.DeleteFunc(all, func(name string) bool { return !strings.HasPrefix(name, containerPrefix) })
	slices.Sort(all)
	return slices.Compact(all) // Windows lists a CryptoAPI key in CNG too
}

func cryptoAPIContainers(t *testing.T) []string {
	t.Helper()
	provider, err := windows.UTF16PtrFromString(cryptoAPIProvider)
	if err != nil {
		t.Fatal(err)
	}
	var h windows.Handle
	if err := windows.CryptAcquireContext(&h, nil, provider, cryptoAPIKind, windows.CRYPT_VERIFYCONTEXT); err != nil {
		t.Fatalf("CryptAcquireContext: %v", err)
	}
	defer windows.CryptReleaseContext(h, 0)
	getParameter := advapi32.NewProc("CryptGetProvParam")
	var names []string
	const enumContainers, first, next = 2, 1, 2
	for flag := uintptr(first); ; flag = next {
		name := make([]byte, 512)
		n := uint32(len(name))
		err := call(getParameter, uintptr(h), enumContainers, uintptr(unsafe.Pointer(&name[0])), uintptr(unsafe.Pointer(&n)), flag)
		if is(err, windows.Handle(windows.ERROR_NO_MORE_ITEMS)) {
			return names
		}
		if err != nil {
			t.Fatalf("CryptGetProvParam: %v", err)
		}
		names = append(names, windows.ByteSliceToString(name))
	}
}

// cngContainers lists by NCryptEnumKeys, nothing where CNG does not work.
func cngContainers(t *testing.T) []string {
	t.Helper()
	if !windowsCNG().abilities().decrypt {
		return nil
	}
	s := &store{api: windowsCNG()}
	provider, err := s.openProvider(softwareProvider)
	if err != nil {
		t.Fatalf("NCryptOpenStorageProvider: %v", err)
	}
	defer s.freeCNG(provider)
	enumerate, freeBuffer := ncrypt.NewProc("NCryptEnumKeys"), ncrypt.NewProc("NCryptFreeBuffer")
	var names []string
	var state uintptr
	defer func() { _ = status(freeBuffer, state) }()
	for {
		var name *struct{ name, algorithm *uint16 } // NCryptKeyName begins so
		err := status(enumerate, uintptr(provider), 0, uintptr(unsafe.Pointer(&name)), uintptr(unsafe.Pointer(&state)), silent)
		if is(err, windows.NTE_NO_MORE_ITEMS) {
			return names
		}
		if err != nil {
			t.Fatalf("NCryptEnumKeys: %v", err)
		}
		names = append(names, windows.UTF16PtrToString(name.name))
		_ = status(freeBuffer, uintptr(unsafe.Pointer(name)))
	}
}

func TestConformance(t *testing.T) {
	keystoretest.Run(t, keystoretest.Subject{
		New:        func(t *testing.T) keystoretest.Place { return newPlace(t) },
		Persistent: true,
	})
}
