package protocol

import (
	"encoding/json"
	"time"

	"scelle/shared/checkup"
)

// StatusResult is the three facts of the product's state, each with its
// version. Of certificates it tells a page only how those stand that this very
// origin registered.
type StatusResult struct {
	Extension      ExtensionStatus `json:"extension"`
	Host           HostState       `json:"host"`
	Store          StoreState      `json:"store"`
	RequiresUpdate RequiresUpdate  `json:"requiresUpdate"`
	// Update is set while the publisher offers a newer host than this
	// computer's.
	Update *UpdateNews `json:"update,omitempty"`
	// Keys are those that the asking origin registered from this browser, at
	// most MaxPresent, the newest first; for a page, while the host is online.
	Keys []KeyHealth `json:"keys,omitempty"`
}

// UpdateNews is what the publisher signed, and no portal said.
type UpdateNews struct {
	Host string `json:"host"` // the newer host's version
}

// ExtensionStatus is the extension's own fact.
type ExtensionStatus struct {
	Version  string `json:"version"`
	Protocol int    `json:"protocol"`
}

// HostState is the host as the extension sees it. Fault is set when it is not
// online: host-missing, host-forbidden, host-stopped, host-outdated.
type HostState struct {
	Online  bool   `json:"online"`
	Version string `json:"version,omitempty"`
	OS      string `json:"os,omitempty"` // GOOS
	Fault   *Fault `json:"fault,omitempty"`
}

// StoreState is the certificate stores taken together.
type StoreState struct {
	Ready bool   `json:"ready"`
	Fault *Fault `json:"fault,omitempty"`
}

// RequiresUpdate says which side is too old for the other.
type RequiresUpdate struct {
	Extension bool `json:"extension"`
	Host      bool `json:"host"`
}

// HelloParams introduces the extension to the host.
type HelloParams struct {
	Version  string `json:"version"`
	Protocol int    `json:"protocol"`
}

// HelloResult introduces the host. MinProtocol is the oldest protocol that it
// still speaks; a peer below it must be updated.
type HelloResult struct {
	Version     string `json:"version"`
	Protocol    int    `json:"protocol"`
	MinProtocol int    `json:"minProtocol"`
	OS          string `json:"os"`   // GOOS
	Arch        string `json:"arch"` // GOARCH
	// Package is how the host was installed, an update.Kind; absent when it
	// cannot tell.
	Package string `json:"package,omitempty"`
	// AsksPIN says that the administrator lets the assistant's window ask for
	// PINs and passwords where no program of the computer can: an assistant
	// then keeps a host.pin.await open.
	AsksPIN bool `json:"asksPin,omitempty"`
}

// HostStatusResult is the state of each store of this computer.
type HostStatusResult struct {
	Version string `json:"version"`
	OS      string `json:"os"`
	// Confined is how far the system keeps the host to what it needs: "full",
	// "partial", "none", or "off" where nobody asked.
	Confined string        `json:"confined"`
	Stores   []StoreStatus `json:"stores"`
}

// StoreStatus is one store. State is a keystore.State.
type StoreStatus struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Location     string   `json:"location"`
	State        string   `json:"state"`
	Fault        *Fault   `json:"fault,omitempty"`
	Certificates int      `json:"certificates"`
	Keys         int      `json:"keys"`
	Import       bool     `json:"import"`
	Mechanisms   []string `json:"mechanisms"`

	Modules []ModuleStatus `json:"modules,omitempty"` // of a store of cards
}

// ModuleStatus is one PKCS#11 module: its path, how many cards and tokens it
// shows now, and why it shows none.
type ModuleStatus struct {
	Path   string `json:"path"`
	Tokens int    `json:"tokens"`
	Fault  *Fault `json:"fault,omitempty"`
}

// DoctorResult is what the host found when it looked at this computer. It
// names no person, no certificate and no folder below the home directory.
type DoctorResult struct {
	Version  string    `json:"version"` // of the host
	Protocol int       `json:"protocol"`
	OS       string    `json:"os"`     // GOOS
	Arch     string    `json:"arch"`   // GOARCH
	System   string    `json:"system"` // what the system calls itself
	Time     time.Time `json:"time"`   // UTC
	Findings []Finding `json:"findings"`
}

// Finding is one check and how it came out. Detail is short and technical, ""
// where there is nothing to add; the texts are package checkup's.
type Finding struct {
	Check  checkup.Check `json:"check"`
	Level  checkup.Level `json:"level"`
	Detail string        `json:"detail,omitempty"`
}

// AttachResult is a bridge's nonce, 32 hex digits.
type AttachResult struct {
	Nonce string `json:"nonce"`
}

// VerifyParams spends a nonce.
type VerifyParams struct {
	Nonce string `json:"nonce"`
}

// VerifyResult is the origin of the page that a bridge serves, as the browser
// reported it.
type VerifyResult struct {
	Origin string `json:"origin"`
}

// SessionParams names a session: 32 hex digits in the assistant's URL.
type SessionParams struct {
	Session string `json:"session"`
}

// SessionResult is what an assistant window works for. Origin is the browser's
// word, never the page's. TabID, FrameID, DocumentID and Document say where
// calls and progress go; Document is the content script's own random name.
type SessionResult struct {
	Session    string          `json:"session"`
	Request    string          `json:"request"` // the page's request id
	Method     Method          `json:"method"`
	Params     json.RawMessage `json:"params"`
	Origin     string          `json:"origin"`
	TabID      int             `json:"tabId"`
	FrameID    int             `json:"frameId"`
	DocumentID string          `json:"documentId,omitempty"`
	Document   string          `json:"document"`
	Language   string          `json:"language,omitempty"`
	// Sites are the origins that are allowed or known here, for a warning about
	// one that resembles another.
	Sites []string `json:"sites"`
}

// FinishParams is a session's outcome; either Result or Fault.
type FinishParams struct {
	Session string          `json:"session"`
	Result  json.RawMessage `json:"result,omitempty"`
	Fault   *Fault          `json:"fault,omitempty"`
}

// SiteParams names a site by its origin.
type SiteParams struct {
	Origin string `json:"origin"`
}

// SiteResult is a site as the extension knows it.
type SiteResult struct {
	Origin  string `json:"origin"`
	Allowed bool   `json:"allowed"`
	Secure  bool   `json:"secure"` // https, or loopback in a demo build
	// Forbidden says that the administrator allows no such site.
	Forbidden bool   `json:"forbidden,omitempty"`
	Since     string `json:"since,omitempty"`   // RFC 3339
	LastUse   string `json:"lastUse,omitempty"` // RFC 3339
	Keys      int    `json:"keys"`
	// ListKeys are the pins of the keys that may sign this site's lists.
	ListKeys []string `json:"listKeys,omitempty"`
	// ListKeySince (RFC 3339) is when the one key was kept; NewListKey says that
	// this happened while a pli was sealed, and nobody has looked at it since.
	ListKeySince string `json:"listKeySince,omitempty"`
	NewListKey   bool   `json:"newListKey,omitempty"`
}

// RememberParams notes that an origin registered a certificate, or proved its
// key again, just now. Mode is where the pair came from, "" where that is not
// known; what was noted of it before stays.
type RememberParams struct {
	Origin     string `json:"origin"`
	Thumbprint string `json:"thumbprint"`
	Mode       Mode   `json:"mode,omitempty"`
}
