package smalljson_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"scelle/shared/smalljson"
)

// Inner and everything have each type that is supported. Their members have
// digits for names, in which encoding/json has no letter case to forgive.
type Inner struct {
	Text string `json:"0"`
	More *Inner `json:"1,omitempty"`
}

type named string

type everything struct {
	Inner
	Flag   bool            `json:"2"`
	Small  int8            `json:"3,omitempty"`
	Large  int64           `json:"4"`
	Name   named           `json:"5,omitempty"`
	Bytes  []byte          `json:"6"`
	Some   []byte          `json:"7,omitempty"`
	Time   time.Time       `json:"8"`
	When   *time.Time      `json:"9,omitempty"`
	Raw    json.RawMessage `json:"10"`
	List   []Inner         `json:"11"`
	Words  []string        `json:"12,omitempty"`
	Rows   [][]int         `json:"13"`
	Hidden string          `json:"-"`
}

var samples = []string{
	`{}`, `null`, ` { "0" : "a" , "1" : { "0" : "b" } } `,
	`{"2":true,"3":-128,"4":9007199254740993,"5":"é","6":"AAEC","7":"","8":"2026-11-23T08:00:00.5+01:00","9":"2026-11-23T08:00:00Z"}`,
	`{"10":{"x":[1,-2.5e+3,true,null,"\u00e9"]},"11":[{"0":"\"\\\/\b\f\n\r\t\ud83d\ude00\ud83d"},{}],"12":["a",""],"13":[[1,2],[],null]}`,
	`{"14":[[[{"a":{}}]]],"0":"<>&\u2028` + "\x7f" + `"}`,
	`{"0":null,"2":null,"4":null,"6":null,"11":null,"13":null,"8":null,"9":null}`,
	// Not JSON, or not of these types.
	``, `{`, `{"0":"a",}`, `{"0" "a"}`, `[1,]`, `{"2":1}`, `{"3":128}`, `{"4":1.0}`, `{"4":01}`, `{"4":-}`, `{"4":1e2}`, `{"0":"` + "\n" + `"}`,
	`{"0":"\x"}`, `{"0":"\u12"}`, `{"6":"*"}`, `{"8":"yesterday"}`, `{"11":{}}`, `{} {}`, `{"10":tru}`, `{"0":1}`, `"a`,
}

func both(t *testing.T, input string) {
	t.Helper()
	var ours, theirs everything
	err := smalljson.Unmarshal([]byte(input), &ours)
	standard := json.Unmarshal([]byte(input), &theirs)
	if err != nil {
		return // stricter is good; TestReads holds what has to be read
	}
	if standard != nil {
		t.Fatalf("%q is read, but encoding/json says %v", input, standard)
	}
	if !reflect.DeepEqual(ours, theirs) {
		t.Fatalf("%q is read as\n%+v, not\n%+v", input, ours, theirs)
	}
	ours.Raw = nil // encoding/json takes white space out of it
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	standard = e.Encode(ours)
	got, err := smalljson.Marshal(ours)
	if (err == nil) != (standard == nil) {
		t.Fatalf("%q: %v, but encoding/json says %v", input, err, standard)
	}
	if err == nil && string(got)+"\n" != want.String() {
		t.Fatalf("%s\nis not\n%s", got, &want)
	}
}

// TestReads: what encoding/json reads is read, and the same is written.
func TestReads(t *testing.T) {
	read := 0
	for _, s := range samples {
		both(t, s)
		ours, theirs := smalljson.Unmarshal([]byte(s), &everything{}), json.Unmarshal([]byte(s), &everything{})
		if (ours == nil) != (theirs == nil) {
			t.Errorf("%q: %v, but encoding/json says %v", s, ours, theirs)
		}
		if ours == nil {
			read++
		}
	}
	if read != 7 {
		t.Errorf("%d samples were read", read)
	}
	var s string
	if err := smalljson.Unmarshal([]byte(`"a"`), &s); err != nil || s != "a" {
		t.Errorf("%q, %v", s, err)
	}
}

func TestStricter(t *testing.T) {
	var v struct {
		Name string `json:"name"`
	}
	if err := smalljson.Unmarshal([]byte(`{"Name":"a"}`), &v); err != nil || v.Name != "" {
		t.Errorf("another letter case was read: %+v, %v", v, err)
	}
	if err := smalljson.Unmarshal([]byte(`{"name":"a","name":"b"}`), &v); err == nil {
		t.Error("a member was read twice")
	}
	deep := strings.Repeat("[", smalljson.MaxDepth) + strings.Repeat("]", smalljson.MaxDepth)
	var raw json.RawMessage
	if err := smalljson.Unmarshal([]byte(deep), &raw); err != nil {
		t.Error(err)
	}
	if err := smalljson.Unmarshal([]byte("["+deep+"]"), &raw); err == nil {
		t.Error("no limit to nesting")
	}
	err := smalljson.Unmarshal([]byte(`{"name":"secret`), &v)
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

func TestUnsupported(t *testing.T) {
	for _, v := range []any{map[string]int{}, 1.5, struct{ C chan int }{}, [1]int{}} {
		if out, err := smalljson.Marshal(v); err == nil {
			t.Errorf("%T is written as %s", v, out)
		}
	}
	var number float64
	if smalljson.Unmarshal([]byte("1"), &number) == nil || smalljson.Unmarshal([]byte("1"), number) == nil || smalljson.Unmarshal([]byte("1"), nil) == nil {
		t.Error("a value was read into what cannot hold it")
	}
	if _, err := smalljson.Marshal(json.RawMessage("{")); err == nil {
		t.Error("half a message is written")
	}
	if _, err := smalljson.Marshal(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("the year 10000 is written")
	}
	if out, err := smalljson.Marshal(nil); err != nil || string(out) != "null" {
		t.Errorf("%s, %v", out, err)
	}
}

// FuzzUnmarshal: what is accepted is what encoding/json reads, and it is
// written again as encoding/json writes it.
func FuzzUnmarshal(f *testing.F) {
	for _, s := range samples {
		f.Add(s)
	}
	f.Fuzz(both)
}
