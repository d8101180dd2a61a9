// Package model is what the extension's documents know and how that changes.
//
// A screen is a Model; Update takes a Msg and answers with the next Model and
// the Effects to carry out. Effects are values: the native tests play host,
// page and worker, and only package shell knows the browser.
package model

import (
	"encoding/json"

	"scelle/shared/protocol"
	"scelle/wasm/internal/trust"
)

// Msg is anything that can happen: a click, an answer, the passing of time.
type Msg any

// Effect is something that Update wants done outside.
type Effect interface{ effect() }

// FileRef names a File or Blob that the runtime holds for the model: an
// envelope that the page fetched, or an opened file in quarantine.
type FileRef struct {
	Handle int    // the runtime's number
	Name   string // as the origin of the file gave it
	Size   int64  // bytes
}

// FolderRef names a folder of this computer that the person chose and that the
// runtime holds. The zero value is the browser's download place.
type FolderRef struct {
	Handle int    // the runtime's number, from 1 on
	Name   string // without the folders that it is in, which no browser tells
}

// HostCall sends a method to the native host. Connecting, the hello and the
// mapping of browser errors to faults are the runtime's.
type HostCall struct {
	Method protocol.Method
	Params any
	Then   func(result json.RawMessage, err error) Msg
}

// WorkerCall sends an App method to the extension's own worker (site.allow,
// session.finish, status, ...).
type WorkerCall struct {
	Method protocol.Method
	Params any
	Then   func(result json.RawMessage, err error) Msg
}

// PageCall runs a function that the page passed in, in the document that the
// session belongs to. Files go with CallReceiveOpened. A page that is gone is
// fault.SessionLost.
type PageCall struct {
	Call  protocol.Call
	Args  any
	Files []FileRef
	Then  func(result json.RawMessage, err error) Msg
}

// FetchFile runs the page's fetchEnvelope and keeps what it delivers.
type FetchFile struct {
	Args protocol.FetchEnvelopeArgs
	Then func(file FileRef, err error) Msg
}

// PageProgress tells the page how far its request is; no answer.
type PageProgress struct {
	Step  string
	Done  int64
	Total int64
}

// InspectFile reads an envelope's header in the crypto worker, and with Sum
// the fingerprint of the whole file.
type InspectFile struct {
	File FileRef
	Sum  bool
	Then func(info EnvelopeInfo, err error) Msg
}

// EnvelopeInfo is an envelope's header as the crypto worker reads it.
type EnvelopeInfo struct {
	HeaderSHA256     string          // hex; what a consent is bound to
	SHA256           string          // hex, of the whole file; "" unless asked for
	Authenticated    bool            // AuthEnvelopedData
	ContentAlgorithm []byte          // DER AlgorithmIdentifier
	AlgorithmName    string          // for people: "AES-256-GCM"
	Recipients       []RecipientInfo // in the order of the envelope
}

// RecipientInfo is one recipient of an envelope. IssuerSerial and KeyID are
// what CMS names a recipient by; exactly one is set.
type RecipientInfo struct {
	DER       []byte // the whole RecipientInfo
	Issuer    []byte // DER Name
	Serial    []byte // content bytes of the INTEGER
	KeyID     []byte // subject key identifier
	Mechanism string // envelope.Mechanism
}

// VerifyList verifies the signature of a list in a throw-away Worker.
type VerifyList struct {
	List []byte
	Then func(signed *trust.Signed, err error) Msg
}

// OpenFile decrypts an envelope in the crypto worker, into quarantine. The
// files are released (Opened) only after every check passed. ContentKey is
// wiped by the runtime.
type OpenFile struct {
	File       FileRef
	ContentKey []byte
	Tender     string // must stand in pli.json, when not ""
	Raw        bool   // any content, one file
	Progress   func(done, total int64) Msg
	Then       func(opened Opened, err error) Msg
}

// Opened is an envelope that was opened and checked in full.
type Opened struct {
	Authenticated bool
	SHA256        string
	ContentSHA256 string
	Tender        string
	Lot           string
	Kind          string
	Depositor     string
	SealedAt      string
	Files         []FileRef          // with safe names
	Details       []protocol.PliFile // same order, with fingerprints
}

// SealTest seals a test pli of the crypto worker's own making to recipients,
// into quarantine, the way a bidder's is sealed.
type SealTest struct {
	Tender     string
	Recipients []protocol.SealRecipient
	Then       func(sealed SealedTest, err error) Msg
}

// SealedTest is a test pli.
type SealedTest struct {
	File       FileRef
	SHA256     string              // of the one file that is in it
	Recipients []protocol.SealedTo // whom it is sealed to
	LeftOut    []protocol.LeftOut  // whom it is not
}

// RewrapFile wraps the content key of an envelope to other recipients in the
// crypto worker. Where the file has the content too, its tag is checked under
// that key and the plaintext dropped. ContentKey is wiped by the runtime.
type RewrapFile struct {
	File       FileRef
	ContentKey []byte
	To         []protocol.SealRecipient
	Progress   func(done, total int64) Msg
	Then       func(wrapped Rewrapped, err error) Msg
}

// Rewrapped is a content key in the hands of other recipients, in the order of
// RewrapFile.To.
type Rewrapped struct {
	Recipients    []protocol.NewRecipient
	Verified      bool   // the content was there, and is right under this key
	ContentSHA256 string // of what was there
}

// OpenSmall decrypts a small envelope (a challenge, at most 64 KiB) in this
// module and gives only the SHA-256 of its plaintext when it is exactly
// prefix + 64 hex digits + "\n"; anything else is fault.ProofForeign.
type OpenSmall struct {
	Envelope   []byte
	ContentKey []byte
	Prefix     string
	Then       func(proof string, err error) Msg
}

// InspectBytes reads the header of a small envelope in this module.
type InspectBytes struct {
	Envelope []byte
	Then     func(info EnvelopeInfo, err error) Msg
}

// SaveFiles stores released files: under Folder of the browser's download
// place, or of the folder that was chosen, where a failure takes away what was
// stored of them. Nothing that is there is replaced.
type SaveFiles struct {
	Into   FolderRef
	Folder string // "" is the place itself
	Files  []FileRef
	Then   func(saved Saved, err error) Msg
}

// Saved says where files were stored.
type Saved struct {
	Folder string   // below and with the chosen one, by the names that it got; "" in the download place
	Names  []string // in the order of the files
}

// SaveRecord saves the record of an opening, as a page to print and as JSON,
// where SaveFiles would. Then says under which names.
type SaveRecord struct {
	Env    Env // language and time zone
	Into   FolderRef
	Folder string
	Record *Record
	Then   func(names []string, err error) Msg
}

// PickFolder lets the person choose a folder to save to. It must be an effect
// of a click and is run inside the click's own event.
type PickFolder struct {
	Then func(folder FolderRef, err error) Msg
}

// Forget drops files: quarantined bytes are deleted from the disk.
type Forget struct{ Files []FileRef }

// CancelWork stops the crypto worker's running call; its Then gets
// fault.Cancelled and its quarantine is removed.
type CancelWork struct{}

// AskPermission asks the browser for the site's host permission. It must be
// an effect of a click and is run inside the click's own event.
type AskPermission struct {
	Origin string
	Then   func(granted bool, err error) Msg
}

// ReadFile asks for nothing of the disk: it reports a file that the person
// picked in an extension page (offline opening).
type ReadFile struct{ Then func(files []FileRef) Msg }

// BringUpdate fetches the newer host's package, which the worker checks, and
// saves it in the browser's download place. Then says under which name.
type BringUpdate struct {
	Then func(name string, err error) Msg
}

// After sends a message later. Drawn has the screen drawn first, without delay.
type After struct {
	Millis int
	Msg    Msg
	Drawn  bool
}

// CloseWindow closes the document.
type CloseWindow struct{}

// OpenURL opens an extension page or an https address in a tab.
type OpenURL struct{ URL string }

// CopyText puts text on the clipboard, from a click.
type CopyText struct{ Text string }

// Focus moves the keyboard focus to the node with this id after the next draw.
type Focus struct{ ID string }

func (HostCall) effect()      {}
func (WorkerCall) effect()    {}
func (PageCall) effect()      {}
func (FetchFile) effect()     {}
func (PageProgress) effect()  {}
func (InspectFile) effect()   {}
func (OpenFile) effect()      {}
func (VerifyList) effect()    {}
func (SealTest) effect()      {}
func (RewrapFile) effect()    {}
func (OpenSmall) effect()     {}
func (InspectBytes) effect()  {}
func (SaveFiles) effect()     {}
func (SaveRecord) effect()    {}
func (PickFolder) effect()    {}
func (Forget) effect()        {}
func (CancelWork) effect()    {}
func (AskPermission) effect() {}
func (ReadFile) effect()      {}
func (BringUpdate) effect()   {}
func (After) effect()         {}
func (CloseWindow) effect()   {}
func (OpenURL) effect()       {}
func (CopyText) effect()      {}
func (Focus) effect()         {}

// Screen is one document of the extension: popup, assistant, offline page.
// Package shell draws it after every Update.
type Screen interface {
	// Init gives the first effects.
	Init() []Effect
	// Update changes the screen by a message.
	Update(Msg) []Effect
}
