package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"scelle/host/internal/journal"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/shared/version"
)

// recorded opens a pli and, where --record asks for it, writes the same record
// as an opening in the browser does: what was opened or why not, with which
// key, and where the journal stood before and after. The record's place is
// taken before anything is opened. When the record cannot be written, that is
// the error, although the pli was opened.
func (c *command) recorded(ctx context.Context, o opening, open func() (*openedReport, error)) (*openedReport, error) {
	if o.record == "" {
		return open()
	}
	if o.record == stdio {
		return nil, misuse(c.text(txtRecordFile))
	}
	out, err := createOutput(ctx, o.record, 0o600, o.force)
	if err != nil {
		return nil, err
	}
	defer out.remove()
	record := protocol.OpeningRecord{Format: protocol.RecordFormat, Started: now(), Host: version.Version,
		Keys: []protocol.RecordKey{}, JournalBefore: c.journalMark()}
	report, failed := open()
	record.Finished, record.JournalAfter = now(), c.journalMark()
	record.Plis = []protocol.RecordPli{o.entry(report, failed, record.Finished)}
	if key := o.used(); key != nil && report != nil {
		record.Tender = report.Tender
		record.Plis[0].Key = key.Thumbprint()
		record.Keys = append(record.Keys, protocol.RecordKey{Thumbprint: key.Thumbprint(), NotAfter: key.NotAfter.UTC()})
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	if err := e.Encode(record); err != nil {
		return nil, writeFault(err)
	}
	if err := out.commit(); err != nil {
		return nil, err
	}
	return report, failed
}

// now is a record's moment: UTC, to the second.
func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

// journalMark is where the journal stands; nil where it cannot be read, which
// the record then leaves out.
func (c *command) journalMark() *protocol.JournalMark {
	secret, err := c.Secret()
	if err != nil {
		return nil
	}
	dir, err := c.StateDir()
	if err != nil {
		return nil
	}
	lines, chain, err := journal.New(dir, secret, time.Now).Mark()
	if err != nil {
		return nil
	}
	return &protocol.JournalMark{Lines: lines, Chain: chain}
}

// used is the certificate whose key opened the envelope.
func (o opening) used() *keypair.Certificate {
	if k, ok := o.key.(interface{ Used() *keypair.Certificate }); ok {
		return k.Used()
	}
	return nil
}

// entry is the pli's line of the record.
func (o opening) entry(r *openedReport, failed error, at time.Time) protocol.RecordPli {
	p := protocol.RecordPli{Label: filepath.Base(o.envelope), Fault: protocol.FaultOf(failed)}
	if info, err := os.Stat(o.envelope); err == nil && info.Mode().IsRegular() {
		p.Size = info.Size()
	}
	if r == nil {
		return p
	}
	p.Opened, p.OpenedAt, p.Authenticated = failed == nil, &at, r.Authenticated
	p.SHA256, p.ContentSHA256 = r.SHA256, r.ContentSHA256
	p.Kind, p.Lot, p.Depositor = r.Kind, r.Lot, r.Depositor
	if r.SealedAt != nil {
		p.SealedAt = r.SealedAt.UTC().Format(time.RFC3339)
	}
	if o.raw {
		p.Remarks = []protocol.Remark{protocol.RemarkForeign}
	}
	for _, f := range r.Files {
		p.Files = append(p.Files, protocol.PliFile{Name: f.Name, Size: f.Size, SHA256: f.SHA256})
	}
	return p
}
