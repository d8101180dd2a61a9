//go:build js && wasm

package bridge

import (
	"scelle/shared/fault"

	"github.com/hack-pad/safejs"
)

// Value is a JavaScript value.
type Value = safejs.Value

// Global returns globalThis.
func Global() Value { return safejs.Global() }

// Undefined returns undefined.
func Undefined() Value { return safejs.Undefined() }

// Get follows property names from v. A step through a value that is not an
// object is fault.Internal; a property that is not there is undefined.
func Get(v Value, path ...string) (Value, error) {
	for _, name := range path {
		next, err := v.Get(name)
		if err != nil {
			return Undefined(), faultOf(fault.Internal, err)
		}
		v = next
	}
	return v, nil
}

// Lookup follows property names from globalThis and says whether the last one
// is there. It serves to ask what this browser or document offers.
func Lookup(path ...string) (Value, bool) {
	v, err := Get(Global(), path...)
	return v, err == nil && Present(v)
}

// Present reports whether v is neither undefined nor null.
func Present(v Value) bool { return !v.IsUndefined() && !v.IsNull() }

// Call calls a method. Arguments may be values, functions, strings, numbers,
// bools, nil, []any and map[string]any of these. An exception becomes a fault
// by its name (see [NameOf]), fault.Internal when it has no meaning for us.
func Call(v Value, method string, args ...any) (Value, error) {
	out, err := v.Call(method, args...)
	return out, faultOf(fault.Internal, err)
}

// New calls the constructor of this global name.
func New(class string, args ...any) (Value, error) { return Construct(Global(), class, args...) }

// Construct calls the constructor that is the property class of v.
func Construct(v Value, class string, args ...any) (Value, error) {
	c, err := Get(v, class)
	if err != nil {
		return Undefined(), err
	}
	if !Present(c) {
		return Undefined(), fault.Newf(fault.Internal, "no %s", class)
	}
	out, err := c.New(args...)
	return out, faultOf(fault.Internal, err)
}

// String reads a string property; "" when it is none.
func String(v Value, name string) string {
	p, err := v.Get(name)
	if err != nil || p.Type() != safejs.TypeString {
		return ""
	}
	s, err := p.String()
	if err != nil {
		return ""
	}
	return s
}

// Number reads a number property; 0 when it is none.
func Number(v Value, name string) float64 {
	p, err := v.Get(name)
	if err != nil || p.Type() != safejs.TypeNumber {
		return 0
	}
	f, err := p.Float()
	if err != nil {
		return 0
	}
	return f
}

// Bool reads a bool property; false when it is none.
func Bool(v Value, name string) bool {
	p, err := v.Get(name)
	if err != nil || p.Type() != safejs.TypeBoolean {
		return false
	}
	b, err := p.Bool()
	return err == nil && b
}

// List reads an array property; nil when it is none.
func List(v Value, name string) []Value {
	p, err := v.Get(name)
	if err != nil || p.Type() != safejs.TypeObject {
		return nil
	}
	n, err := p.Length()
	if err != nil {
		return nil
	}
	items := make([]Value, 0, n)
	for i := range n {
		item, err := p.Index(i)
		if err != nil {
			return nil
		}
		items = append(items, item)
	}
	return items
}

// Is reports whether v is an instance of this global class.
func Is(v Value, class string) bool {
	c, ok := Lookup(class)
	if !ok {
		return false
	}
	prototype, err := Get(c, "prototype")
	if err != nil {
		return false
	}
	// As instanceof; that of package safejs would link fmt.Errorf.
	is, err := Call(prototype, "isPrototypeOf", v)
	if err != nil {
		return false
	}
	yes, err := is.Bool()
	return err == nil && yes
}
