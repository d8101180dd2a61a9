/* The keychain's part of the mock: the items, and the questions about them. */
#include "mock.h"
#include "security.h"
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct item {
	object *class; /* kSecClassCertificate, or kSecAttrKeyClassPrivate or Public */
	object *what;  /* CERTIFICATE or KEY, owned */
	unsigned char *label, *id;
	long label_length;
	int permanent, sensitive, extractable, odd;
	struct item *next;
} item;

static item *items;

CONSTANT(kSecClass, "class");
CONSTANT(kSecClassCertificate, "cert");
CONSTANT(kSecClassKey, "keys");
CONSTANT(kSecAttrKeyClass, "kcls");
CONSTANT(kSecAttrKeyClassPrivate, "1");
CONSTANT(kSecAttrKeyClassPublic, "0");
CONSTANT(kSecAttrLabel, "labl");
CONSTANT(kSecAttrApplicationLabel, "klbl");
CONSTANT(kSecAttrIsPermanent, "perm");
CONSTANT(kSecAttrIsSensitive, "sens");
CONSTANT(kSecAttrIsExtractable, "extr");
CONSTANT(kSecMatchLimit, "m_Limit");
CONSTANT(kSecMatchLimitAll, "m_LimitAll");
CONSTANT(kSecMatchItemList, "m_ItemList");
CONSTANT(kSecReturnRef, "r_Ref");
CONSTANT(kSecReturnAttributes, "r_Attributes");
CONSTANT(kSecValueRef, "v_Ref");
CONSTANT(kSecUseKeychain, "u_Keychain");

void forget_items(void) {
	while (items) {
		item *i = items;
		items = i->next;
		free(i->label), free(i->id), free(i);
	}
}

static item *add(object *class, object *what, const void *label, long length, const unsigned char *id) {
	item *i = calloc(1, sizeof *i);
	*i = (item){.class = class, .what = retain(what), .label = malloc(length + 1), .label_length = length, .id = malloc(20)};
	memcpy(i->label, label, length);
	memcpy(i->id, id, 20);
	item **last = &items;
	while (*last) last = &(*last)->next;
	return *last = i;
}

static void drop(item *i) {
	item **at = &items;
	while (*at != i) at = &(*at)->next;
	*at = i->next;
	release(i->what);
	free(i->label), free(i->id), free(i);
}

/* items_alive: the objects that items hold are no leaks. */
long items_alive(void) {
	long n = 0;
	for (item *i = items; i; i = i->next) n++;
	return n;
}

/* refer: a new object for a stored one, as each search of macOS makes. */
static object *refer(item *i) {
	object *o = make_bytes(i->what->type, i->what->bytes, i->what->length);
	o->private = i->what->private;
	if (i->what->pkey) EVP_PKEY_up_ref(o->pkey = i->what->pkey);
	o->item = i;
	return o;
}

/* legal: every entry of a dictionary is one that the function takes, and its
 * value of the type that the header says. */
static int legal(object *d, object **allowed, const char *function) {
	if (!is(d, DICTIONARY, function)) return 0;
	for (long n = 0; n < d->size; n++) {
		object *key = d->keys[n], *value = d->values[n];
		int fits = 0;
		for (object **a = allowed; *a; a++) fits |= *a == key;
		if (key == kSecClass) fits &= value == kSecClassCertificate || value == kSecClassKey;
		else if (key == kSecAttrKeyClass) fits &= value == kSecAttrKeyClassPrivate || value == kSecAttrKeyClassPublic;
		else if (key == kSecAttrLabel) fits &= value->type == STRING && value->length > 0;
		else if (key == kSecAttrApplicationLabel) fits &= value->type == DATA && value->length == 20;
		else if (key == kSecMatchLimit) fits &= value == kSecMatchLimitAll;
		else if (key == kSecMatchItemList) fits &= value->type == ARRAY && value->size == 1 && value->values[0]->type == CERTIFICATE;
		else if (key == kSecReturnRef || key == kSecReturnAttributes) fits &= value == kCFBooleanTrue;
		else if (key == kSecValueRef) fits &= value->type == CERTIFICATE || value->type == KEY;
		else if (key == kSecUseKeychain) fits &= value->type == KEYCHAIN;
		if (!fits) { complain("%s: entry %.*s", function, (int)key->length, key->bytes); return 0; }
	}
	if (strcmp(function, "SecItemUpdate attributes") && !get(d, kSecClass)) { complain("%s: no class", function); return 0; }
	return 1;
}

static int matches(item *i, object *query) {
	object *class = get(query, kSecClass), *id = get(query, kSecAttrApplicationLabel), *list = get(query, kSecMatchItemList);
	if (class == kSecClassKey) class = get(query, kSecAttrKeyClass);
	if (class != i->class) return 0;
	if (id && (i->odd || memcmp(id->bytes, i->id, 20))) return 0;
	if (!list) return 1;
	object *o = list->values[0]; /* CFEqual: certificates by their DER */
	return o->length == i->what->length && !memcmp(o->bytes, i->what->bytes, o->length);
}

static object *attributes(item *i, object *query) {
	object *keys[4], *values[4];
	long n = 0;
	if (get(query, kSecReturnRef)) keys[n] = kSecValueRef, values[n++] = refer(i);
	if (i->label_length) keys[n] = kSecAttrLabel, values[n++] = make_bytes(STRING, i->label, i->label_length);
	if (i->class != kSecClassCertificate) {
		keys[n] = kSecAttrKeyClass, values[n++] = i->class;
		/* Programs that name keys by a text leave that as the label. */
		keys[n] = kSecAttrApplicationLabel;
		values[n++] = i->odd ? make_bytes(STRING, "com.example", 11) : make_bytes(DATA, i->id, 20);
	}
	object *d = make_dictionary(keys, values, n);
	for (long k = 0; k < n; k++) release(values[k]);
	return d;
}

int32_t SecItemCopyMatching(object *query, object **result) {
	LOCKED;
	object *allowed[] = {kSecClass, kSecAttrKeyClass, kSecAttrApplicationLabel, kSecMatchLimit, kSecReturnRef, kSecReturnAttributes, NULL};
	if (!legal(query, allowed, "SecItemCopyMatching")) return -50;
	if (get(query, kSecClass) == kSecClassKey && !get(query, kSecAttrKeyClass)) complain("SecItemCopyMatching: keys of which class?");
	if (!result || *result) { complain("SecItemCopyMatching: result"); return -50; }
	if (!get(query, kSecReturnRef) && !get(query, kSecReturnAttributes)) { complain("SecItemCopyMatching: nothing to return"); return -50; }
	int status = injected("SecItemCopyMatching");
	if (status) return status;
	object *found[256];
	long n = 0;
	for (item *i = items; i && n < 256; i = i->next) {
		if (!matches(i, query)) continue;
		found[n++] = get(query, kSecReturnAttributes) ? attributes(i, query) : refer(i);
		if (!get(query, kSecMatchLimit)) break;
	}
	if (!n) return -25300;
	if (!get(query, kSecMatchLimit)) { *result = found[0]; return 0; }
	*result = make_array(found, n);
	for (long k = 0; k < n; k++) release(found[k]);
	return 0;
}

/* Issuer and serial number are the primary key of certificates. */
static item *same_number(X509 *x) {
	for (item *i = items; i; i = i->next) {
		if (i->class != kSecClassCertificate) continue;
		const unsigned char *der = i->what->bytes;
		X509 *y = d2i_X509(NULL, &der, i->what->length);
		int same = !X509_NAME_cmp(X509_get_issuer_name(x), X509_get_issuer_name(y)) &&
			!ASN1_INTEGER_cmp(X509_get0_serialNumber(x), X509_get0_serialNumber(y));
		X509_free(y);
		if (same) return i;
	}
	return NULL;
}

static int32_t add_certificate(object *certificate, const char *label) {
	const unsigned char *der = certificate->bytes;
	X509 *x = d2i_X509(NULL, &der, certificate->length);
	unsigned char id[20];
	X509_pubkey_digest(x, EVP_sha1(), id, NULL);
	char *name = X509_NAME_oneline(X509_get_subject_name(x), NULL, 0); /* what macOS infers */
	int32_t status = same_number(x) ? -25299 : 0;
	if (!status) add(kSecClassCertificate, certificate, label ? label : name, strlen(label ? label : name), id);
	OPENSSL_free(name);
	X509_free(x);
	return status;
}

int32_t SecItemAdd(object *query, object **result) {
	LOCKED;
	object *allowed[] = {kSecClass, kSecValueRef, kSecUseKeychain, NULL};
	if (!legal(query, allowed, "SecItemAdd")) return -50;
	object *what = get(query, kSecValueRef);
	if (!what || !get(query, kSecUseKeychain)) { complain("SecItemAdd: what, and where?"); return -50; }
	if (result) complain("SecItemAdd: result");
	int status = injected("SecItemAdd");
	if (status) return status;
	/* A key that is in no keychain counts as one of the other keychain. */
	if (what->type != CERTIFICATE) return -34018;
	return add_certificate(what, NULL);
}

/* named: which items SecItemUpdate and SecItemDelete are about. Certificates
 * are named by reference; keys by class and label, as macOS compares
 * references of keys by a hash. */
static int named(object *query, const char *function) {
	object *certificates[] = {kSecClass, kSecMatchItemList, kSecMatchLimit, NULL};
	object *keys[] = {kSecClass, kSecAttrKeyClass, kSecAttrApplicationLabel, kSecMatchLimit, NULL};
	int key = is(query, DICTIONARY, function) && get(query, kSecClass) == kSecClassKey;
	if (!legal(query, key ? keys : certificates, function)) return 0;
	if (key ? get(query, kSecAttrKeyClass) && get(query, kSecAttrApplicationLabel) : get(query, kSecMatchItemList) != NULL) return 1;
	complain("%s: every item?", function);
	return 0;
}

int32_t SecItemUpdate(object *query, object *change) {
	LOCKED;
	object *allowed[] = {kSecAttrLabel, NULL};
	if (!legal(change, allowed, "SecItemUpdate attributes")) return -50;
	int status = injected("SecItemUpdate");
	if (status) return status;
	object *label = get(change, kSecAttrLabel);
	if (!named(query, "SecItemUpdate") || !label) return -50;
	status = -25300;
	for (item *i = items; i; i = i->next) {
		if (!matches(i, query)) continue;
		free(i->label);
		i->label = malloc(label->length + 1);
		memcpy(i->label, label->bytes, i->label_length = label->length);
		if (!get(query, kSecMatchLimit)) return 0;
		status = 0;
	}
	return status;
}

int32_t SecItemDelete(object *query) {
	LOCKED;
	int status = injected("SecItemDelete");
	if (status) return status;
	/* A test may want a deletion that does nothing, and says so to nobody. */
	if (injected("SecItemDelete nothing")) return 0;
	if (!named(query, "SecItemDelete")) return -50;
	status = -25300;
	for (item *i = items, *next; i; i = next) {
		next = i->next;
		if (!matches(i, query)) continue;
		drop(i);
		if (!get(query, kSecMatchLimit)) return 0;
		status = 0;
	}
	return status;
}

/* keep stores a key that SecItemImport read, and returns its array. */
object *keep(EVP_PKEY *pkey, object *traits) {
	unsigned char *public = NULL, id[20];
	int length = i2d_PublicKey(pkey, &public);
	EVP_Digest(public, length, id, NULL, EVP_sha1(), NULL);
	OPENSSL_free(public);
	object *key = make(KEY);
	key->pkey = pkey, key->private = 1;
	item *i = add(kSecAttrKeyClassPrivate, key, "Imported Private Key", 20, id);
	release(key);
	for (long n = 0; n < traits->size; n++) {
		i->permanent |= traits->values[n] == kSecAttrIsPermanent;
		i->sensitive |= traits->values[n] == kSecAttrIsSensitive;
		i->extractable |= traits->values[n] == kSecAttrIsExtractable;
		if (!is(traits->values[n], STRING, "SecItemImport traits")) return NULL;
	}
	object *ref = refer(i), *array = make_array(&ref, 1);
	release(ref);
	return array;
}

/* For the tests. */

int mock_add_certificate(const unsigned char *der, long length, const char *label) {
	LOCKED;
	object *o = make_bytes(CERTIFICATE, der, length);
	int32_t status = add_certificate(o, label);
	release(o);
	return status;
}
/* mock_add_odd_keys: what other programs leave beside ours. */
void mock_add_odd_keys(void) {
	LOCKED;
	unsigned char zero[20] = {0};
	object *o = make(KEY);
	o->private = 1;
	add(kSecAttrKeyClassPrivate, o, "", 0, zero)->odd = 1;
	release(o);
}
/* mock_add_public adds the public half of every private key. */
void mock_add_public(void) {
	LOCKED;
	for (item *i = items; i; i = i->next) {
		if (i->class != kSecAttrKeyClassPrivate || i->odd) continue;
		object *o = make(KEY);
		EVP_PKEY_up_ref(o->pkey = i->what->pkey);
		add(kSecAttrKeyClassPublic, o, "public", 6, i->id);
		release(o);
	}
}
/* mock_add_copies: every item is in a second keychain too. */
void mock_add_copies(void) {
	LOCKED;
	long n = items_alive();
	for (item *i = items; n--; i = i->next) {
		item *copy = add(i->class, i->what, i->label, i->label_length, i->id);
		copy->permanent = i->permanent, copy->sensitive = i->sensitive, copy->extractable = i->extractable;
	}
}
/* mock_keys counts keys; those that may leave the keychain or would not be
 * kept count a thousand. */
long mock_keys(void) {
	LOCKED;
	long n = 0;
	for (item *i = items; i; i = i->next) {
		if (i->class == kSecClassCertificate || i->odd) continue;
		n += i->class == kSecAttrKeyClassPrivate && (i->extractable || !i->permanent || !i->sensitive) ? 1000 : 1;
	}
	return n;
}
long mock_items(void) { LOCKED; return items_alive(); }
/* mock_labelled counts the items with this label. */
long mock_labelled(const char *label) {
	LOCKED;
	long n = 0;
	for (item *i = items; i; i = i->next) n += i->label_length == strlen(label) && !memcmp(i->label, label, i->label_length);
	return n;
}
