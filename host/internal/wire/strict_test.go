package wire

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"scelle/shared/fault"
)

// shape has a field of every sort that messages have.
type shape struct {
	List    []leaf          `json:"list"`
	Pair    [2]int          `json:"pair"`
	Pointer *leaf           `json:"pointer,omitempty"`
	When    time.Time       `json:"when"`
	Any     any             `json:"any"`
	Raw     json.RawMessage `json:"raw"`
	Hidden  int             `json:"-"`
	Bare    int
}

type leaf struct {
	A int `json:"a"`
}

// TestDecodeSaysWhatIsWrong: each refusal names its own reason, wherever in
// the message it stands, so that none is made only by the decoder behind.
func TestDecodeSaysWhatIsWrong(t *testing.T) {
	deep := func(n int) string { return `{"any":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `}` }
	for data, want := range map[string]string{
		`{"list":[{"a":1},{"a":2}],"pair":[1,2],"pointer":{"a":3}}`: "",
		`{"when":"2026-03-01T12:00:00Z","any":{"x":[{"y":{}}]}}`:    "",
		`{"raw":{"b":1,"c":[{}]},"any":null,"pointer":null}`:        "",
		deep(16):                                "",
		deep(17):                                "nested too deep",
		`{"list":[{"a":1},{"b":2}]}`:            "unknown b",
		`{"list":[{"a":1,"a":2}]}`:              "a twice",
		`{"pointer":{"b":1}}`:                   "unknown b",
		`{"pointer":[1]}`:                       "unexpected array",
		`{"when":["x"]}`:                        "unexpected array",
		`{"when":{"x":1}}`:                      "unexpected object",
		`{"list":{"a":1}}`:                      "unexpected object",
		`{"pair":{"a":1}}`:                      "unexpected object",
		`{"any":{"x":1,"x":1}}`:                 "x twice",
		`{"raw":[{"x":1,"x":1}]}`:               "x twice",
		`{"-":1}`:                               "unknown -",
		`{"":1}`:                                "unknown ",
		`{"Bare":1}`:                            "unknown Bare",
		`{"Hidden":1}`:                          "unknown Hidden",
		`{1:2}`:                                 "not JSON",
		`{"list" 1}`:                            "not JSON",
		`{"list":[1 2]}`:                        "not JSON",
		`{"list":[{"a":1}`:                      "not JSON",
		`{"list":[{"a":1}]`:                     "not JSON",
		`{"list":[{"a":1,]`:                     "not JSON",
		`{"list":[}`:                            "not JSON",
		``:                                      "not JSON",
		`{} {}`:                                 "more than one value",
		`{}]`:                                   "more than one value",
		"{\"\xff\":1}":                          "not UTF-8",
		`{" ~\u007f!é":1}`:                      "unknown ~!",
		`{"` + strings.Repeat("x", 41) + `":1}`: "unknown " + strings.Repeat("x", 40),
	} {
		var v shape
		err := Decode([]byte(data), &v)
		var f *fault.Fault
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", data, err)
		case want != "" && (!errors.As(err, &f) || f.Code != fault.BadRequest || f.Detail != want):
			t.Errorf("%s: %v, want %q", data, err, want)
		}
	}
}

// TestSendWhatIsNoJSON: nothing is written, and the writer goes on.
func TestSendWhatIsNoJSON(t *testing.T) {
	var out strings.Builder
	w := NewWriter(&out)
	if err := w.Send(func() {}); fault.CodeOf(err) != fault.Internal || out.Len() != 0 {
		t.Errorf("%v, %d bytes written", err, out.Len())
	}
	if err := w.Send("x"); err != nil || out.Len() != headerSize+len(`"x"`) {
		t.Errorf("%v, %d bytes written", err, out.Len())
	}
}

// keeping remembers the slice that it was given, which no io.Writer should.
type keeping struct{ last []byte }

func (k *keeping) Write(b []byte) (int, error) {
	k.last = b
	return len(b), nil
}

// TestFramesAreWiped: a frame may hold a content key.
func TestFramesAreWiped(t *testing.T) {
	var out keeping
	if err := NewWriter(&out).Send("a content key"); err != nil || len(out.last) == 0 {
		t.Fatalf("%d bytes, %v", len(out.last), err)
	}
	for _, b := range out.last {
		if b != 0 {
			t.Fatalf("left behind: %q", out.last)
		}
	}
}
