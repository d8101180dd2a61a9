package envelope

import (
	"bytes"
	"context"
	"hash"
	"io"

	"scelle/shared/cms"
	"scelle/shared/fault"
)

// maxTries is how many recipient infos of one envelope are tried with a key.
const maxTries = 2

// OpenOptions says how to open.
type OpenOptions struct {
	Unwrapper KeyUnwrapper
	Cipher    ContentCipher    // nil is Native
	NewHash   func() hash.Hash // makes SHA-256; nil is sha256.New
	ChunkSize int              // bytes at once, rounded up to whole blocks; 0 is ChunkSize

	// Prefix is what the plaintext must start with (pli.Prefix). It is
	// compared before the first byte reaches the destination, and makes an
	// envelope open to one content only: AES-GCM alone does not commit to
	// its key. Empty accepts any content.
	Prefix []byte

	// NoPlaintextSHA256 leaves Report.PlaintextSHA256 zero, for a caller that
	// takes the sums of what is in the plaintext.
	NoPlaintextSHA256 bool

	// NoEnvelopeSHA256 leaves Report.SHA256 and Report.ContentSHA256 zero,
	// for a caller that shows neither: each costs more than the decryption.
	NoEnvelopeSHA256 bool
}

// envelopeFingerprint starts a fingerprint of the envelope, or a blank.
func (o OpenOptions) envelopeFingerprint() *fingerprint {
	if o.NoEnvelopeSHA256 {
		return &fingerprint{}
	}
	return newFingerprint(o.NewHash, o.Cipher)
}

// Report says what was opened.
type Report struct {
	Info            *Info
	Authenticated   bool     // false: integrity could not be verified, people must be told
	Size            int64    // of the plaintext, bytes
	PlaintextSHA256 [32]byte // of the plaintext, unless OpenOptions.NoPlaintextSHA256
	SHA256          [32]byte // of the whole file, as it came, unless OpenOptions.NoEnvelopeSHA256
	ContentSHA256   [32]byte // of the encrypted content followed by the mac, likewise
}

// Open decrypts the envelope src to dst in one pass.
//
// DST IS A QUARANTINE: bytes arrive there before they are authenticated. Only
// a nil error makes them the content; after any error they must be destroyed.
//
// Errors: fault.EnvelopeUnreadable for every failure of decryption, whatever
// its cause; fault.EnvelopeNotForYou when no recipient is o.Unwrapper's;
// fault.EnvelopeUnsupported with the algorithm's name; fault.EnvelopeMalformed
// for what is not a proper envelope; fault.EnvelopeTooLarge; fault.PliNotOurs
// when content that is otherwise good has not o.Prefix; fault.ReadFailed,
// fault.WriteFailed, fault.Cancelled; and what the unwrapper says of its store.
func Open(ctx context.Context, dst io.Writer, src io.Reader, o OpenOptions) (*Report, error) {
	whole := o.envelopeFingerprint()
	defer whole.close()
	opening, err := NewOpening(ctx, io.TeeReader(src, whole), o.Unwrapper)
	if err != nil {
		return nil, err
	}
	defer opening.Key.Wipe()
	out := &quarantine{dst: dst, prefix: o.Prefix}
	if !o.NoPlaintextSHA256 {
		out.hash = newFingerprint(o.NewHash, o.Cipher)
		defer out.hash.close()
	}
	content := o.envelopeFingerprint()
	defer content.close()
	if err := openContent(ctx, out, opening.reader, content, opening.Key, o); err != nil {
		return nil, err
	}
	report := &Report{Info: opening.Info, Authenticated: opening.Info.Authenticated, Size: out.size}
	if out.hash != nil {
		out.hash.sum(&report.PlaintextSHA256)
	}
	whole.sum(&report.SHA256)
	content.sum(&report.ContentSHA256)
	return report, nil
}

// unwrapContentKey tries at most maxTries of the recipients that are ours.
// A second one is only reached when the first says itself that it has no key.
func unwrapContentKey(ctx context.Context, info *Info, u KeyUnwrapper) (ContentKey, error) {
	iv, err := info.check()
	if err != nil {
		return ContentKey{}, err
	}
	tried := 0
	var refusal error
	for i := range info.Header.RecipientInfos {
		r := &info.Header.RecipientInfos[i]
		if !u.Owns(r) {
			continue
		}
		if _, err := mechanismOf(r); err != nil {
			refusal = err
			continue
		}
		if tried++; tried > maxTries {
			break
		}
		key, err := u.Unwrap(ctx, r, info.Content)
		if err == nil && len(key) != info.Algorithm.KeySize() {
			clear(key)
			err = fault.New(fault.EnvelopeUnreadable)
		}
		if err == nil {
			return ContentKey{info.Algorithm, key, iv}, nil
		}
		if fault.CodeOf(err) != fault.EnvelopeUnreadable {
			return ContentKey{}, err
		}
	}
	switch {
	case tried > 0:
		return ContentKey{}, fault.New(fault.EnvelopeUnreadable)
	case refusal != nil:
		return ContentKey{}, refusal
	}
	return ContentKey{}, fault.New(fault.EnvelopeNotForYou)
}

// openContent is the copy loop of Open, with the checks at its end.
func openContent(ctx context.Context, out *quarantine, reader *cms.Reader, content *fingerprint, key ContentKey, o OpenOptions) error {
	dec, err := cipherOr(o.Cipher).Decrypter(ctx, key)
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	defer dec.Close()
	size := chunkSize(o.ChunkSize)
	encrypted, plain := newBuffers(size), newBuffers(size)
	defer plain.wipe()
	if out.hash != nil {
		defer out.hash.close() // before its memory is wiped
	}
	for last := false; !last; {
		in, buf, n := encrypted.next()[:size], plain.next(), 0
		if n, last, err = readChunk(ctx, reader, in); err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		content.Write(in[:n])
		if buf, err = dec.Decrypt(ctx, buf, in[:n]); err != nil {
			return cipherError(ctx, err)
		}
		if err := out.write(buf); err != nil {
			return err
		}
		if out.refused && !key.Algorithm.Authenticated() {
			// Before the padding was looked at: the answer to a wrong
			// start must not depend on it.
			return fault.New(fault.PliNotOurs)
		}
	}
	trailer, err := reader.Trailer()
	if err != nil {
		return err
	}
	content.Write(trailer.MAC)
	return out.finish(ctx, dec, trailer, key.Algorithm)
}

// authenticatedAttributes are the additional data of an AuthEnvelopedData:
// the DER of authAttrs with the tag SET OF in place of [1] (RFC 5083 2.2).
func authenticatedAttributes(t *cms.Trailer) []byte {
	if t.AuthAttrs == nil {
		return nil
	}
	aad := append([]byte(nil), t.AuthAttrs...)
	aad[0] = 0x31
	return aad
}

// quarantine writes plaintext once it is known to start with the prefix.
type quarantine struct {
	dst     io.Writer
	hash    *fingerprint // of the plaintext; nil when nobody wants it
	size    int64
	prefix  []byte
	head    []byte // plaintext held back until it is as long as prefix
	passed  bool   // the prefix is right
	refused bool   // the prefix is wrong: nothing is ever written
}

// write takes the next plaintext.
func (q *quarantine) write(b []byte) error {
	if q.passed || q.refused {
		return q.release(b)
	}
	taken := min(len(b), len(q.prefix)-len(q.head))
	q.head = append(q.head, b[:taken]...)
	if len(q.head) < len(q.prefix) {
		return nil
	}
	q.passed = bytes.Equal(q.head, q.prefix)
	q.refused = !q.passed
	if err := q.release(q.head); err != nil {
		return err
	}
	return q.release(b[taken:])
}

// release writes to the destination, unless the content was refused.
func (q *quarantine) release(b []byte) error {
	if q.refused || len(b) == 0 {
		return nil
	}
	if q.hash != nil {
		q.hash.Write(b)
	}
	n, err := q.dst.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	q.size += int64(n)
	return fault.Wrap(fault.WriteFailed, err)
}

// finish checks tag or padding, then the prefix. For CBC a wrong or missing
// prefix is told without looking at the padding; for GCM a wrong tag comes
// before everything else.
func (q *quarantine) finish(ctx context.Context, dec ContentDecrypter, t *cms.Trailer, a ContentAlgorithm) error {
	if err := checkTag(t, a); err != nil {
		return err
	}
	if !a.Authenticated() && q.short() {
		return fault.New(fault.PliNotOurs)
	}
	rest, err := dec.Finish(ctx, nil, t.MAC, authenticatedAttributes(t))
	if err != nil {
		return cipherError(ctx, err)
	}
	if err := q.write(rest); err != nil {
		return err
	}
	if q.short() {
		return fault.New(fault.PliNotOurs)
	}
	return nil
}

// short reports whether the content did not start with the prefix, so far.
func (q *quarantine) short() bool { return len(q.prefix) > 0 && !q.passed }
