package main

import (
	"context"
	"encoding/hex"
	"hash"
	"io"
	"time"

	"scelle/shared/cms"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/trust"
)

// rewrapping gives the content key of one envelope to other recipients.
type rewrapping struct {
	file     source // the envelope, or its header alone
	key      []byte // wiped by run
	to       []protocol.SealRecipient
	cipher   envelope.ContentCipher
	newHash  func() hash.Hash
	now      func() time.Time
	progress func(done, total int64)
}

// run wraps the key, after it was tried on the content where that is there.
// Nothing of the content is kept. Errors: those of [envelope.Rewrap], and of
// usable for a recipient that may receive nothing.
func (r *rewrapping) run(ctx context.Context) (model.Rewrapped, error) {
	defer clear(r.key)
	var out model.Rewrapped
	info, err := r.inspect(ctx)
	if err != nil {
		return out, err
	}
	recipients, err := r.recipients()
	if err != nil {
		return out, err
	}
	if !r.headerOnly(info) {
		if err := r.verify(ctx, recipients, &out); err != nil {
			return out, err
		}
	}
	for i, to := range recipients {
		wrapped, err := envelope.WrapKey(to, r.key)
		if err != nil {
			return out, err
		}
		out.Recipients = append(out.Recipients, protocol.NewRecipient{Thumbprint: keypair.Thumbprint(r.to[i].Certificate), RecipientInfo: wrapped.Raw})
	}
	return out, nil
}

func (r *rewrapping) inspect(ctx context.Context) (*envelope.Info, error) {
	in := r.file.Open(ctx)
	defer in.Close()
	return envelope.Inspect(in)
}

// recipients are the new ones: none may be expired or unfit, since the plis
// would then be nobody's.
func (r *rewrapping) recipients() ([]envelope.Recipient, error) {
	var all []envelope.Recipient
	for _, to := range r.to {
		_, m, err := usable(trust.Entry{SealRecipient: to}, "", r.now())
		if err != nil {
			return nil, err
		}
		all = append(all, envelope.Recipient{Certificate: to.Certificate, Mechanism: m})
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NoRecipient)
	}
	return all, nil
}

// headerOnly reports a file that is the segmented form of its header and no
// more: what a portal delivers before the deadline.
func (r *rewrapping) headerOnly(info *envelope.Info) bool {
	header, err := cms.MarshalHeader(info.Header, cms.UnknownLength, 0)
	return err == nil && int64(len(header)) == r.file.Size()
}

// verify tries the key on the content: a key that a store made up in the place
// of one that it could not open must not be handed on.
func (r *rewrapping) verify(ctx context.Context, to []envelope.Recipient, out *model.Rewrapped) error {
	in := r.file.Open(ctx)
	defer in.Close()
	m := &meter{total: r.file.Size(), report: r.progress, now: r.now}
	report, err := envelope.Rewrap(ctx, io.Discard, io.TeeReader(in, m), envelope.RewrapOptions{
		Unwrapper: &givenKey{key: r.key}, Add: to[:1], Cipher: r.cipher, NewHash: r.newHash})
	if err != nil {
		return err
	}
	out.Verified, out.ContentSHA256 = report.Verified, hex.EncodeToString(report.ContentSHA256[:])
	return nil
}
