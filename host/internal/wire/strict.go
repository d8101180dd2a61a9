package wire

import (
	"bytes"
	"encoding"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"scelle/shared/fault"
)

// MaxDepth is how deep arrays and objects of a message may nest.
const MaxDepth = 16

// Decode reads the one JSON value of data into v, a pointer to a struct of
// package protocol. encoding/json alone would let two readers see two
// different messages, so this is stricter: valid UTF-8, nesting of at most
// MaxDepth, no key twice, keys spelled exactly as declared (encoding/json
// ignores case) and none that is not declared, nothing after the value but
// white space. The error is fault.BadRequest and says what is wrong.
func Decode(data []byte, v any) error {
	if !utf8.Valid(data) {
		return fault.Newf(fault.BadRequest, "not UTF-8")
	}
	c := checker{json.NewDecoder(bytes.NewReader(data))}
	c.UseNumber()
	if err := c.value(reflect.TypeOf(v), 0); err != nil {
		return err
	}
	if _, err := c.Token(); err != io.EOF {
		return fault.Newf(fault.BadRequest, "more than one value")
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fault.Recode(fault.BadRequest, err)
	}
	return nil
}

// checker walks a message beside the type that it is to fill.
type checker struct{ *json.Decoder }

// value checks the next value. t is what it fills; nil where anything goes
// (json.RawMessage, interfaces), which later or never meets a type.
func (c checker) value(t reflect.Type, depth int) error {
	token, err := c.Token()
	if err != nil {
		return fault.Newf(fault.BadRequest, "not JSON")
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	if depth == MaxDepth {
		return fault.Newf(fault.BadRequest, "nested too deep")
	}
	t = inner(t)
	if delim == '{' {
		return c.object(t, depth+1)
	}
	return c.array(t, depth+1)
}

func (c checker) array(t reflect.Type, depth int) error {
	if t != nil {
		if t.Kind() != reflect.Slice && t.Kind() != reflect.Array {
			return fault.Newf(fault.BadRequest, "unexpected array")
		}
		t = t.Elem()
	}
	for c.More() {
		if err := c.value(t, depth); err != nil {
			return err
		}
	}
	return c.end()
}

func (c checker) object(t reflect.Type, depth int) error {
	fields, err := fieldsOf(t)
	if err != nil {
		return err
	}
	seen := make(map[string]bool)
	for c.More() {
		token, err := c.Token()
		key, ok := token.(string)
		if err != nil || !ok {
			return fault.Newf(fault.BadRequest, "not JSON")
		}
		field, known := fields[key]
		switch {
		case seen[key]:
			return fault.Newf(fault.BadRequest, "%s twice", short(key))
		case fields != nil && !known:
			return fault.Newf(fault.BadRequest, "unknown %s", short(key))
		}
		seen[key] = true
		if err := c.value(field, depth); err != nil {
			return err
		}
	}
	return c.end()
}

func (c checker) end() error {
	if _, err := c.Token(); err != nil {
		return fault.Newf(fault.BadRequest, "not JSON")
	}
	return nil
}

// inner removes pointers, and returns nil for types that take any JSON.
func inner(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t == reflect.TypeFor[json.RawMessage]() || t.Kind() == reflect.Interface {
		return nil
	}
	return t
}

// fieldsOf returns the JSON names of a struct's fields with their types; nil
// for a nil type. Messages are flat structs: no embedded ones, no maps.
func fieldsOf(t reflect.Type) (map[string]reflect.Type, error) {
	if t == nil {
		return nil, nil
	}
	if t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return nil, fault.Newf(fault.BadRequest, "unexpected object")
	}
	fields := make(map[string]reflect.Type, t.NumField())
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			fields[name] = f.Type
		}
	}
	return fields, nil
}

// short keeps a stranger's key from filling a fault's detail, and from
// carrying anything but a name into it.
func short(key string) string {
	clean := strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7f {
			return r
		}
		return -1
	}, key)
	return clean[:min(len(clean), 40)]
}
