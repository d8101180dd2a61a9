package smalljson_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"scelle/shared/protocol"
	"scelle/shared/smalljson"
)

// sample is a value of a type with something in every member.
func sample(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	switch {
	case t == reflect.TypeFor[json.RawMessage]():
		v.SetBytes([]byte(`{"a":[1]}`))
	case t.Kind() == reflect.String:
		v.SetString("é<\"")
	case t.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.CanInt():
		v.SetInt(42)
	case t.Kind() == reflect.Pointer:
		v.Set(sample(t.Elem()).Addr())
	case t.Kind() == reflect.Slice:
		v.Set(reflect.Append(v, sample(t.Elem())))
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				v.Field(i).Set(sample(t.Field(i).Type))
			}
		}
	case t.Kind() == reflect.Uint8:
		v.SetUint(7)
	}
	return v
}

// TestProtocol: every message crosses as encoding/json would have it.
func TestProtocol(t *testing.T) {
	var types []reflect.Type
	for _, m := range protocol.Methods() {
		types = append(types, m.Params, m.Result)
	}
	for _, c := range protocol.Calls() {
		types = append(types, c.Args, c.Result)
	}
	if len(types) < 50 {
		t.Fatalf("%d types", len(types))
	}
	for _, typ := range types {
		for _, v := range []reflect.Value{reflect.New(typ).Elem(), sample(typ)} {
			var want bytes.Buffer
			e := json.NewEncoder(&want)
			e.SetEscapeHTML(false)
			if err := e.Encode(v.Interface()); err != nil {
				t.Fatal(err)
			}
			got, err := smalljson.Marshal(v.Interface())
			if err != nil || string(got)+"\n" != want.String() {
				t.Errorf("%v: %v\n%s\n%s", typ, err, got, &want)
			}
			back, standard := reflect.New(typ), reflect.New(typ)
			if err := smalljson.Unmarshal(got, back.Interface()); err != nil {
				t.Errorf("%v: %v", typ, err)
			}
			if err := json.Unmarshal(got, standard.Interface()); err != nil || !reflect.DeepEqual(back.Interface(), standard.Interface()) {
				t.Errorf("%v: %v\n%+v\n%+v", typ, err, back, standard)
			}
		}
	}
}
