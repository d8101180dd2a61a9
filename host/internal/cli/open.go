package cli

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"scelle/shared/envelope"
	"scelle/shared/pli"
)

// opening is one run of open.
type opening struct {
	envelope string
	out      string
	raw      bool
	json     bool
	force    bool
	record   string // where the record goes, "" for nowhere
	key      envelope.KeyUnwrapper
}

// fingerprints reports that the SHA-256 of the whole envelope is asked for.
func (o opening) fingerprints() bool { return o.json || o.record != "" }

// openedReport is the JSON form of what open did.
type openedReport struct {
	Authenticated bool         `json:"authenticated"`
	SHA256        string       `json:"sha256"`        // of the envelope
	ContentSHA256 string       `json:"contentSha256"` // of its encrypted content and mac
	Tender        string       `json:"tender,omitempty"`
	Lot           string       `json:"lot,omitempty"`
	Kind          string       `json:"kind,omitempty"`
	Depositor     string       `json:"depositor,omitempty"`
	SealedAt      *time.Time   `json:"sealedAt,omitempty"`
	Files         []openedFile `json:"files"`
}

type openedFile struct {
	Name   string `json:"name"` // as the depositor called it
	Path   string `json:"path"` // where it is now, "-" for standard output
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// open decrypts an envelope with a key of the command line or of the store.
func (c *command) open(ctx context.Context, args []string) error {
	f := c.flags("open")
	o := opening{}
	keys := f.keyOptions()
	f.StringVar(&o.out, "o", "", "")
	f.BoolVar(&o.raw, "raw", false, "")
	f.BoolVar(&o.json, "json", false, "")
	f.BoolVar(&o.force, "force", false, "")
	f.StringVar(&o.record, "record", "", "")
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	o.envelope = rest[0]
	if o.out == "" {
		if o.out = defaultOutput(o.envelope, o.raw); o.out == "" {
			return misuse(c.text(txtNeedOutput, "open"))
		}
	}
	key, done, err := c.unwrapper(ctx, "open", o.envelope, keys)
	if err != nil {
		return err
	}
	defer done()
	o.key = key
	report, err := c.recorded(ctx, o, func() (*openedReport, error) { return c.openTo(ctx, o) })
	if err != nil {
		return err
	}
	return c.printOpened(o, report)
}

// defaultOutput is the envelope's name without its extension, in the current
// folder: a folder for a pli, a file for raw content. "" when there is none.
func defaultOutput(envelope string, raw bool) string {
	name := filepath.Base(envelope)
	short := strings.TrimSuffix(name, filepath.Ext(name))
	if envelope == stdio || short == "" || raw && short == name {
		return ""
	}
	if short == name {
		return name + ".d"
	}
	return short
}

func (c *command) openTo(ctx context.Context, o opening) (*openedReport, error) {
	source, err := c.openSource(o.envelope)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	p := c.progress(source, source.size)
	defer p.end()
	switch {
	case o.raw:
		return c.openRaw(ctx, o, p)
	case o.out == stdio:
		return c.openOneFile(ctx, o, p)
	}
	return c.openPli(ctx, o, p)
}

// openPli extracts a pli's files into a folder.
func (c *command) openPli(ctx context.Context, o opening, source io.Reader) (*openedReport, error) {
	folder, err := createFolder(ctx, o.out, o.force)
	if err != nil {
		return nil, err
	}
	defer folder.remove()
	report, err := extract(ctx, o, source, pli.Sink{File: folder.create})
	if err != nil {
		return nil, err
	}
	if err := folder.commit(ctx); err != nil {
		return nil, err
	}
	for i, name := range folder.names {
		report.Files[i].Path = filepath.Join(o.out, name)
	}
	return report, nil
}

// openOneFile writes the only file of a pli to standard output.
func (c *command) openOneFile(ctx context.Context, o opening, source io.Reader) (*openedReport, error) {
	q, err := quarantine(ctx)
	if err != nil {
		return nil, err
	}
	defer q.remove()
	sink := pli.Sink{
		Manifest: func(m *pli.Manifest) error {
			if len(m.Files) != 1 {
				return misuse(c.text(txtOneFileToStdout, len(m.Files)))
			}
			return nil
		},
		File: func(pli.FileInfo) (io.WriteCloser, error) { return keepOpen{q}, nil },
	}
	report, err := extract(ctx, o, source, sink)
	if err != nil {
		return nil, err
	}
	report.Files[0].Path = stdio
	return report, q.release(c.Out)
}

// keepOpen is a quarantine whose one file has been written: it is read next.
type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }

// extract opens a pli into a sink. Nothing in the sink may be shown before it
// returns without an error.
func extract(ctx context.Context, o opening, source io.Reader, sink pli.Sink) (*openedReport, error) {
	x := pli.NewExtractor(sink)
	opened, err := envelope.Open(ctx, x, source, envelope.OpenOptions{
		Unwrapper: o.key, Prefix: pli.Prefix(), NoPlaintextSHA256: true, NoEnvelopeSHA256: !o.fingerprints(),
	})
	manifest, results, bad := x.Close()
	if err == nil {
		err = bad
	}
	if err != nil {
		return nil, err
	}
	report := reportOf(opened)
	report.Tender, report.Lot, report.Kind, report.Depositor = manifest.Tender, manifest.Lot, string(manifest.Kind), manifest.Depositor
	report.SealedAt = &manifest.SealedAt
	for _, r := range results {
		report.Files = append(report.Files, openedFile{Name: r.SafeName, Size: r.Size, SHA256: r.Sum})
	}
	return report, nil
}

// openRaw writes the content as it is.
func (c *command) openRaw(ctx context.Context, o opening, source io.Reader) (*openedReport, error) {
	if o.out == stdio {
		q, err := quarantine(ctx)
		if err != nil {
			return nil, err
		}
		defer q.remove()
		report, err := openContent(ctx, o, source, q)
		if err != nil {
			return nil, err
		}
		return report, q.release(c.Out)
	}
	out, err := createOutput(ctx, o.out, 0o600, o.force)
	if err != nil {
		return nil, err
	}
	defer out.remove()
	report, err := openContent(ctx, o, source, out)
	if err != nil {
		return nil, err
	}
	return report, out.commit()
}

func openContent(ctx context.Context, o opening, source io.Reader, to io.Writer) (*openedReport, error) {
	opened, err := envelope.Open(ctx, to, source, envelope.OpenOptions{Unwrapper: o.key, NoEnvelopeSHA256: !o.fingerprints()})
	if err != nil {
		return nil, err
	}
	report := reportOf(opened)
	report.Files = []openedFile{{
		Name: filepath.Base(o.out), Path: o.out, Size: opened.Size,
		SHA256: hex.EncodeToString(opened.PlaintextSHA256[:]),
	}}
	return report, nil
}

func reportOf(r *envelope.Report) *openedReport {
	return &openedReport{
		Authenticated: r.Authenticated,
		SHA256:        hex.EncodeToString(r.SHA256[:]),
		ContentSHA256: hex.EncodeToString(r.ContentSHA256[:]),
		Files:         []openedFile{},
	}
}

// printOpened shows what was opened, where it does not mix with the content.
func (c *command) printOpened(o opening, r *openedReport) error {
	to := *c
	if o.out == stdio {
		to.Out = c.Err
	}
	if o.json {
		return to.printJSON(r)
	}
	for _, file := range r.Files {
		to.say(txtOpened, file.Path, c.text(txtBytes, file.Size), file.SHA256)
	}
	if !r.Authenticated {
		fmt.Fprintln(c.Err, c.text(txtUnauthenticated))
	}
	return nil
}
