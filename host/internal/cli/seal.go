package cli

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/pli"
)

// extension is what sealed files are called (RFC 8551, 3.2.1).
const extension = ".p7m"

// noTender stands in a pli that was sealed without naming its tender.
const noTender = "-"

// receipt is the JSON form of what seal and rewrap made.
type receipt struct {
	Path          string `json:"path"`
	Size          int64  `json:"size"`
	SHA256        string `json:"sha256"`
	ContentSHA256 string `json:"contentSha256"`
	Recipients    int    `json:"recipients"`
	Verified      *bool  `json:"verified,omitempty"` // of a rewrap
}

// sealing is one run of seal.
type sealing struct {
	files      []string
	raw        bool
	out        string
	force      bool
	json       bool
	manifest   pli.Manifest
	recipients []envelope.Recipient
	profile    envelope.Profile
}

// seal encrypts files to certificates.
func (c *command) seal(ctx context.Context, args []string) error {
	s, err := c.sealOptions(args)
	if err != nil {
		return err
	}
	content, length, err := c.sealContent(s)
	if err != nil {
		return err
	}
	defer content.Close()
	write := func(w io.Writer) (envelope.Receipt, error) {
		p := c.progress(content, length)
		defer p.end()
		return envelope.Seal(ctx, w, p, envelope.SealOptions{Recipients: s.recipients, Profile: s.profile, Length: length})
	}
	made, err := c.writeEnvelope(ctx, s.out, s.force, write)
	if err != nil {
		return err
	}
	return c.printReceipt(s.out, s.json, receiptOf(made, s.out, len(s.recipients)))
}

func (c *command) sealOptions(args []string) (*sealing, error) {
	s := &sealing{}
	f := c.flags("seal")
	var to list
	f.Var(&to, "to", "")
	f.StringVar(&s.out, "o", "", "")
	f.BoolVar(&s.raw, "raw", false, "")
	f.BoolVar(&s.force, "force", false, "")
	f.BoolVar(&s.json, "json", false, "")
	f.StringVar(&s.manifest.Tender, "tender", noTender, "")
	f.StringVar(&s.manifest.Lot, "lot", "", "")
	f.StringVar((*string)(&s.manifest.Kind), "kind", string(pli.Offre), "")
	f.StringVar(&s.manifest.Depositor, "depositor", "", "")
	f.StringVar((*string)(&s.profile), "profile", "", "")
	var err error
	if s.files, err = f.parse(args, 1, -1); err != nil {
		return nil, err
	}
	if err := c.checkSealing(s, to); err != nil {
		return nil, err
	}
	s.manifest.SealedAt = time.Now()
	s.recipients, err = c.recipients(to)
	return s, err
}

func (c *command) checkSealing(s *sealing, to list) error {
	fromStdin := false
	for _, path := range s.files {
		fromStdin = fromStdin || path == stdio
	}
	switch {
	case len(to) == 0:
		return misuse(c.text(txtNeedRecipients, "seal"))
	case s.raw && len(s.files) != 1:
		return misuse(c.text(txtRawOneFile))
	case !s.raw && fromStdin:
		return misuse(c.text(txtStdinRaw))
	case s.manifest.Kind != pli.Offre && s.manifest.Kind != pli.Candidature:
		return misuse(c.text(txtBadKind))
	case s.profile != envelope.ProfileDefault && s.profile != envelope.ProfileCBC:
		return misuse(c.text(txtBadProfile))
	case s.out == "" && (fromStdin || len(s.files) > 1):
		return misuse(c.text(txtNeedOutput, "seal"))
	case s.out == "":
		s.out = s.files[0] + extension
	}
	return nil
}

// recipients reads certificates and refuses those that cannot receive plis:
// what is sealed to such a key may never be opened.
func (c *command) recipients(paths []string) ([]envelope.Recipient, error) {
	var all []envelope.Recipient
	for _, path := range paths {
		certificate, err := c.certificate(path)
		if err != nil {
			return nil, err
		}
		if err := keypair.Check(certificate, time.Now()).Err(); err != nil {
			return nil, fault.Newf(fault.CodeOf(err), "%s", filepath.Base(path))
		}
		all = append(all, envelope.Recipient{Certificate: certificate.Raw})
	}
	return all, nil
}

// sealContent is what goes into the envelope, and its length.
func (c *command) sealContent(s *sealing) (io.ReadCloser, int64, error) {
	if s.raw {
		file, err := c.openSource(s.files[0])
		if err != nil {
			return nil, 0, err
		}
		return file, file.size, nil
	}
	for _, path := range s.files {
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			return nil, 0, readFault(path)
		}
		s.manifest.Files = append(s.manifest.Files, pli.File{Name: filepath.Base(path), Size: info.Size()})
	}
	r, err := pli.NewReader(s.manifest, func(i int) (io.ReadCloser, error) { return os.Open(s.files[i]) })
	if err != nil {
		return nil, 0, err
	}
	return r, r.Size(), nil
}

// writeEnvelope has an envelope written to path, "-" for standard output.
func (c *command) writeEnvelope(ctx context.Context, path string, force bool, write func(io.Writer) (envelope.Receipt, error)) (envelope.Receipt, error) {
	if path == stdio {
		return write(c.Out)
	}
	o, err := createOutput(ctx, path, 0o666, force)
	if err != nil {
		return envelope.Receipt{}, err
	}
	defer o.remove()
	made, err := write(o)
	if err != nil {
		return made, err
	}
	return made, o.commit()
}

func receiptOf(r envelope.Receipt, path string, recipients int) receipt {
	return receipt{
		Path: path, Size: r.Size, Recipients: recipients,
		SHA256:        hex.EncodeToString(r.SHA256[:]),
		ContentSHA256: hex.EncodeToString(r.ContentSHA256[:]),
	}
}

// printReceipt shows a receipt where it does not mix with the envelope.
func (c *command) printReceipt(path string, asJSON bool, r receipt) error {
	to := *c
	if path == stdio {
		to.Out = c.Err
	}
	if asJSON {
		return to.printJSON(r)
	}
	fmt.Fprintln(to.Out, c.text(txtSealed, r.Path, c.text(txtBytes, r.Size), r.SHA256))
	fmt.Fprintln(to.Out, c.text(txtSealedContent, r.ContentSHA256))
	return nil
}
