package lists

import (
	"slices"
	"time"

	"scelle/shared/envelope/mechanism"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// Kind says whose key a recipient is.
type Kind string

// The kinds of recipients.
const (
	Personal Kind = "personal" // an agent's own
	Recovery Kind = "recovery" // a clé de secours
)

// Late says what becomes of a pli that would be sealed after the deadline. It
// stands in the signed list, so that no page can choose it.
type Late string

// What becomes of late plis.
const (
	RefuseLate Late = ""     // nothing is sealed
	WarnLate   Late = "warn" // the portal still takes plis, and says that they are late
)

// Recipients is the list of all keys of a tender, those that must not receive
// plis any more included: a person can see that a key was left out, and why.
type Recipients struct {
	Origin   string      `json:"origin"`         // the portal's, such as "https://marches.exemple.fr"
	Tender   string      `json:"tender"`         // the tender's reference, not empty
	Lot      string      `json:"lot,omitempty"`  // "" for every lot of the tender
	Deadline time.Time   `json:"deadline"`       // until when plis are awaited
	Late     Late        `json:"late,omitempty"` // what becomes of later ones
	Issued   time.Time   `json:"issued"`         // when the portal made this list
	Entries  []Recipient `json:"entries"`        // 1 to protocol.MaxRecipients
}

// Recipient is one key. Everything that its certificate says too is checked
// against it.
type Recipient struct {
	Thumbprint  string              `json:"thumbprint"`  // SHA-256 of Certificate
	Certificate []byte              `json:"certificate"` // DER, at most protocol.MaxRecipientDER
	Mechanism   mechanism.Mechanism `json:"mechanism"`   // the best one that its holder has proven
	Kind        Kind                `json:"kind"`        //
	Revoked     bool                `json:"revoked"`     // withdrawn at the portal
	NotAfter    time.Time           `json:"notAfter"`    // the certificate's
	Label       string              `json:"label"`       // the name that its holder gave it, may be empty
}

type recipientsDocument struct {
	Type    string `json:"type"`
	Version int    `json:"version"`
	Recipients
}

// Encode writes the list; see [List].
func (r *Recipients) Encode() ([]byte, error) {
	d := recipientsDocument{RecipientsType, Version, *r}
	d.Deadline, d.Issued, d.Entries = utc(r.Deadline), utc(r.Issued), slices.Clone(r.Entries)
	for i := range d.Entries {
		d.Entries[i].NotAfter = utc(d.Entries[i].NotAfter)
	}
	return encode(d, d.problem())
}

// IssuedAt is Issued.
func (r *Recipients) IssuedAt() time.Time { return r.Issued }

// ParseRecipients reads what Encode writes and nothing else. Errors:
// fault.ListForged with the member that is wrong, fault.ListOther for a list
// of another type, fault.ExtensionOutdated for one of a later version. It
// verifies no signature, and does not [Recipients.Check].
func ParseRecipients(data []byte) (*Recipients, error) {
	var d recipientsDocument
	if err := decode(data, RecipientsType, &d); err != nil {
		return nil, err
	}
	if p := d.problem(); p != "" {
		return nil, fault.Newf(fault.ListForged, "%s", p)
	}
	return &d.Recipients, nil
}

// Check compares the list with what is to be sealed. Errors: fault.ListOther
// and fault.ListExpired. A list for one lot serves no other; a list for the
// whole tender serves every lot.
//
// The deadline is not checked here: who only looks at the recipients may do so
// later. See [Recipients.Open].
func (r *Recipients) Check(e Expected) error {
	if err := e.scope(r.Origin, r.Tender, r.Issued); err != nil {
		return err
	}
	if r.Lot != "" && r.Lot != e.Lot {
		return fault.Newf(fault.ListOther, "lot")
	}
	return nil
}

// Closed reports that the deadline has passed: by this computer's clock, or by
// the portal's when it made the list.
func (r *Recipients) Closed(now time.Time) bool {
	return now.After(r.Deadline) || r.Issued.After(r.Deadline)
}

// Open reports whether plis may be sealed to the list now. Error:
// fault.DeadlinePassed with the deadline, unless the list asks for a warning
// only.
func (r *Recipients) Open(now time.Time) error {
	if r.Late == WarnLate || !r.Closed(now) {
		return nil
	}
	return fault.Newf(fault.DeadlinePassed, "%s", r.Deadline.Format(time.RFC3339))
}

// Usable returns the recipients to seal to: not revoked and not expired.
func (r *Recipients) Usable(now time.Time) []Recipient {
	var usable []Recipient
	for _, e := range r.Entries {
		if !e.Revoked && !now.After(e.NotAfter) {
			usable = append(usable, e)
		}
	}
	return usable
}

// Find returns the recipient with this certificate, by its thumbprint.
func (r *Recipients) Find(thumbprint string) (Recipient, bool) {
	i := slices.IndexFunc(r.Entries, func(e Recipient) bool { return e.Thumbprint == thumbprint })
	if i < 0 {
		return Recipient{}, false
	}
	return r.Entries[i], true
}

// problem names the first thing that no list may say, "" when there is none.
func (r *Recipients) problem() string {
	switch {
	case r.Origin == "" || !text(r.Origin, maxOrigin):
		return "origin"
	case r.Tender == "" || !text(r.Tender, maxText):
		return "tender"
	case !text(r.Lot, maxText):
		return "lot"
	case !whole(r.Deadline):
		return "deadline"
	case r.Late != RefuseLate && r.Late != WarnLate:
		return "late"
	case !whole(r.Issued):
		return "issued"
	case len(r.Entries) == 0 || len(r.Entries) > protocol.MaxRecipients:
		return "entries"
	}
	seen := make(map[string]bool, len(r.Entries))
	for _, e := range r.Entries {
		if p := e.problem(); p != "" {
			return p
		}
		if seen[e.Thumbprint] {
			return "thumbprint"
		}
		seen[e.Thumbprint] = true
	}
	return ""
}

func (e Recipient) problem() string {
	if len(e.Certificate) > protocol.MaxRecipientDER {
		return "certificate"
	}
	certificate, err := keypair.Parse(e.Certificate)
	switch {
	case err != nil || len(certificate.Raw) != len(e.Certificate):
		return "certificate"
	case certificate.Thumbprint() != e.Thumbprint:
		return "thumbprint"
	case !fits(e.Mechanism, certificate.Kind):
		return "mechanism"
	case e.Kind != Personal && e.Kind != Recovery:
		return "kind"
	case !whole(e.NotAfter) || !e.NotAfter.Equal(certificate.NotAfter):
		return "notAfter"
	case !text(e.Label, maxText):
		return "label"
	}
	return ""
}

// fits takes the mechanisms that are proven and sealed with.
func fits(m mechanism.Mechanism, kind keypair.Kind) bool {
	switch m {
	case mechanism.RSAOAEPSHA256, mechanism.RSAOAEPSHA1, mechanism.RSAPKCS1:
		return kind == keypair.RSA
	case mechanism.ECDH:
		return kind == keypair.EC
	}
	return false
}
