package main

import (
	"encoding/binary"
	"errors"
)

// The sections of a WebAssembly module that are looked at or written.
const (
	sectionType     = 1
	sectionImport   = 2
	sectionFunction = 3
	sectionStart    = 8
	sectionElement  = 9
	sectionCode     = 10
	sectionData     = 11
)

// Instructions and types, WebAssembly 2.0, 5.3 and 5.4.
const (
	opLoop, opEnd, opBranchIf, opGet, opTee         = 0x03, 0x0b, 0x0d, 0x20, 0x22
	opStore, opConst, opLess, opAdd, opMul, opShift = 0x36, 0x41, 0x49, 0x6a, 0x6c, 0x76

	typeI32, typeFunction, typeNone = 0x7f, 0x60, 0x40
)

var errModule = errors.New("a WebAssembly module that cannot be read")

// magic is how a module begins.
const magic = "\x00asm\x01\x00\x00\x00"

// section is one section of a module, without its header.
type section struct {
	id   byte
	body []byte
}

// readSections reads a module, WebAssembly 2.0, 5.5.
func readSections(module []byte) ([]section, error) {
	if len(module) < len(magic) || string(module[:len(magic)]) != magic {
		return nil, errModule
	}
	var sections []section
	r := reader{rest: module[len(magic):]}
	for len(r.rest) > 0 {
		s := section{id: r.byte()}
		s.body = r.bytes(r.number())
		sections = append(sections, s)
	}
	if r.bad {
		return nil, errModule
	}
	return sections, nil
}

// writeSections is the module of those sections.
func writeSections(sections []section) []byte {
	out := []byte(magic)
	for _, s := range sections {
		out = append(binary.AppendUvarint(append(out, s.id), uint64(len(s.body))), s.body...)
	}
	return out
}

// vector is a section's body: a count and what is counted.
func vector(count uint64, parts ...[]byte) []byte {
	body := binary.AppendUvarint(nil, count)
	for _, p := range parts {
		body = append(body, p...)
	}
	return body
}

// segment is a part of the memory that a module comes with.
type segment struct {
	at    uint64
	data  []byte
	entry []byte // as it stands in the section
}

func (s segment) end() uint64 { return s.at + uint64(len(s.data)) }

// readSegments reads a data section whose segments all stand at constant
// addresses of the one memory, as Go's linker writes them; it gives none when
// there are others.
func readSegments(body []byte) ([]segment, error) {
	r := reader{rest: body}
	count := r.number()
	var segments []segment
	for ; count > 0 && !r.bad; count-- {
		before := r.rest
		kind, op, at, end := r.number(), r.byte(), r.number(), r.byte()
		if kind != 0 || op != opConst || end != opEnd {
			return nil, nil
		}
		data := r.bytes(r.number())
		segments = append(segments, segment{at, data, before[:len(before)-len(r.rest)]})
	}
	if r.bad || len(r.rest) > 0 {
		return nil, errModule
	}
	return segments, nil
}

// importedFunctions counts what a module imports; ok when these are functions
// only, as with Go's linker.
func importedFunctions(body []byte) (n uint64, ok bool) {
	r := reader{rest: body}
	n = r.number()
	for range min(n, uint64(len(body))) {
		r.bytes(r.number())
		r.bytes(r.number())
		if r.byte() != 0 {
			return 0, false
		}
		r.number()
	}
	return n, !r.bad && len(r.rest) == 0
}

// reader takes a module apart; after an end that came too early all it reads
// is zero.
type reader struct {
	rest []byte
	bad  bool
}

// number reads an unsigned LEB128 number, or a signed one that is positive.
func (r *reader) number() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.rest, r.bad = nil, true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.rest, r.bad = nil, true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) byte() byte {
	if b := r.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}
