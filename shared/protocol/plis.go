package protocol

import (
	"time"

	"scelle/shared/envelope/mechanism"
)

// SealRecipient is one certificate to seal to.
type SealRecipient struct {
	Certificate []byte              `json:"certificate"` // DER
	Mechanism   mechanism.Mechanism `json:"mechanism,omitempty"`
	Label       string              `json:"label,omitempty"`
	Recovery    bool                `json:"recovery,omitempty"`
}

// SealParams asks the bridge to seal files. The files themselves stand beside
// the message as File objects, in the order of the archive.
//
// With RecipientList, the portal's signed list (package signeddata), its keys
// are sealed to; Recipients may be left out, and otherwise has to name the same
// keys.
type SealParams struct {
	Recipients    []SealRecipient `json:"recipients,omitempty"`
	RecipientList []byte          `json:"recipientList,omitempty"`
	Tender        string          `json:"tender"`
	Lot           string          `json:"lot,omitempty"`
	Kind          string          `json:"kind"` // "candidature" or "offre"
	Depositor     string          `json:"depositor,omitempty"`
	Raw           bool            `json:"raw,omitempty"`     // one file without the pli container
	Profile       string          `json:"profile,omitempty"` // envelope.Profile, "" is the one to use
}

// SealResult describes a sealed file; the File object stands beside it.
// Handle names it for pli.release.
type SealResult struct {
	Handle        string     `json:"handle"`
	Name          string     `json:"name"`
	Size          int64      `json:"size"`          // bytes
	SHA256        string     `json:"sha256"`        // of the whole file, hex
	ContentSHA256 string     `json:"contentSha256"` // of encryptedContent and mac, hex; survives a rewrap
	Files         []PliFile  `json:"files"`
	LeftOut       []LeftOut  `json:"leftOut"`
	Recipients    []SealedTo `json:"recipients"`
	List          ListCheck  `json:"list"`
	// Late says that the list's deadline had passed, and that the list lets
	// plis be sealed all the same.
	Late bool `json:"late,omitempty"`
}

// SealedTo is a recipient that the envelope has.
type SealedTo struct {
	Thumbprint string              `json:"thumbprint"`
	Mechanism  mechanism.Mechanism `json:"mechanism"`
	Recovery   bool                `json:"recovery,omitempty"`
}

// LeftOut is a recipient that was not used, and why.
type LeftOut struct {
	Thumbprint string `json:"thumbprint"`
	Label      string `json:"label,omitempty"`
	Fault      Fault  `json:"fault"`
}

// ReleaseParams names a sealed file.
type ReleaseParams struct {
	Handle string `json:"handle"`
}

// PliFile is a file inside a pli. SHA256 is hex, of the file's bytes.
type PliFile struct {
	Name      string `json:"name"`
	Size      int64  `json:"size"`
	MediaType string `json:"mediaType,omitempty"`
	SHA256    string `json:"sha256,omitempty"`
}

// OpenParams asks for plis to be opened. HandOver offers to give the opened
// files to the portal's page; the person decides. OpeningList is the portal's
// signed list of the plis that may be opened now (package signeddata). Report
// says that the page takes each outcome as soon as it is known, Record that it
// takes the record at the end.
type OpenParams struct {
	Tender      string    `json:"tender"`
	Title       string    `json:"title,omitempty"`
	Plis        []OpenPli `json:"plis"`
	OpeningList []byte    `json:"openingList,omitempty"`
	HandOver    bool      `json:"handOver,omitempty"`
	Report      bool      `json:"report,omitempty"`
	Record      bool      `json:"record,omitempty"`
}

// OpenPli is one pli to open. The page delivers its bytes through
// fetchEnvelope. SHA256, when given, is what the portal acknowledged.
type OpenPli struct {
	ID     string `json:"id"`
	Label  string `json:"label"`
	Size   int64  `json:"size,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	Kind   string `json:"kind,omitempty"`
	Lot    string `json:"lot,omitempty"`
}

// FetchEnvelopeArgs is the argument of the page's fetchEnvelope; it answers
// with a Blob, File or Response.
type FetchEnvelopeArgs struct {
	ID string `json:"id"`
}

// ReceiveOpenedArgs is the argument of the page's receiveOpened; the opened
// files stand beside it as File objects.
type ReceiveOpenedArgs struct {
	ID    string    `json:"id"`
	Files []PliFile `json:"files"`
}

// OpenResult tells the page the outcome of each pli, in the order asked; the
// files of each only where the page did not take them by reportOpened.
type OpenResult struct {
	Plis []OpenedPli `json:"plis"`
	List ListCheck   `json:"list"`
}

// OpenedPli is one outcome. Authenticated is false for AES-CBC content, whose
// integrity cannot be verified.
type OpenedPli struct {
	ID            string    `json:"id"`
	Opened        bool      `json:"opened"`
	Fault         *Fault    `json:"fault,omitempty"`
	Authenticated bool      `json:"authenticated"`
	SHA256        string    `json:"sha256,omitempty"`        // of the envelope
	ContentSHA256 string    `json:"contentSha256,omitempty"` // of encryptedContent and mac
	Files         []PliFile `json:"files,omitempty"`
	HandedOver    bool      `json:"handedOver,omitempty"`
	Key           string    `json:"key,omitempty"` // thumbprint of the certificate whose private key opened it
}

// BatchParams is what a person consented to: this origin, these envelopes.
type BatchParams struct {
	Origin    string   `json:"origin"`
	Tender    string   `json:"tender"`
	Envelopes []string `json:"envelopes"` // hex SHA-256 of each envelope's header, 1 to MaxPlis
}

// BatchResult names the consent. It counts down UnwrapsPerPli key operations
// for each envelope and ends after BatchSeconds or with the connection.
// Version is the host's, Journal where the journal stands before the first use.
type BatchResult struct {
	ID      string       `json:"id"`
	Expires time.Time    `json:"expires"`
	Version string       `json:"version,omitempty"`
	Journal *JournalMark `json:"journal,omitempty"`
}

// BatchEndParams names a batch.
type BatchEndParams struct {
	ID string `json:"id"`
}

// BatchEndResult says where the journal stands after the last use.
type BatchEndResult struct {
	Journal *JournalMark `json:"journal,omitempty"`
}

// UnwrapParams carries one RecipientInfo and the content algorithm, never a
// raw ciphertext. Only a proof (VerbProve) goes without Batch, and counts against
// UnwrapsPerMinute.
type UnwrapParams struct {
	Thumbprint       string `json:"thumbprint"`       // of the certificate whose key is to be used
	RecipientInfo    []byte `json:"recipientInfo"`    // DER, RFC 5652 6.2
	ContentAlgorithm []byte `json:"contentAlgorithm"` // DER AlgorithmIdentifier
	Origin           string `json:"origin"`           // as the browser reported it, "" offline
	Envelope         string `json:"envelope"`         // hex SHA-256 of the envelope's header
	Batch            string `json:"batch,omitempty"`
	Verb             Verb   `json:"verb"` // for the journal
}

// Verb says what a private key is used for.
type Verb string

// The verbs.
const (
	VerbOpen     Verb = "open"     // to open a pli
	VerbProve    Verb = "prove"    // to prove to a portal that it is here
	VerbRewrap   Verb = "rewrap"   // to give a pli other recipients
	VerbRehearse Verb = "rehearse" // to rehearse an opening
)

// UnwrapResult is a content-encryption key of exactly the length that the
// content algorithm wants. It is always a success for RSA PKCS#1 v1.5.
type UnwrapResult struct {
	ContentKey []byte `json:"contentKey"`
}
