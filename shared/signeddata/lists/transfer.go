package lists

import (
	"slices"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// Transfer is the list of plis whose content keys are to be wrapped to other
// keys: of one tender or of several, before or after their deadlines, since no
// content is shown to anyone.
type Transfer struct {
	Origin string        `json:"origin"` // the portal's, such as "https://marches.exemple.fr"
	Issued time.Time     `json:"issued"` // when the portal made this list
	From   Recipient     `json:"from"`   // the key that opens the plis now; may be expired or withdrawn
	To     []Recipient   `json:"to"`     // 1 to protocol.MaxRecipients keys that will open them, proven and valid
	Plis   []TransferPli `json:"plis"`   // 1 to protocol.MaxPlis
}

// TransferPli is one pli of a transfer, with its tender's reference.
type TransferPli struct {
	Tender string `json:"tender"`
	Pli
}

type transferDocument struct {
	Type    string `json:"type"`
	Version int    `json:"version"`
	Transfer
}

// Encode writes the list; see [List].
func (t *Transfer) Encode() ([]byte, error) {
	d := transferDocument{TransferType, Version, *t}
	d.Issued, d.From.NotAfter, d.To = utc(t.Issued), utc(t.From.NotAfter), slices.Clone(t.To)
	for i := range d.To {
		d.To[i].NotAfter = utc(d.To[i].NotAfter)
	}
	return encode(d, d.problem())
}

// IssuedAt is Issued.
func (t *Transfer) IssuedAt() time.Time { return t.Issued }

// ParseTransfer reads what Encode writes and nothing else. Errors:
// fault.ListForged with the member that is wrong, fault.ListOther for a list
// of another type, fault.ExtensionOutdated for one of a later version. It
// verifies no signature, and does not [Transfer.Check].
func ParseTransfer(data []byte) (*Transfer, error) {
	var d transferDocument
	if err := decode(data, TransferType, &d); err != nil {
		return nil, err
	}
	if p := d.problem(); p != "" {
		return nil, fault.Newf(fault.ListForged, "%s", p)
	}
	return &d.Transfer, nil
}

// Check compares the list with where it is to be used, and when; Tender and Lot
// of e are not looked at. Errors: fault.ListOther, fault.ListExpired,
// fault.CertificateExpired with the thumbprint of a new key that is.
func (t *Transfer) Check(e Expected) error {
	if err := e.place(t.Origin, t.Issued); err != nil {
		return err
	}
	for _, r := range t.To {
		if e.Now.After(r.NotAfter) {
			return fault.Newf(fault.CertificateExpired, "%s", r.Thumbprint)
		}
	}
	return nil
}

// problem names the first thing that no list may say, "" when there is none.
func (t *Transfer) problem() string {
	switch {
	case t.Origin == "" || !text(t.Origin, maxOrigin):
		return "origin"
	case !whole(t.Issued):
		return "issued"
	case len(t.To) == 0 || len(t.To) > protocol.MaxRecipients:
		return "to"
	case len(t.Plis) == 0 || len(t.Plis) > protocol.MaxPlis:
		return "plis"
	}
	seen := map[string]bool{}
	for _, r := range append([]Recipient{t.From}, t.To...) {
		if p := r.problem(); p != "" {
			return p
		}
		if seen[r.Thumbprint] {
			return "thumbprint"
		}
		seen[r.Thumbprint] = true
	}
	for _, r := range t.To {
		if r.Revoked {
			return "revoked"
		}
	}
	for _, p := range t.Plis {
		if p.Tender == "" || !text(p.Tender, maxText) {
			return "tender"
		}
		if problem := p.problem(); problem != "" {
			return problem
		}
		if p.HeaderSHA256 == "" {
			return "headerSha256"
		}
		if seen[p.ID] {
			return "id"
		}
		seen[p.ID] = true
	}
	return ""
}
