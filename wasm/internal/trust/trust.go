// Package trust decides what a portal's signed lists are worth: whether a key
// may sign for a site, whether unsigned will do, whether what a page asks is
// what the list says. It knows no browser and no signatures: package verifier
// has a list's signature verified in a throw-away Worker, and the worker script
// of the extension keeps the pins.
//
// A site has pins from its administrator, or the one of the first list that
// was seen there (trust on first use), or none yet. Once there is a pin every
// list has to be signed by it: otherwise leaving the list out would be all that
// an attacker has to do.
package trust

import (
	"slices"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
)

// Signed is a list whose signature is good, by the key of Pin.
type Signed struct {
	Pin  string `json:"pin"`  // SHA-256 of the signer's SubjectPublicKeyInfo, lower-case hex
	JSON []byte `json:"json"` // what was signed
}

// Settle says what a list is worth at a site: signed is nil where the page
// passed none. A result with First is worth pinning, after everything else was
// checked. Errors: fault.ListUnsigned; fault.ListSigner with the pin of a key
// that is not the site's.
func Settle(site protocol.TrustResult, signed *Signed) (protocol.ListCheck, error) {
	known := len(site.Pins) > 0
	if signed == nil {
		unsigned := fault.New(fault.ListUnsigned)
		if known || site.Unsigned != protocol.WarnUnsigned {
			return protocol.ListCheck{}, unsigned
		}
		return protocol.ListCheck{Fault: protocol.FaultOf(unsigned)}, nil
	}
	if known && !slices.Contains(site.Pins, signed.Pin) {
		return protocol.ListCheck{}, fault.Newf(fault.ListSigner, "%s", signed.Pin)
	}
	return protocol.ListCheck{Signed: true, Pin: signed.Pin, First: !known, Managed: site.Managed, Since: site.Since}, nil
}

// Opening reads the list of an opening and checks that it is the one that is
// expected, at its time. Errors: those of [lists.ParseOpening] and
// [lists.Opening.Check].
func Opening(signed *Signed, e lists.Expected) (*lists.Opening, error) {
	list, err := lists.ParseOpening(signed.JSON)
	if err != nil {
		return nil, err
	}
	return list, list.Check(e)
}
