package site

import (
	"encoding/json"
	"net/http"

	"scelle/scripts/portal/internal/store"
	"scelle/scripts/portal/internal/text"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// maxRecord is the largest record, in bytes of JSON: 500 plis of 200 files each
// take about 15 MB.
const maxRecord = 24 << 20

// receiveRecord keeps the record that the assistant of an agent wrote.
func (s *Server) receiveRecord(c *call) error {
	t, err := s.tender(c)
	if err != nil {
		return err
	}
	if t.Open(s.Now()) {
		return &refusal{http.StatusForbidden, fault.Newf(fault.PortalRefused, "deadline")}
	}
	var r protocol.OpeningRecord
	if err := c.decodeUpTo(maxRecord, &r); err != nil {
		return err
	}
	if r.Tender != t.Reference || !completeRecord(r) {
		return fault.Newf(fault.BadRequest, "record")
	}
	cleanRecord(&r)
	id, err := s.store.AddRecord(c.Context(), store.Record{Tender: t.ID, By: c.user().ID, Content: r})
	if err != nil {
		return err
	}
	return c.reply(map[string]string{"id": id, "page": "/proces-verbaux/" + id})
}

// completeRecord reports whether a record has what each has.
func completeRecord(r protocol.OpeningRecord) bool {
	return r.Format == protocol.RecordFormat && r.Origin != "" && r.Extension != "" && r.Host != "" &&
		!r.Started.IsZero() && !r.Finished.Before(r.Started)
}

// cleanRecord takes from names what a reader could misunderstand.
func cleanRecord(r *protocol.OpeningRecord) {
	for i := range r.Plis {
		p := &r.Plis[i]
		p.Label, p.Depositor, p.Twin = keypair.Clean(p.Label), keypair.Clean(p.Depositor), keypair.Clean(p.Twin)
		for k := range p.Files {
			p.Files[k].Name = keypair.Clean(p.Files[k].Name)
		}
	}
}

// recordView is « procès-verbal d'ouverture ».
type recordView struct {
	store.Record
	Consultation store.Tender
	Opened       int
}

// record finds the record of the path, for those who may open its plis.
func (s *Server) record(c *call) (recordView, error) {
	r, err := s.store.Record(c.Context(), c.PathValue("id"))
	if err != nil {
		return recordView{}, err
	}
	t, err := s.store.Tender(c.Context(), r.Tender)
	if err != nil {
		return recordView{}, err
	}
	if !c.user().May(store.PlisOpen, t.Service.ID) {
		return recordView{}, errRight
	}
	v := recordView{Record: r, Consultation: t}
	for _, p := range r.Content.Plis {
		if p.Opened {
			v.Opened++
		}
	}
	return v, nil
}

func (s *Server) recordPage(c *call) error {
	v, err := s.record(c)
	if err != nil {
		return err
	}
	return s.show(c, http.StatusOK, "record", v)
}

// recordFile gives the record as JSON, for machines and archives.
func (s *Server) recordFile(c *call) error {
	v, err := s.record(c)
	if err != nil {
		return err
	}
	body, err := json.MarshalIndent(v.Content, "", "  ")
	if err != nil {
		return err
	}
	setDownload(c.w, "application/json", text.Format(c.lang, "record.file", v.ID), int64(len(body)))
	_, _ = c.w.Write(body) // the browser went away: nobody is left to tell
	return nil
}
