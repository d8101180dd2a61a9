// Package smalljson reads and writes the JSON of Scellé's own messages in the
// extension's main WebAssembly module, where encoding/json would be an eighth
// of everything that a window loads.
//
// It writes what encoding/json writes without HTML escaping, and reads what
// that package reads, with four differences: names of members have to have
// their exact case, a member of a struct may be there only once, nesting is
// limited to [MaxDepth], and an error never quotes the input.
//
// Values are made of structs, also embedded ones, pointers, slices, strings,
// booleans, signed integers, []byte (as base64), time.Time and
// json.RawMessage. A member's tag may have a name and omitempty. Other types
// are an error.
package smalljson

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"time"
)

// MaxDepth is how many arrays and objects may stand one in another.
const MaxDepth = 100

// errType is a value that this package cannot read or write.
var errType = errors.New("JSON: a type that is not supported")

var (
	rawType  = reflect.TypeFor[json.RawMessage]()
	timeType = reflect.TypeFor[time.Time]()
)

// field is a member of a struct.
type field struct {
	name  string
	omit  bool  // when empty
	index []int // as of reflect.Value.FieldByIndex
}

// structs remembers the members of the structs of one message.
type structs map[reflect.Type][]field

func (s structs) fields(t reflect.Type) []field {
	if known, ok := s[t]; ok {
		return known
	}
	var all []field
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && tag == "" && f.Type.Kind() == reflect.Struct:
			for _, inner := range s.fields(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				all = append(all, inner)
			}
		case f.IsExported() && tag != "-":
			if tag == "" {
				tag = f.Name
			}
			all = append(all, field{tag, options == "omitempty", []int{i}})
		}
	}
	s[t] = all
	return all
}

func isBytes(t reflect.Type) bool { return t.Elem().Kind() == reflect.Uint8 }
