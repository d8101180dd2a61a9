package main

import "encoding/binary"

// A tenth of a module of Go's linker is one table, runtime.findfunctab, which
// finds the function that a program counter is in: a bucket of 20 bytes for
// 4096 bytes of code (findfuncbucket in runtime/symtab.go). In WebAssembly
// every function counts as 64 KiB of code, so there are sixteen buckets for
// each, with the function's number and zeros: bucket k is k/16. slim leaves
// them out and writes them by a loop in the module's start function, which the
// browser runs when it makes the module's instance. Go's own code then finds
// the memory as the linker meant it.
const (
	bucketSize     = 20
	bucketsPerFunc = 16
	leastBuckets   = 64 * bucketsPerFunc // a shorter table is not worth a function
)

// slim makes a module of Go's linker smaller. One that has no such table, or
// already has a start function, stays as it is.
func slim(module []byte) ([]byte, error) {
	sections, err := readSections(module)
	if err != nil {
		return nil, err
	}
	var t table
	for i, s := range sections {
		switch s.id {
		case sectionStart:
			return module, nil
		case sectionData:
			segments, err := readSegments(s.body)
			if err != nil {
				return nil, err
			}
			if t = findTable(segments); t.buckets < leastBuckets || !t.alone(segments) {
				return module, nil
			}
			sections[i].body = t.without(segments)
		}
	}
	if started, ok := start(sections, t.loop()); ok && t.buckets > 0 {
		return writeSections(started), nil
	}
	return module, nil
}

// table is where the buckets are; from is the first segment of it.
type table struct {
	at, buckets uint64
	from        int
}

// findTable finds the longest row of buckets that are what the loop writes.
func findTable(segments []segment) table {
	const first = bucketsPerFunc * bucketSize // where the first byte is that is not zero
	var best table
	for i, s := range segments {
		if s.at < first || string(s.data) != "\x01" || i > 0 && segments[i-1].end() > s.at-first {
			continue
		}
		t := table{at: s.at - first, from: i}
		if t.buckets = t.grow(segments[i:]); t.buckets > best.buckets {
			best = t
		}
	}
	return best
}

// grow counts the buckets of a table whose bucket 16 is in the first segment.
func (t table) grow(segments []segment) uint64 {
	bucket := uint64(bucketsPerFunc)
	for i, s := range segments {
		at := t.at + bucket*bucketSize
		if s.at < at || s.end() > at+4 || i+1 < len(segments) && segments[i+1].at < at+4 {
			break
		}
		var got [4]byte // the segment has no zeros at its ends
		copy(got[s.at-at:], s.data)
		if binary.LittleEndian.Uint32(got[:]) != uint32(bucket/bucketsPerFunc) {
			break
		}
		bucket++
	}
	return bucket
}

// alone says whether only the table's own segments write where the loop does,
// which runs after all of them. Segments may come in any order: Go's linker
// does not write them by rising addresses.
func (t table) alone(segments []segment) bool {
	end := t.at + (t.buckets-1)*bucketSize + 4
	for i, s := range segments {
		if !t.owns(i) && s.at < end && s.end() > t.at {
			return false
		}
	}
	return true
}

// owns says whether segment i is one of the table's.
func (t table) owns(i int) bool { return i >= t.from && i < t.from+int(t.buckets)-bucketsPerFunc }

// without is the data section without the segments that the loop writes again,
// each of which is one bucket: what follows the table may look like a bucket
// too, with other data behind it.
func (t table) without(segments []segment) []byte {
	var kept [][]byte
	for i, s := range segments {
		if !t.owns(i) {
			kept = append(kept, s.entry)
		}
	}
	return vector(uint64(len(kept)), kept...)
}

// loop is the body of the function that writes the table:
//
//	k = 0; do { *(t.at + 20*k) = k >> 4 } while (++k < t.buckets)
func (t table) loop() []byte {
	const k = 0 // the one local variable
	code := []byte{1, 1, typeI32, opLoop, typeNone, opGet, k, opConst, bucketSize, opMul, opGet, k, opConst, 4, opShift, opStore, 2}
	code = binary.AppendUvarint(code, t.at)
	code = append(code, opGet, k, opConst, 1, opAdd, opTee, k, opConst)
	code = appendSigned(code, t.buckets)
	return append(code, opLess, opBranchIf, 0, opEnd, opEnd)
}

// appendSigned writes a signed LEB128 number that is positive.
func appendSigned(b []byte, v uint64) []byte {
	for ; v >= 0x40; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}

// start adds a start function of that body; not ok without a place for it,
// which every module of Go's linker has.
func start(sections []section, body []byte) (out []section, ok bool) {
	var kind, number uint64 // the function's type and its own number
	placed := false
	for _, s := range sections {
		r := reader{rest: s.body}
		switch s.id {
		case sectionType:
			kind = r.number()
			s.body = vector(kind+1, r.rest, []byte{typeFunction, 0, 0})
		case sectionImport:
			if number, ok = importedFunctions(s.body); !ok {
				return nil, false
			}
		case sectionFunction:
			n := r.number()
			number += n
			s.body = vector(n+1, r.rest, binary.AppendUvarint(nil, kind))
		case sectionElement:
			out = append(out, section{sectionStart, binary.AppendUvarint(nil, number)})
			placed = true
		case sectionCode:
			s.body = vector(r.number()+1, r.rest, binary.AppendUvarint(nil, uint64(len(body))), body)
		}
		out = append(out, s)
	}
	return out, ok && placed
}
