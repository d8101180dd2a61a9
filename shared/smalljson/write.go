package smalljson

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"
)

// Marshal writes v. Errors: a type that is not supported, a time beyond the
// year 9999, a json.RawMessage that is no JSON.
func Marshal(v any) ([]byte, error) {
	w := writer{known: structs{}}
	if err := w.value(reflect.ValueOf(v)); err != nil {
		return nil, err
	}
	return w.out, nil
}

type writer struct {
	out   []byte
	known structs
}

func (w *writer) value(v reflect.Value) error {
	if !v.IsValid() {
		w.word("null")
		return nil
	}
	switch v.Type() {
	case rawType:
		return w.raw(v.Bytes())
	case timeType:
		text, err := v.Interface().(time.Time).MarshalJSON()
		w.out = append(w.out, text...)
		return err
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return w.value(v.Elem())
	case reflect.Bool:
		w.out = strconv.AppendBool(w.out, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.out = strconv.AppendInt(w.out, v.Int(), 10)
	case reflect.String:
		w.text(v.String())
	case reflect.Slice:
		return w.slice(v)
	case reflect.Struct:
		return w.object(v)
	default:
		return errType
	}
	return nil
}

func (w *writer) word(s string) { w.out = append(w.out, s...) }

func (w *writer) raw(text []byte) error {
	if text == nil {
		w.word("null")
		return nil
	}
	w.out = append(w.out, text...)
	var skipped json.RawMessage
	return Unmarshal(text, &skipped)
}

func (w *writer) slice(v reflect.Value) error {
	switch {
	case v.IsNil():
		w.word("null")
		return nil
	case isBytes(v.Type()):
		w.word(`"`)
		w.out = base64.StdEncoding.AppendEncode(w.out, v.Bytes())
		w.word(`"`)
		return nil
	}
	w.word("[")
	for i := range v.Len() {
		if i > 0 {
			w.word(",")
		}
		if err := w.value(v.Index(i)); err != nil {
			return err
		}
	}
	w.word("]")
	return nil
}

func (w *writer) object(v reflect.Value) error {
	before := "{"
	for _, f := range w.known.fields(v.Type()) {
		member := v.FieldByIndex(f.index)
		if f.omit && empty(member) {
			continue
		}
		w.word(before)
		w.text(f.name)
		w.word(":")
		if err := w.value(member); err != nil {
			return err
		}
		before = ","
	}
	if before == "{" {
		w.word(before)
	}
	w.word("}")
	return nil
}

// empty is what omitempty leaves out.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

const hexDigits = "0123456789abcdef"

// text writes a string; bytes that are no UTF-8 become U+FFFD, and what
// JavaScript once took for line ends is escaped, as by encoding/json.
func (w *writer) text(s string) {
	w.word(`"`)
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			w.out = append(w.out, '\\', byte(r))
		case r == '\b':
			w.word(`\b`)
		case r == '\f':
			w.word(`\f`)
		case r == '\n':
			w.word(`\n`)
		case r == '\r':
			w.word(`\r`)
		case r == '\t':
			w.word(`\t`)
		case r < ' ':
			w.out = append(w.out, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&15])
		case r == '\u2028' || r == '\u2029':
			w.word(`\u202`)
			w.out = append(w.out, hexDigits[r&15])
		default:
			w.out = utf8.AppendRune(w.out, r)
		}
	}
	w.word(`"`)
}
