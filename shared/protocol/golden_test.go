package protocol

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write a sample pair for each method that has none")

// pair is one golden request and its answer.
type pair struct {
	Method Method          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
}

// TestGolden holds the wire form of every method to its pair in testdata:
// each must decode strictly into the table's structs and come out as it was.
// A renamed, retyped or forgotten field shows here, in both directions.
func TestGolden(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Methods() {
		name := filepath.Join("testdata", string(s.Method)+".json")
		seen[name] = true
		if *update {
			writeSample(t, name, s)
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Errorf("%s has no pair: %v (go test ./shared/protocol -update writes one)", s.Method, err)
			continue
		}
		var p pair
		if err := strict(raw, &p); err != nil || p.Method != s.Method {
			t.Errorf("%s: method %q, %v", name, p.Method, err)
		}
		roundTrip(t, name+" params", s.Params, p.Params)
		roundTrip(t, name+" result", s.Result, p.Result)
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no pairs: %v", err)
	}
	for _, f := range files {
		if !seen[f] {
			t.Errorf("%s belongs to no method", f)
		}
	}
}

func strict(raw []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func roundTrip(t *testing.T, what string, typ reflect.Type, raw json.RawMessage) {
	t.Helper()
	v := reflect.New(typ)
	if err := strict(raw, v.Interface()); err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	again, err := json.Marshal(v.Interface())
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	var want bytes.Buffer
	if err := json.Compact(&want, raw); err != nil || want.String() != string(again) {
		t.Errorf("%s:\n%s\nbecomes\n%s", what, want.String(), again)
	}
}

func writeSample(t *testing.T, name string, s Spec) {
	t.Helper()
	if _, err := os.Stat(name); err == nil {
		return
	}
	encode := func(typ reflect.Type) json.RawMessage {
		v := reflect.New(typ)
		fill(v.Elem(), "")
		raw, err := json.Marshal(v.Interface())
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	raw, err := json.MarshalIndent(pair{s.Method, encode(s.Params), encode(s.Result)}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(raw, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// fill gives every field a value that is not its zero.
func fill(v reflect.Value, name string) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2027, 3, 1, 9, 30, 0, 0, time.UTC)))
		return
	case json.RawMessage:
		v.SetBytes([]byte(`{"tender":"2027-VOI-014"}`))
		return
	case []byte:
		v.SetBytes([]byte("DER of " + name))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), v.Type().Field(i).Name)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name)
	case reflect.String:
		v.SetString("a " + name)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(3)
	}
}
