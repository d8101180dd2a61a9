package envelope

import (
	"cmp"
	"context"
	"crypto/rand"
	"hash"
	"io"
	"runtime"
	"sync"

	"scelle/shared/cms"
	"scelle/shared/fault"
)

// Profile names a way of writing envelopes.
type Profile string

// The profiles.
const (
	ProfileDefault Profile = ""    // AuthEnvelopedData, AES-256-GCM; recipients by their mechanisms
	ProfileCBC     Profile = "cbc" // EnvelopedData, AES-256-CBC, RSA PKCS#1 v1.5: only for a portal that asks for it
)

// Recipient is a certificate to seal to.
type Recipient struct {
	Certificate []byte    // DER
	Mechanism   Mechanism // "" is the best for the key: RSAOAEPSHA256 or ECDH
}

// UnknownLength is the Length of a content that is not known beforehand.
const UnknownLength int64 = -1

// SealOptions says how to seal.
type SealOptions struct {
	Recipients []Recipient
	Profile    Profile
	Length     int64            // of the content, bytes; UnknownLength writes BER with indefinite lengths, otherwise DER
	Cipher     ContentCipher    // nil is Native
	NewHash    func() hash.Hash // makes SHA-256; nil is sha256.New
	ChunkSize  int              // bytes at once, rounded up to whole blocks; 0 is ChunkSize
}

// Receipt is what a depositor keeps. ContentSHA256 stays the same when the
// envelope is rewrapped.
type Receipt struct {
	Size          int64    // bytes written
	SHA256        [32]byte // of the whole file
	ContentSHA256 [32]byte // of the encrypted content followed by the mac
}

// Plan is an envelope whose content is still to be encrypted: for a caller
// that moves the bytes itself. [Seal] is a Plan, a cipher and a copy loop.
type Plan struct {
	Header    []byte     // what goes before the content
	Key       ContentKey // what encrypts the content
	Encrypted int64      // length of the encrypted content; UnknownLength when it goes into segments

	header *cms.Header
	length int64
}

// NewPlan makes a content key and wraps it to every recipient of o.
//
// Errors: fault.NoRecipient without recipients; fault.BadRequest for an
// unknown profile, mechanism or length; fault.EnvelopeTooLarge;
// the faults of [WrapKey] for a certificate that cannot be sealed to.
func NewPlan(o SealOptions) (*Plan, error) {
	p, err := newPlan(o)
	if err != nil {
		return nil, err
	}
	rand.Read(p.Key.Key)
	rand.Read(p.Key.IV)
	if err := o.wrapAll(p.header.RecipientInfos, p.Key.Key); err != nil {
		p.Key.Wipe()
		return nil, err
	}
	if err := p.marshal(); err != nil {
		p.Key.Wipe()
		return nil, err
	}
	return p, nil
}

// wrapAll wraps a key to every recipient, on all processors: an envelope to a
// hundred costs as little else as a hundred public-key operations. The error is
// that of the first recipient that has one.
func (o SealOptions) wrapAll(into []cms.RecipientInfo, key []byte) error {
	errs := make([]error, len(into))
	workers := min(runtime.GOMAXPROCS(0), len(into))
	var all sync.WaitGroup
	for first := range workers {
		all.Go(func() {
			for i := first; i < len(into); i += workers {
				into[i], errs[i] = wrapKey(o.recipient(o.Recipients[i]), key, true)
			}
		})
	}
	all.Wait()
	return cmp.Or(errs...)
}

// recipient applies the profile to a recipient: in ProfileCBC every RSA key
// gets PKCS#1 v1.5, whatever better it has proven.
func (o SealOptions) recipient(r Recipient) target {
	t := target{Recipient: r, bestRSA: RSAOAEPSHA256}
	if o.Profile == ProfileCBC {
		t.bestRSA = RSAPKCS1
		if r.Mechanism.RSA() {
			t.Mechanism = RSAPKCS1
		}
	}
	return t
}

// newPlan checks o and lays the envelope out with an empty key.
func newPlan(o SealOptions) (*Plan, error) {
	if len(o.Recipients) == 0 {
		return nil, fault.New(fault.NoRecipient)
	}
	if len(o.Recipients) > cms.MaxRecipients {
		return nil, fault.Newf(fault.BadRequest, "%d recipients", len(o.Recipients))
	}
	if o.Length < UnknownLength {
		return nil, fault.Newf(fault.BadRequest, "length %d", o.Length)
	}
	p := &Plan{length: o.Length, Encrypted: o.Length, header: &cms.Header{ContentType: cms.AuthEnvelopedData}}
	limit := int64(maxGCM)
	switch o.Profile {
	case ProfileDefault:
		p.Key = ContentKey{AES256GCM, make([]byte, 32), make([]byte, NonceSize)}
	case ProfileCBC:
		limit = maxContent
		p.Key = ContentKey{AES256CBC, make([]byte, 32), make([]byte, 16)}
		p.header.ContentType = cms.EnvelopedData
		if o.Length >= 0 {
			p.Encrypted = (o.Length/16 + 1) * 16
		}
	default:
		return nil, fault.Newf(fault.BadRequest, "profile %q", o.Profile)
	}
	if o.Length > limit {
		return nil, fault.Newf(fault.EnvelopeTooLarge, "%d", o.Length)
	}
	p.header.RecipientInfos = make([]cms.RecipientInfo, len(o.Recipients))
	return p, nil
}

// marshal writes the header once the recipients are in place.
func (p *Plan) marshal() error {
	p.header.EncryptedContentInfo = cms.EncryptedContentInfo{
		ContentType:                cms.Data,
		ContentEncryptionAlgorithm: contentIdentifier(p.Key.Algorithm, p.Key.IV),
	}
	setVersion(p.header)
	trailer := cms.MarshalTrailer(p.header, p.Encrypted, &cms.Trailer{MAC: make([]byte, TagSize)})
	var err error
	p.Header, err = cms.MarshalHeader(p.header, p.Encrypted, len(trailer))
	return err
}

// setVersion gives the header the version that RFC 5652 6.1 wants for its
// recipients, or leaves a higher one.
func setVersion(h *cms.Header) {
	if h.ContentType == cms.AuthEnvelopedData {
		return // always 0, RFC 5083 2.1
	}
	for _, r := range h.RecipientInfos {
		want := 2
		switch {
		case r.KeyTrans != nil && r.KeyTrans.Version == 0:
			want = 0
		case r.KeyTrans == nil && r.KeyAgree == nil && r.Raw[0]&0x1f >= 3:
			want = 3
		}
		h.Version = max(h.Version, want)
	}
}

// SegmentHeader returns what goes before a piece of n bytes of the encrypted
// content: nothing when its length was known.
func (p *Plan) SegmentHeader(n int) []byte {
	if p.Encrypted != UnknownLength || n == 0 {
		return nil
	}
	return cms.AppendSegmentHeader(nil, n)
}

// Trailer returns what goes after the content. tag is the authentication tag
// of AES-GCM, 16 bytes, and nil for CBC.
func (p *Plan) Trailer(tag []byte) ([]byte, error) {
	if p.Key.Algorithm.Authenticated() != (len(tag) == TagSize) {
		return nil, fault.Newf(fault.Internal, "tag of %d bytes", len(tag))
	}
	return cms.MarshalTrailer(p.header, p.Encrypted, &cms.Trailer{MAC: tag}), nil
}

// SealedSize is the size in bytes of the envelope that [Seal] writes for o,
// or UnknownLength when o.Length is. It does no private or public key
// operation. Errors are those of [NewPlan].
func SealedSize(o SealOptions) (int64, error) {
	p, err := newPlan(o)
	if err != nil {
		return 0, err
	}
	for i, r := range o.Recipients {
		if p.header.RecipientInfos[i], err = wrapKey(o.recipient(r), p.Key.Key, false); err != nil {
			return 0, err
		}
	}
	if o.Length == UnknownLength {
		return UnknownLength, nil
	}
	if err := p.marshal(); err != nil {
		return 0, err
	}
	trailer := cms.MarshalTrailer(p.header, p.Encrypted, &cms.Trailer{MAC: make([]byte, TagSize)})
	return int64(len(p.Header)) + p.Encrypted + int64(len(trailer)), nil
}

// Seal writes an envelope of content to dst in one pass, with constant memory.
//
// Errors: those of [NewPlan]; fault.ReadFailed when content fails or has not
// the length that o promises; fault.WriteFailed; fault.Cancelled when ctx
// ends. After an error, what dst received is not an envelope.
func Seal(ctx context.Context, dst io.Writer, content io.Reader, o SealOptions) (Receipt, error) {
	plan, err := NewPlan(o)
	if err != nil {
		return Receipt{}, err
	}
	defer plan.Key.Wipe()
	enc, err := cipherOr(o.Cipher).Encrypter(ctx, plan.Key)
	if err != nil {
		return Receipt{}, fault.Wrap(fault.Internal, err)
	}
	defer enc.Close()
	out := newSink(dst, o.NewHash, o.Cipher)
	defer out.close()
	if err := out.write(plan.Header); err != nil {
		return Receipt{}, err
	}
	tag, err := sealContent(ctx, out, content, plan, enc, chunkSize(o.ChunkSize))
	if err != nil {
		return Receipt{}, err
	}
	trailer, err := plan.Trailer(tag)
	if err != nil {
		return Receipt{}, err
	}
	out.content.Write(tag)
	if err := out.write(trailer); err != nil {
		return Receipt{}, err
	}
	return out.receipt(), nil
}

// sealContent is the copy loop of Seal.
func sealContent(ctx context.Context, out *sink, content io.Reader, plan *Plan, enc ContentEncrypter, size int) ([]byte, error) {
	limit := plan.length
	if limit == UnknownLength {
		limit = maxContent
		if plan.Key.Algorithm.Authenticated() {
			limit = maxGCM
		}
	}
	in := make([]byte, size)
	defer clear(in)
	buffers := newBuffers(size)
	var total int64
	for {
		buf := buffers.next()
		n, last, err := readChunk(ctx, content, in)
		if err != nil {
			return nil, err
		}
		if total += int64(n); total > limit {
			if plan.length == UnknownLength {
				return nil, fault.New(fault.EnvelopeTooLarge)
			}
			return nil, fault.Newf(fault.ReadFailed, "content longer than announced")
		}
		if n > 0 {
			if buf, err = enc.Encrypt(ctx, buf, in[:n]); err != nil {
				return nil, cipherError(ctx, err)
			}
			if err := out.segment(plan, buf); err != nil {
				return nil, err
			}
		}
		if last {
			break
		}
	}
	if plan.length != UnknownLength && total != plan.length {
		return nil, fault.Newf(fault.ReadFailed, "content shorter than announced")
	}
	rest, tag, err := enc.Finish(ctx, nil)
	if err != nil {
		return nil, cipherError(ctx, err)
	}
	return tag, out.segment(plan, rest)
}

// sink writes an envelope and takes its fingerprints.
type sink struct {
	dst     io.Writer
	whole   *fingerprint // of everything written
	content *fingerprint // of the encrypted content and the mac
	size    int64
}

func newSink(dst io.Writer, newHash func() hash.Hash, c ContentCipher) *sink {
	return &sink{dst: dst, whole: newFingerprint(newHash, c), content: newFingerprint(newHash, c)}
}

// close ends the fingerprints.
func (s *sink) close() {
	s.whole.close()
	s.content.close()
}

func (s *sink) write(b []byte) error {
	s.whole.Write(b)
	n, err := s.dst.Write(b)
	s.size += int64(n)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return fault.Wrap(fault.WriteFailed, err)
}

// segment writes a piece of the encrypted content.
func (s *sink) segment(p *Plan, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if head := p.SegmentHeader(len(b)); head != nil {
		if err := s.write(head); err != nil {
			return err
		}
	}
	s.content.Write(b)
	return s.write(b)
}

func (s *sink) receipt() Receipt {
	r := Receipt{Size: s.size}
	s.whole.sum(&r.SHA256)
	s.content.sum(&r.ContentSHA256)
	return r
}

// buffers are two pieces of memory that a copy loop uses in turn, so that the
// fingerprints of one go on while the other is filled.
type buffers struct {
	pair [2][]byte
	turn int
}

func newBuffers(size int) *buffers {
	return &buffers{pair: [2][]byte{make([]byte, 0, size+64), make([]byte, 0, size+64)}}
}

// next is the buffer that was not used last, empty.
func (b *buffers) next() []byte {
	b.turn ^= 1
	return b.pair[b.turn]
}

// wipe clears both.
func (b *buffers) wipe() {
	for _, p := range b.pair {
		clear(p[:cap(p)])
	}
}

func cipherOr(c ContentCipher) ContentCipher {
	if c == nil {
		return Native()
	}
	return c
}

// chunkSize rounds n up to whole blocks.
func chunkSize(n int) int {
	if n <= 0 {
		return ChunkSize
	}
	return (n + 15) &^ 15
}

// readChunk fills b as far as src goes; last reports that src has ended. It is
// not io.ReadFull, which makes a source's own io.ErrUnexpectedEOF (a response
// cut off) look like a proper end.
func readChunk(ctx context.Context, src io.Reader, b []byte) (n int, last bool, err error) {
	if ctx.Err() != nil {
		return 0, false, fault.Wrap(fault.Cancelled, ctx.Err())
	}
	for idle := 0; n < len(b) && idle < 100; idle++ {
		more, err := src.Read(b[n:])
		if n += more; more > 0 {
			idle = 0
		}
		if err == io.EOF {
			return n, true, nil
		}
		if err != nil {
			return n, false, fault.Wrap(fault.ReadFailed, err)
		}
	}
	if n < len(b) {
		return n, false, fault.Wrap(fault.ReadFailed, io.ErrNoProgress)
	}
	return n, false, nil
}

// cipherError gives a cipher's error a code.
func cipherError(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return fault.Wrap(fault.Cancelled, ctx.Err())
	}
	return fault.Wrap(fault.Internal, err)
}
