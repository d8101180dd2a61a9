//go:build js && wasm

package webcrypto

import "scelle/shared/fingerprint"

// The browser has no streaming SHA-256, and Go's own one runs at a third of
// what WebAssembly can do: its compiler keeps few values in locals. So the
// compression function of FIPS 180-4 6.2.2 is written out here as one
// straight run of WebAssembly instructions, all of whose values are locals,
// and becomes a module of some 20 KB at run time.

// Places in the module's memory, in bytes.
const (
	stateAt  = 0         // eight 32-bit words, little endian
	inputAt  = 64        // blocks to compress
	inputMax = 512 << 10 // bytes of them at most
	pages    = 9         // of 64 KiB
)

// Opcodes of the WebAssembly core specification, 5.4.
const (
	opBlock  = 0x02
	opLoop   = 0x03
	opEnd    = 0x0b
	opBr     = 0x0c
	opBrIf   = 0x0d
	opGet    = 0x20
	opSet    = 0x21
	opTee    = 0x22
	opLoad   = 0x28
	opLoad8  = 0x2d
	opStore  = 0x36
	opConst  = 0x41
	opEqz    = 0x45
	opLess   = 0x49
	opAdd    = 0x6a
	opSub    = 0x6b
	opAnd    = 0x71
	opOr     = 0x72
	opXor    = 0x73
	opShl    = 0x74
	opShrU   = 0x76
	opRotl   = 0x77
	opRotr   = 0x78
	typeI32  = 0x7f
	typeFunc = 0x60
	noResult = 0x40
)

// The function's locals: its two parameters, the eight working variables and
// the sixteen words of the message schedule.
const (
	localInput  = 0 // where the next block is
	localBlocks = 1 // how many are left
	localA      = 2 // a to h
	localW      = 10
	localCount  = 8 + 16 + 1
	localT      = 26
)

// assembler collects instructions.
type assembler struct{ code []byte }

func (a *assembler) op(codes ...byte) { a.code = append(a.code, codes...) }
func (a *assembler) get(local byte)   { a.op(opGet, local) }
func (a *assembler) set(local byte)   { a.op(opSet, local) }

func (a *assembler) constant(v uint32) {
	a.op(opConst)
	a.code = appendSigned(a.code, int64(int32(v)))
}

// load pushes the word at offset from the address on the stack.
func (a *assembler) load(offset uint64) {
	a.op(opLoad, 2)
	a.code = appendUnsigned(a.code, offset)
}

func (a *assembler) store(offset uint64) {
	a.op(opStore, 2)
	a.code = appendUnsigned(a.code, offset)
}

// rotations pushes the exclusive or of three rotations of a local to the
// right; the last one is a shift for the functions of the schedule.
func (a *assembler) rotations(local byte, r1, r2, r3 uint32, last byte) {
	a.get(local)
	a.constant(r1)
	a.op(opRotr)
	a.get(local)
	a.constant(r2)
	a.op(opRotr, opXor)
	a.get(local)
	a.constant(r3)
	a.op(last, opXor)
}

// swapped loads word i of the block, which is big endian.
func (a *assembler) swapped(i int) {
	a.get(localInput)
	a.load(uint64(4 * i))
	a.op(opTee, localT)
	a.constant(8)
	a.op(opRotl)
	a.constant(0x00ff00ff)
	a.op(opAnd)
	a.get(localT)
	a.constant(8)
	a.op(opRotr)
	a.constant(0xff00ff00)
	a.op(opAnd, opOr)
	a.set(localW + byte(i))
}

// schedule computes word i of the message schedule, for i from 16.
func (a *assembler) schedule(i int) {
	w := func(k int) byte { return localW + byte(k%16) }
	a.get(w(i))
	a.rotations(w(i+1), 7, 18, 3, opShrU)
	a.op(opAdd)
	a.get(w(i + 9))
	a.op(opAdd)
	a.rotations(w(i+14), 17, 19, 10, opShrU)
	a.op(opAdd)
	a.set(w(i))
}

// round does round i. Instead of moving eight variables along, each round
// names them anew.
func (a *assembler) round(i int) {
	v := func(k int) byte { return localA + byte((k-i%8+8)%8) }
	A, B, C, D, E, F, G, H := v(0), v(1), v(2), v(3), v(4), v(5), v(6), v(7)
	a.get(H)
	a.rotations(E, 6, 11, 25, opRotr)
	a.op(opAdd)
	a.get(G) // Ch = g ^ (e & (f ^ g))
	a.get(E)
	a.get(F)
	a.get(G)
	a.op(opXor, opAnd, opXor, opAdd)
	a.constant(fingerprint.RoundConstants()[i])
	a.op(opAdd)
	a.get(localW + byte(i%16))
	a.op(opAdd, opTee, localT)
	a.get(D)
	a.op(opAdd)
	a.set(D)
	a.get(localT)
	a.rotations(A, 2, 13, 22, opRotr)
	a.op(opAdd)
	a.get(A) // Maj = (a & b) ^ (c & (a ^ b))
	a.get(B)
	a.op(opAnd)
	a.get(C)
	a.get(A)
	a.get(B)
	a.op(opXor, opAnd, opXor, opAdd)
	a.set(H)
}

// compression is the body of the function (input, blocks).
func compression() []byte {
	a := &assembler{code: []byte{1, localCount, typeI32}}
	a.op(opLoop, noResult)
	for k := range 8 {
		a.constant(stateAt)
		a.load(uint64(4 * k))
		a.set(localA + byte(k))
	}
	for i := range 16 {
		a.swapped(i)
	}
	for i := range 64 {
		if i >= 16 {
			a.schedule(i)
		}
		a.round(i)
	}
	for k := range 8 {
		a.constant(stateAt)
		a.constant(stateAt)
		a.load(uint64(4 * k))
		a.get(localA + byte(k))
		a.op(opAdd)
		a.store(uint64(4 * k))
	}
	a.get(localInput)
	a.constant(64)
	a.op(opAdd)
	a.set(localInput)
	a.get(localBlocks)
	a.constant(1)
	a.op(opSub, opTee, localBlocks, opBrIf, 0, opEnd, opEnd)
	return a.code
}

// digestModule is the module for one message at a time.
func digestModule() []byte {
	return module(pages, []byte{2, typeI32, typeI32, 0}, compression(), 0, nil)
}

// module is a module of a memory "m", of so many pages, with data at an
// address, and of a function "f" of this type: parameters and results, each
// behind its number.
func module(pages byte, signature, body []byte, at uint32, data []byte) []byte {
	module := []byte("\x00asm\x01\x00\x00\x00")
	section := func(id byte, content []byte) {
		module = append(module, id)
		module = appendUnsigned(module, uint64(len(content)))
		module = append(module, content...)
	}
	section(1, append([]byte{1, typeFunc}, signature...))
	section(3, []byte{1, 0})
	section(5, []byte{1, 1, pages, pages})
	section(7, []byte{2, 1, 'm', 2, 0, 1, 'f', 0, 0})
	section(10, append(appendUnsigned([]byte{1}, uint64(len(body))), body...))
	if len(data) > 0 {
		head := append(appendSigned([]byte{1, 0, opConst}, int64(int32(at))), opEnd)
		section(11, append(appendUnsigned(head, uint64(len(data))), data...))
	}
	return module
}

// appendUnsigned appends v in LEB128.
func appendUnsigned(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// appendSigned appends v in signed LEB128.
func appendSigned(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}
