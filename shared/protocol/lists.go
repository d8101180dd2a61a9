package protocol

import (
	"time"

	"scelle/shared/envelope/mechanism"
)

// MaxSignedList is the longest signed list, in bytes; package signeddata reads no
// longer one.
const MaxSignedList = 256 << 10

// ListCheck is what became of a portal's signed list. Pin is SHA-256 of the
// signer's SubjectPublicKeyInfo, lower-case hex. Managed says that the
// administrator settled it, First that no key was known for the site before;
// otherwise it is the one that was kept, at Since (RFC 3339). Fault is
// list-unsigned when there was no list and that is allowed.
type ListCheck struct {
	Signed  bool   `json:"signed"`
	Pin     string `json:"pin,omitempty"`
	First   bool   `json:"first,omitempty"`
	Managed bool   `json:"managed,omitempty"`
	Since   string `json:"since,omitempty"`
	Fault   *Fault `json:"fault,omitempty"`
}

// RecipientsParams asks who would receive a pli; the fields are SealParams'.
type RecipientsParams struct {
	Recipients    []SealRecipient `json:"recipients,omitempty"`
	RecipientList []byte          `json:"recipientList,omitempty"`
	Tender        string          `json:"tender"`
	Lot           string          `json:"lot,omitempty"`
}

// RecipientsResult is who would receive a pli that is sealed now. Deadline
// (RFC 3339) is the signed list's, Closed says that it has passed. Fault is
// deadline-passed when therefore nothing would be sealed; a list can ask for a
// warning instead.
type RecipientsResult struct {
	List       ListCheck        `json:"list"`
	Deadline   string           `json:"deadline,omitempty"`
	Closed     bool             `json:"closed,omitempty"`
	Fault      *Fault           `json:"fault,omitempty"`
	Recipients []NamedRecipient `json:"recipients"`
}

// NamedRecipient is one key as a person can know it. Fault says why nothing is
// sealed to it; without one it receives the pli.
type NamedRecipient struct {
	Thumbprint string              `json:"thumbprint"`
	Label      string              `json:"label,omitempty"`      // the name that the portal has for it
	CommonName string              `json:"commonName,omitempty"` // the certificate's
	Issuer     string              `json:"issuer,omitempty"`
	NotAfter   time.Time           `json:"notAfter"`
	Mechanism  mechanism.Mechanism `json:"mechanism,omitempty"`
	Recovery   bool                `json:"recovery,omitempty"`
	Fault      *Fault              `json:"fault,omitempty"`
}

// Unsigned says what is done with a list that is not signed, at a site of
// which no key is known.
type Unsigned string

// What is done with unsigned lists.
const (
	WarnUnsigned   Unsigned = "warn"
	RefuseUnsigned Unsigned = "refuse"
)

// TrustResult is what was settled for a site: the pins of the keys that may
// sign its lists, and who settled them. Managed pins are the administrator's;
// the person's own first sight, at Since (RFC 3339), counts nothing beside them.
type TrustResult struct {
	Pins     []string `json:"pins"`
	Managed  bool     `json:"managed,omitempty"`
	Since    string   `json:"since,omitempty"`
	Unsigned Unsigned `json:"unsigned"`
}

// PinParams keeps a key for a site.
type PinParams struct {
	Origin string `json:"origin"`
	Pin    string `json:"pin"`
}
