//go:build linux

package keychain

import (
	"crypto/elliptic"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/fault"
)

// TestWrongShapes: the mock refuses what Security would take for another
// question, or crash on. Each of these is one slip in the store.
func TestWrongShapes(t *testing.T) {
	m := newMock(t)
	c := &m.constants
	p := m.pool()
	text, data := p.text("x"), p.data(make([]byte, 20))
	yes := entry{c.returnRef, c.yes}
	certificates := entry{c.class, c.classCertificate}
	ask := func(query ...entry) func() {
		return func() {
			var result ref
			m.itemCopyMatching(p.dictionary(query...), &result)
			p.own(result)
		}
	}
	var cause ref
	for name, slip := range map[string]func(){
		"no class":                 ask(yes),
		"class of another kind":    ask(entry{c.class, c.keyClassPrivate}, yes),
		"nothing to return":        ask(certificates),
		"return text":              ask(certificates, entry{c.returnRef, text}),
		"limit as text":            ask(certificates, yes, entry{c.matchLimit, text}),
		"label as text":            ask(entry{c.class, c.classKey}, entry{c.keyClass, c.keyClassPrivate}, yes, entry{c.applicationLabel, text}),
		"label too short":          ask(entry{c.class, c.classKey}, entry{c.keyClass, c.keyClassPrivate}, yes, entry{c.applicationLabel, p.data([]byte("x"))}),
		"keys of any class":        ask(entry{c.class, c.classKey}, yes),
		"an entry of another call": ask(certificates, yes, entry{c.useKeychain, text}),
		"a question that is data":  func() { var r ref; m.itemCopyMatching(data, &r) },
		"no place for the answer":  func() { m.itemCopyMatching(p.dictionary(certificates, yes), nil) },
		"delete without an item":   func() { m.itemDelete(p.dictionary(certificates)) },
		"delete keys of any label": func() {
			m.itemDelete(p.dictionary(entry{c.class, c.classKey}, entry{c.keyClass, c.keyClassPrivate}))
		},
		"delete a key by reference": func() {
			m.itemDelete(p.dictionary(entry{c.class, c.classKey}, entry{c.keyClass, c.keyClassPrivate},
				entry{c.applicationLabel, data}, entry{c.matchItems, p.array(text)}))
		},
		"rename everything":      func() { m.itemUpdate(p.dictionary(certificates), p.dictionary(entry{c.label, text})) },
		"rename to data":         func() { m.itemUpdate(p.dictionary(certificates), p.dictionary(entry{c.label, data})) },
		"add nothing":            func() { m.itemAdd(p.dictionary(certificates), nil) },
		"add data":               func() { m.itemAdd(p.dictionary(certificates, entry{c.valueRef, data}), nil) },
		"add without a keychain": func() { m.itemAdd(p.dictionary(certificates, entry{c.valueRef, data}), nil) },
		"certificate of text":    func() { m.certificateCreate(0, text) },
		"data of a text":         func() { m.dataBytes(text) },
		"decrypt with text":      func() { m.keyDecrypt(text, c.pkcs1, data, &cause) },
		"decrypt no data":        func() { m.keyDecrypt(text, c.pkcs1, 0, &cause) },
		"public key without a size": func() {
			p.own(m.keyCreate(data, p.dictionary(entry{c.keyType, c.keyTypeEC}), &cause))
			p.own(cause)
			cause = 0
		},
		"access without a text": func() { var a ref; m.accessCreate(data, 0, &a); p.own(a) },
		"import into nothing": func() {
			var r ref
			m.itemImport(data, 0, new(uint32), new(uint32), 0, nil, 0, &r)
		},
		"array of a loose value": func() { v := text; p.own(m.arrayCreate(0, &v, 1, 0)) },
		"release NULL":           func() { m.release(0) },
		"index past the end":     func() { m.arrayAt(p.array(text), 1) },
	} {
		slip()
		if m.complaints() == "" {
			t.Errorf("%s: the mock saw nothing", name)
		}
		m.forgive()
	}
	p.drain()
}

// TestImportParameters: what SecItemImport is given beside the key.
func TestImportParameters(t *testing.T) {
	pair := issue(t, "EC", certtest.Options{Curve: elliptic.P256()})
	for name, change := range map[string]func(*keyParameters, *uint32){
		"a version": func(k *keyParameters, _ *uint32) { k.version = 1 },
		"no ACL":    func(k *keyParameters, _ *uint32) { k.flags = 4 },
		"no access": func(k *keyParameters, _ *uint32) { k.access = 0 },
		"no traits": func(k *keyParameters, _ *uint32) { k.traits = 0 },
		"swapped":   func(k *keyParameters, _ *uint32) { k.access, k.traits = k.traits, k.access },
		"a format":  func(_ *keyParameters, format *uint32) { *format = 10 },
	} {
		m := newMock(t)
		real := m.itemImport
		m.itemImport = func(data, name ref, format, kind *uint32, flags uint32, k *keyParameters, keychain ref, items *ref) int32 {
			change(k, format)
			return real(data, name, format, kind, flags, k, keychain, items)
		}
		_, err := (&store{f: m.frameworks}).Import(t.Context(), pair)
		wantFault(t, name, err, fault.StoreFailed)
		if m.complaints() == "" || m.items() != 0 {
			t.Errorf("%s: the mock saw nothing, or took it: %d items", name, m.items())
		}
		m.forgive()
	}
}

// TestMissingSymbols: an older or newer system is a fault that names what it
// lacks.
func TestMissingSymbols(t *testing.T) {
	m := newMock(t)
	for name, libraries := range map[string][2]string{
		"CoreFoundation":      {"/nowhere/CoreFoundation", m.path},
		"Security":            {m.path, "/nowhere/Security"},
		"CFRetain":            {"libcrypto.so.3", m.path},
		"SecItemCopyMatching": {m.path, "libcrypto.so.3"},
	} {
		_, err := load(libraries[0], libraries[1])
		wantFault(t, name, err, fault.StoreUnsupported)
		if f := fault.Of(err); f != nil && f.Detail != name {
			t.Errorf("missing %s: the detail is %q", name, f.Detail)
		}
	}
}
