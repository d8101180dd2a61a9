package model

import (
	"encoding/json"
	"slices"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/smalljson"
)

// Minutes are what an opening writes down while it goes on.
type Minutes struct {
	Record *Record      // when the work is over and something was consented to
	Names  []string     // under which the record was saved
	Fault  *fault.Fault // why it could not be saved, or handed over where nothing is saved
	Taken  bool         // the page took the record

	started  time.Time
	finished time.Time
	host     string // the host's version
	before   *protocol.JournalMark
	after    *protocol.JournalMark
	asking   bool // the host is asked where the journal stands
	saving   bool // the record is on its way to the disk
	telling  int  // outcomes that the page is being told
	waiting  bool // the end waits for them
	offered  bool // the page is being given the record
	settled  bool // the page has heard the outcome of all
	leaving  bool // the window closes when all of this is over
}

// Record is the record of an opening with what only this computer's person
// sees: the names of the keys.
type Record struct {
	protocol.OpeningRecord
	Certificates []protocol.Certificate // of Keys, in the same order
}

// begin notes a consent; one that follows an interruption changes only the
// host's version.
func (m *Minutes) begin(now time.Time, r protocol.BatchResult) {
	m.host = r.Version
	if m.started.IsZero() {
		m.started, m.before = now, r.Journal
	}
}

// batchEnded is the host's answer to the end of a consent.
type batchEnded struct{ mark *protocol.JournalMark }

// reported says that the page has heard of one pli, or cannot; or, of the record,
// that it took it or why it did not.
type reported struct {
	record  bool
	refused error
}

// recordSaved says under which names the record was saved.
type recordSaved struct {
	names []string
	err   error
}

// Pending reports that the record or the page's outcome is still on its way.
func (m *Minutes) Pending() bool { return m.asking || m.saving || m.waiting || m.offered }

// leave closes the window when nothing is to be written or told any more; who
// asks twice does not wait.
func (o *Opening) leave() []Effect {
	m := &o.Minutes
	if m.leaving {
		return closing()
	}
	m.leaving = true
	if m.waiting && !m.asking { // the page does not hear of each pli
		m.waiting = false
		return o.settle()
	}
	return o.gone()
}

// gone closes a window that was left, when it is time.
func (o *Opening) gone() []Effect {
	if m := &o.Minutes; !m.leaving || !m.settled || m.Pending() {
		return nil
	}
	return closing()
}

// saved notes what became of the record's files.
func (o *Opening) saved(m recordSaved) []Effect {
	o.Minutes.saving = false
	o.Minutes.Names, o.Minutes.Fault = m.names, fault.Of(m.err)
	return o.gone()
}

// endBatch ends the consent and asks where the journal stands.
func (o *Opening) endBatch() []Effect {
	if o.batch == "" {
		return nil
	}
	id := o.batch
	o.batch, o.Minutes.asking = "", true
	return []Effect{HostCall{Method: protocol.HostBatchEnd, Params: protocol.BatchEndParams{ID: id}, Then: func(raw json.RawMessage, err error) Msg {
		var r protocol.BatchEndResult
		if err == nil {
			err = smalljson.Unmarshal(raw, &r)
		}
		if err != nil {
			return batchEnded{}
		}
		return batchEnded{r.Journal}
	}}}
}

func (o *Opening) ended(m batchEnded) []Effect {
	o.Minutes.asking = false
	if m.mark != nil {
		o.Minutes.after = m.mark
	}
	if o.Phase != OpenResults || o.Minutes.Record != nil {
		return nil
	}
	return o.conclude()
}

// tell lets the page know the outcome of one pli, while the work goes on.
func (o *Opening) tell(p *Pli) []Effect {
	if !o.report {
		return []Effect{}
	}
	o.Minutes.telling++
	return []Effect{PageCall{Call: protocol.CallReportOpened, Args: p.outcome(), Then: func(json.RawMessage, error) Msg { return reported{} }}}
}

func (o *Opening) heard(m reported) []Effect {
	o.Minutes.telling--
	var effects []Effect
	if m.record {
		o.Minutes.offered, o.Minutes.Taken = false, m.refused == nil
		effects = append(o.keepRefused(m.refused), o.gone()...)
	}
	if o.Minutes.telling > 0 || !o.Minutes.waiting {
		return effects
	}
	o.Minutes.waiting = false
	return append(effects, o.settle()...)
}

// keepRefused saves a record that the page did not take, unless that is done
// anyway: nobody else has it.
func (o *Opening) keepRefused(err error) []Effect {
	switch {
	case err == nil || o.saves():
		return nil
	case o.Env.NoSaving:
		o.Minutes.Fault = fault.Of(err)
		return nil
	}
	return o.saveRecord()
}

func (o *Opening) saveRecord() []Effect {
	o.Minutes.saving = true
	return []Effect{SaveRecord{Env: o.Env, Into: o.into(), Folder: o.tenderFolder(), Record: o.Minutes.Record,
		Then: func(names []string, err error) Msg { return recordSaved{names, err} }}}
}

// conclude makes the record, saves it beside the opened files and tells the
// page the outcome of all.
func (o *Opening) conclude() []Effect {
	var effects []Effect
	if o.consented && o.errand.verb() == protocol.VerbOpen {
		o.Minutes.Record = o.makeRecord()
		if o.saves() {
			effects = o.saveRecord()
		}
		if o.record {
			o.Minutes.telling++
			o.Minutes.offered = true
			effects = append(effects, PageCall{Call: protocol.CallReceiveRecord, Args: o.Minutes.Record.OpeningRecord,
				Then: func(_ json.RawMessage, err error) Msg { return reported{record: true, refused: err} }})
		}
	}
	if o.Minutes.telling > 0 {
		o.Minutes.waiting = true
		return effects
	}
	return append(effects, o.settle()...)
}

// saves reports whether the record is saved: beside files that are, or because
// nobody else takes it.
func (o *Opening) saves() bool {
	beside := slices.ContainsFunc(o.Plis, func(p *Pli) bool { return len(p.Saved.Names) > 0 })
	return !o.Env.NoSaving && (o.Delivery != ToPortal || beside || !o.record)
}

// settle ends the session.
func (o *Opening) settle() []Effect {
	o.Minutes.settled = o.Offline
	if o.Offline {
		return nil
	}
	return []Effect{finish(&o.runs, o.Session, o.errand.result(o), o.unsaid(nil), func() []Effect {
		o.Minutes.settled = true
		return o.gone()
	})}
}

// goOn continues after a pause. The consent may have run out meanwhile: then
// the host says so, and it is asked again.
func (o *Opening) goOn() []Effect {
	if o.Phase != OpenPaused {
		return nil
	}
	o.Phase, o.TimeLeft, o.gave = OpenRunning, 0, map[string]time.Time{}
	return append([]Effect{Focus{ID: "title"}}, o.goAhead()...)
}

// makeRecord is the record of what was done.
func (o *Opening) makeRecord() *Record {
	m := &o.Minutes
	r := &Record{OpeningRecord: protocol.OpeningRecord{
		Format: protocol.RecordFormat, Origin: o.Site.Origin, Tender: o.Tender, Title: o.Title,
		Started: seconds(m.started), Finished: seconds(m.finished), Extension: o.Env.Version, Host: m.host,
		Keys: []protocol.RecordKey{}, Plis: []protocol.RecordPli{}, JournalBefore: m.before, JournalAfter: m.after,
	}}
	if !o.Offline {
		r.List = o.recordedList()
	}
	for _, p := range o.Plis {
		r.Plis = append(r.Plis, p.recorded())
		if p.State == PliDelivered {
			r.use(o.own, p.Key)
		}
	}
	return r
}

// recordedList says who signed the portal's list.
func (o *Opening) recordedList() *protocol.RecordList {
	c := o.Check
	l := &protocol.RecordList{Signed: c.Signed, Pin: c.Pin}
	switch {
	case !c.Signed:
		return l
	case c.Managed:
		l.Pinned = protocol.PinnedManaged
	case c.First:
		l.Pinned = protocol.PinnedFirst
	default:
		l.Pinned, l.Since = protocol.PinnedKept, c.Since
	}
	if o.Listed != nil {
		l.NotBefore, l.Issued = &o.Listed.NotBefore, &o.Listed.Issued
	}
	return l
}

// use notes a key, once.
func (r *Record) use(own []ownKey, thumbprint string) {
	if slices.ContainsFunc(r.Keys, func(k protocol.RecordKey) bool { return k.Thumbprint == thumbprint }) {
		return
	}
	i := slices.IndexFunc(own, func(k ownKey) bool { return k.entry.Thumbprint == thumbprint })
	if i < 0 {
		return
	}
	c := own[i].entry
	r.Keys = append(r.Keys, protocol.RecordKey{Thumbprint: thumbprint, NotAfter: c.NotAfter.UTC()})
	r.Certificates = append(r.Certificates, c)
}

func (p *Pli) recorded() protocol.RecordPli {
	out := protocol.RecordPli{ID: p.ID, Label: p.Label, Kind: p.Kind, Lot: p.Lot, Size: p.Total, Acknowledged: p.SHA256,
		Opened: p.State == PliDelivered, HandedOver: p.HandedOver, Remarks: p.remarks(), Twin: p.Twin}
	if !out.Opened {
		out.Fault = protocol.FaultOf(p.Fault)
	}
	if p.Opened == nil {
		return out
	}
	at := seconds(p.OpenedAt)
	out.OpenedAt, out.Key, out.Authenticated = &at, p.Key, p.Opened.Authenticated
	out.SHA256, out.ContentSHA256, out.Files = p.Opened.SHA256, p.Opened.ContentSHA256, p.Opened.Details
	out.Depositor, out.SealedAt = p.Opened.Depositor, p.Opened.SealedAt
	if out.Kind == "" {
		out.Kind, out.Lot = p.Opened.Kind, p.Opened.Lot
	}
	return out
}

// remarks are what the results screen warns of as well.
func (p *Pli) remarks() []protocol.Remark {
	var out []protocol.Remark
	for _, r := range []struct {
		on   bool
		what protocol.Remark
	}{{p.Altered, protocol.RemarkAltered}, {p.Misplaced, protocol.RemarkMisplaced}, {p.Twin != "", protocol.RemarkTwin}, {p.Foreign && p.Opened != nil, protocol.RemarkForeign}} {
		if r.on {
			out = append(out, r.what)
		}
	}
	return out
}

func seconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
