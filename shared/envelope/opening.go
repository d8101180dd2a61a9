package envelope

import (
	"context"
	"io"

	"scelle/shared/cms"
	"scelle/shared/fault"
)

// Opening is an envelope whose content is still to be decrypted: for a caller
// that moves the bytes itself, what [Plan] is for sealing. [Open] is an
// Opening, a cipher and a copy loop.
//
// What Open says about its destination holds for that caller's too: it is a
// quarantine until Trailer and the cipher's Finish have succeeded.
type Opening struct {
	Info *Info
	Key  ContentKey // the caller wipes it

	reader *cms.Reader
}

// NewOpening reads the header of an envelope and unwraps its content key.
// Errors are those of [Open] up to there.
func NewOpening(ctx context.Context, src io.Reader, u KeyUnwrapper) (*Opening, error) {
	decoded, encoding, err := decode(src)
	if err != nil {
		return nil, err
	}
	reader, info, err := readHeader(decoded, encoding)
	if err != nil {
		return nil, err
	}
	key, err := unwrapContentKey(ctx, info, u)
	if err != nil {
		return nil, err
	}
	return &Opening{Info: info, Key: key, reader: reader}, nil
}

// Contiguous reports whether the encrypted content is one piece of the source:
// Info.ContentLength bytes from Info.ContentOffset on. Only such a content can
// be taken from the source directly.
func (o *Opening) Contiguous() bool {
	return o.Info.Encoding == Binary && o.Info.ContentOffset >= 0
}

// Trailer reads what follows a contiguous content from src, to its end, and
// returns what [ContentDecrypter]'s Finish wants. Errors:
// fault.EnvelopeMalformed, also for a tag that is not 16 bytes long where the
// algorithm has one; fault.ReadFailed.
func (o *Opening) Trailer(src io.Reader) (tag, aad []byte, err error) {
	if err := o.reader.Skip(src); err != nil {
		return nil, nil, err
	}
	t, err := o.reader.Trailer()
	if err != nil {
		return nil, nil, err
	}
	if err := checkTag(t, o.Key.Algorithm); err != nil {
		return nil, nil, err
	}
	return t.MAC, authenticatedAttributes(t), nil
}

// checkTag refuses every tag but the whole one.
func checkTag(t *cms.Trailer, a ContentAlgorithm) error {
	if a.Authenticated() && len(t.MAC) != TagSize {
		return fault.Newf(fault.EnvelopeMalformed, "mac of %d bytes", len(t.MAC))
	}
	return nil
}
