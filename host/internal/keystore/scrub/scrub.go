//go:build linux && cgo

// Package scrub wipes what C leaves of a secret: the PKCS#11 bindings copy a
// decrypted key into memory of the C library's and free it as it is, and
// modules copy PINs and keys into variables on the stack.
package scrub

/*
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

// glibc keeps the pieces that a thread frees for that thread alone: up to seven
// of each size, in steps of 16 bytes, and the last one freed is the next one
// given out. What comes after seven, glibc itself overwrites while it is told to
// (mallopt(3), M_PERTURB): freed memory with this byte, new memory with its
// complement, so that what a module gets is zeroed.
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

enum { FREED = 0xff };

static void perturb(int byte) {
#ifdef M_PERTURB
	mallopt(M_PERTURB, byte);
#endif
}

static void start_overwriting(void) { perturb(FREED); }
static void stop_overwriting(void) { perturb(0); }

// before holds every piece that this thread keeps, so that there is room for
// those that will be freed; after wipes these and gives all back.
static struct pieces *before(void) {
	struct pieces *s = malloc(sizeof *s);
	if (s != NULL) {
		take(s);
	}
	return s;
}

// What a module's functions used of the stack lies below this frame. Softoken
// and OpenSC stay far above this depth, in bytes.
enum { DEPTH = 64 * 1024 };

static __attribute__((noinline)) void wipe_stack(void) {
	char used[DEPTH];
	explicit_bzero(used, sizeof used);
}

static void after(struct pieces *s) {
	struct pieces freed;
	wipe_stack();
	take(&freed);
	give(&freed);
	if (s != NULL) {
		give(s);
		free(s);
	}
}
*/
import "C"

import (
	"runtime"
	"sync"
)

// overwriting counts those for whom glibc overwrites what is freed: the setting
// is the whole process's.
var overwriting struct {
	sync.Mutex
	n int
}

func overwrite() {
	overwriting.Lock()
	defer overwriting.Unlock()
	if overwriting.n++; overwriting.n == 1 {
		C.start_overwriting()
	}
}

func overwriteNoMore() {
	overwriting.Lock()
	defer overwriting.Unlock()
	if overwriting.n--; overwriting.n == 0 {
		C.stop_overwriting()
	}
}

// After runs use, which has C handle a secret, on one thread, and wipes what C
// freed there and left on the thread's stack. It takes a fraction of a
// millisecond, whatever use did.
func After[R any](use func() (R, error)) (R, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	overwrite()
	defer overwriteNoMore()
	held := C.before()
	defer C.after(held)
	return use()
}
