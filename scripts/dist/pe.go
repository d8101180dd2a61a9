package main

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"errors"
	"slices"
)

// Offsets in the headers of a 64-bit program (PE format, "Optional Header").
const (
	coffSize         = 20
	offSections      = 2   // in the COFF header: NumberOfSections
	offOptionalSize  = 16  // in the COFF header: SizeOfOptionalHeader
	offInitialized   = 8   // in the optional header: SizeOfInitializedData
	offSectionAlign  = 32  // SectionAlignment
	offFileAlign     = 36  // FileAlignment
	offImageSize     = 56  // SizeOfImage
	offHeadersSize   = 60  // SizeOfHeaders
	offChecksum      = 64  // CheckSum
	offResourceTable = 128 // DataDirectory[2]
	sectionSize      = 40
	readableData     = 0x40000040
)

// withResources adds a .rsrc section at the end of a program that has none.
// Go's linker takes resources as an object file beside the sources; this way
// nothing is written there, and no resource compiler is needed.
func withResources(program []byte, all []resource) ([]byte, error) {
	f, err := pe.NewFile(bytes.NewReader(program))
	if err != nil {
		return nil, err
	}
	if f.Section(".rsrc") != nil {
		return nil, errors.New("the program has resources already")
	}
	le := binary.LittleEndian
	coff := int(le.Uint32(program[0x3c:])) + 4
	optional := coff + coffSize
	table := optional + int(le.Uint16(program[coff+offOptionalSize:]))
	sections := int(le.Uint16(program[coff+offSections:]))
	header := table + sections*sectionSize
	get := func(at int) uint32 { return le.Uint32(program[optional+at:]) }
	if header+sectionSize > int(get(offHeadersSize)) {
		return nil, errors.New("no room for one more section")
	}

	out := slices.Clone(program)
	fileAlign, rva := int(get(offFileAlign)), get(offImageSize)
	body := section(all, rva)
	virtual := uint32(len(body))
	out = append(out, make([]byte, -len(out)&(fileAlign-1))...)
	start := len(out)
	out = append(out, body...)
	out = append(out, make([]byte, -len(out)&(fileAlign-1))...)
	raw := uint32(len(out) - start)

	var h bytes.Buffer
	h.WriteString(".rsrc\x00\x00\x00")
	put(&h, virtual, rva, raw, uint32(start), make([]byte, 12), uint32(readableData))
	copy(out[header:], h.Bytes())
	le.PutUint16(out[coff+offSections:], uint16(sections+1))
	set := func(at int, v uint32) { le.PutUint32(out[optional+at:], v) }
	align := get(offSectionAlign)
	set(offImageSize, rva+(virtual+align-1)/align*align)
	set(offInitialized, get(offInitialized)+raw)
	set(offResourceTable, rva)
	set(offResourceTable+4, virtual)
	set(offChecksum, 0) // Go writes none; signing computes it
	return out, nil
}
