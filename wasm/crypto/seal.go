package main

import (
	"context"
	"encoding/hex"
	"hash"
	"io"
	"strings"
	"time"

	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/pli"
	"scelle/shared/protocol"
	"scelle/wasm/internal/trust"
)

// sealing is one pli.seal.
type sealing struct {
	params   protocol.SealParams
	site     site
	files    []source
	cipher   envelope.ContentCipher
	newHash  func() hash.Hash
	now      func() time.Time
	space    func(ctx context.Context, need int64) error       // fails when the disk is too full
	create   func(ctx context.Context) (io.WriteCloser, error) // makes the sealed file
	progress func(done, total int64)
	mover    mover // nil: through Go's memory

	result protocol.SealResult
	sums   []hash.Hash // of the files, in their order
}

// run seals. The result has no Handle. Errors: fault.NoFile, fault.NoRecipient
// when no recipient can be used, fault.BadRequest with the field's name,
// fault.DeadlinePassed, fault.DiskFull, and those of site.agree, envelope.Seal and pli.NewReader.
func (s *sealing) run(ctx context.Context) (protocol.SealResult, error) {
	if err := s.check(); err != nil {
		return s.result, err
	}
	a, err := s.site.agree(ctx, s.request(), s.now())
	if err != nil {
		return s.result, err
	}
	if s.result.Late, err = a.open(s.now()); err != nil {
		return s.result, err
	}
	recipients, err := s.choose(a.entries)
	if err == nil {
		s.result.List = a.check
		err = s.site.keep(ctx, a.check)
	}
	if err != nil {
		return s.result, err
	}
	content, err := s.content(ctx)
	if err != nil {
		return s.result, err
	}
	defer content.Close()
	o := envelope.SealOptions{
		Recipients: recipients,
		Profile:    envelope.Profile(s.params.Profile),
		Length:     content.size,
		Cipher:     s.cipher,
		NewHash:    s.newHash,
	}
	receipt, err := s.write(ctx, content, o)
	if err != nil {
		return s.result, err
	}
	s.result.Size = receipt.Size
	s.result.SHA256 = hex.EncodeToString(receipt.SHA256[:])
	s.result.ContentSHA256 = hex.EncodeToString(receipt.ContentSHA256[:])
	for i, sum := range s.sums {
		s.result.Files[i].SHA256 = hex.EncodeToString(sum.Sum(nil))
	}
	return s.result, nil
}

// write seals the content into a new file.
func (s *sealing) write(ctx context.Context, content *content, o envelope.SealOptions) (envelope.Receipt, error) {
	size, err := envelope.SealedSize(o)
	if err != nil {
		return envelope.Receipt{}, err
	}
	if err := s.space(ctx, size); err != nil {
		return envelope.Receipt{}, err
	}
	out, err := s.create(ctx)
	if err != nil {
		return envelope.Receipt{}, err
	}
	receipt, err := s.move(ctx, out, content, o)
	if closed := out.Close(); err == nil {
		err = fault.Wrap(fault.WriteFailed, closed)
	}
	return receipt, err
}

// move seals with the mover, or through Go's memory.
func (s *sealing) move(ctx context.Context, out io.Writer, c *content, o envelope.SealOptions) (envelope.Receipt, error) {
	if s.mover != nil {
		if receipt, known, err := s.mover.seal(ctx, s, out, c, o); known {
			return receipt, err
		}
	}
	return envelope.Seal(ctx, out, io.TeeReader(c, s.meter(c.size)), o)
}

func (s *sealing) meter(total int64) *meter {
	return &meter{total: total, report: s.progress, now: s.now}
}

// check looks at what needs no certificate.
func (s *sealing) check() error {
	switch {
	case len(s.files) == 0:
		return fault.New(fault.NoFile)
	case len(s.files) > protocol.MaxFiles:
		return fault.Newf(fault.BadRequest, "files")
	case s.params.Raw && len(s.files) != 1:
		return fault.Newf(fault.BadRequest, "raw")
	}
	return nil
}

// request is what the page asks about recipients.
func (s *sealing) request() protocol.RecipientsParams {
	return protocol.RecipientsParams{Recipients: s.params.Recipients, RecipientList: s.params.RecipientList, Tender: s.params.Tender, Lot: s.params.Lot}
}

// choose takes the recipients that can be used and notes the others.
func (s *sealing) choose(entries []trust.Entry) ([]envelope.Recipient, error) {
	s.result.Recipients, s.result.LeftOut = []protocol.SealedTo{}, []protocol.LeftOut{}
	var chosen []envelope.Recipient
	seen := map[string]bool{}
	for _, r := range entries {
		thumbprint := keypair.Thumbprint(r.Certificate)
		if seen[thumbprint] {
			continue
		}
		seen[thumbprint] = true
		_, m, err := usable(r, s.params.Profile, s.now())
		if err != nil {
			s.result.LeftOut = append(s.result.LeftOut, protocol.LeftOut{Thumbprint: thumbprint, Label: r.Label, Fault: *protocol.FaultOf(err)})
			continue
		}
		s.result.Recipients = append(s.result.Recipients, protocol.SealedTo{Thumbprint: thumbprint, Mechanism: m, Recovery: r.Recovery})
		chosen = append(chosen, envelope.Recipient{Certificate: r.Certificate, Mechanism: m})
	}
	if len(chosen) == 0 {
		return nil, fault.New(fault.NoRecipient)
	}
	return chosen, nil
}

// content is what goes into the envelope.
type content struct {
	io.ReadCloser
	size int64
	plan *pli.Plan // nil: the one file as it is
}

// content lays out the pli, or takes the one file as it is.
func (s *sealing) content(ctx context.Context) (*content, error) {
	names := pli.NewNames()
	s.result.Files = make([]protocol.PliFile, len(s.files))
	s.sums = make([]hash.Hash, len(s.files))
	for i, f := range s.files {
		s.sums[i] = s.newHash()
		s.result.Files[i] = protocol.PliFile{Name: f.Name(), Size: f.Size(), MediaType: f.Type()}
	}
	if s.params.Raw {
		s.result.Name = names.Safe(s.files[0].Name()) + ".p7m"
		return &content{s.open(ctx, 0), s.files[0].Size(), nil}, nil
	}
	s.result.Name = names.Safe(s.params.Kind+"-"+s.params.Tender) + ".p7m"
	reader, err := pli.NewReader(s.manifest(), func(i int) (io.ReadCloser, error) { return s.open(ctx, i), nil })
	if err != nil {
		return nil, err
	}
	for i, f := range reader.Manifest().Files {
		s.result.Files[i].Name, s.result.Files[i].MediaType = f.Name, f.MediaType
	}
	return &content{reader, reader.Size(), reader.Plan}, nil
}

// open opens a file for its one reading.
func (s *sealing) open(ctx context.Context, i int) io.ReadCloser {
	return hashed{s.files[i].Open(ctx), s.sums[i]}
}

func (s *sealing) manifest() pli.Manifest {
	m := pli.Manifest{
		Tender:    s.params.Tender,
		Lot:       s.params.Lot,
		Kind:      pli.Kind(s.params.Kind),
		Depositor: s.params.Depositor,
		SealedAt:  s.now().UTC().Truncate(time.Second),
	}
	for _, f := range s.files {
		m.Files = append(m.Files, pli.File{Name: f.Name(), Size: f.Size(), MediaType: mediaType(f.Type())})
	}
	return m
}

// mediaType keeps what a browser calls a type when it looks like one.
func mediaType(s string) string {
	if !strings.Contains(s, "/") {
		return ""
	}
	return s
}
