package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"strconv"
	"strings"
	"time"

	"scelle/shared/cms"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/pli"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
)

// opening is one envelope to open with its content key.
type opening struct {
	file     source
	key      []byte // wiped by run
	tender   string // that the pli must be for, when not ""
	raw      bool   // any content, one file
	cipher   envelope.ContentCipher
	newHash  func() hash.Hash
	now      func() time.Time
	create   func(ctx context.Context, name string) (io.WriteCloser, error) // a file in quarantine
	progress func(done, total int64)
	mover    mover // nil: through Go's memory
}

// run opens into quarantine, where the files are called "0", "1", ... in the
// order of Opened.Files, whose handles are those numbers. After an error the
// quarantine must be emptied. Errors: those of envelope.Open and of
// pli.Extractor, fault.PliOtherTender; a failed decryption is always
// fault.EnvelopeUnreadable, whatever else the bytes looked like.
func (o *opening) run(ctx context.Context) (model.Opened, error) {
	defer clear(o.key)
	if o.raw {
		return o.runRaw(ctx)
	}
	return o.runPli(ctx)
}

func (o *opening) options(key *givenKey) envelope.OpenOptions {
	return envelope.OpenOptions{Unwrapper: key, Cipher: o.cipher, NewHash: o.newHash}
}

func (o *opening) meter() *meter {
	return &meter{total: o.file.Size(), report: o.progress, now: o.now}
}

// decrypt opens the envelope into to, with the mover or through Go's memory.
func (o *opening) decrypt(ctx context.Context, to receiver, key *givenKey, options envelope.OpenOptions) (*envelope.Report, error) {
	if o.mover != nil {
		if report, known, err := o.mover.open(ctx, o, to, key); known {
			return report, err
		}
	}
	in := o.file.Open(ctx)
	defer in.Close()
	return envelope.Open(ctx, &patient{dst: to, key: key}, io.TeeReader(in, o.meter()), options)
}

// runPli takes the pli apart while it is decrypted.
func (o *opening) runPli(ctx context.Context) (model.Opened, error) {
	key := &givenKey{key: o.key}
	extractor := pli.NewExtractor(pli.Sink{
		NewHash: o.newHash,
		File: func(f pli.FileInfo) (io.WriteCloser, error) {
			return o.create(ctx, strconv.Itoa(f.Index))
		},
	})
	options := o.options(key)
	options.Prefix, options.NoPlaintextSHA256 = pli.Prefix(), true
	report, err := o.decrypt(ctx, extractor, key, options)
	manifest, results, bad := extractor.Close()
	if err == nil {
		err = bad
	}
	if err != nil {
		return model.Opened{}, err
	}
	if o.tender != "" && manifest.Tender != o.tender {
		return model.Opened{}, fault.New(fault.PliOtherTender)
	}
	opened := openedOf(report)
	opened.Tender, opened.Lot, opened.Kind = manifest.Tender, manifest.Lot, string(manifest.Kind)
	opened.Depositor, opened.SealedAt = manifest.Depositor, manifest.SealedAt.UTC().Format(time.RFC3339)
	for _, r := range results {
		opened.Files = append(opened.Files, model.FileRef{Handle: r.Index, Name: r.SafeName, Size: r.Size})
		opened.Details = append(opened.Details, protocol.PliFile{Name: r.SafeName, Size: r.Size, MediaType: r.MediaType, SHA256: r.Sum})
	}
	return opened, nil
}

// runRaw keeps the content as one file.
func (o *opening) runRaw(ctx context.Context) (model.Opened, error) {
	out, err := o.create(ctx, "0")
	if err != nil {
		return model.Opened{}, err
	}
	key, sum := &givenKey{key: o.key}, o.newHash()
	options := o.options(key)
	options.NoPlaintextSHA256 = true
	report, err := o.decrypt(ctx, single{out, sum}, key, options)
	if closed := out.Close(); err == nil {
		err = fault.Wrap(fault.WriteFailed, closed)
	}
	if err != nil {
		return model.Opened{}, err
	}
	name := rawName(o.file.Name())
	opened := openedOf(report)
	opened.Files = []model.FileRef{{Handle: 0, Name: name, Size: report.Size}}
	opened.Details = []protocol.PliFile{{Name: name, Size: report.Size, SHA256: hex.EncodeToString(sum.Sum(nil))}}
	return opened, nil
}

func openedOf(r *envelope.Report) model.Opened {
	return model.Opened{
		Authenticated: r.Authenticated,
		SHA256:        hex.EncodeToString(r.SHA256[:]),
		ContentSHA256: hex.EncodeToString(r.ContentSHA256[:]),
	}
}

// rawName is the name of a content that does not carry one: the envelope's
// own, without what says that it is an envelope.
func rawName(name string) string {
	for _, suffix := range []string{".p7m", ".p7", ".p7e", ".cms", ".pem", ".eml"} {
		if n := len(name) - len(suffix); n > 0 && strings.EqualFold(name[n:], suffix) {
			name = name[:n]
			break
		}
	}
	if name == "" {
		name = "contenu"
	}
	return pli.NewNames().Safe(name)
}

// givenKey is a content key that the host has unwrapped already, for the
// recipient that the model chose.
type givenKey struct {
	key           []byte
	authenticated bool // the content's algorithm detects changes; known after Unwrap
}

// Owns is true: the key was asked for this very envelope.
func (*givenKey) Owns(*cms.RecipientInfo) bool { return true }

// Unwrap returns a copy of the key, which the caller wipes.
func (g *givenKey) Unwrap(_ context.Context, _ *cms.RecipientInfo, content cms.AlgorithmIdentifier) ([]byte, error) {
	g.authenticated = envelope.ParseContentAlgorithm(content).Authenticated()
	return bytes.Clone(g.key), nil
}

// patient holds back what the extractor says about an authenticated content's
// structure until the tag was checked: a changed ciphertext must be
// unreadable, not malformed. Nothing more is written meanwhile. Failures of
// the disk end the work at once.
type patient struct {
	dst  io.Writer
	key  *givenKey
	held bool
}

// Write passes bytes on.
func (p *patient) Write(b []byte) (int, error) {
	if p.held {
		return len(b), nil
	}
	n, err := p.dst.Write(b)
	if err == nil || !p.key.authenticated || !structural(err) {
		return n, err
	}
	p.held = true // the extractor's Close says it again
	return len(b), nil
}

// structural reports whether an error is about the content and not about the
// place it goes to.
func structural(err error) bool {
	for _, code := range []fault.Code{fault.PliMalformed, fault.PliNotOurs, fault.EnvelopeUnsupported, fault.EnvelopeTooLarge} {
		if errors.Is(err, fault.New(code)) {
			return true
		}
	}
	return false
}
