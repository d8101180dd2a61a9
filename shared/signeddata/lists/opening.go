package lists

import (
	"slices"
	"time"

	"scelle/shared/fault"
	"scelle/shared/pli/kind"
	"scelle/shared/protocol"
)

// Opening is the list of the plis that may be opened together, and from when.
//
// Two clocks must have passed NotBefore: the portal's, which wrote Issued, and
// this computer's. So a portal makes the list when the opening begins, and an
// agent who sets the computer's clock forward has nothing to open with.
type Opening struct {
	Origin    string    `json:"origin"`    // the portal's, such as "https://marches.exemple.fr"
	Tender    string    `json:"tender"`    // the tender's reference, not empty
	NotBefore time.Time `json:"notBefore"` // from when the plis may be opened
	Issued    time.Time `json:"issued"`    // when the portal made this list
	Plis      []Pli     `json:"plis"`      // 1 to protocol.MaxPlis
}

// Pli is one pli of an opening. Hashes are SHA-256; at least one of
// HeaderSHA256 and SHA256 is given. A rewrap changes both and leaves
// ContentSHA256 as it is.
type Pli struct {
	ID            string    `json:"id"`                      // the portal's, not empty, once in a list
	HeaderSHA256  string    `json:"headerSha256,omitempty"`  // of the envelope's header, up to its content
	SHA256        string    `json:"sha256,omitempty"`        // of the whole envelope
	ContentSHA256 string    `json:"contentSha256,omitempty"` // of encryptedContent and mac
	Label         string    `json:"label"`                   // whose pli it is, for the screen; may be empty
	Kind          kind.Kind `json:"kind"`                    //
	Lot           string    `json:"lot,omitempty"`           // "" without lots
}

type openingDocument struct {
	Type    string `json:"type"`
	Version int    `json:"version"`
	Opening
}

// Encode writes the list; see [List].
func (o *Opening) Encode() ([]byte, error) {
	d := openingDocument{OpeningType, Version, *o}
	d.NotBefore, d.Issued = utc(o.NotBefore), utc(o.Issued)
	return encode(d, d.problem())
}

// IssuedAt is Issued.
func (o *Opening) IssuedAt() time.Time { return o.Issued }

// ParseOpening reads what Encode writes and nothing else. Errors:
// fault.ListForged with the member that is wrong, fault.ListOther for a list
// of another type, fault.ExtensionOutdated for one of a later version. It
// verifies no signature, and does not [Opening.Check].
func ParseOpening(data []byte) (*Opening, error) {
	var d openingDocument
	if err := decode(data, OpeningType, &d); err != nil {
		return nil, err
	}
	if p := d.problem(); p != "" {
		return nil, fault.Newf(fault.ListForged, "%s", p)
	}
	return &d.Opening, nil
}

// Check compares the list with what is to be opened, and when. Errors:
// fault.ListOther, fault.ListExpired, fault.OpeningEarly.
func (o *Opening) Check(e Expected) error {
	if err := e.scope(o.Origin, o.Tender, o.Issued); err != nil {
		return err
	}
	if e.Now.Before(o.NotBefore) || o.Issued.Before(o.NotBefore) {
		return fault.Newf(fault.OpeningEarly, "%s", o.NotBefore.Format(time.RFC3339))
	}
	return nil
}

// Find returns the pli with this id.
func (o *Opening) Find(id string) (Pli, bool) {
	i := slices.IndexFunc(o.Plis, func(p Pli) bool { return p.ID == id })
	if i < 0 {
		return Pli{}, false
	}
	return o.Plis[i], true
}

// Fingerprints are what was computed of an envelope's bytes: SHA-256 in
// lower-case hexadecimal, "" for what is not known yet.
type Fingerprints struct {
	Header  string // of the header, up to the content
	File    string // of the whole envelope
	Content string // of encryptedContent and mac
}

// Matches reports whether an envelope is this pli as far as both sides know:
// at least one of header and file was compared, and nothing differs. Called
// with the header before a private key is used, and with all three once the
// whole envelope was read, it lets no other envelope through; a list that
// gives no header hash needs the file's before the key is used.
func (p Pli) Matches(f Fingerprints) bool {
	compared := false
	for _, pair := range [][2]string{{p.HeaderSHA256, f.Header}, {p.SHA256, f.File}} {
		if pair[0] == "" || pair[1] == "" {
			continue
		}
		if pair[0] != pair[1] {
			return false
		}
		compared = true
	}
	return compared && (p.ContentSHA256 == "" || f.Content == "" || p.ContentSHA256 == f.Content)
}

// problem names the first thing that no list may say, "" when there is none.
func (o *Opening) problem() string {
	switch {
	case o.Origin == "" || !text(o.Origin, maxOrigin):
		return "origin"
	case o.Tender == "" || !text(o.Tender, maxText):
		return "tender"
	case !whole(o.NotBefore):
		return "notBefore"
	case !whole(o.Issued):
		return "issued"
	case len(o.Plis) == 0 || len(o.Plis) > protocol.MaxPlis:
		return "plis"
	}
	seen := make(map[string]bool, len(o.Plis))
	for _, p := range o.Plis {
		if problem := p.problem(); problem != "" {
			return problem
		}
		if seen[p.ID] {
			return "id"
		}
		seen[p.ID] = true
	}
	return ""
}

func (p Pli) problem() string {
	switch {
	case p.ID == "" || !text(p.ID, maxText):
		return "id"
	case p.HeaderSHA256 == "" && p.SHA256 == "":
		return "sha256"
	case p.HeaderSHA256 != "" && !hash(p.HeaderSHA256):
		return "headerSha256"
	case p.SHA256 != "" && !hash(p.SHA256):
		return "sha256"
	case p.ContentSHA256 != "" && !hash(p.ContentSHA256):
		return "contentSha256"
	case !text(p.Label, maxText):
		return "label"
	case p.Kind != kind.Candidature && p.Kind != kind.Offre:
		return "kind"
	case !text(p.Lot, maxText):
		return "lot"
	}
	return ""
}
