package envelope

import (
	"context"
	"hash"
	"io"

	"scelle/shared/cms"
	"scelle/shared/fault"
)

// RewrapOptions says how recipients change.
type RewrapOptions struct {
	Unwrapper KeyUnwrapper                  // opens the content key for Add; may be nil when Add is empty
	Keep      func(*cms.RecipientInfo) bool // which recipient infos stay; nil keeps all
	Add       []Recipient                   // put behind those that stay
	Ready     []cms.RecipientInfo           // put behind them: the content key as somebody who has it wrapped it
	Cipher    ContentCipher                 // nil is Native
	NewHash   func() hash.Hash              // makes SHA-256; nil is sha256.New
	ChunkSize int                           // bytes at once; 0 is ChunkSize
}

// RewrapReport says what came out.
type RewrapReport struct {
	Receipt
	Info   *Info // of the envelope that was read
	Source [32]byte
	// Verified: the content key was in use and the tag under it was right.
	// Without it (nothing added, or AES-CBC) the content was copied unseen.
	Verified bool
}

// Rewrap copies the envelope src to dst with other recipients. Encrypted
// content, nonce, tag and attributes stay as they are, so ContentSHA256 stays
// the same and whoever could open the envelope still can, unless Keep dropped
// him. The copy is DER when src has definite lengths.
//
// When recipients are added and the content is authenticated, the tag is
// checked under the unwrapped key in the same pass: without that, a synthetic
// key (see [UnwrapWith]) would be handed to the new recipients unnoticed.
// Plaintext that the cipher yields on the way is dropped at once. Dst is a
// quarantine as for [Open].
//
// Errors: those of [Open] and [WrapKey]; fault.NoRecipient when nobody is left.
func Rewrap(ctx context.Context, dst io.Writer, src io.Reader, o RewrapOptions) (*RewrapReport, error) {
	whole := newFingerprint(o.NewHash, o.Cipher)
	defer whole.close()
	decoded, encoding, err := decode(io.TeeReader(src, whole))
	if err != nil {
		return nil, err
	}
	reader, info, err := readHeader(decoded, encoding)
	if err != nil {
		return nil, err
	}
	key := ContentKey{}
	var dec ContentDecrypter
	if len(o.Add) > 0 {
		if key, err = unwrapContentKey(ctx, info, o.Unwrapper); err != nil {
			return nil, err
		}
		defer key.Wipe()
		if info.Authenticated {
			if dec, err = cipherOr(o.Cipher).Decrypter(ctx, key); err != nil {
				return nil, fault.Wrap(fault.Internal, err)
			}
			defer dec.Close()
		}
	} else if _, err := info.check(); err != nil {
		return nil, err
	}
	header, err := editHeader(info.Header, o, key.Key)
	if err != nil {
		return nil, err
	}
	out := newSink(dst, o.NewHash, o.Cipher)
	defer out.close()
	c := &recopy{reader: reader, out: out, dec: dec, chunk: chunkSize(o.ChunkSize)}
	if err := c.run(ctx, header); err != nil {
		return nil, err
	}
	report := &RewrapReport{Receipt: out.receipt(), Info: info, Verified: dec != nil}
	whole.sum(&report.Source)
	return report, nil
}

// editHeader returns a copy of h with the recipients that o asks for.
func editHeader(h *cms.Header, o RewrapOptions, contentKey []byte) (*cms.Header, error) {
	edited := *h
	edited.RecipientInfos = nil
	for i := range h.RecipientInfos {
		if o.Keep == nil || o.Keep(&h.RecipientInfos[i]) {
			edited.RecipientInfos = append(edited.RecipientInfos, h.RecipientInfos[i])
		}
	}
	for _, r := range o.Add {
		info, err := WrapKey(r, contentKey)
		if err != nil {
			return nil, err
		}
		edited.RecipientInfos = append(edited.RecipientInfos, info)
	}
	edited.RecipientInfos = append(edited.RecipientInfos, o.Ready...)
	keys := 0
	for i := range edited.RecipientInfos {
		keys += edited.RecipientInfos[i].Keys()
	}
	switch {
	case keys == 0:
		return nil, fault.New(fault.NoRecipient)
	case keys > cms.MaxRecipients:
		return nil, fault.Newf(fault.BadRequest, "%d recipients", keys)
	}
	setVersion(&edited)
	return &edited, nil
}

// recopy moves content and trailer from one envelope to another.
type recopy struct {
	reader *cms.Reader
	out    *sink
	dec    ContentDecrypter // nil: nothing is checked
	chunk  int
}

// run writes the whole envelope. The lengths of a definite envelope have to
// be written before its trailer was read; where the trailer announced is not
// of our size in DER, the copy is refused at the end rather than be wrong.
func (c *recopy) run(ctx context.Context, header *cms.Header) error {
	length, trailerLength := c.reader.ContentLength(), c.reader.TrailerLength()
	if trailerLength < 0 || trailerLength > cms.MaxHeader {
		length = cms.UnknownLength
	}
	plan := &Plan{header: header, Encrypted: length}
	var err error
	if plan.Header, err = cms.MarshalHeader(header, length, int(trailerLength)); err != nil {
		return err
	}
	if err := c.out.write(plan.Header); err != nil {
		return err
	}
	if err := c.content(ctx, plan); err != nil {
		return err
	}
	trailer, err := c.reader.Trailer()
	if err != nil {
		return err
	}
	c.out.content.Write(trailer.MAC)
	if c.dec != nil {
		if len(trailer.MAC) != TagSize {
			return fault.Newf(fault.EnvelopeMalformed, "mac of %d bytes", len(trailer.MAC))
		}
		if _, err := c.dec.Finish(ctx, nil, trailer.MAC, authenticatedAttributes(trailer)); err != nil {
			return cipherError(ctx, err)
		}
	}
	end := cms.MarshalTrailer(header, length, trailer)
	if length != cms.UnknownLength && int64(len(end)) != trailerLength {
		return fault.Newf(fault.EnvelopeMalformed, "attributes are not DER")
	}
	return c.out.write(end)
}

// content copies the encrypted content.
func (c *recopy) content(ctx context.Context, plan *Plan) error {
	encrypted := newBuffers(c.chunk)
	room := make([]byte, 0, c.chunk+64)
	defer func() { clear(room[:cap(room)]) }()
	for last := false; !last; {
		in, n := encrypted.next()[:c.chunk], 0
		var err error
		if n, last, err = readChunk(ctx, c.reader, in); err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		if c.dec != nil {
			if room, err = c.dec.Decrypt(ctx, room[:0], in[:n]); err != nil {
				return cipherError(ctx, err)
			}
		}
		if err := c.out.segment(plan, in[:n]); err != nil {
			return err
		}
	}
	return nil
}
