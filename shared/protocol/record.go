package protocol

import "time"

// RecordFormat is the value of OpeningRecord.Format.
const RecordFormat = "scelle-opening-record/1"

// OpeningRecord is the record of an opening session (« procès-verbal
// d'ouverture »): what was to be opened, what came out of it, with which keys
// and when. It holds fingerprints and no content. The person gets it as a page
// to print and as JSON, the portal as JSON by receiveRecord.
type OpeningRecord struct {
	Format    string      `json:"format"` // RecordFormat
	Origin    string      `json:"origin"` // as the browser reported it, "" offline
	Tender    string      `json:"tender,omitempty"`
	Title     string      `json:"title,omitempty"`
	Started   time.Time   `json:"started"`  // when the person consented, UTC
	Finished  time.Time   `json:"finished"` // UTC
	Extension string      `json:"extension"`
	Host      string      `json:"host"`
	Keys      []RecordKey `json:"keys"` // those that opened something
	Plis      []RecordPli `json:"plis"` // in the order of the opening
	// List is who signed the portal's list of these plis; offline there is none.
	List *RecordList `json:"list,omitempty"`
	// JournalBefore and JournalAfter are where the journal of key uses stood on
	// this computer: the lines between them are this session's, and perhaps
	// those of another window.
	JournalBefore *JournalMark `json:"journalBefore,omitempty"`
	JournalAfter  *JournalMark `json:"journalAfter,omitempty"`
}

// RecordList is the signed list of an opening: the key that signed it and why
// that key counts for the site. A list that was not signed has neither.
type RecordList struct {
	Signed bool   `json:"signed"`
	Pin    string `json:"pin,omitempty"` // SHA-256 of the signer's SubjectPublicKeyInfo, hex
	Pinned Pinned `json:"pinned,omitempty"`
	Since  string `json:"since,omitempty"` // of PinnedKept, RFC 3339
	// NotBefore and Issued are the list's own: when the plis may be opened at
	// the earliest, and when the portal made it.
	NotBefore *time.Time `json:"notBefore,omitempty"`
	Issued    *time.Time `json:"issued,omitempty"`
}

// Pinned says how a key came to count for a site.
type Pinned string

// How a key came to count.
const (
	PinnedManaged Pinned = "managed" // an administrator settled it
	PinnedKept    Pinned = "kept"    // it signed the first list that was seen there
	PinnedFirst   Pinned = "first"   // this list was the first
)

// RecordKey is a certificate whose private key opened something.
type RecordKey struct {
	Thumbprint string    `json:"thumbprint"`
	NotAfter   time.Time `json:"notAfter"`
}

// RecordPli is one pli of a record. SHA256 is of the sealed file, Acknowledged
// what the portal said it was; both hex.
type RecordPli struct {
	ID            string     `json:"id,omitempty"`
	Label         string     `json:"label"`
	Kind          string     `json:"kind,omitempty"`
	Lot           string     `json:"lot,omitempty"`
	Depositor     string     `json:"depositor,omitempty"` // as the pli says
	SealedAt      string     `json:"sealedAt,omitempty"`  // as the pli says, RFC 3339
	Size          int64      `json:"size,omitempty"`      // bytes, sealed
	SHA256        string     `json:"sha256,omitempty"`
	ContentSHA256 string     `json:"contentSha256,omitempty"`
	Acknowledged  string     `json:"acknowledged,omitempty"`
	Opened        bool       `json:"opened"`
	Key           string     `json:"key,omitempty"` // thumbprint of the certificate
	Authenticated bool       `json:"authenticated"`
	OpenedAt      *time.Time `json:"openedAt,omitempty"` // UTC
	HandedOver    bool       `json:"handedOver,omitempty"`
	Fault         *Fault     `json:"fault,omitempty"`
	Remarks       []Remark   `json:"remarks,omitempty"`
	Twin          string     `json:"twin,omitempty"` // label of the other pli, with RemarkTwin
	Files         []PliFile  `json:"files,omitempty"`
}

// Remark is something about a pli that people must see.
type Remark string

// The remarks.
const (
	RemarkAltered   Remark = "altered"   // not the fingerprint that the portal acknowledged
	RemarkMisplaced Remark = "misplaced" // says another lot or kind than the portal
	RemarkTwin      Remark = "twin"      // same encrypted content as another pli
	RemarkForeign   Remark = "foreign"   // not a pli: one file from other software
)

// JournalMark is where a journal stands: how many lines it has and the chain
// value of the last one, which depends on all before it.
type JournalMark struct {
	Lines int64  `json:"lines"`
	Chain string `json:"chain"` // 64 hex digits
}
