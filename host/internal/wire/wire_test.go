package wire

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// frame is a frame made by hand, not by Writer.
func frame(payload string) []byte {
	return append(binary.NativeEndian.AppendUint32(nil, uint32(len(payload))), payload...)
}

func TestReaderTakesFramesApart(t *testing.T) {
	var stream bytes.Buffer
	big := `"` + strings.Repeat("x", MaxFrame-2) + `"`
	want := []string{`{"id":"1"}`, "1", big, ` {} `}
	for _, payload := range want {
		stream.Write(frame(payload))
	}
	r := NewReader(&stream)
	for i, w := range want {
		got, err := r.Next()
		if err != nil || string(got) != w {
			t.Fatalf("frame %d: %d bytes, %v", i, len(got), err)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
}

func TestReaderRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		stream []byte
		code   fault.Code
	}{
		"empty frame":           {[]byte{0, 0, 0, 0, 1, 2}, fault.BadRequest},
		"one byte too many":     {binary.NativeEndian.AppendUint32(nil, MaxFrame+1), fault.MessageTooLarge},
		"4 GiB":                 {[]byte{0xff, 0xff, 0xff, 0xff}, fault.MessageTooLarge},
		"half a length":         {[]byte{1, 0}, fault.BadRequest},
		"a length alone":        {binary.NativeEndian.AppendUint32(nil, 5), fault.BadRequest},
		"payload shorter":       {frame("12345")[:7], fault.BadRequest},
		"text on the pipe":      {[]byte("warning: something\n"), fault.MessageTooLarge},
		"newline-delimited":     {[]byte("{}\n\n{}"), fault.MessageTooLarge},
		"big-endian from a Mac": {append([]byte{0, 0, 0, 2}, "{}"...), fault.MessageTooLarge},
	} {
		if name == "big-endian from a Mac" && binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
			continue // this machine is big-endian itself
		}
		_, err := NewReader(bytes.NewReader(c.stream)).Next()
		if fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
}

// TestReaderAllocatesNothingForARefusedLength: 4 GiB must not be made room for
// because somebody says so.
func TestReaderAllocatesNothingForARefusedLength(t *testing.T) {
	stream := []byte{0xff, 0xff, 0xff, 0xff}
	bytesUsed := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			NewReader(bytes.NewReader(stream)).Next()
		}
	}).AllocedBytesPerOp()
	if bytesUsed > 4096 {
		t.Errorf("%d bytes for a frame that is refused", bytesUsed)
	}
}

// pieces counts writes and keeps what was written.
type pieces struct {
	mu     sync.Mutex
	writes int
	bytes.Buffer
}

func (p *pieces) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writes++
	return p.Buffer.Write(b)
}

func TestWriterSendsWholeFramesFromManySides(t *testing.T) {
	const senders, each = 16, 50
	out := &pieces{}
	w := NewWriter(out)
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for range each {
				if err := w.Send(strings.Repeat(string(rune('a'+s)), 1000+s)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if out.writes != senders*each {
		t.Errorf("%d writes for %d frames", out.writes, senders*each)
	}
	r := NewReader(&out.Buffer)
	count := 0
	for {
		payload, err := r.Next()
		if err == io.EOF {
			break
		}
		var s string
		if err != nil || json.Unmarshal(payload, &s) != nil || strings.Trim(s, s[:1]) != "" {
			t.Fatalf("frame %d is mixed: %v", count, err)
		}
		count++
	}
	if count != senders*each {
		t.Errorf("%d frames came back", count)
	}
}

func TestWriterCap(t *testing.T) {
	out := &pieces{}
	w := NewWriter(out)
	if err := w.Send(strings.Repeat("x", MaxFrame-1)); fault.CodeOf(err) != fault.MessageTooLarge {
		t.Errorf("one byte above the cap: %v", err)
	}
	if out.writes != 0 {
		t.Error("part of a message that is too large was written")
	}
	if err := w.Send(strings.Repeat("x", MaxFrame-2)); err != nil {
		t.Errorf("exactly the cap: %v", err)
	}
	if got, err := NewReader(&out.Buffer).Next(); err != nil || len(got) != MaxFrame {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// stingy writes less than it is given, once.
type stingy struct{ bytes.Buffer }

func (s *stingy) Write(b []byte) (int, error) { return s.Buffer.Write(b[:len(b)-1]) }

func TestWriterStopsAfterAFailure(t *testing.T) {
	out := &stingy{}
	w := NewWriter(out)
	for range 2 {
		if err := w.Send("x"); fault.CodeOf(err) != fault.WriteFailed {
			t.Errorf("%v", err)
		}
	}
	if n := out.Len(); n != headerSize+2 {
		t.Errorf("%d bytes: a frame was written behind half a frame", n)
	}
}

func TestDecode(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	for name, c := range map[string]struct {
		data string
		ok   bool
	}{
		"a request":               {`{"id":"1","method":"host.status"}`, true},
		"white space around":      {" \n{\"id\":\"1\",\"method\":\"m\"}\t ", true},
		"any params":              {`{"id":"1","method":"m","params":{"x":[1,{"y":null}]}}`, true},
		"null params":             {`{"id":"1","method":"m","params":null}`, true},
		"escaped key":             {`{"\u0069d":"1","method":"m"}`, true},
		"nothing":                 {``, false},
		"white space only":        {`  `, false},
		"half":                    {`{"id":"1"`, false},
		"a string":                {`"id"`, false},
		"a list":                  {`[]`, false},
		"unknown key":             {`{"id":"1","method":"m","origin":"x"}`, false},
		"key in other case":       {`{"ID":"1","method":"m"}`, false},
		"same key twice":          {`{"id":"1","method":"m","id":"2"}`, false},
		"same key, escaped":       {`{"id":"1","method":"m","\u0069d":"2"}`, false},
		"same key in params":      {`{"id":"1","method":"m","params":{"a":1,"a":2}}`, false},
		"same key deeper":         {`{"id":"1","method":"m","params":[{"a":{"b":1,"b":1}}]}`, false},
		"a second message":        {`{"id":"1","method":"m"}{"id":"2","method":"m"}`, false},
		"a frame behind":          {"{\"id\":\"1\",\"method\":\"m\"}\x02\x00\x00\x00{}", false},
		"NUL behind":              {"{\"id\":\"1\",\"method\":\"m\"}\x00", false},
		"not UTF-8":               {"{\"id\":\"\xff\",\"method\":\"m\"}", false},
		"overlong UTF-8":          {"{\"id\":\"\xc0\xaf\",\"method\":\"m\"}", false},
		"wrong type":              {`{"id":1,"method":"m"}`, false},
		"object for a text":       {`{"id":{},"method":"m"}`, false},
		"as deep as allowed":      {`{"id":"1","method":"m","params":` + deep[1:2*MaxDepth-1] + `}`, true},
		"one deeper":              {`{"id":"1","method":"m","params":` + deep + `}`, false},
		"as deep as the frame is": {strings.Repeat("[", MaxFrame), false},
		"UTF-16":                  {"{\x00\"\x00i\x00d\x00", false},
		"byte order mark":         {"\ufeff{\"id\":\"1\",\"method\":\"m\"}", false},
	} {
		var r protocol.Request
		err := Decode([]byte(c.data), &r)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && fault.CodeOf(err) != fault.BadRequest {
			t.Errorf("%s: %v is not a bad request", name, err)
		}
	}
}

func TestDecodeFaultDetailIsShortAndPlain(t *testing.T) {
	var r protocol.Request
	err := Decode([]byte(`{"`+strings.Repeat("é\\u0007<b>", 100)+`":1}`), &r)
	var f *fault.Fault
	if !errors.As(err, &f) || len(f.Detail) > 60 || strings.ContainsAny(f.Detail, "é\a") {
		t.Errorf("%v", err)
	}
}

// FuzzDecode: what is accepted means the same to every reader, which is what
// the strictness is for.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"id":"1","method":"host.hello","params":{"version":"0.1.0","protocol":1}}`,
		`{"id":"1","method":"m","params":[[{}],null,1e9,"\u00e9"]}`,
		`{"id":"1","id":"2"}`, `{"ID":"1"}`, `[`, `{"id":"\ud800"}`, ` {} {}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var r protocol.Request
		if err := Decode(data, &r); err != nil {
			if fault.CodeOf(err) != fault.BadRequest {
				t.Fatalf("%v", err)
			}
			return
		}
		var loose map[string]any
		if err := json.Unmarshal(data, &loose); err != nil {
			t.Fatalf("accepted, and not JSON: %v", err)
		}
		id, _ := loose["id"].(string)
		method, _ := loose["method"].(string)
		if id != r.ID || method != string(r.Method) {
			t.Fatalf("two readings of %q: %q/%q and %q/%q", data, id, method, r.ID, r.Method)
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var same protocol.Request
		if err := Decode(again, &same); err != nil || same.ID != r.ID || same.Method != r.Method {
			t.Fatalf("%q does not come back: %v", again, err)
		}
	})
}

// FuzzReader: whatever the bytes, frames and their lengths add up to what was
// consumed, and the end is io.EOF or one of the three faults.
func FuzzReader(f *testing.F) {
	f.Add(frame("{}"))
	f.Add(append(frame(`{"id":"1"}`), frame("x")...))
	f.Add([]byte{0, 0, 0, 0})
	f.Add([]byte{255, 255, 255, 255, 1})
	f.Add(frame("{}")[:5])
	f.Fuzz(func(t *testing.T, stream []byte) {
		in := bytes.NewReader(stream)
		r := NewReader(in)
		consumed := 0
		for {
			payload, err := r.Next()
			if err == nil {
				if len(payload) == 0 || len(payload) > MaxFrame {
					t.Fatalf("a payload of %d bytes", len(payload))
				}
				consumed += headerSize + len(payload)
				if got := len(stream) - in.Len(); got != consumed {
					t.Fatalf("%d bytes consumed for frames of %d", got, consumed)
				}
				continue
			}
			if err == io.EOF {
				if consumed != len(stream) {
					t.Fatalf("a clean end with %d bytes left over", len(stream)-consumed)
				}
				return
			}
			if c := fault.CodeOf(err); c != fault.BadRequest && c != fault.MessageTooLarge {
				t.Fatalf("%v", err)
			}
			return
		}
	})
}
