//go:build js && wasm

package webcrypto

import (
	"hash/crc32"

	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
)

// Places in the memory of a room, in bytes: sixteen tables of 256 words, then
// the room itself, of which roomSize is filled, and as much behind it for what
// a run brings before it takes the front away.
const (
	crcTables = 16
	roomAt    = crcTables * 256 * 4
	roomSize  = groupSize
)

// room is the memory of a small WebAssembly instance in which a chunk is put
// together. It can take the CRC-32 of bytes where they lie: Go's own would
// want them in Go's memory, and is four times as slow there.
type room struct {
	exports bridge.Value
	bytes   bridge.Value // Uint8Array of twice roomSize bytes
}

func newRoom() (*room, error) {
	exports, err := instance(crcModule())
	if err != nil {
		return nil, err
	}
	buffer, err := bridge.Get(exports, "m", "buffer")
	if err != nil {
		return nil, err
	}
	bytes, err := bridge.New("Uint8Array", buffer, roomAt, 2*roomSize)
	return &room{exports, bytes}, err
}

// instance makes an instance of a module and returns its exports.
func instance(module []byte) (bridge.Value, error) {
	code, err := bridge.ToJS(module)
	if err != nil {
		return code, err
	}
	wasm, err := bridge.Get(bridge.Global(), "WebAssembly")
	if err != nil {
		return code, err
	}
	compiled, err := bridge.Construct(wasm, "Module", code)
	if err != nil {
		return code, err
	}
	made, err := bridge.Construct(wasm, "Instance", compiled)
	if err != nil {
		return code, err
	}
	return bridge.Get(made, "exports")
}

// part is a Uint8Array over n bytes of the room.
func (r *room) part(at, n int) (bridge.Value, error) {
	return bridge.Call(r.bytes, "subarray", at, at+n)
}

// put copies a Uint8Array to a place in the room.
func (r *room) put(at int, array bridge.Value) error {
	_, err := bridge.Call(r.bytes, "set", array, at)
	return err
}

// crc goes on with a CRC-32 (IEEE) over n bytes of the room.
func (r *room) crc(sum uint32, at, n int) (uint32, error) {
	v, err := bridge.Call(r.exports, "f", int32(^sum), roomAt+at, n)
	if err != nil {
		return 0, err
	}
	f, err := v.Float()
	return ^uint32(int32(f)), fault.Wrap(fault.Internal, err)
}

// forRun is the room as a run of chunks.js knows it.
func (r *room) forRun() map[string]any {
	return map[string]any{"exports": r.exports, "bytes": r.bytes, "at": roomAt}
}

func (r *room) wipe() { bridge.Wipe(r.bytes) }

// Summer takes CRC-32 (IEEE) sums of bytes in JavaScript's memory.
type Summer struct{ room *room }

// NewSummer makes one. Errors: fault.Internal.
func NewSummer() (*Summer, error) {
	r, err := newRoom()
	return &Summer{r}, err
}

// CRC goes on with a sum over n bytes of c from an offset on.
func (s *Summer) CRC(sum uint32, c bridge.Chunks, from, n int) (uint32, error) {
	for done := 0; done < n; {
		take := min(n-done, roomSize)
		err := c.CopyTo(s.room.bytes, from+done, take)
		if err == nil {
			sum, err = s.room.crc(sum, 0, take)
		}
		if err != nil {
			return 0, err
		}
		done += take
	}
	return sum, nil
}

// Close wipes what it holds.
func (s *Summer) Close() { s.room.wipe() }

// slicedTables are the tables for sixteen bytes at a time, little endian. The
// first says what a byte does to the sum, each other one what it does with
// one zero byte more behind it.
func slicedTables() []byte {
	var before [256]uint32
	tables := make([]byte, 0, roomAt)
	for k := range crcTables {
		for i := range before {
			v := crc32.IEEETable[i]
			if k > 0 {
				v = crc32.IEEETable[byte(before[i])] ^ before[i]>>8
			}
			before[i] = v
			tables = append(tables, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
		}
	}
	return tables
}

// The locals of the checksum: its parameters, and four words of input.
const (
	localSum  = 0
	localAt   = 1
	localLeft = 2
	localX    = 3
)

// crcModule has a function of (sum, address, bytes) that gives the sum that
// goes on with these bytes, not inverted at either end.
func crcModule() []byte {
	a := &assembler{code: []byte{1, 4, typeI32}}
	a.while(func() { // fewer than 16 bytes end it
		a.get(localLeft)
		a.constant(16)
		a.op(opLess)
	}, 16, a.sixteen)
	a.while(func() {
		a.get(localLeft)
		a.op(opEqz)
	}, 1, a.one)
	a.get(localSum)
	a.op(opEnd)
	const pages = (roomAt + 2*roomSize + 0xffff) >> 16
	return module(pages, []byte{3, typeI32, typeI32, typeI32, 1, typeI32}, a.code, 0, slicedTables())
}

// while repeats body, which takes n bytes, until ended pushes something else
// than 0.
func (a *assembler) while(ended func(), n uint32, body func()) {
	a.op(opBlock, noResult, opLoop, noResult)
	ended()
	a.op(opBrIf, 1)
	body()
	a.get(localAt)
	a.constant(n)
	a.op(opAdd)
	a.set(localAt)
	a.get(localLeft)
	a.constant(n)
	a.op(opSub)
	a.set(localLeft)
	a.op(opBr, 0, opEnd, opEnd)
}

// sixteen looks up each of sixteen bytes in a table of its own.
func (a *assembler) sixteen() {
	for w := range 4 {
		a.get(localAt)
		a.load(uint64(4 * w))
		if w == 0 {
			a.get(localSum)
			a.op(opXor)
		}
		a.set(localX + byte(w))
	}
	for i := range 16 {
		a.get(localX + byte(i/4))
		if shift := 8*(i%4) - 2; shift < 0 {
			a.constant(2)
			a.op(opShl)
		} else {
			a.constant(uint32(shift))
			a.op(opShrU)
		}
		a.constant(0x3fc)
		a.op(opAnd)
		a.load(uint64(1024 * (15 - i)))
		if i > 0 {
			a.op(opXor)
		}
	}
	a.set(localSum)
}

// one looks up one byte.
func (a *assembler) one() {
	a.get(localAt)
	a.op(opLoad8, 0, 0)
	a.get(localSum)
	a.op(opXor)
	a.constant(0xff)
	a.op(opAnd)
	a.constant(2)
	a.op(opShl)
	a.load(0)
	a.get(localSum)
	a.constant(8)
	a.op(opShrU, opXor)
	a.set(localSum)
}
