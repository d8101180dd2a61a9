package smalljson

import (
	"encoding/base64"
	"errors"
	"reflect"
	"strconv"
	"time"
)

// Unmarshal reads one JSON value into what v points to. After an error a part
// of it may have been set. Errors say where, in bytes from the start, and
// nothing of what stands there.
func Unmarshal(data []byte, v any) error {
	target := reflect.ValueOf(v)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return errType
	}
	r := reader{data: data, known: structs{}}
	r.space()
	err := r.value(target.Elem())
	if r.space(); err == nil && r.at != len(data) {
		err = errSyntax
	}
	if err != nil {
		return &placed{err, r.at}
	}
	return nil
}

// placed is an error with its place. (fmt.Errorf would add a sorting of integers,
// 14 KB of WebAssembly.)
type placed struct {
	err error
	at  int
}

// Error says both.
func (p *placed) Error() string { return p.err.Error() + " at byte " + strconv.Itoa(p.at) }

// Unwrap is the error alone.
func (p *placed) Unwrap() error { return p.err }

var (
	errSyntax = errors.New("JSON: not what is expected")
	errDepth  = errors.New("JSON: nested too deeply")
)

type reader struct {
	data  []byte
	at    int // the next byte
	depth int // of arrays and objects
	known structs
}

func (r *reader) value(v reflect.Value) error {
	switch v.Type() {
	case rawType:
		raw, err := r.skip()
		v.SetBytes(append([]byte(nil), raw...))
		return err
	case timeType:
		raw, err := r.skip()
		if err != nil {
			return err
		}
		return expect(v.Addr().Interface().(*time.Time).UnmarshalJSON(raw) == nil)
	}
	if r.word("null") {
		if v.Kind() == reflect.Pointer || v.Kind() == reflect.Slice {
			v.SetZero()
		}
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return r.value(v.Elem())
	case reflect.Bool:
		on := r.word("true")
		v.SetBool(on)
		return expect(on || r.word("false"))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.integer(v)
	case reflect.String:
		s, err := r.text()
		v.SetString(s)
		return err
	case reflect.Slice:
		return r.slice(v)
	case reflect.Struct:
		return r.object(v)
	}
	return errType
}

func expect(ok bool) error {
	if !ok {
		return errSyntax
	}
	return nil
}

func (r *reader) integer(v reflect.Value) error {
	text, err := r.number()
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(string(text), 10, v.Type().Bits())
	v.SetInt(n)
	return expect(err == nil)
}

func (r *reader) slice(v reflect.Value) error {
	if isBytes(v.Type()) {
		text, err := r.letters()
		if err != nil {
			return err
		}
		defer clear(text) // it may be a secret's
		out := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
		n, err := base64.StdEncoding.Decode(out, text)
		v.SetBytes(out[:n])
		return expect(err == nil)
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	return r.each("[", "]", func() error {
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		return r.value(v.Index(v.Len() - 1))
	})
}

// object reads a struct. Members that it does not know are skipped.
func (r *reader) object(v reflect.Value) error {
	fields := r.known.fields(v.Type())
	seen := make([]bool, len(fields))
	return r.members(func(name string) error {
		for i, f := range fields {
			if f.name == name {
				if seen[i] {
					return errSyntax
				}
				seen[i] = true
				return r.value(v.FieldByIndex(f.index))
			}
		}
		_, err := r.skip()
		return err
	})
}
