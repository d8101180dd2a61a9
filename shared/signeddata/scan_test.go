package signeddata

import (
	"bytes"
	"strings"
	"testing"

	"scelle/shared/fault"
)

// nest makes depth SEQUENCEs, one inside the other, with definite lengths.
func nest(depth int) []byte {
	var headers [][]byte
	for n, i := 0, 0; i < depth; i++ {
		var h []byte
		switch {
		case n < 0x80:
			h = []byte{0x30, byte(n)}
		case n < 0x100:
			h = []byte{0x30, 0x81, byte(n)}
		case n < 0x10000:
			h = []byte{0x30, 0x82, byte(n >> 8), byte(n)}
		default:
			h = []byte{0x30, 0x83, byte(n >> 16), byte(n >> 8), byte(n)}
		}
		headers = append(headers, h)
		n += len(h)
	}
	var der bytes.Buffer
	for i := len(headers) - 1; i >= 0; i-- {
		der.Write(headers[i])
	}
	return der.Bytes()
}

func TestScan(t *testing.T) {
	for name, c := range map[string]struct{ der, detail string }{
		"null":                 {"\x05\x00", ""},
		"empty sequence":       {"\x30\x00", ""},
		"empty ones":           {"\x30\x04\x30\x00\x31\x00", ""},
		"both after each":      {"\x30\x06\x30\x02\x05\x00\x05\x00", ""},
		"128 octets":           {"\x04\x81\x80" + strings.Repeat("x", 128), ""},
		"256 octets":           {"\x04\x82\x01\x00" + strings.Repeat("x", 256), ""},
		"65536 octets":         {"\x04\x83\x01\x00\x00" + strings.Repeat("x", 65536), ""},
		"context":              {"\xa0\x02\x05\x00", ""},
		"context, primitive":   {"\x80\x02\x05\x00", ""},
		"deep enough":          {string(nest(MaxDepth + 1)), ""},
		"nothing":              {"", "cut off"},
		"half":                 {"\x30", "cut off"},
		"too deep":             {string(nest(MaxDepth + 2)), "nested deeper"},
		"far too deep":         {string(nest(50_000)), "nested deeper"},
		"indefinite":           {"\x30\x80\x00\x00", "indefinite"},
		"indefinite inside":    {"\x30\x04\x30\x80\x00\x00", "indefinite"},
		"indefinite, deep":     {strings.Repeat("\x30\x80", 200_000), "indefinite"},
		"end of contents":      {"\x30\x02\x00\x00", "tag 0x00"},
		"long tag":             {"\x1f\x81\x01\x00", "long tag"},
		"string in parts":      {"\x24\x02\x04\x00", "tag 0x24"},
		"primitive sequence":   {"\x10\x00", "tag 0x10"},
		"primitive set":        {"\x11\x00", "tag 0x11"},
		"long form of 1":       {"\x04\x81\x01x", "shortest"},
		"long form of 127":     {"\x04\x81\x7f" + strings.Repeat("x", 127), "shortest"},
		"leading zero":         {"\x04\x82\x00\x80" + strings.Repeat("x", 128), "shortest"},
		"four octets":          {"\x04\x84\x00\x00\x00\x01x", "beyond"},
		"127 octets of length": {"\x04\xff\x01", "beyond"},
		"length cut off":       {"\x04\x82\x01", "beyond"},
		"beyond the end":       {"\x04\x02x", "beyond"},
		"beyond its parent":    {"\x30\x03\x04\x02x" + "x", "beyond"},
		"header over the edge": {"\x30\x01\x05\x00", "cut off"},
		"behind":               {"\x05\x00\x00", "1 bytes behind"},
		"many":                 {"\x30\x82\x20\x00" + strings.Repeat("\x05\x00", 4096), "more than 4096"},
		"as many as there may": {"\x30\x82\x1f\xfe" + strings.Repeat("\x05\x00", 4095), ""},
	} {
		err := scan([]byte(c.der))
		switch {
		case c.detail == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.detail != "" && (fault.CodeOf(err) != fault.ListForged || !strings.Contains(err.Error(), c.detail)):
			t.Errorf("%s: got %v, want %s", name, err, c.detail)
		}
	}
}

// TestFence: none of this reaches go.mozilla.org/pkcs7, which would need
// seconds or overflow its stack for some of it.
func TestFence(t *testing.T) {
	for name, der := range map[string][]byte{
		"200,000 deep":        nest(200_000),
		"50,000 deep":         nest(50_000),
		"indefinite, 131,072": []byte(strings.Repeat("\x30\x80", MaxSize/2)),
		"300 KiB":             make([]byte, 300<<10),
		"one byte too many":   make([]byte, MaxSize+1),
		"zeros":               make([]byte, MaxSize),
		"ones":                bytes.Repeat([]byte{0xff}, MaxSize),
		"no SignedData":       {0x30, 0x00},
	} {
		if _, err := fence(der); fault.CodeOf(err) != fault.ListForged {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPanicIsARefusal: whatever go.mozilla.org/pkcs7 does, the caller gets a
// fault.
func TestPanicIsARefusal(t *testing.T) {
	broken := func() (err error) {
		defer rescue(&err)
		var none []byte
		return forged("%d", none[3])
	}
	if err := broken(); fault.CodeOf(err) != fault.ListForged || !strings.Contains(err.Error(), "panic") {
		t.Errorf("got %v", err)
	}
	if err := check(nil); fault.CodeOf(err) != fault.ListForged {
		t.Errorf("Verify of nothing: %v", err)
	}
}
