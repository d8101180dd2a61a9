//go:build linux && cgo

package nss

/*
#include <dlfcn.h>
#include <string.h>

// CK_ATTRIBUTE and CK_RV C_GetAttributeValue (PKCS #11 2.40, sections 3.6 and 5.7).
typedef struct { unsigned long kind; void *value; unsigned long size; } attribute;
typedef unsigned long (*attribute_reader)(unsigned long session, unsigned long object, attribute *wanted, unsigned long count);

// The beginning of CK_FUNCTION_LIST: pkcs11f.h lists C_GetAttributeValue as the 25th function.
typedef struct { unsigned char major, minor; void *functions[25]; } function_list;

// reader_of returns C_GetAttributeValue of a library that is loaded, NULL when
// it cannot be found.
static attribute_reader reader_of(const char *library) {
	void *handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
	if (handle == NULL) return NULL;
	unsigned long (*get)(function_list **) = (unsigned long (*)(function_list **)) dlsym(handle, "C_GetFunctionList");
	function_list *list = NULL;
	if (get == NULL || get(&list) != 0 || list == NULL) return NULL;
	return (attribute_reader) list->functions[24];
}

enum { MOST = 3, SLOT = 8192 };

// read_some reads the attributes wanted (MOST at most, of SLOT bytes at most)
// of objects, until one does not fit into the room any more. The values are in
// room, one after the other; sizes has as many lengths, the first of an object
// that could not be read so is -1. It returns how many objects were read.
static unsigned long read_some(attribute_reader read, unsigned long session, unsigned long *objects, unsigned long count,
		unsigned long *kinds, unsigned long wanted, unsigned char *room, unsigned long size, unsigned long *sizes) {
	static __thread unsigned char slots[MOST][SLOT];
	attribute one[MOST];
	unsigned long used = 0;
	for (unsigned long i = 0; i < count; i++, sizes += wanted) {
		if (size - used < wanted * SLOT) return i;
		for (unsigned long k = 0; k < wanted; k++) {
			one[k].kind = kinds[k];
			one[k].value = slots[k];
			one[k].size = SLOT;
		}
		if (read(session, objects[i], one, wanted) != 0) {
			sizes[0] = (unsigned long) -1;
			continue;
		}
		for (unsigned long k = 0; k < wanted; k++) {
			unsigned long n = one[k].size <= SLOT ? one[k].size : 0; // -1: unavailable
			memcpy(room + used, slots[k], n);
			used += n;
			sizes[k] = n;
		}
	}
	return count;
}
*/
import "C"

import (
	"unsafe"

	"github.com/miekg/pkcs11"
)

// bulkReader reads attributes of many objects in one call. Package pkcs11 asks
// for each object twice, for the sizes first, and softoken looks into its files
// for every question: with hundreds of certificates that is most of the time
// that a list takes.
type bulkReader struct{ read C.attribute_reader }

// newBulkReader finds a loaded library's functions; without them, read does
// nothing, and the caller asks object by object.
func newBulkReader(library string) bulkReader {
	name := append([]byte(library), 0)
	return bulkReader{C.reader_of((*C.char)(unsafe.Pointer(&name[0])))}
}

// What one call reads at most: as many objects, and bytes of values.
const (
	bulkObjects = 256
	bulkRoom    = 256 << 10
)

// values gives each object's attributes to f: as many as kinds, nil where the
// object has none. Those that one question cannot answer (an attribute is
// missing or longer than any certificate) are left to single.
func (r bulkReader) values(session pkcs11.SessionHandle, objects []pkcs11.ObjectHandle, kinds []uint,
	single func(pkcs11.ObjectHandle) [][]byte, f func(pkcs11.ObjectHandle, [][]byte)) {
	if r.read == nil || len(kinds) > C.MOST {
		for _, o := range objects {
			f(o, single(o))
		}
		return
	}
	wanted := make([]C.ulong, len(kinds))
	for i, kind := range kinds {
		wanted[i] = C.ulong(kind)
	}
	room := make([]byte, bulkRoom)
	for len(objects) > 0 {
		handles := make([]C.ulong, min(len(objects), bulkObjects))
		for i := range handles {
			handles[i] = C.ulong(objects[i])
		}
		sizes := make([]C.ulong, len(handles)*len(kinds))
		n := int(C.read_some(r.read, C.ulong(session), &handles[0], C.ulong(len(handles)), &wanted[0], C.ulong(len(wanted)),
			(*C.uchar)(unsafe.Pointer(&room[0])), C.ulong(len(room)), &sizes[0]))
		rest := room
		for i, o := range objects[:n] {
			own := sizes[i*len(kinds):][:len(kinds)]
			if own[0] == ^C.ulong(0) {
				f(o, single(o))
				continue
			}
			values := make([][]byte, len(kinds))
			for k, size := range own {
				values[k] = append([]byte(nil), rest[:size]...)
				rest = rest[size:]
			}
			f(o, values)
		}
		objects = objects[n:]
	}
}
