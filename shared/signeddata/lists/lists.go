// Package lists holds what a portal signs: the keys of a tender ([Recipients]),
// the plis of an opening ([Opening]), and plis that get other keys ([Transfer]),
// as canonical JSON.
//
// The package knows nothing of signatures, and so does without crypto/x509:
// the extension's main WebAssembly module reads with it what the second
// module has verified (package signeddata, above).
//
// # Form
//
// A list is one JSON object whose members stand in the order of its type here,
// after "type" ([RecipientsType], [OpeningType], [TransferType]) and "version" (1). There is
// exactly one spelling of a list, and no other is read:
//
//   - UTF-8 without white space between tokens; in strings only \" and \\ are
//     escaped, nothing else has to be (control characters are refused);
//   - times in UTC, to the second: "2026-11-23T08:00:00Z";
//   - hashes in lower-case hexadecimal, certificates in standard base64;
//   - members marked optional are left out when empty, all others are there.
//
// That is what JSON.stringify writes, PHP's json_encode with
// JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE, and Python's json.dumps
// with separators=(",", ":") and ensure_ascii=False. It leaves no room for
// members given twice, unknown members, other letter case, or two programs
// that read one list differently.
//
// The type stands inside what is signed: no list can be taken for another.
package lists

import (
	"bytes"
	"time"
	"unicode"
	"unicode/utf8"

	"scelle/shared/fault"
	"scelle/shared/smalljson"
)

// The types of lists: the value of the member "type".
const (
	RecipientsType = "scelle-recipients"
	OpeningType    = "scelle-opening"
	TransferType   = "scelle-transfer"
)

// Version is the version of all lists, the only one that is read.
const Version = 1

// Limits of a list.
const (
	MaxSize   = 192 << 10      // bytes of JSON, so that the signed list stays under 256 KiB
	MaxAge    = 24 * time.Hour // how far a list's time of issue may be from this computer's clock
	maxOrigin = 255            // bytes of an origin
	maxText   = 512            // bytes of every other text, as in package pli
)

// List is what a portal can sign: *Recipients, *Opening or *Transfer.
type List interface {
	// Encode writes the canonical JSON. Errors: fault.BadRequest with the
	// member that no list may have so, fault.MessageTooLarge.
	Encode() ([]byte, error)
	// IssuedAt is when the portal made the list, by its own clock.
	IssuedAt() time.Time
}

// Expected is what a list must have been made for.
type Expected struct {
	Origin string    // the portal's, as the browser reported it
	Tender string    // the tender's reference
	Lot    string    // the lot to seal for, "" for the whole tender; openings have it with each pli
	Now    time.Time // this computer's clock
}

// scope checks what the lists of one tender say: fault.ListOther with the member that
// differs, fault.ListExpired when the list is older, or this computer's clock
// slower, than MaxAge.
func (e Expected) scope(origin, tender string, issued time.Time) error {
	switch err := e.place(origin, issued); {
	case fault.CodeOf(err) == fault.ListOther:
		return err
	case e.Tender == "" || tender != e.Tender:
		return fault.Newf(fault.ListOther, "tender")
	default:
		return err
	}
}

// place is scope for a list that is not of one tender.
func (e Expected) place(origin string, issued time.Time) error {
	switch {
	case e.Origin == "" || origin != e.Origin:
		return fault.Newf(fault.ListOther, "origin")
	case e.Now.Sub(issued).Abs() > MaxAge:
		return fault.Newf(fault.ListExpired, "issued %s", issued.Format(time.RFC3339))
	}
	return nil
}

func encode(document any, problem string) ([]byte, error) {
	if problem != "" {
		return nil, fault.Newf(fault.BadRequest, "%s", problem)
	}
	data, err := smalljson.Marshal(document)
	if err != nil {
		return nil, fault.Wrap(fault.BadRequest, err) // a year beyond 9999
	}
	if len(data) > MaxSize {
		return nil, fault.Newf(fault.MessageTooLarge, "%d > %d", len(data), MaxSize)
	}
	return data, nil
}

// decode reads the list of a type into document, the pointer to a struct.
// What smalljson forgives is found by writing the list again.
func decode(data []byte, kind string, document any) error {
	if len(data) > MaxSize {
		return fault.Newf(fault.ListForged, "%d > %d", len(data), MaxSize)
	}
	var head struct {
		Type    string `json:"type"`
		Version int    `json:"version"`
	}
	if err := smalljson.Unmarshal(data, &head); err != nil {
		return fault.Newf(fault.ListForged, "JSON")
	}
	switch {
	case head.Type != kind:
		return fault.Newf(fault.ListOther, "type")
	case head.Version > Version:
		return fault.Newf(fault.ExtensionOutdated, "%s %d", kind, head.Version)
	case head.Version != Version:
		return fault.Newf(fault.ListForged, "version")
	}
	if err := smalljson.Unmarshal(data, document); err != nil {
		return fault.Newf(fault.ListForged, "JSON")
	}
	again, err := smalljson.Marshal(document)
	if err != nil || !bytes.Equal(again, data) {
		return fault.Newf(fault.ListForged, "canonical JSON")
	}
	return nil
}

// whole reports times that have the one spelling of a list.
func whole(t time.Time) bool {
	_, offset := t.Zone()
	return offset == 0 && t.Nanosecond() == 0 && t.Year() >= 2000 && t.Year() <= 9999
}

// utc brings a portal's time into that spelling.
func utc(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// text reports strings of at most limit bytes that a screen shows as they are:
// valid UTF-8 without control, formatting (bidirectional overrides), separator
// and private characters.
func text(s string, limit int) bool {
	if len(s) > limit || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp) || r == utf8.RuneError {
			return false
		}
	}
	return true
}

// hash reports a SHA-256 in lower-case hexadecimal.
func hash(s string) bool {
	if len(s) != 64 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
