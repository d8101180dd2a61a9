//go:build darwin || linux

package keychain

import (
	"unsafe"

	"github.com/ebitengine/purego"

	"scelle/shared/fault"
)

// ref is a CFTypeRef of any type, or another pointer of the frameworks; 0 is
// NULL. Whether this process owns one of its references is said by the name
// of the function it came from (Core Foundation's Create and Get rules), and
// kept track of by pool.
type ref uintptr

// frameworks is what the store uses of Core Foundation and Security, and
// nothing else in this package calls C. Names are those of the C functions
// without their prefix; argument and result types are those of the C headers
// of macOS 12, on 64-bit systems: CFIndex is int, CFTypeID uint, OSStatus
// int32, Boolean uint8 or bool.
type frameworks struct {
	retain             func(ref) ref
	release            func(ref)
	typeOf             func(ref) uint
	arrayType          func() uint
	dataType           func() uint
	dictionaryType     func() uint
	stringType         func() uint
	dataCreate         func(allocator ref, bytes *byte, length int) ref
	dataBytes          func(ref) unsafe.Pointer
	dataLength         func(ref) int
	stringCreate       func(allocator ref, bytes *byte, length int, encoding uint32, external bool) ref
	stringToData       func(allocator, text ref, encoding uint32, loss uint8) ref
	numberCreate       func(allocator ref, kind int, value *int32) ref
	arrayCreate        func(allocator ref, values *ref, length int, callbacks ref) ref
	arrayCount         func(ref) int
	arrayAt            func(array ref, index int) ref
	dictionaryCreate   func(allocator ref, keys, values *ref, length int, onKeys, onValues ref) ref
	dictionaryValue    func(dictionary, key ref) ref
	errorCode          func(ref) int
	errorDomain        func(ref) ref
	itemCopyMatching   func(query ref, result *ref) int32
	itemAdd            func(attributes ref, result *ref) int32
	itemUpdate         func(query, attributes ref) int32
	itemDelete         func(query ref) int32
	itemImport         func(data, name ref, format, kind *uint32, flags uint32, parameters *keyParameters, keychain ref, items *ref) int32
	accessCreate       func(description, trusted ref, access *ref) int32
	keychainDefault    func(keychain *ref) int32
	keychainPath       func(keychain ref, length *uint32, path *byte) int32
	certificateType    func() uint
	certificateCreate  func(allocator, data ref) ref
	certificateData    func(certificate ref) ref
	keyType            func() uint
	keyCreate          func(data, attributes ref, fault *ref) ref
	keySupports        func(key ref, operation int, algorithm ref) bool
	keyDecrypt         func(key, algorithm, ciphertext ref, fault *ref) ref
	keyExchange        func(key, algorithm, public, parameters ref, fault *ref) ref
	constants          constants
	arrayCallbacks     ref // the address of a struct, as are the next two
	dictionaryOnKeys   ref
	dictionaryOnValues ref
}

// constants are objects that live as long as the frameworks.
type constants struct {
	yes                                                       ref
	class, classCertificate, classKey                         ref
	keyClass, keyClassPrivate, keyClassPublic                 ref
	keyType, keyTypeEC, keySize                               ref
	label, applicationLabel, permanent, sensitive             ref
	matchLimit, matchAll, matchItems                          ref
	returnRef, returnAttributes, valueRef, useKeychain        ref
	pkcs1, oaepSHA1, oaepSHA256, oaepSHA384, oaepSHA512, ecdh ref
}

// keyParameters is SecItemImportExportKeyParameters (SecImportExport.h).
type keyParameters struct {
	version, flags                                             uint32
	passphrase, alertTitle, alertPrompt, access, usage, traits ref
}

// Numbers of the headers.
const (
	utf8            = 0x08000100 // kCFStringEncodingUTF8
	number32        = 3          // kCFNumberSInt32Type
	formatOpenSSL   = 1          // kSecFormatOpenSSL: PKCS#1 for RSA, SEC 1 for EC
	typePrivateKey  = 1          // kSecItemTypePrivateKey
	toDecrypt       = 3          // kSecKeyOperationTypeDecrypt
	toExchange      = 4          // kSecKeyOperationTypeKeyExchange
	itemNotFound    = -25300     // errSecItemNotFound
	duplicateItem   = -25299     // errSecDuplicateItem
	noDefault       = -25307     // errSecNoDefaultKeychain
	notInteractive  = -25308     // errSecInteractionNotAllowed
	authFailed      = -25293     // errSecAuthFailed
	userCanceled    = -128       // errSecUserCanceled
	writePermission = -61        // errSecWrPerm
	readOnly        = -25292     // errSecReadOnly
	invalidItem     = -25304     // errSecInvalidItemRef
	tokenCanceled   = -4         // TKErrorCodeCanceledByUser, in the domain CryptoTokenKit
	tokenPIN        = -5         // TKErrorCodeAuthenticationFailed
	tokenGone       = -7         // TKErrorCodeTokenNotFound
)

// symbol is one name to look up, and where it goes.
type symbol struct {
	name string
	to   any // a pointer to a func, or *ref for a constant
}

func (f *frameworks) coreFoundation() []symbol {
	return []symbol{
		{"CFRetain", &f.retain}, {"CFRelease", &f.release}, {"CFGetTypeID", &f.typeOf},
		{"CFArrayGetTypeID", &f.arrayType}, {"CFDataGetTypeID", &f.dataType},
		{"CFDictionaryGetTypeID", &f.dictionaryType}, {"CFStringGetTypeID", &f.stringType},
		{"CFDataCreate", &f.dataCreate}, {"CFDataGetBytePtr", &f.dataBytes}, {"CFDataGetLength", &f.dataLength},
		{"CFStringCreateWithBytes", &f.stringCreate}, {"CFStringCreateExternalRepresentation", &f.stringToData},
		{"CFNumberCreate", &f.numberCreate}, {"CFArrayCreate", &f.arrayCreate},
		{"CFArrayGetCount", &f.arrayCount}, {"CFArrayGetValueAtIndex", &f.arrayAt},
		{"CFDictionaryCreate", &f.dictionaryCreate}, {"CFDictionaryGetValue", &f.dictionaryValue},
		{"CFErrorGetCode", &f.errorCode}, {"CFErrorGetDomain", &f.errorDomain},
		{"kCFBooleanTrue", &f.constants.yes},
	}
}

func (f *frameworks) security() []symbol {
	return []symbol{
		{"SecItemCopyMatching", &f.itemCopyMatching}, {"SecItemAdd", &f.itemAdd},
		{"SecItemUpdate", &f.itemUpdate}, {"SecItemDelete", &f.itemDelete}, {"SecItemImport", &f.itemImport},
		{"SecAccessCreate", &f.accessCreate}, {"SecKeychainCopyDefault", &f.keychainDefault},
		{"SecKeychainGetPath", &f.keychainPath}, {"SecCertificateGetTypeID", &f.certificateType},
		{"SecCertificateCreateWithData", &f.certificateCreate}, {"SecCertificateCopyData", &f.certificateData},
		{"SecKeyGetTypeID", &f.keyType}, {"SecKeyCreateWithData", &f.keyCreate},
		{"SecKeyIsAlgorithmSupported", &f.keySupports}, {"SecKeyCreateDecryptedData", &f.keyDecrypt},
		{"SecKeyCopyKeyExchangeResult", &f.keyExchange},
	}
}

func (c *constants) security() []symbol {
	return []symbol{
		{"kSecClass", &c.class}, {"kSecClassCertificate", &c.classCertificate}, {"kSecClassKey", &c.classKey},
		{"kSecAttrKeyClass", &c.keyClass}, {"kSecAttrKeyClassPrivate", &c.keyClassPrivate},
		{"kSecAttrKeyClassPublic", &c.keyClassPublic}, {"kSecAttrKeyType", &c.keyType},
		{"kSecAttrKeyTypeECSECPrimeRandom", &c.keyTypeEC}, {"kSecAttrKeySizeInBits", &c.keySize},
		{"kSecAttrLabel", &c.label}, {"kSecAttrApplicationLabel", &c.applicationLabel},
		{"kSecAttrIsPermanent", &c.permanent}, {"kSecAttrIsSensitive", &c.sensitive},
		{"kSecMatchLimit", &c.matchLimit}, {"kSecMatchLimitAll", &c.matchAll}, {"kSecMatchItemList", &c.matchItems},
		{"kSecReturnRef", &c.returnRef}, {"kSecReturnAttributes", &c.returnAttributes},
		{"kSecValueRef", &c.valueRef}, {"kSecUseKeychain", &c.useKeychain},
		{"kSecKeyAlgorithmRSAEncryptionPKCS1", &c.pkcs1},
		{"kSecKeyAlgorithmRSAEncryptionOAEPSHA1", &c.oaepSHA1}, {"kSecKeyAlgorithmRSAEncryptionOAEPSHA256", &c.oaepSHA256},
		{"kSecKeyAlgorithmRSAEncryptionOAEPSHA384", &c.oaepSHA384}, {"kSecKeyAlgorithmRSAEncryptionOAEPSHA512", &c.oaepSHA512},
		{"kSecKeyAlgorithmECDHKeyExchangeStandard", &c.ecdh},
	}
}

// load opens the two frameworks, once each: they are never closed, as other
// code of the system may be using them too. fault.StoreUnsupported, with the
// name as its detail, for a framework or a symbol that is not there.
func load(coreFoundation, security string) (*frameworks, error) {
	f := &frameworks{}
	cf, err := purego.Dlopen(coreFoundation, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fault.Newf(fault.StoreUnsupported, "CoreFoundation")
	}
	sec, err := purego.Dlopen(security, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fault.Newf(fault.StoreUnsupported, "Security")
	}
	if err := bind(cf, f.coreFoundation()); err != nil {
		return nil, err
	}
	for name, to := range map[string]*ref{
		"kCFTypeArrayCallBacks":           &f.arrayCallbacks,
		"kCFTypeDictionaryKeyCallBacks":   &f.dictionaryOnKeys,
		"kCFTypeDictionaryValueCallBacks": &f.dictionaryOnValues,
	} {
		address, err := purego.Dlsym(cf, name)
		if err != nil {
			return nil, fault.Newf(fault.StoreUnsupported, "%s", name)
		}
		*to = ref(address)
	}
	return f, bind(sec, append(f.security(), f.constants.security()...))
}

// bind looks the symbols up in one framework.
func bind(library uintptr, symbols []symbol) error {
	for _, s := range symbols {
		address, err := purego.Dlsym(library, s.name)
		if err != nil {
			return fault.Newf(fault.StoreUnsupported, "%s", s.name)
		}
		if constant, ok := s.to.(*ref); ok {
			// The symbol is a variable that holds the object.
			*constant = **(**ref)(unsafe.Pointer(&address))
			continue
		}
		purego.RegisterFunc(s.to, address)
	}
	return nil
}
