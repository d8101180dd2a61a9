package cli

import (
	"context"
	"fmt"
	"io"

	"scelle/shared/cms"
	"scelle/shared/envelope"
	"scelle/shared/keypair"
)

// rewrapping is one run of rewrap.
type rewrapping struct {
	envelope string
	out      string
	force    bool
	json     bool
	replace  bool
	drop     []*keypair.Certificate
	add      []envelope.Recipient
}

// rewrap changes an envelope's recipients and leaves its content as it is.
func (c *command) rewrap(ctx context.Context, args []string) error {
	f := c.flags("rewrap")
	r := rewrapping{}
	keys := f.keyOptions()
	var to, drop list
	f.Var(&to, "to", "")
	f.Var(&drop, "drop", "")
	f.BoolVar(&r.replace, "replace", false, "")
	f.StringVar(&r.out, "o", "", "")
	f.BoolVar(&r.force, "force", false, "")
	f.BoolVar(&r.json, "json", false, "")
	rest, err := f.parse(args, 1, 1)
	switch {
	case err != nil:
		return err
	case r.out == "":
		return misuse(c.text(txtNeedOutput, "rewrap"))
	case len(to) == 0 && (len(drop) == 0 || r.replace):
		return misuse(c.text(txtNeedRecipients, "rewrap"))
	}
	r.envelope = rest[0]
	if r.add, err = c.recipients(to); err != nil {
		return err
	}
	for _, path := range drop {
		certificate, err := c.certificate(path)
		if err != nil {
			return err
		}
		r.drop = append(r.drop, certificate)
	}
	return c.rewrapWith(ctx, r, keys)
}

// rewrapWith uses a private key only when there is somebody to add.
func (c *command) rewrapWith(ctx context.Context, r rewrapping, keys keyOptions) error {
	var key envelope.KeyUnwrapper
	if len(r.add) > 0 {
		var done func()
		var err error
		if key, done, err = c.unwrapper(ctx, "rewrap", r.envelope, keys); err != nil {
			return err
		}
		defer done()
	}
	source, err := c.openSource(r.envelope)
	if err != nil {
		return err
	}
	defer source.Close()
	var report *envelope.RewrapReport
	kept := 0
	keep := func(info *cms.RecipientInfo) bool {
		stays := !r.replace && !r.drops(info)
		if stays {
			kept++
		}
		return stays
	}
	write := func(w io.Writer) (envelope.Receipt, error) {
		p := c.progress(source, source.size)
		defer p.end()
		var err error
		report, err = envelope.Rewrap(ctx, w, p, envelope.RewrapOptions{Unwrapper: key, Keep: keep, Add: r.add})
		if err != nil {
			return envelope.Receipt{}, err
		}
		return report.Receipt, nil
	}
	made, err := c.writeEnvelope(ctx, r.out, r.force, write)
	if err != nil {
		return err
	}
	if !report.Verified {
		fmt.Fprintln(c.Err, c.text(txtUnverified))
	}
	shown := receiptOf(made, r.out, kept+len(r.add))
	shown.Verified = &report.Verified
	return c.printReceipt(r.out, r.json, shown)
}

// drops reports whether a recipient is one of those to be removed.
func (r rewrapping) drops(info *cms.RecipientInfo) bool {
	for _, id := range info.Identifiers() {
		for _, certificate := range r.drop {
			if (envelope.Addressee{RecipientIdentifier: id}).Matches(certificate) {
				return true
			}
		}
	}
	return false
}
