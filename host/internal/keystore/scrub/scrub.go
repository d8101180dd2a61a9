//go:build linux && cgo

// Package scrub wipes what C leaves of a secret: the PKCS#11 bindings copy a
// decrypted key into memory of the C library's, and free it as it is.
package scrub

/*
#include <stdlib.h>
#include <string.h>

// glibc keeps the pieces that a thread frees for that thread alone: up to seven
// of each size, in steps of 16 bytes, and the last one freed is the next one
// given out. What comes after seven is lost among all other free memory.
enum { SMALLEST = 24, STEP = 16, SIZES = 64, KEPT = 7 };

struct pieces { void *p[SIZES][KEPT]; };

// take holds as many pieces as a thread may keep, and wipes them.
static void take(struct pieces *s) {
	for (int i = 0; i < SIZES; i++) {
		size_t size = SMALLEST + (size_t)i * STEP;
		for (int j = 0; j < KEPT; j++) {
			s->p[i][j] = malloc(size);
			if (s->p[i][j] != NULL) {
				explicit_bzero(s->p[i][j], size);
			}
		}
	}
}

static void give(struct pieces *s) {
	for (int i = 0; i < SIZES; i++) {
		for (int j = 0; j < KEPT; j++) {
			free(s->p[i][j]);
		}
	}
}

// before holds every piece that this thread keeps, so that there is room for
// those that will be freed; after wipes these and gives all back.
static struct pieces *before(void) {
	struct pieces *s = malloc(sizeof *s);
	if (s != NULL) {
		take(s);
	}
	return s;
}

static void after(struct pieces *s) {
	struct pieces freed;
	take(&freed);
	give(&freed);
	if (s != NULL) {
		give(s);
		free(s);
	}
}
*/
import "C"

import "runtime"

// After runs use, which has C handle a secret, on one thread, and wipes what C
// freed there. It takes a fraction of a millisecond, whatever use did.
func After[R any](use func() (R, error)) (R, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	held := C.before()
	defer C.after(held)
	return use()
}
