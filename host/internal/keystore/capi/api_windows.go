package capi

import (
	"errors"
	"runtime"
	"unsafe"

	"golang.org/x/sys/windows"
)

// What golang.org/x/sys/windows does not have. All libraries are Windows's
// own, loaded from the system directory only, when first used.
var (
	crypt32  = windows.NewLazySystemDLL("crypt32.dll")
	advapi32 = windows.NewLazySystemDLL("advapi32.dll")
	ncrypt   = windows.NewLazySystemDLL("ncrypt.dll")

	procGetProperty  = crypt32.NewProc("CertGetCertificateContextProperty")
	procSetProperty  = crypt32.NewProc("CertSetCertificateContextProperty")
	procControlStore = crypt32.NewProc("CertControlStore")
	procOpenStore    = crypt32.NewProc("CertOpenStore")

	procImportKey  = advapi32.NewProc("CryptImportKey")
	procGetUserKey = advapi32.NewProc("CryptGetUserKey")
	procDestroyKey = advapi32.NewProc("CryptDestroyKey")
	procDecrypt    = advapi32.NewProc("CryptDecrypt")
)

// Numbers of wincrypt.h and ncrypt.h that are not in x/sys.
const (
	propKeyInfo      = 2  // CERT_KEY_PROV_INFO_PROP_ID
	propFriendlyName = 11 // CERT_FRIENDLY_NAME_PROP_ID

	storeCommit   = 3          // CERT_STORE_CTRL_COMMIT
	commitForce   = 1          // CERT_STORE_CTRL_COMMIT_FORCE_FLAG
	provRegistry  = 13         // CERT_STORE_PROV_SYSTEM_REGISTRY_W
	storeDelete   = 0x10       // CERT_STORE_DELETE_FLAG
	encodingX509  = 1          // X509_ASN_ENCODING
	exchangeKey   = 1          // AT_KEYEXCHANGE
	keySpecCNG    = 0xffffffff // CERT_NCRYPT_KEY_SPEC
	deleteKeySet  = 0x10       // CRYPT_DELETEKEYSET
	silent        = 0x40       // CRYPT_SILENT, NCRYPT_SILENT_FLAG
	machineKeySet = 0x20       // CRYPT_MACHINE_KEYSET, NCRYPT_MACHINE_KEY_FLAG

	cryptOAEP      = 0x40 // CRYPT_OAEP
	cryptNoPadding = 0x20 // CRYPT_DECRYPT_RSA_NO_PADDING_CHECK

	padPKCS1      = 2          // NCRYPT_PAD_PKCS1_FLAG
	padOAEP       = 4          // NCRYPT_PAD_OAEP_FLAG
	doNotFinalize = 0x400      // NCRYPT_DO_NOT_FINALIZE_FLAG
	persist       = 0x80000000 // NCRYPT_PERSIST_FLAG
	bufferKeyName = 45         // NCRYPTBUFFER_PKCS_KEY_NAME
)

// Errors that are not in x/sys as syscall.Errno.
const (
	errFileExists   = windows.Errno(windows.CRYPT_E_EXISTS)
	errNotFound     = windows.Errno(windows.CRYPT_E_NOT_FOUND)
	errNotSupported = windows.Errno(windows.NTE_NOT_SUPPORTED)
)

// keyInfo is CRYPT_KEY_PROV_INFO: where Windows keeps a certificate's key.
type keyInfo struct {
	container  *uint16
	provider   *uint16
	kind       uint32 // of the CryptoAPI provider; 0 is a CNG provider
	flags      uint32
	parameters uint32
	_          *byte
	spec       uint32
}

// buffer is NCryptBuffer, bufferList NCryptBufferDesc.
type (
	buffer struct {
		size uint32
		kind uint32
		data unsafe.Pointer
	}
	bufferList struct {
		version uint32
		count   uint32
		buffers *buffer
	}
)

// oaepInfo is BCRYPT_OAEP_PADDING_INFO.
type oaepInfo struct {
	hash      *uint16
	label     *byte
	labelSize uint32
}

// utf16 is for the names that Windows gives things, which have no zero in them.
func utf16(name string) *uint16 {
	p, _ := windows.UTF16PtrFromString(name)
	return p
}

// call calls a function that returns a BOOL and sets the last error, which
// SyscallN reads on the same thread. The directive keeps alive, and in place,
// what arguments point to.
//
//go:uintptrescapes
func call(p *windows.LazyProc, args ...uintptr) error {
	if err := p.Find(); err != nil {
		return errNotSupported
	}
	if r, _, err := p.Call(args...); r == 0 {
		if errors.Is(err, windows.ERROR_SUCCESS) {
			return windows.ERROR_GEN_FAILURE
		}
		return err
	}
	return nil
}

// proc is a function of Windows, or of a test.
type proc interface {
	Find() error
	Call(args ...uintptr) (r1, r2 uintptr, lastErr error)
}

// cngAPI is what is used of CNG. Tests put functions of their own in its place
// where Windows is Wine, which has only stubs of most.
type cngAPI struct {
	openProvider, importKey, setProperty, getProperty, finalizeKey, openKey, deleteKey proc
	decrypt, agree, derive, free                                                       proc

	// acquire finds a certificate's key, of CNG or not.
	acquire func(c *windows.CertContext, flags uint32, parameters unsafe.Pointer, handle *windows.Handle, spec *uint32, owned *bool) error
}

func windowsCNG() cngAPI {
	return cngAPI{
		openProvider: ncrypt.NewProc("NCryptOpenStorageProvider"), importKey: ncrypt.NewProc("NCryptImportKey"),
		setProperty: ncrypt.NewProc("NCryptSetProperty"), getProperty: ncrypt.NewProc("NCryptGetProperty"),
		finalizeKey: ncrypt.NewProc("NCryptFinalizeKey"), openKey: ncrypt.NewProc("NCryptOpenKey"),
		deleteKey: ncrypt.NewProc("NCryptDeleteKey"), decrypt: ncrypt.NewProc("NCryptDecrypt"),
		agree: ncrypt.NewProc("NCryptSecretAgreement"), derive: ncrypt.NewProc("NCryptDeriveKey"),
		free: ncrypt.NewProc("NCryptFreeObject"), acquire: windows.CryptAcquireCertificatePrivateKey,
	}
}

// status calls a function of ncrypt, which returns its error.
//
//go:uintptrescapes
func status(p proc, args ...uintptr) error {
	if err := p.Find(); err != nil {
		return errNotSupported
	}
	if r, _, _ := p.Call(args...); uint32(r) != 0 {
		return windows.Errno(uint32(r))
	}
	return nil
}

// property reads a property of a certificate, nil when it has none. The result
// is aligned for structures, and its last element is a zero that ends a text.
func property(c *windows.CertContext, id uint32) []uint64 {
	var size uint32
	if call(procGetProperty, uintptr(unsafe.Pointer(c)), uintptr(id), 0, uintptr(unsafe.Pointer(&size))) != nil {
		return nil
	}
	b := make([]uint64, int(size)/8+2)
	if call(procGetProperty, uintptr(unsafe.Pointer(c)), uintptr(id), uintptr(unsafe.Pointer(&b[0])), uintptr(unsafe.Pointer(&size))) != nil {
		return nil
	}
	return b
}

// hasProperty asks for a property without reading it.
func hasProperty(c *windows.CertContext, id uint32) bool {
	var size uint32
	return call(procGetProperty, uintptr(unsafe.Pointer(c)), uintptr(id), 0, uintptr(unsafe.Pointer(&size))) == nil
}

func setProperty(c *windows.CertContext, id uint32, value unsafe.Pointer) error {
	return call(procSetProperty, uintptr(unsafe.Pointer(c)), uintptr(id), 0, uintptr(value))
}

// setName sets the friendly name. The structure is CRYPT_DATA_BLOB.
func setName(c *windows.CertContext, name string) error {
	text, err := windows.UTF16FromString(name)
	if err != nil {
		return err
	}
	blob := windows.DataBlob{Size: uint32(2 * len(text)), Data: (*byte)(unsafe.Pointer(&text[0]))}
	return setProperty(c, propFriendlyName, unsafe.Pointer(&blob))
}

func friendlyName(c *windows.CertContext) string {
	b := property(c, propFriendlyName)
	if b == nil {
		return ""
	}
	return windows.UTF16PtrToString((*uint16)(unsafe.Pointer(&b[0])))
}

// location is keyInfo as Go values. Key containers have names that say nothing
// about the key.
type location struct {
	container, provider string
	kind, flags, spec   uint32
}

// locationOf reads where a certificate's key is, false when it has none.
func locationOf(c *windows.CertContext) (location, bool) {
	b := property(c, propKeyInfo)
	if len(b)*8 < int(unsafe.Sizeof(keyInfo{})) {
		return location{}, false
	}
	// The texts lie behind the structure, in the same memory.
	info := (*keyInfo)(unsafe.Pointer(&b[0]))
	l := location{
		container: windows.UTF16PtrToString(info.container), provider: windows.UTF16PtrToString(info.provider),
		kind: info.kind, flags: info.flags, spec: info.spec,
	}
	runtime.KeepAlive(b)
	return l, true
}

// setLocation ties a certificate to its key.
func setLocation(c *windows.CertContext, l location) error {
	container, err := windows.UTF16PtrFromString(l.container)
	if err != nil {
		return err
	}
	provider, err := windows.UTF16PtrFromString(l.provider)
	if err != nil {
		return err
	}
	info := keyInfo{container: container, provider: provider, kind: l.kind, flags: l.flags, spec: l.spec}
	return setProperty(c, propKeyInfo, unsafe.Pointer(&info))
}
