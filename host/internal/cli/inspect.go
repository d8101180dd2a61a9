package cli

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"text/tabwriter"

	"scelle/host/internal/serve"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// inspected is the JSON form of an envelope's header.
type inspected struct {
	Encoding      string            `json:"encoding"`
	Algorithm     string            `json:"algorithm"`
	Authenticated bool              `json:"authenticated"`
	ContentLength *int64            `json:"contentLength,omitempty"` // bytes of the encrypted content, where the header tells
	HeaderSHA256  string            `json:"headerSha256"`
	Recipients    []inspectedTarget `json:"recipients"`
}

type inspectedTarget struct {
	Mechanism    string   `json:"mechanism,omitempty"`
	Fault        string   `json:"fault,omitempty"`  // why it is not one that we open
	Detail       string   `json:"detail,omitempty"` // the algorithm
	Serial       string   `json:"serial,omitempty"` // hexadecimal, as encoded
	SubjectKeyID string   `json:"subjectKeyId,omitempty"`
	Here         []string `json:"here,omitempty"` // names of this computer's keys that match
}

// inspect shows an envelope's header; it uses no private key.
func (c *command) inspect(ctx context.Context, args []string) error {
	f := c.flags("inspect")
	asJSON := f.Bool("json", false, "")
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	source, err := c.openSource(rest[0])
	if err != nil {
		return err
	}
	defer source.Close()
	info, err := envelope.Inspect(source)
	if err != nil {
		return err
	}
	host, done := c.host()
	defer done()
	ring, err := host.Keyring(ctx, nil, "")
	if err != nil {
		ring = &serve.Keyring{} // a store that cannot be read only costs the names
	}
	r := inspectedOf(info, ring)
	if *asJSON {
		return c.printJSON(r)
	}
	c.printInspected(r)
	return nil
}

func inspectedOf(info *envelope.Info, ring *serve.Keyring) inspected {
	r := inspected{
		Encoding:      string(info.Encoding),
		Algorithm:     fmt.Sprint(info.Algorithm),
		Authenticated: info.Authenticated,
		HeaderSHA256:  hex.EncodeToString(info.HeaderSHA256[:]),
		Recipients:    []inspectedTarget{},
	}
	if info.ContentLength >= 0 {
		r.ContentLength = &info.ContentLength
	}
	for _, a := range info.Recipients {
		t := inspectedTarget{
			Mechanism:    string(a.Mechanism),
			Serial:       hex.EncodeToString(a.Serial),
			SubjectKeyID: hex.EncodeToString(a.SubjectKeyID),
			Here:         ring.Names(a),
		}
		if problem := fault.Of(a.Err); problem != nil {
			t.Fault, t.Detail = string(problem.Code), problem.Detail
		}
		r.Recipients = append(r.Recipients, t)
	}
	return r
}

func (c *command) printInspected(r inspected) {
	size, integrity := c.text(txtUnknownSize), c.text(txtAuthenticated)
	if r.ContentLength != nil {
		size = c.text(txtBytes, *r.ContentLength)
	}
	if !r.Authenticated {
		integrity = c.text(txtUnauthenticated)
	}
	c.say(txtContent, r.Algorithm, size, integrity)
	c.say(txtHeader, r.HeaderSHA256)
	c.say(txtRecipients, len(r.Recipients))
	w := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
	for _, t := range r.Recipients {
		mechanism, id, here := t.Mechanism, t.Serial, ""
		if mechanism == "" {
			mechanism = strings.TrimSpace(t.Fault + " " + t.Detail)
		}
		if id == "" {
			id = t.SubjectKeyID
		}
		if len(t.Here) > 0 {
			here = c.text(txtYours, strings.Join(t.Here, ", "))
		}
		fmt.Fprintln(w, c.text(txtRecipient, mechanism, id, here))
	}
	w.Flush()
}
