package pli

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"scelle/shared/fault"
	"scelle/shared/pli/kind"
)

// Version is the format that is written, the only one that is read.
const Version = 1

// Limits of a pli, for writing and for reading.
const (
	MaxFiles    = 10_000  // files in one pli
	MaxManifest = 1 << 20 // bytes of pli.json
	MaxSize     = 1 << 36 // bytes of the whole pli: what one AES-GCM message can hold
	maxText     = 512     // bytes of each text of a manifest
	maxRawName  = 1024    // bytes of a file name, before it is made safe
)

// Kind is [kind.Kind].
type Kind = kind.Kind

// The kinds of envelopes.
const (
	Candidature = kind.Candidature
	Offre       = kind.Offre
)

// Manifest describes a pli. Texts have at most 512 bytes and no control,
// formatting or invalid characters: writing removes them, reading refuses them.
type Manifest struct {
	Tender    string    // the tender's reference at the portal, not empty
	Lot       string    // the lot, "" when the tender has none
	Kind      Kind      //
	Depositor string    // what the depositor calls himself: a label, not a proof
	SealedAt  time.Time // when sealing began, to the second, by the depositor's clock
	Files     []File    // at least one
}

// File describes one file of a pli.
type File struct {
	Name      string // base name. Written: made safe by [Names]. Read: a stranger's; use [FileInfo].SafeName
	Size      int64  // bytes
	MediaType string // such as "application/pdf", "" when unknown
}

// document is pli.json.
type document struct {
	Format    int            `json:"format"`
	Tender    string         `json:"tender"`
	Lot       string         `json:"lot,omitempty"`
	Kind      Kind           `json:"kind"`
	Depositor string         `json:"depositor"`
	SealedAt  string         `json:"sealedAt"`
	Files     []documentFile `json:"files"`
}

type documentFile struct {
	Name      string `json:"name"`
	Size      int64  `json:"size"`
	MediaType string `json:"mediaType,omitempty"`
}

// The members of the two objects of pli.json.
var (
	documentKeys = []string{"format", "tender", "lot", "kind", "depositor", "sealedAt", "files"}
	fileKeys     = []string{"name", "size", "mediaType"}
)

// normalise returns m as it will be written: texts cleaned, names safe and
// unique, time in UTC without fraction.
func (m Manifest) normalise() Manifest {
	m.Tender, m.Lot, m.Depositor = clean(m.Tender), clean(m.Lot), clean(m.Depositor)
	m.SealedAt = m.SealedAt.UTC().Truncate(time.Second)
	names := NewNames()
	m.Files = slices.Clone(m.Files)
	for i := range m.Files {
		m.Files[i].Name = names.Safe(m.Files[i].Name)
		m.Files[i].MediaType = clean(m.Files[i].MediaType)
	}
	return m
}

// problem names the first thing that no pli may say, "" when there is none.
func (m Manifest) problem() string {
	switch {
	case m.Tender == "" || !displayable(m.Tender):
		return "tender"
	case !displayable(m.Lot):
		return "lot"
	case m.Kind != Candidature && m.Kind != Offre:
		return "kind"
	case !displayable(m.Depositor):
		return "depositor"
	case m.SealedAt.Year() < 1980 || m.SealedAt.Year() > 9999:
		return "sealedAt"
	case len(m.Files) == 0 || len(m.Files) > MaxFiles:
		return "files"
	}
	for _, f := range m.Files {
		switch {
		case f.Name == "" || len(f.Name) > maxRawName || !utf8.ValidString(f.Name):
			return "name"
		case f.Size < 0 || f.Size > MaxSize:
			return "size"
		case !displayable(f.MediaType):
			return "mediaType"
		}
	}
	return ""
}

// encode writes pli.json; people may read it after unzip, hence the lines.
func (m Manifest) encode() ([]byte, error) {
	d := document{Format: Version, Tender: m.Tender, Lot: m.Lot, Kind: m.Kind,
		Depositor: m.Depositor, SealedAt: m.SealedAt.Format(time.RFC3339)}
	for _, f := range m.Files {
		d.Files = append(d.Files, documentFile(f))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(d); err != nil {
		return nil, fault.Wrap(fault.Internal, err)
	}
	return b.Bytes(), nil
}

// decode reads pli.json: exactly the members of format 1, once each, spelled
// exactly, in valid UTF-8, with nothing after. fault.PliMalformed otherwise,
// and fault.EnvelopeUnsupported for a later format.
func decode(data []byte) (*Manifest, error) {
	var version struct {
		Format int `json:"format"`
	}
	if json.Unmarshal(data, &version) == nil && version.Format > Version {
		return nil, fault.Newf(fault.EnvelopeUnsupported, "pli.json %d", version.Format)
	}
	if !utf8.Valid(data) || !strict(data) {
		return nil, fault.Newf(fault.PliMalformed, "pli.json")
	}
	var d document
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil || d.Format != Version {
		return nil, fault.Newf(fault.PliMalformed, "pli.json")
	}
	sealed, err := time.Parse(time.RFC3339, d.SealedAt)
	if err != nil {
		return nil, fault.Newf(fault.PliMalformed, "pli.json: sealedAt")
	}
	m := &Manifest{Tender: d.Tender, Lot: d.Lot, Kind: d.Kind, Depositor: d.Depositor, SealedAt: sealed.UTC()}
	for _, f := range d.Files {
		m.Files = append(m.Files, File(f))
	}
	if p := m.problem(); p != "" {
		return nil, fault.Newf(fault.PliMalformed, "pli.json: %s", p)
	}
	return m, nil
}

// strict finds what encoding/json forgives: members given twice, bytes after
// the value, null, and nesting.
func strict(data []byte) bool {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	if !object(d, documentKeys, func(key string) bool {
		if key != "files" {
			return scalar(d)
		}
		return list(d, func() bool {
			t, err := d.Token()
			return err == nil && t == json.Delim('{') && object(d, fileKeys, func(string) bool { return scalar(d) })
		})
	}) {
		return false
	}
	_, err := d.Token()
	return err == io.EOF
}

// object reads members up to the closing brace; the opening one was read.
// Names are compared exactly: encoding/json would take other letter case too.
func object(d *json.Decoder, known []string, value func(key string) bool) bool {
	seen := make(map[string]bool)
	for d.More() {
		t, err := d.Token()
		key, ok := t.(string)
		if err != nil || !ok || seen[key] {
			return false
		}
		seen[key] = true
		if !slices.Contains(known, key) || !value(key) {
			return false
		}
	}
	_, err := d.Token()
	return err == nil
}

func list(d *json.Decoder, element func() bool) bool {
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return false
	}
	for count := 0; d.More(); count++ {
		if count == MaxFiles || !element() {
			return false
		}
	}
	_, err := d.Token()
	return err == nil
}

func scalar(d *json.Decoder) bool {
	t, err := d.Token()
	_, delim := t.(json.Delim)
	return err == nil && !delim && t != nil
}

// hidden reports characters that are not shown, or change how others are
// shown: control, formatting (bidirectional overrides), separators, private.
func hidden(r rune) bool {
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp)
}

func displayable(s string) bool {
	return len(s) <= maxText && utf8.ValidString(s) && !strings.ContainsFunc(s, hidden)
}

// clean removes what displayable refuses.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if hidden(r) {
			return -1
		}
		return r
	}, s)
	return cut(strings.TrimSpace(s), maxText)
}

// cut shortens s to at most max bytes without splitting a character.
func cut(s string, max int) string {
	if len(s) <= max {
		return s
	}
	for max > 0 && !utf8.RuneStart(s[max]) {
		max--
	}
	return s[:max]
}
