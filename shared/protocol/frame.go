package protocol

import (
	"encoding/json"

	"scelle/shared/fault"
)

// Request is one native message to the host, and one runtime message inside
// the extension. ID is chosen by the sender and comes back in the response.
type Request struct {
	ID     string          `json:"id"`
	Method Method          `json:"method"`
	Params json.RawMessage `json:"params,omitempty"`
}

// Response answers a Request: either Result or Fault is set.
type Response struct {
	ID     string          `json:"id"`
	OK     bool            `json:"ok"`
	Result json.RawMessage `json:"result,omitempty"`
	Fault  *Fault          `json:"fault,omitempty"`
}

// Fault is a failure on the wire: a code of package fault and at most one
// short technical value. Texts are never sent; each side has its own.
type Fault struct {
	Code   fault.Code `json:"code"`
	Detail string     `json:"detail,omitempty"`
}

// FaultOf makes the wire form of an error; the cause stays behind.
func FaultOf(err error) *Fault {
	f := fault.Of(err)
	if f == nil {
		return nil
	}
	return &Fault{Code: f.Code, Detail: f.Detail}
}

// Err turns a wire fault back into an error; nil for nil.
func (f *Fault) Err() error {
	if f == nil {
		return nil
	}
	return &fault.Fault{Code: f.Code, Detail: f.Detail}
}

// Kind tells the messages apart that travel between page, content script and
// assistant for the life of one request.
type Kind string

// The kinds. A page's request may be followed by calls (the extension asks
// the page to make one of its own HTTP requests), progress, a cancellation,
// and ends with exactly one response.
const (
	KindRequest    Kind = "request"     // page -> content script
	KindResponse   Kind = "response"    // -> page, ends the request
	KindProgress   Kind = "progress"    // -> page
	KindCall       Kind = "call"        // -> page: run one of the functions it passed in
	KindCallResult Kind = "call-result" // page ->
	KindCancel     Kind = "cancel"      // page ->, aborts the request
	KindHello      Kind = "hello"       // content script -> page, when it arrives or comes back
)

// Call names a function that the page passed in; the extension itself never
// makes an HTTP request to a portal.
type Call string

// The calls.
const (
	CallSubmitCertificate Call = "submitCertificate"
	CallRequestServerKey  Call = "requestServerKey"
	CallRequestChallenge  Call = "requestChallenge"
	CallSubmitProof       Call = "submitProof"
	CallDiscard           Call = "discard"
	CallFetchEnvelope     Call = "fetchEnvelope"
	CallReceiveOpened     Call = "receiveOpened"
	CallReportOpened      Call = "reportOpened"
	CallReceiveRecord     Call = "receiveRecord"

	CallReplaceRecipients Call = "replaceRecipients"
)
