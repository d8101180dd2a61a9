/* Security's part of the mock that uses keys. */
#include "mock.h"
#include "security.h"
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

static long uses;
static int card;

CONSTANT(kSecAttrKeyType, "type");
CONSTANT(kSecAttrKeyTypeECSECPrimeRandom, "73");
CONSTANT(kSecAttrKeySizeInBits, "bsiz");
CONSTANT(kSecKeyAlgorithmRSAEncryptionPKCS1, "algid:encrypt:RSA:PKCS1");
CONSTANT(kSecKeyAlgorithmRSAEncryptionOAEPSHA1, "algid:encrypt:RSA:OAEP:SHA1");
CONSTANT(kSecKeyAlgorithmRSAEncryptionOAEPSHA256, "algid:encrypt:RSA:OAEP:SHA256");
CONSTANT(kSecKeyAlgorithmRSAEncryptionOAEPSHA384, "algid:encrypt:RSA:OAEP:SHA384");
CONSTANT(kSecKeyAlgorithmRSAEncryptionOAEPSHA512, "algid:encrypt:RSA:OAEP:SHA512");
CONSTANT(kSecKeyAlgorithmECDHKeyExchangeStandard, "algid:keyexchange:ECDH");
CONSTANT(osstatus, "NSOSStatusErrorDomain");
CONSTANT(cryptotokenkit, "CryptoTokenKit");

/* For the tests: how often a private key was used, which is when macOS may
 * prompt; and whether keys are those of a card that knows PKCS#1 only. */
long mock_uses(void) { LOCKED; return uses; }
void mock_card(int on) { LOCKED; card = on; uses = 0; }

static object *fail(object **error, long code) {
	object *e = make(ERROR), *domain = code > -20 && code < 0 ? cryptotokenkit : osstatus;
	object *values = make_array(&domain, 1);
	e->values = values->values, e->size = 1, e->number = code;
	values->values = NULL, values->size = 0;
	release(values);
	*error = e;
	return NULL;
}

static int usable(object **error, const char *function) {
	if (error && !*error) return 1;
	complain("%s: no place for an error", function);
	return 0;
}

unsigned long SecCertificateGetTypeID(void) { return CERTIFICATE; }
unsigned long SecKeyGetTypeID(void) { return KEY; }

object *SecCertificateCreateWithData(object *allocator, object *data) {
	LOCKED;
	if (allocator || !is(data, DATA, "SecCertificateCreateWithData") || injected("SecCertificateCreateWithData")) return NULL;
	const unsigned char *der = data->bytes;
	X509 *x = d2i_X509(NULL, &der, data->length);
	int whole = x && der == data->bytes + data->length;
	X509_free(x);
	return whole ? make_bytes(CERTIFICATE, data->bytes, data->length) : NULL;
}

object *SecCertificateCopyData(object *certificate) {
	LOCKED;
	return is(certificate, CERTIFICATE, "SecCertificateCopyData") ? make_bytes(DATA, certificate->bytes, certificate->length) : NULL;
}

int32_t SecAccessCreate(object *description, object *trusted, object **access) {
	LOCKED;
	if (!is(description, STRING, "SecAccessCreate")) return -50;
	if (trusted || !access || *access) { complain("SecAccessCreate: trusted or access"); return -50; }
	int status = injected("SecAccessCreate");
	if (!status) *access = make(ACCESS);
	return status;
}

int32_t SecKeychainCopyDefault(object **keychain) {
	LOCKED;
	if (!keychain || *keychain) { complain("SecKeychainCopyDefault"); return -50; }
	int status = injected("SecKeychainCopyDefault");
	if (!status) *keychain = make(KEYCHAIN);
	return status;
}

int32_t SecKeychainGetPath(object *keychain, uint32_t *length, char *path) {
	LOCKED;
	if (!is(keychain, KEYCHAIN, "SecKeychainGetPath")) return -50;
	int status = injected("SecKeychainGetPath");
	if (!status) *length = snprintf(path, *length, "/Users/zoé/Library/Keychains/login.keychain-db");
	return status;
}

/* SecItemImportExportKeyParameters. */
struct parameters {
	uint32_t version, flags;
	object *passphrase, *title, *prompt, *access, *usage, *traits;
};

int32_t SecItemImport(object *data, object *name, uint32_t *format, uint32_t *kind, uint32_t flags,
	const struct parameters *p, object *keychain, object **result) {
	LOCKED;
	if (!is(data, DATA, "SecItemImport") || !is(keychain, KEYCHAIN, "SecItemImport")) return -50;
	if (name || flags || !format || *format != 1 || !kind || *kind != 1 || !result || *result) { complain("SecItemImport: arguments"); return -50; }
	if (!p || p->version || p->flags || p->passphrase || p->title || p->prompt || p->usage) { complain("SecItemImport: parameters"); return -50; }
	if (!is(p->access, ACCESS, "SecItemImport") || !is(p->traits, ARRAY, "SecItemImport")) return -50;
	data->secret = 1;
	/* A test may want an import that does nothing, and says so to nobody. */
	if (injected("SecItemImport nothing")) { *result = make_array(NULL, 0); return 0; }
	int status = injected("SecItemImport");
	if (status) return status;
	const unsigned char *der = data->bytes;
	PKCS8_PRIV_KEY_INFO *p8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &der, data->length);
	if (p8) { PKCS8_PRIV_KEY_INFO_free(p8); return -25257; /* errSecUnknownFormat */ }
	der = data->bytes;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &der, data->length);
	if (!key) return -25257;
	object *array = keep(key, p->traits);
	/* The access to a key is set after it was stored. */
	status = injected("SecItemImport afterwards");
	if (status) { release(array); return status; }
	*result = array;
	return 0;
}

static int rsa_padding(object *algorithm, const EVP_MD **hash) {
	*hash = algorithm == kSecKeyAlgorithmRSAEncryptionOAEPSHA1 ? EVP_sha1()
		: algorithm == kSecKeyAlgorithmRSAEncryptionOAEPSHA256 ? EVP_sha256()
		: algorithm == kSecKeyAlgorithmRSAEncryptionOAEPSHA384 ? EVP_sha384()
		: algorithm == kSecKeyAlgorithmRSAEncryptionOAEPSHA512 ? EVP_sha512() : NULL;
	if (*hash) return RSA_PKCS1_OAEP_PADDING;
	return algorithm == kSecKeyAlgorithmRSAEncryptionPKCS1 ? RSA_PKCS1_PADDING : 0;
}

uint8_t SecKeyIsAlgorithmSupported(object *key, long operation, object *algorithm) {
	LOCKED;
	const EVP_MD *hash;
	if (!is(key, KEY, "SecKeyIsAlgorithmSupported") || !is(algorithm, STRING, "SecKeyIsAlgorithmSupported")) return 0;
	if (!key->pkey || !key->private) return 0;
	if (card) return operation == 3 && algorithm == kSecKeyAlgorithmRSAEncryptionPKCS1;
	if (EVP_PKEY_get_base_id(key->pkey) == EVP_PKEY_EC) return operation == 4 && algorithm == kSecKeyAlgorithmECDHKeyExchangeStandard;
	return operation == 3 && rsa_padding(algorithm, &hash);
}

object *SecKeyCreateDecryptedData(object *key, object *algorithm, object *data, object **error) {
	LOCKED;
	if (!is(key, KEY, "SecKeyCreateDecryptedData") || !is(data, DATA, "SecKeyCreateDecryptedData") || !usable(error, "SecKeyCreateDecryptedData")) return NULL;
	const EVP_MD *hash;
	int padding = rsa_padding(algorithm, &hash), status = injected("SecKeyCreateDecryptedData");
	uses++;
	if (status) return fail(error, status);
	if (!padding || !key->private || EVP_PKEY_get_base_id(key->pkey) != EVP_PKEY_RSA) return fail(error, -50);
	unsigned char out[1024];
	size_t length = sizeof out;
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key->pkey, NULL);
	int ok = EVP_PKEY_decrypt_init(c) > 0 && EVP_PKEY_CTX_set_rsa_padding(c, padding) > 0;
	if (ok && hash) ok = EVP_PKEY_CTX_set_rsa_oaep_md(c, hash) > 0 && EVP_PKEY_CTX_set_rsa_mgf1_md(c, hash) > 0;
	if (ok) ok = EVP_PKEY_decrypt(c, out, &length, data->bytes, data->length) > 0;
	EVP_PKEY_CTX_free(c);
	if (!ok) return fail(error, -26275); /* errSecDecode */
	object *plain = make_bytes(DATA, out, length);
	plain->secret = 1;
	return plain;
}

object *SecKeyCreateWithData(object *data, object *attributes, object **error) {
	LOCKED;
	if (!is(data, DATA, "SecKeyCreateWithData") || !is(attributes, DICTIONARY, "SecKeyCreateWithData") || !usable(error, "SecKeyCreateWithData")) return NULL;
	object *size = get(attributes, kSecAttrKeySizeInBits);
	if (attributes->size != 3 || get(attributes, kSecAttrKeyType) != kSecAttrKeyTypeECSECPrimeRandom ||
		get(attributes, kSecAttrKeyClass) != kSecAttrKeyClassPublic || !size || !is(size, NUMBER, "SecKeyCreateWithData") ||
		data->length != 1 + 2 * ((size->number + 7) / 8)) {
		complain("SecKeyCreateWithData: attributes");
		return fail(error, -50);
	}
	int status = injected("SecKeyCreateWithData");
	if (status) return fail(error, status);
	char *group = size->number == 256 ? "P-256" : size->number == 384 ? "P-384" : "P-521";
	OSSL_PARAM parameters[] = {OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, strlen(group)),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, data->bytes, data->length), OSSL_PARAM_END};
	EVP_PKEY *pkey = NULL;
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	int ok = EVP_PKEY_fromdata_init(c) > 0 && EVP_PKEY_fromdata(c, &pkey, EVP_PKEY_PUBLIC_KEY, parameters) > 0;
	EVP_PKEY_CTX_free(c);
	if (!ok) return fail(error, -50);
	object *key = make(KEY);
	key->pkey = pkey;
	return key;
}

object *SecKeyCopyKeyExchangeResult(object *key, object *algorithm, object *peer, object *parameters, object **error) {
	LOCKED;
	if (!is(key, KEY, "SecKeyCopyKeyExchangeResult") || !is(peer, KEY, "SecKeyCopyKeyExchangeResult") ||
		!is(parameters, DICTIONARY, "SecKeyCopyKeyExchangeResult") || !usable(error, "SecKeyCopyKeyExchangeResult")) return NULL;
	int status = injected("SecKeyCopyKeyExchangeResult");
	uses++;
	if (status) return fail(error, status);
	if (!key->private || peer->private || parameters->size || algorithm != kSecKeyAlgorithmECDHKeyExchangeStandard) {
		complain("SecKeyCopyKeyExchangeResult: arguments");
		return fail(error, -50);
	}
	unsigned char z[128];
	size_t length = sizeof z;
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key->pkey, NULL);
	int ok = EVP_PKEY_derive_init(c) > 0 && EVP_PKEY_derive_set_peer(c, peer->pkey) > 0 && EVP_PKEY_derive(c, z, &length) > 0;
	EVP_PKEY_CTX_free(c);
	if (!ok) return fail(error, -50);
	object *secret = make_bytes(DATA, z, length);
	secret->secret = 1;
	return secret;
}
