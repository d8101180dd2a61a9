//go:build darwin || linux

package keychain

import (
	"slices"
	"strings"
	"unsafe"

	"scelle/shared/fault"
)

// pool owns the Core Foundation objects of one operation: one reference of
// each, given back by drain. Every result of a function whose name has Create
// or Copy in it goes into a pool at once; what a Get function returns does
// not, and lives as long as what it was got from.
type pool struct {
	f       *frameworks
	owned   []ref
	secrets []ref // CFData among owned that are wiped first
}

func (f *frameworks) pool() *pool { return &pool{f: f} }

// own takes over one reference of r, which may be 0.
func (p *pool) own(r ref) ref {
	if r != 0 {
		p.owned = append(p.owned, r)
	}
	return r
}

// secret is own for CFData that nobody else uses and that is to be wiped.
func (p *pool) secret(r ref) ref {
	if r != 0 {
		p.secrets = append(p.secrets, r)
	}
	return p.own(r)
}

// drain wipes the secrets and gives everything back, the youngest first.
func (p *pool) drain() {
	for _, r := range p.secrets {
		clear(p.f.view(r))
	}
	for _, r := range slices.Backward(p.owned) {
		p.f.release(r)
	}
	p.owned, p.secrets = nil, nil
}

func (p *pool) data(b []byte) ref {
	return p.own(p.f.dataCreate(0, unsafe.SliceData(b), len(b)))
}

// secretData copies b into an object that is wiped by drain. Clearing b stays
// the caller's.
func (p *pool) secretData(b []byte) ref {
	return p.secret(p.f.dataCreate(0, unsafe.SliceData(b), len(b)))
}

// text makes a CFString; what is not UTF-8 in s becomes U+FFFD.
func (p *pool) text(s string) ref {
	b := []byte(strings.ToValidUTF8(s, "\uFFFD"))
	return p.own(p.f.stringCreate(0, unsafe.SliceData(b), len(b), utf8, false))
}

func (p *pool) number(n int32) ref {
	return p.own(p.f.numberCreate(0, number32, &n))
}

func (p *pool) array(items ...ref) ref {
	return p.own(p.f.arrayCreate(0, unsafe.SliceData(items), len(items), p.f.arrayCallbacks))
}

// entry is one key and value of a dictionary.
type entry struct{ key, value ref }

// dictionary makes a CFDictionary. It is 0 when a value is: whatever calls
// with it looks, since Security would take a missing attribute for a wider
// question.
func (p *pool) dictionary(entries ...entry) ref {
	keys, values := make([]ref, len(entries)), make([]ref, len(entries))
	for i, e := range entries {
		if e.key == 0 || e.value == 0 {
			return 0
		}
		keys[i], values[i] = e.key, e.value
	}
	return p.own(p.f.dictionaryCreate(0, unsafe.SliceData(keys), unsafe.SliceData(values), len(entries),
		p.f.dictionaryOnKeys, p.f.dictionaryOnValues))
}

// errNoObject says that Core Foundation had no memory for an object.
func errNoObject() error { return fault.Newf(fault.StoreFailed, "CoreFoundation") }

// view is the memory of a CFData, valid until its release.
func (f *frameworks) view(data ref) []byte {
	return unsafe.Slice((*byte)(f.dataBytes(data)), f.dataLength(data))
}

// bytes copies a CFData. It is nil for other types of objects and for none.
func (f *frameworks) bytes(r ref) []byte {
	if r == 0 || f.typeOf(r) != f.dataType() {
		return nil
	}
	return slices.Clone(f.view(r))
}

// string copies a CFString, and is "" for other types and for none.
func (p *pool) string(r ref) string {
	if r == 0 || p.f.typeOf(r) != p.f.stringType() {
		return ""
	}
	return string(p.f.bytes(p.own(p.f.stringToData(0, r, utf8, '?'))))
}

// value returns what a CFDictionary has under key, without a reference; 0
// when there is nothing, or r is no dictionary.
func (f *frameworks) value(r, key ref) ref {
	if r == 0 || f.typeOf(r) != f.dictionaryType() {
		return 0
	}
	return f.dictionaryValue(r, key)
}

// elements returns those of a CFArray, without references. Security answers
// some questions with the one object instead of an array of one.
func (f *frameworks) elements(r ref) []ref {
	if r == 0 {
		return nil
	}
	if f.typeOf(r) != f.arrayType() {
		return []ref{r}
	}
	all := make([]ref, f.arrayCount(r))
	for i := range all {
		all[i] = f.arrayAt(r, i)
	}
	return all
}
