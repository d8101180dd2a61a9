/*
 * A mock of what the keychain store uses of Core Foundation and Security, for
 * tests on Linux. It keeps count of references, looks at the shape of every
 * argument, and does the cryptography with OpenSSL. It shows that the Go side
 * passes the right things and frees what it has to; it says nothing about how
 * macOS behaves, beyond what Apple's headers and published sources do.
 *
 * The tests build it with
 *   cc -shared -fPIC -Wall -Werror -o mock.so corefoundation.c security.c items.c -lcrypto
 */
#include <openssl/evp.h>
#include <pthread.h>
#include <stdint.h>

enum { STRING = 1, DATA, NUMBER, BOOLEAN, ARRAY, DICTIONARY, ERROR, CERTIFICATE, KEY, KEYCHAIN, ACCESS, TYPES };

struct item;

/* object is every CFTypeRef. What was freed stays as a zombie until the next
 * mock_reset, so that a use of it is seen. */
#define MAGIC 0x4b43

typedef struct object {
	int magic;
	int type;
	long count; /* references; 0: freed; FOREVER: a constant */
	unsigned char *bytes;
	long length;
	struct object **keys, **values; /* values of arrays too */
	long size;
	long number;
	EVP_PKEY *pkey;
	int private;
	int secret; /* must be all zero when it is freed */
	struct item *item;
	struct object *next;
} object;

#define FOREVER (1L << 40)
#define CONSTANT(name, text) \
	static object name##_ = {.magic = MAGIC, .type = STRING, .count = FOREVER, .bytes = (unsigned char *)text, .length = sizeof text - 1}; \
	object *name = &name##_

void unlock(pthread_mutex_t **);
pthread_mutex_t *lock(void);
#define LOCKED pthread_mutex_t *guard __attribute__((cleanup(unlock), unused)) = lock()

void complain(const char *, ...) __attribute__((format(printf, 1, 2)));
int is(object *, int type, const char *function); /* alive and of that type, or complains */
object *make(int type);
object *make_bytes(int type, const void *, long);
object *make_dictionary(object **keys, object **values, long);
object *make_array(object **, long);
object *retain(object *);
void release(object *);
object *get(object *dictionary, object *key);
int injected(const char *function); /* the status that a test wants, or 0 */
void forget_items(void);
long items_alive(void);

extern object *kCFBooleanTrue;
