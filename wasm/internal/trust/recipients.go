package trust

import (
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
)

// Recipients reads the list of a tender's keys and checks that it is the one
// that is expected and that what the page asks is what it says: asked is empty,
// or has every key of the list that may still receive and none that is not in
// it. Errors: those of [lists.ParseRecipients] and [lists.Recipients.Check];
// fault.ListRecipients with the thumbprint that differs.
func Recipients(signed *Signed, asked []protocol.SealRecipient, e lists.Expected) (*lists.Recipients, error) {
	list, err := lists.ParseRecipients(signed.JSON)
	if err != nil {
		return nil, err
	}
	if err := list.Check(e); err != nil {
		return nil, err
	}
	if len(asked) == 0 {
		return list, nil
	}
	named := make(map[string]bool, len(asked))
	for _, r := range asked {
		thumbprint := keypair.Thumbprint(r.Certificate)
		if _, ok := list.Find(thumbprint); !ok {
			return nil, fault.Newf(fault.ListRecipients, "%s", thumbprint)
		}
		named[thumbprint] = true
	}
	for _, u := range list.Usable(e.Now) {
		if !named[u.Thumbprint] {
			return nil, fault.Newf(fault.ListRecipients, "%s", u.Thumbprint)
		}
	}
	return list, nil
}

// Entry is a key that a page, or its portal's list, wants sealed to.
type Entry struct {
	protocol.SealRecipient
	Revoked bool // the portal has withdrawn it
}

// Entries is what a list says of its keys, in the words of a request.
func Entries(list *lists.Recipients) []Entry {
	entries := make([]Entry, len(list.Entries))
	for i, e := range list.Entries {
		entries[i] = Entry{protocol.SealRecipient{Certificate: e.Certificate, Mechanism: e.Mechanism, Label: e.Label, Recovery: e.Kind == lists.Recovery}, e.Revoked}
	}
	return entries
}

// Unlisted is the same for recipients that come without a list.
func Unlisted(asked []protocol.SealRecipient) []Entry {
	entries := make([]Entry, len(asked))
	for i, r := range asked {
		entries[i] = Entry{SealRecipient: r}
	}
	return entries
}
