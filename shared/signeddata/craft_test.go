package signeddata_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"slices"
	"testing"

	"scelle/shared/certtest"
)

// Where the parts of a signed list stand, as indexes of children from the
// outermost SEQUENCE on: ContentInfo, [0], SignedData.
var (
	atVersion    = []int{1, 0, 0}
	atDigests    = []int{1, 0, 1}
	atContent    = []int{1, 0, 2}
	atCerts      = []int{1, 0, 3}
	atSigners    = []int{1, 0, 4}
	atSignerID   = []int{1, 0, 4, 0, 1}
	atDigest     = []int{1, 0, 4, 0, 2}
	atAttributes = []int{1, 0, 4, 0, 3}
	atAlgorithm  = []int{1, 0, 4, 0, 4}
	atSignature  = []int{1, 0, 4, 0, 5}
)

// split returns the elements one after the other in some bytes.
func split(t testing.TB, content []byte) [][]byte {
	t.Helper()
	var all [][]byte
	for len(content) > 0 {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(content, &v)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v.FullBytes)
		content = rest
	}
	return all
}

// inside returns the content octets of an element.
func inside(t testing.TB, element []byte) []byte {
	t.Helper()
	var v asn1.RawValue
	if _, err := asn1.Unmarshal(element, &v); err != nil {
		t.Fatal(err)
	}
	return v.Bytes
}

// wrap writes an element.
func wrap(tag byte, parts ...[]byte) []byte {
	content := bytes.Join(parts, nil)
	n := len(content)
	switch {
	case n < 0x80:
		return append([]byte{tag, byte(n)}, content...)
	case n < 0x100:
		return append([]byte{tag, 0x81, byte(n)}, content...)
	case n < 0x10000:
		return append([]byte{tag, 0x82, byte(n >> 8), byte(n)}, content...)
	}
	return append([]byte{tag, 0x83, byte(n >> 16), byte(n >> 8), byte(n)}, content...)
}

// edit replaces the element at a path by what change makes of it, and writes
// all lengths around it again.
func edit(t testing.TB, der []byte, path []int, change func(element []byte) []byte) []byte {
	t.Helper()
	if len(path) == 0 {
		return change(der)
	}
	children := split(t, inside(t, der))
	children[path[0]] = edit(t, children[path[0]], path[1:], change)
	return wrap(der[0], children...)
}

// with replaces an element by others.
func with(parts ...[]byte) func([]byte) []byte {
	return func([]byte) []byte { return bytes.Join(parts, nil) }
}

// and puts others behind an element.
func and(parts ...[]byte) func([]byte) []byte {
	return func(e []byte) []byte { return append(slices.Clone(e), bytes.Join(parts, nil)...) }
}

// part returns the element at a path.
func part(t testing.TB, der []byte, path []int) []byte {
	t.Helper()
	var found []byte
	edit(t, der, path, func(e []byte) []byte { found = e; return e })
	return found
}

// attribute is an Attribute with these values.
func attribute(t testing.TB, kind asn1.ObjectIdentifier, values ...any) []byte {
	t.Helper()
	parts := [][]byte{marshal(t, kind)}
	var set [][]byte
	for _, v := range values {
		set = append(set, marshal(t, v))
	}
	return wrap(0x30, append(parts, wrap(0x31, set...))...)
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	der, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// resign gives a list other signed attributes, in this order, with a valid
// signature of the same key over them.
func resign(t testing.TB, der []byte, p *certtest.Pair, attributes ...[]byte) []byte {
	t.Helper()
	digest := sha256.Sum256(wrap(0x31, attributes...))
	signature, err := p.Key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	der = edit(t, der, atAttributes, with(wrap(0xa0, attributes...)))
	return edit(t, der, atSignature, with(wrap(0x04, signature)))
}

// ordered sorts attributes as DER wants them.
func ordered(attributes ...[]byte) [][]byte {
	slices.SortFunc(attributes, bytes.Compare)
	return attributes
}
