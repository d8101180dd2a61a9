package plist

import (
	"encoding/binary"
	"math"
	"unicode/utf16"
)

const (
	binaryMagic = "bplist00"
	trailerSize = 32
)

// reader walks a binary list: objects, then a table of their offsets, then a
// trailer that says how wide offsets and references are.
type reader struct {
	data    []byte
	offsets []uint64
	refSize int
	values  int // read so far
}

func parseBinary(data []byte) (any, error) {
	if len(data) < len(binaryMagic)+trailerSize {
		return nil, bad("short")
	}
	trailer := data[len(data)-trailerSize:]
	offsetSize, refSize := int(trailer[6]), int(trailer[7])
	count := binary.BigEndian.Uint64(trailer[8:])
	top := binary.BigEndian.Uint64(trailer[16:])
	table := binary.BigEndian.Uint64(trailer[24:])
	end := uint64(len(data) - trailerSize)
	if !width(offsetSize) || !width(refSize) || count > maxValues || table > end || count*uint64(offsetSize) > end-table {
		return nil, bad("trailer")
	}
	r := &reader{data: data[:end], refSize: refSize}
	for i := range count {
		at := table + i*uint64(offsetSize)
		r.offsets = append(r.offsets, number(data[at:at+uint64(offsetSize)]))
	}
	return r.object(top, 0)
}

func width(n int) bool { return n == 1 || n == 2 || n == 4 || n == 8 }

// number reads an unsigned big-endian integer of any width up to 8.
func number(b []byte) uint64 {
	var n uint64
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// take returns n bytes at an offset.
func (r *reader) take(at, n uint64) ([]byte, error) {
	if at > uint64(len(r.data)) || n > uint64(len(r.data))-at {
		return nil, bad("offset")
	}
	return r.data[at : at+n], nil
}

// object reads the object with that reference.
func (r *reader) object(ref uint64, depth int) (any, error) {
	r.values++
	if ref >= uint64(len(r.offsets)) || depth > maxDepth || r.values > maxValues {
		return nil, bad("reference")
	}
	at := r.offsets[ref]
	marker, err := r.take(at, 1)
	if err != nil {
		return nil, err
	}
	kind, low := marker[0]>>4, marker[0]&0xf
	switch kind {
	case 0x0:
		return simple(low)
	case 0x1, 0x2, 0x3:
		return r.fixed(kind, at+1, uint64(1)<<low)
	case 0x4, 0x5, 0x6, 0xa, 0xd:
		n, body, err := r.length(at, low)
		if err != nil {
			return nil, err
		}
		return r.sized(kind, body, n, depth)
	}
	return nil, bad("kind")
}

// simple is an object that is its own marker.
func simple(low byte) (any, error) {
	switch low {
	case 0x8:
		return false, nil
	case 0x9:
		return true, nil
	}
	return nil, bad("kind")
}

// fixed reads an integer, a real or a date of n bytes.
func (r *reader) fixed(kind byte, at, n uint64) (any, error) {
	b, err := r.take(at, n)
	switch {
	case err != nil:
		return nil, err
	case kind == 0x1 && n <= 8:
		return int64(number(b)), nil
	case n == 4 && kind == 0x2:
		return float64(math.Float32frombits(uint32(number(b)))), nil
	case n == 8 && kind != 0x1:
		return math.Float64frombits(number(b)), nil
	}
	return nil, bad("number")
}

// length reads how many elements a sized object has and where they begin.
func (r *reader) length(at uint64, low byte) (n, body uint64, err error) {
	if low != 0xf {
		return uint64(low), at + 1, nil
	}
	marker, err := r.take(at+1, 1)
	if err != nil {
		return 0, 0, err
	}
	size := uint64(1) << (marker[0] & 0xf)
	b, err := r.take(at+2, size)
	if err != nil || marker[0]>>4 != 0x1 || size > 8 {
		return 0, 0, bad("length")
	}
	return number(b), at + 2 + size, nil
}

// sized reads data, text, an array or a dictionary of n elements at body.
func (r *reader) sized(kind byte, body, n uint64, depth int) (any, error) {
	if n > uint64(len(r.data)) {
		return nil, bad("length")
	}
	switch kind {
	case 0x4:
		return r.take(body, n)
	case 0x5:
		b, err := r.take(body, n)
		return string(b), err
	case 0x6:
		b, err := r.take(body, 2*n)
		if err != nil {
			return nil, err
		}
		units := make([]uint16, n)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(b[2*i:])
		}
		return string(utf16.Decode(units)), nil
	case 0xa:
		return r.array(body, n, depth)
	}
	return r.dictionary(body, n, depth)
}

func (r *reader) array(body, n uint64, depth int) (any, error) {
	refs, err := r.take(body, n*uint64(r.refSize))
	if err != nil {
		return nil, err
	}
	list := []any{}
	for ; len(refs) > 0; refs = refs[r.refSize:] {
		v, err := r.object(number(refs[:r.refSize]), depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// dictionary is an array of keys, then one of values.
func (r *reader) dictionary(body, n uint64, depth int) (any, error) {
	keys, err := r.array(body, n, depth)
	if err != nil {
		return nil, err
	}
	values, err := r.array(body+n*uint64(r.refSize), n, depth)
	if err != nil {
		return nil, err
	}
	names, all := keys.([]any), values.([]any)
	dict := make(map[string]any, len(names))
	for i, name := range names {
		text, ok := name.(string)
		if !ok {
			return nil, bad("key")
		}
		dict[text] = all[i]
	}
	return dict, nil
}
