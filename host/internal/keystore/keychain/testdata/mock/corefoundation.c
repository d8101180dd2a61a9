/* Core Foundation's part of the mock: objects, counts, complaints. */
#include "mock.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static object *all;
static char complaints[1 << 14];
static struct { char function[64]; int skip, status; } injection;

pthread_mutex_t *lock(void) { pthread_mutex_lock(&mutex); return &mutex; }
void unlock(pthread_mutex_t **m) { pthread_mutex_unlock(*m); }

static object true_ = {.magic = MAGIC, .type = BOOLEAN, .count = FOREVER};
object *kCFBooleanTrue = &true_;
struct callbacks { int kind; };
struct callbacks kCFTypeArrayCallBacks = {1}, kCFTypeDictionaryKeyCallBacks = {2}, kCFTypeDictionaryValueCallBacks = {3};

void complain(const char *format, ...) {
	size_t used = strlen(complaints);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(complaints + used, sizeof complaints - used, format, arguments);
	va_end(arguments);
	used = strlen(complaints);
	snprintf(complaints + used, sizeof complaints - used, "\n");
}

int is(object *o, int type, const char *function) {
	if (!o) { complain("%s: NULL", function); return 0; }
	if (o->magic != MAGIC) { complain("%s: not an object", function); return 0; }
	if (o->count <= 0) { complain("%s: object of type %d used after its release", function, o->type); return 0; }
	if (type && o->type != type) { complain("%s: type %d, want %d", function, o->type, type); return 0; }
	return 1;
}

object *make(int type) {
	object *o = calloc(1, sizeof *o);
	*o = (object){.magic = MAGIC, .type = type, .count = 1, .next = all};
	return all = o;
}

object *make_bytes(int type, const void *bytes, long length) {
	object *o = make(type);
	o->bytes = malloc(length + 1);
	if (length) memcpy(o->bytes, bytes, length);
	o->length = length;
	return o;
}

object *retain(object *o) { o->count += o->count < FOREVER; return o; }

void release(object *o) {
	if (o->count <= 0) { complain("release: object of type %d was released too often", o->type); return; }
	if (o->count >= FOREVER || --o->count > 0) return;
	for (long i = 0; i < o->length && o->secret; i++) {
		if (o->bytes[i]) { complain("CFRelease: a secret was not wiped"); break; }
	}
	for (long i = 0; i < o->size; i++) {
		if (o->keys) release(o->keys[i]);
		release(o->values[i]);
	}
	o->size = 0;
	EVP_PKEY_free(o->pkey);
	o->pkey = NULL;
}

object *make_array(object **values, long size) {
	object *o = make(ARRAY);
	o->values = calloc(size + 1, sizeof *values);
	o->size = size;
	for (long i = 0; i < size; i++) o->values[i] = retain(values[i]);
	return o;
}

object *make_dictionary(object **keys, object **values, long size) {
	object *o = make_array(values, size);
	o->type = DICTIONARY;
	o->keys = calloc(size + 1, sizeof *keys);
	for (long i = 0; i < size; i++) o->keys[i] = retain(keys[i]);
	return o;
}

object *get(object *dictionary, object *key) {
	for (long i = 0; i < dictionary->size; i++) if (dictionary->keys[i] == key) return dictionary->values[i];
	return NULL;
}

int injected(const char *function) {
	if (strcmp(function, injection.function) || injection.skip-- > 0) return 0;
	injection.function[0] = 0;
	return injection.status;
}

/* For the tests. */

/* mock_complaints is valid until the next complaint. */
const char *mock_complaints(void) { LOCKED; return complaints; }
void mock_forgive(void) { LOCKED; complaints[0] = 0; }
/* mock_live: objects that somebody has to release still; items hold one each. */
long mock_live(void) {
	LOCKED;
	long live = 0;
	for (object *o = all; o; o = o->next) live += o->count > 0;
	return live - items_alive();
}
void mock_fail(const char *function, int skip, int status) {
	LOCKED;
	snprintf(injection.function, sizeof injection.function, "%s", function);
	injection.skip = skip, injection.status = status;
}
int mock_pending(void) { LOCKED; return injection.function[0] != 0; }
void mock_reset(void) {
	LOCKED;
	forget_items();
	while (all) {
		object *o = all;
		all = o->next;
		free(o->bytes), free(o->keys), free(o->values);
		EVP_PKEY_free(o->pkey);
		free(o);
	}
	complaints[0] = injection.function[0] = 0;
}

/* Core Foundation. */

object *CFRetain(object *o) { LOCKED; return is(o, 0, "CFRetain") ? retain(o) : NULL; }
void CFRelease(object *o) { LOCKED; if (is(o, 0, "CFRelease")) release(o); }
unsigned long CFGetTypeID(object *o) { LOCKED; return is(o, 0, "CFGetTypeID") ? o->type : 0; }
unsigned long CFArrayGetTypeID(void) { return ARRAY; }
unsigned long CFDataGetTypeID(void) { return DATA; }
unsigned long CFDictionaryGetTypeID(void) { return DICTIONARY; }
unsigned long CFStringGetTypeID(void) { return STRING; }

static int plain(object *allocator, long length, const char *function) {
	if (allocator) complain("%s: an allocator", function);
	if (length < 0) complain("%s: length %ld", function, length);
	return !allocator && length >= 0 && !injected(function);
}

object *CFDataCreate(object *allocator, const uint8_t *bytes, long length) {
	LOCKED;
	return plain(allocator, length, "CFDataCreate") ? make_bytes(DATA, bytes, length) : NULL;
}
uint8_t *CFDataGetBytePtr(object *o) { LOCKED; return is(o, DATA, "CFDataGetBytePtr") ? o->bytes : NULL; }
long CFDataGetLength(object *o) { LOCKED; return is(o, DATA, "CFDataGetLength") ? o->length : 0; }

object *CFStringCreateWithBytes(object *allocator, const uint8_t *bytes, long length, uint32_t encoding, uint8_t external) {
	LOCKED;
	if (encoding != 0x08000100 || external) { complain("CFStringCreateWithBytes: encoding %x, %d", encoding, external); return NULL; }
	return plain(allocator, length, "CFStringCreateWithBytes") ? make_bytes(STRING, bytes, length) : NULL;
}
object *CFStringCreateExternalRepresentation(object *allocator, object *text, uint32_t encoding, uint8_t loss) {
	LOCKED;
	if (encoding != 0x08000100 || !loss) complain("CFStringCreateExternalRepresentation: encoding %x, loss %d", encoding, loss);
	if (!is(text, STRING, "CFStringCreateExternalRepresentation")) return NULL;
	return plain(allocator, text->length, "CFStringCreateExternalRepresentation") ? make_bytes(DATA, text->bytes, text->length) : NULL;
}
object *CFNumberCreate(object *allocator, long kind, const int32_t *value) {
	LOCKED;
	if (kind != 3 || !value) { complain("CFNumberCreate: kind %ld", kind); return NULL; }
	if (!plain(allocator, 0, "CFNumberCreate")) return NULL;
	object *o = make(NUMBER);
	o->number = *value;
	return o;
}
static int elements(object **values, long size, const char *function) {
	for (long i = 0; i < size; i++) if (!is(values[i], 0, function)) return 0;
	return 1;
}
object *CFArrayCreate(object *allocator, object **values, long size, struct callbacks *callbacks) {
	LOCKED;
	if (callbacks != &kCFTypeArrayCallBacks) { complain("CFArrayCreate: callbacks"); return NULL; }
	if (!plain(allocator, size, "CFArrayCreate") || !elements(values, size, "CFArrayCreate")) return NULL;
	return make_array(values, size);
}
long CFArrayGetCount(object *o) { LOCKED; return is(o, ARRAY, "CFArrayGetCount") ? o->size : 0; }
object *CFArrayGetValueAtIndex(object *o, long i) {
	LOCKED;
	if (!is(o, ARRAY, "CFArrayGetValueAtIndex")) return NULL;
	if (i < 0 || i >= o->size) { complain("CFArrayGetValueAtIndex: %ld of %ld", i, o->size); return NULL; }
	return o->values[i];
}
object *CFDictionaryCreate(object *allocator, object **keys, object **values, long size, struct callbacks *on_keys, struct callbacks *on_values) {
	LOCKED;
	if (on_keys != &kCFTypeDictionaryKeyCallBacks || on_values != &kCFTypeDictionaryValueCallBacks) {
		complain("CFDictionaryCreate: callbacks");
		return NULL;
	}
	if (!plain(allocator, size, "CFDictionaryCreate") || !elements(keys, size, "CFDictionaryCreate") || !elements(values, size, "CFDictionaryCreate")) return NULL;
	return make_dictionary(keys, values, size);
}
object *CFDictionaryGetValue(object *o, object *key) {
	LOCKED;
	return is(o, DICTIONARY, "CFDictionaryGetValue") && is(key, STRING, "CFDictionaryGetValue") ? get(o, key) : NULL;
}
long CFErrorGetCode(object *o) { LOCKED; return is(o, ERROR, "CFErrorGetCode") ? o->number : 0; }
object *CFErrorGetDomain(object *o) { LOCKED; return is(o, ERROR, "CFErrorGetDomain") ? o->values[0] : NULL; }
