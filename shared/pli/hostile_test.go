package pli

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"

	"scelle/shared/fault"
)

// small is a pli of some hundred bytes, to be damaged everywhere.
func small(t testing.TB, far int64) []byte {
	m, bodies := sample(map[string]string{"a.txt": "premier", "é.pdf": "second contenu"}, "a.txt", "é.pdf")
	return write(t, m, bodies, far)
}

// TestEveryByteCounts changes each byte of a pli in turn: no change survives.
func TestEveryByteCounts(t *testing.T) {
	for _, far := range []int64{max32, 1} {
		data := small(t, far)
		for at := range data {
			for _, flip := range []byte{0x01, 0x20, 0x80} {
				changed := bytes.Clone(data)
				changed[at] ^= flip
				_, results, err := extract(changed, 64, far)
				code := fault.CodeOf(err)
				want := code == fault.PliMalformed || code == fault.EnvelopeUnsupported && at < 200
				if at < PrefixSize {
					want = code == fault.PliNotOurs
				}
				if !want || results != nil {
					t.Errorf("far %d, byte %d ^ %x: %v", far, at, flip, err)
				}
			}
		}
	}
}

func TestTruncated(t *testing.T) {
	data := small(t, max32)
	for n := range data {
		_, _, err := extract(data[:n], 64, max32)
		want := fault.PliMalformed
		if n < PrefixSize {
			want = fault.PliNotOurs
		}
		if fault.CodeOf(err) != want {
			t.Errorf("%d bytes: %v, want %s", n, err, want)
		}
	}
}

func TestTrailingData(t *testing.T) {
	data := small(t, max32)
	for _, more := range []string{"\x00", "x", string(data)} {
		if _, _, err := extract(append(bytes.Clone(data), more...), 64, max32); fault.CodeOf(err) != fault.PliMalformed {
			t.Error(err)
		}
	}
}

func TestForeignContent(t *testing.T) {
	for name, data := range map[string]string{
		"a PDF": "%PDF-1.7\n", "another ZIP": "PK\x03\x04\x14\x00\x00\x00\x08\x00", "nothing": "",
		"an EPUB": string(Prefix()[:38]) + "application/epub+zip",
	} {
		f, _, err := extract([]byte(data), 64, max32)
		if fault.CodeOf(err) != fault.PliNotOurs || len(f.names) != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// forge builds a pli around a pli.json of our choice; the archive's names and
// sizes follow files.
func forge(document string, files []File, bodies []string) []byte {
	l := newLayout([]byte(document), files, max32)
	out := l.head()
	for i, body := range bodies {
		e := &l.entries[2+i]
		e.crc = crc32.ChecksumIEEE([]byte(body))
		out = append(append(append(out, e.local()...), body...), e.descriptor()...)
	}
	return append(out, l.tail()...)
}

const okDocument = `{"format":1,"tender":"T","lot":"","kind":"offre","depositor":"D","sealedAt":"2026-11-03T09:30:15Z","files":[{"name":"a","size":2,"mediaType":""}]}`

var okFiles = []File{{Name: "a", Size: 2}}

func TestForgedManifests(t *testing.T) {
	if _, _, err := extract(forge(okDocument, okFiles, []string{"xy"}), 64, max32); err != nil {
		t.Fatalf("the model itself: %v", err)
	}
	swap := func(old, new string) string {
		if strings.Count(okDocument, old) != 1 {
			t.Fatalf("%q is not once in the model", old)
		}
		return strings.Replace(okDocument, old, new, 1)
	}
	for name, c := range map[string]struct {
		document string
		code     fault.Code
	}{
		"later format":        {swap(`"format":1`, `"format":2,"new":{}`), fault.EnvelopeUnsupported},
		"format 0":            {swap(`"format":1`, `"format":0`), fault.PliMalformed},
		"no format":           {swap(`"format":1,`, ``), fault.PliMalformed},
		"format twice":        {swap(`"format":1`, `"format":1,"format":1`), fault.PliMalformed},
		"tender twice":        {swap(`"tender":"T"`, `"tender":"U","tender":"T"`), fault.PliMalformed},
		"other case":          {swap(`"tender"`, `"Tender"`), fault.PliMalformed},
		"both cases":          {swap(`"tender":"T"`, `"tender":"T","TENDER":"U"`), fault.PliMalformed},
		"unknown member":      {swap(`"format":1`, `"format":1,"x":1`), fault.PliMalformed},
		"unknown file member": {swap(`"size":2`, `"size":2,"path":"/etc"`), fault.PliMalformed},
		"size twice":          {swap(`"size":2`, `"size":1,"size":2`), fault.PliMalformed},
		"null":                {swap(`"lot":""`, `"lot":null`), fault.PliMalformed},
		"number for text":     {swap(`"tender":"T"`, `"tender":1`), fault.PliMalformed},
		"fraction":            {swap(`"size":2`, `"size":2.0`), fault.PliMalformed},
		"exponent":            {swap(`"size":2`, `"size":2e0`), fault.PliMalformed},
		"negative size":       {swap(`"size":2`, `"size":-2`), fault.PliMalformed},
		"size overflow":       {swap(`"size":2`, `"size":9223372036854775808`), fault.PliMalformed},
		"huge size":           {swap(`"size":2`, `"size":9223372036854775807`), fault.PliMalformed},
		"other size":          {swap(`"size":2`, `"size":3`), fault.PliMalformed},
		"other name":          {swap(`"name":"a"`, `"name":"b"`), fault.PliMalformed},
		"no name":             {swap(`"name":"a"`, `"name":""`), fault.PliMalformed},
		"long name":           {swap(`"name":"a"`, `"name":"`+strings.Repeat("a", maxRawName+1)+`"`), fault.PliMalformed},
		"no tender":           {swap(`"tender":"T"`, `"tender":""`), fault.PliMalformed},
		"long tender":         {swap(`"tender":"T"`, `"tender":"`+strings.Repeat("T", maxText+1)+`"`), fault.PliMalformed},
		"control":             {swap(`"depositor":"D"`, `"depositor":"D\u0007"`), fault.PliMalformed},
		"bidi":                {swap(`"depositor":"D"`, `"depositor":"D\u202e"`), fault.PliMalformed},
		"lone surrogate":      {swap(`"depositor":"D"`, `"depositor":"\ud800"`), fault.PliMalformed},
		"invalid UTF-8":       {swap(`"depositor":"D"`, "\"depositor\":\"\xff\""), fault.PliMalformed},
		"kind":                {swap(`"offre"`, `"projet"`), fault.PliMalformed},
		"date":                {swap(`2026-11-03T09:30:15Z`, `3 novembre`), fault.PliMalformed},
		"old date":            {swap(`2026-11-03T09:30:15Z`, `0001-01-01T00:00:00Z`), fault.PliMalformed},
		"no file":             {swap(`[{"name":"a","size":2,"mediaType":""}]`, `[]`), fault.PliMalformed},
		"one file too many":   {swap(`[{`, `[{"name":"b","size":0},{`), fault.PliMalformed},
		"files no list":       {swap(`[{"name":"a","size":2,"mediaType":""}]`, `{}`), fault.PliMalformed},
		"file no object":      {swap(`[{"name":"a","size":2,"mediaType":""}]`, `[[]]`), fault.PliMalformed},
		"nested":              {swap(`"tender":"T"`, `"tender":{"a":"b"}`), fault.PliMalformed},
		"trailing value":      {okDocument + `{}`, fault.PliMalformed},
		"trailing garbage":    {okDocument + `x`, fault.PliMalformed},
		"list":                {`[]`, fault.PliMalformed},
		"text":                {`bonjour`, fault.PliMalformed},
		"byte order mark":     {"\ufeff" + okDocument, fault.PliMalformed},
		"deep":                {swap(`"tender":"T"`, `"tender":`+strings.Repeat("[", 100_000)), fault.PliMalformed},
		"cut":                 {okDocument[:len(okDocument)-1], fault.PliMalformed},
	} {
		f, _, err := extract(forge(c.document, okFiles, []string{"xy"}), 1<<20, max32)
		if fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
		if len(f.names) != 0 && f.manifest == nil {
			t.Errorf("%s: a file was opened without a manifest", name)
		}
	}
	spaces := okDocument + strings.Repeat(" ", MaxManifest-len(okDocument))
	if _, _, err := extract(forge(spaces, okFiles, []string{"xy"}), 1<<20, max32); err != nil {
		t.Errorf("pli.json of the largest size: %v", err)
	}
	if _, _, err := extract(forge(spaces+" ", okFiles, []string{"xy"}), 1<<20, max32); fault.CodeOf(err) != fault.PliMalformed {
		t.Errorf("larger: %v", err)
	}
}

// TestTotalSize announces more than an envelope can hold, in two steps.
func TestTotalSize(t *testing.T) {
	document := strings.Replace(okDocument, `{"name":"a","size":2,"mediaType":""}`,
		fmt.Sprintf(`{"name":"a","size":%d},{"name":"b","size":%d}`, int64(MaxSize/2), int64(MaxSize/2)), 1)
	data := forge(document, []File{{Name: "a", Size: MaxSize / 2}, {Name: "b", Size: MaxSize / 2}}, nil)
	f, _, err := extract(data, 64, max32)
	if fault.CodeOf(err) != fault.EnvelopeTooLarge || len(f.names) != 0 {
		t.Error(err)
	}
}

// TestHostileNames opens plis whose names a stranger chose, in the manifest and
// the archive alike: the sink gets names that stay in their folder.
func TestHostileNames(t *testing.T) {
	names := []string{"../../etc/passwd", `..\..\windows\system32\a.dll`, "/etc/passwd", "C:evil.txt", "CON", "pli.json", "a", "A", "x\x00.pdf", "..", "\u202efdp.exe"}
	var files []File
	var list []string
	for _, n := range names {
		quoted, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, File{Name: n})
		list = append(list, fmt.Sprintf(`{"name":%s,"size":0}`, quoted))
	}
	document := strings.Replace(okDocument, `{"name":"a","size":2,"mediaType":""}`, strings.Join(list, ","), 1)
	f, _, err := extract(forge(document, files, make([]string, len(files))), 64, max32)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"passwd", "a.dll", "passwd (2)", "C_evil.txt", "_CON", "pli (2).json", "a", "A (2)", "x.pdf", "fichier", "fdp.exe"}
	if !slices.Equal(f.names, want) {
		t.Errorf("%q, want %q", f.names, want)
	}
}

func TestWriteAfterAnErrorFails(t *testing.T) {
	x := NewExtractor(Sink{})
	for range 3 {
		if n, err := x.Write([]byte("bonjour")); n != 0 || fault.CodeOf(err) != fault.PliNotOurs {
			t.Errorf("%d, %v", n, err)
		}
	}
}

// FuzzExtract: whatever is accepted is written again to the same bytes.
func FuzzExtract(f *testing.F) {
	f.Add(small(f, max32))
	f.Add(forge(okDocument, okFiles, []string{"xy"}))
	m, bodies := standard()
	f.Add(write(f, m, bodies, max32))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, results, err := extract(data, 1+len(data)/3, max32)
		if err != nil {
			if fault.CodeOf(err) == fault.Internal || results != nil {
				t.Fatal(err)
			}
			return
		}
		var bodies []string
		for _, b := range got.bodies {
			bodies = append(bodies, b.String())
		}
		start := PrefixSize + localSize + len(manifestName)
		size := int(binary.LittleEndian.Uint32(data[PrefixSize+22:]))
		document := data[start : start+size]
		if !bytes.Equal(forge(string(document), got.manifest.Files, bodies), data) {
			t.Fatal("two plis with the same content")
		}
	})
}

// FuzzManifest: every way in which a valid manifest may be given comes back
// the same from what was written.
func FuzzManifest(f *testing.F) {
	f.Add("2026-1", "1", "Société é", "acte.pdf", "a\\b", "application/pdf", []byte("contenu"))
	f.Add("\u202e", "", "\x00\xff", "CON", "CON", "x\ny", []byte{})
	f.Fuzz(func(t *testing.T, tender, lot, depositor, name1, name2, media string, body []byte) {
		m, _ := sample(nil)
		m.Tender, m.Lot, m.Depositor = tender, lot, depositor
		m.Files = []File{{name1, int64(len(body)), media}, {name2, 0, ""}}
		r, err := NewReader(m, opener([][]byte{body, nil}))
		if err != nil {
			if c := fault.CodeOf(err); c != fault.BadRequest {
				t.Fatal(err)
			}
			return
		}
		data, err := io.ReadAll(r)
		if err != nil || int64(len(data)) != r.Size() {
			t.Fatal(err)
		}
		got, _, err := extract(data, 100, max32)
		if err != nil {
			t.Fatal(err)
		}
		want := r.Manifest()
		if got.manifest.Tender != want.Tender || got.manifest.Lot != want.Lot || got.manifest.Depositor != want.Depositor ||
			!slices.Equal(got.manifest.Files, want.Files) || got.names[0] != want.Files[0].Name || got.names[1] != want.Files[1].Name {
			t.Fatalf("%+v came back as %+v, names %q", want, got.manifest, got.names)
		}
		if !bytes.Equal(got.bodies[0].Bytes(), body) {
			t.Fatal("the content changed")
		}
	})
}
