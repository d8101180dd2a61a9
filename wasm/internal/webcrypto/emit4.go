//go:build js && wasm

package webcrypto

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"scelle/shared/fingerprint"
)

// Up to four messages of one length are compressed at once, each in its own
// lane of 128-bit vectors: two fingerprints of an envelope and one of a file
// cost little more than one.

// Places in the module's memory for the four lanes, in bytes. Word i of lane
// k's state is at stateAt + 16*i + 4*k; the round constants are at constantsAt,
// of one group of rounds after the other; lane k's blocks are at
// lanesAt + k*laneSize.
const (
	lanes       = 4
	constantsAt = stateAt + 16*8
	lanesAt     = constantsAt + 4*64
	laneSize    = 64<<10 + 128 // small, so that all lanes stay in the processor's cache
)

// Opcodes of vectors, behind the prefix opVector.
const (
	opVector   = 0xfd
	vecLoad    = 0x00
	vecLoadAll = 0x09
	vecStore   = 0x0b
	vecShuffle = 0x0d
	vecAnd     = 0x4e
	vecOr      = 0x50
	vecXor     = 0x51
	vecSelect  = 0x52
	vecShl     = 0xab
	vecShrU    = 0xad
	vecAdd     = 0xae
	typeV128   = 0x7b
)

// The locals of the function for four lanes: its parameters, the working
// variables, the message schedule, and what is kept from one step to the next.
const (
	local4A     = 2
	local4W     = 10
	local4T     = 26
	local4Old   = 27 // a ^ b of the round before
	local4New   = 28 // a ^ b of this round
	local4Count = 8 + 16 + 3
	local4K     = 2 + local4Count // 32-bit: where the constants of the rounds are, behind constantsAt
)

func (a *assembler) vec(codes ...byte) {
	for _, c := range codes {
		a.op(opVector)
		a.code = appendUnsigned(a.code, uint64(c))
	}
}

// mixed pushes the exclusive or of a local's rotations to the right, in rising
// order, and of one smaller shift when it is not 0. Vectors have no rotation: it
// is a shift each way. Those to the right make one chain, ((x>>c ^ x)>>b ^ x)>>a
// for shifts by a, a+b and a+b+c, and those to the left another one: few values
// are alive at a time, and so few leave the processor's registers.
func (a *assembler) mixed(local byte, shift int, rotations ...int) {
	right, left := slices.Clone(rotations), []int{}
	if shift != 0 {
		right = append([]int{shift}, right...)
	}
	slices.Reverse(right)
	for _, r := range rotations {
		left = append(left, 32-r)
	}
	a.chain(local, vecShrU, right)
	a.chain(local, vecShl, left)
	a.vec(vecXor)
}

// chain pushes the exclusive or of a local's shifts, by falling amounts.
func (a *assembler) chain(local, shift byte, amounts []int) {
	a.get(local)
	for i, n := range amounts {
		if i > 0 {
			a.get(local)
			a.vec(vecXor)
		}
		if i+1 < len(amounts) {
			n -= amounts[i+1]
		}
		a.constant(uint32(n))
		a.vec(shift)
	}
}

// shuffle pushes the bytes of the two vectors on the stack that pick names.
func (a *assembler) shuffle(pick [16]byte) {
	a.vec(vecShuffle)
	a.code = append(a.code, pick[:]...)
}

// words is a shuffle of whole 32-bit words, 0 to 7.
func words(w0, w1, w2, w3 byte) (pick [16]byte) {
	for i, w := range [4]byte{w0, w1, w2, w3} {
		for k := range byte(4) {
			pick[4*i+int(k)] = 4*w + k
		}
	}
	return pick
}

// loaded pushes four words of one lane, made little endian.
func (a *assembler) loaded(lane, word int) {
	a.get(localInput)
	a.vec(vecLoad)
	a.op(2)
	a.code = appendUnsigned(a.code, uint64(lane*laneSize+4*word))
	a.op(opTee, local4T)
	a.get(local4T)
	a.shuffle([16]byte{3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12})
}

// transposed loads words w to w+3 of the block into as many locals, each with
// that word of all lanes.
func (a *assembler) transposed(w int) {
	at := func(k int) byte { return byte(local4W + w + k) }
	for k := range lanes {
		a.loaded(k, w)
		a.set(at(k))
	}
	pair := func(x, y byte, pick [16]byte, into byte) {
		a.get(x)
		a.get(y)
		a.shuffle(pick)
		a.set(into)
	}
	low, high := words(0, 4, 1, 5), words(2, 6, 3, 7)
	pair(at(0), at(1), low, local4Old)
	pair(at(0), at(1), high, local4New)
	pair(at(2), at(3), low, local4T)
	pair(at(2), at(3), high, at(3))
	first, second := words(0, 1, 4, 5), words(2, 3, 6, 7)
	pair(local4Old, local4T, first, at(0))
	pair(local4Old, local4T, second, at(1))
	pair(local4New, at(3), first, at(2))
	pair(local4New, at(3), second, at(3))
}

// schedule4 computes the next word of the message schedule in the place of word
// i, which it follows by 16.
func (a *assembler) schedule4(i int) {
	w := func(k int) byte { return byte(local4W + k%16) }
	a.get(w(i))
	a.mixed(w(i+1), 3, 7, 18)
	a.vec(vecAdd)
	a.get(w(i + 9))
	a.vec(vecAdd)
	a.mixed(w(i+14), 10, 17, 19)
	a.vec(vecAdd)
	a.set(w(i))
}

// round4 does round i, as round does. Maj is b ^ ((a^b) & (b^c)): b^c is the
// a^b of the round before.
func (a *assembler) round4(i int) {
	v := func(k int) byte { return local4A + byte((k-i%8+8)%8) }
	A, B, D, E, F, G, H := v(0), v(1), v(3), v(4), v(5), v(6), v(7)
	older, newer := byte(local4Old), byte(local4New)
	if i%2 == 1 {
		older, newer = newer, older
	}
	a.get(H)
	a.get(local4W + byte(i%16))
	a.vec(vecAdd)
	a.get(local4K)
	a.vec(vecLoadAll)
	a.op(2)
	a.code = appendUnsigned(a.code, uint64(constantsAt+4*(i%group4)))
	a.vec(vecAdd)
	a.get(F) // Ch: f where e is 1, g elsewhere
	a.get(G)
	a.get(E)
	a.vec(vecSelect, vecAdd)
	a.mixed(E, 0, 6, 11, 25)
	a.vec(vecAdd)
	a.op(opTee, local4T)
	a.get(D)
	a.vec(vecAdd)
	a.set(D)
	a.get(A)
	a.get(B)
	a.vec(vecXor)
	a.op(opTee, newer)
	a.get(older)
	a.vec(vecAnd)
	a.get(B)
	a.vec(vecXor)
	a.get(local4T)
	a.vec(vecAdd)
	a.mixed(A, 0, 2, 13, 22)
	a.vec(vecAdd)
	a.set(H)
}

// state4 pushes or stores word k of all lanes.
func (a *assembler) state4(op byte, k int) {
	a.vec(op)
	a.op(2)
	a.code = appendUnsigned(a.code, uint64(16*k))
}

// group4 is how many rounds are written out. The first ones take the words of
// the block, and a loop does the others: all 64 in a row are no faster, and the
// browser compiles them several times as long, with a slow version in use.
const group4 = 16

// rounds4 does all rounds.
func (a *assembler) rounds4() {
	a.constant(0)
	a.set(local4K)
	for i := range group4 {
		a.round4(i)
	}
	a.op(opLoop, noResult)
	a.get(local4K)
	a.constant(4 * group4)
	a.op(opAdd)
	a.set(local4K)
	for i := range group4 {
		a.schedule4(i)
		a.round4(i)
	}
	a.get(local4K)
	a.constant(4 * (64 - group4))
	a.op(opLess, opBrIf, 0, opEnd)
}

// compression4 is the body of the function (input of lane 0, blocks).
func compression4() []byte {
	a := &assembler{code: []byte{2, local4Count, typeV128, 1, typeI32}}
	a.op(opLoop, noResult)
	for w := 0; w < 16; w += 4 {
		a.transposed(w)
	}
	for k := range 8 {
		a.constant(stateAt)
		a.state4(vecLoad, k)
		a.set(local4A + byte(k))
	}
	a.get(local4A + 1)
	a.get(local4A + 2)
	a.vec(vecXor)
	a.set(local4Old)
	a.rounds4()
	for k := range 8 {
		a.constant(stateAt)
		a.constant(stateAt)
		a.state4(vecLoad, k)
		a.get(local4A + byte(k))
		a.vec(vecAdd)
		a.state4(vecStore, k)
	}
	a.get(localInput)
	a.constant(sha256.BlockSize)
	a.op(opAdd)
	a.set(localInput)
	a.get(localBlocks)
	a.constant(1)
	a.op(opSub, opTee, localBlocks, opBrIf, 0, opEnd, opEnd)
	return a.code
}

// lanesModule is the module for the digest worker: a memory "m" and the
// function "f".
func lanesModule() []byte {
	const room = (lanesAt + lanes*laneSize + 0xffff) >> 16
	return module(room, []byte{2, typeI32, typeI32, 0}, compression4(), constantsAt, littleEndian(fingerprint.RoundConstants()))
}

// littleEndian is the words as bytes.
func littleEndian(words [64]uint32) (b []byte) {
	for _, w := range words {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}
