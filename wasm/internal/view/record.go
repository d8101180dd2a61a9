package view

import (
	"strings"
	"time"

	"scelle/shared/protocol"
	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/text"
)

// recordStyle makes the record readable on a screen and on paper, without any
// other file.
const recordStyle = `:root{color-scheme:light}
body{font:11pt/1.45 system-ui,sans-serif;color:#1b1b1b;background:#fff;max-width:52rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0 0 .3rem}h2{font-size:1.15rem;margin:1.6rem 0 .4rem;border-bottom:1px solid #999}h3{font-size:1rem;margin:1.2rem 0 .3rem}
dl{margin:.3rem 0}dl div{display:grid;grid-template-columns:13rem 1fr;gap:.8rem}dt{color:#444}dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;margin:.4rem 0}caption{text-align:left;color:#444}th,td{border:1px solid #999;padding:.25rem .4rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
code{font:9pt/1.4 ui-monospace,monospace}.caution{border-left:4px solid #8a5a00;padding-left:.6rem}.bad{border-left:4px solid #a3161a;padding-left:.6rem}
article{break-inside:avoid}.sign{margin-top:2.5rem}.sign p{margin:.2rem 0 2.2rem}
@media print{body{margin:0;max-width:none}}`

// RecordDocument is the record of an opening as one page of HTML that stands
// alone: to be kept, and printed to paper or PDF. Every text in it is escaped.
func RecordDocument(env model.Env, r *model.Record) string {
	w := newWriter(env)
	var b strings.Builder
	b.WriteString("<!doctype html>\n<html lang=\"" + w.Code() + "\">\n<head>\n<meta charset=\"utf-8\">\n")
	b.WriteString(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">` + "\n")
	b.WriteString(`<meta name="viewport" content="width=device-width">` + "\n<title>")
	b.WriteString(strings.TrimSpace(dom.Text(w.recordTitle(r)).HTML()) + "</title>\n<style>" + recordStyle + "</style>\n</head>\n<body>\n<main>\n")
	for _, n := range w.record(r) {
		b.WriteString(n.HTML())
	}
	b.WriteString("</main>\n</body>\n</html>\n")
	return b.String()
}

// RecordName is what the record's files are called, without their endings: in
// the person's language, by the person's clock.
func RecordName(env model.Env, r *model.Record) string {
	name, offset := "UTC", 0
	if env.Zone != nil {
		name, offset = env.Zone(r.Started)
	}
	return newWriter(env).S(text.RecordFileName, r.Started.In(time.FixedZone(name, offset)).Format("2006-01-02 15h04m05"))
}

func (w *writer) recordTitle(r *model.Record) string {
	if r.Tender == "" {
		return w.S(text.RecordTitle)
	}
	return w.S(text.RecordTitle) + " – " + r.Tender
}

func (w *writer) record(r *model.Record) []dom.Node {
	opened := 0
	for _, p := range r.Plis {
		if p.Opened {
			opened++
		}
	}
	nodes := []dom.Node{
		dom.El("h1", dom.Text(w.S(text.RecordTitle))),
		dom.El("p", dom.Text(w.S(text.ResultLine, opened, len(r.Plis)))),
		w.recordFacts(r),
		w.h2(text.RecordKeys), w.recordKeys(r),
		w.h2(text.RecordPlis),
	}
	for i, p := range r.Plis {
		nodes = append(nodes, w.recordPli(i+1, p))
	}
	return append(nodes, w.h2(text.RecordHow), w.p(text.RecordHowText), dom.El("section", dom.Set("class", "sign"),
		w.p(text.RecordSign), w.p(text.RecordSign)))
}

func (w *writer) recordFacts(r *model.Record) dom.Node {
	origin := r.Origin
	if origin == "" {
		origin = w.S(text.RecordOffline)
	}
	return dom.El("dl",
		dom.If(r.Tender != "", row(w.S(text.RecordTender), dom.Text(strings.Trim(r.Tender+" – "+r.Title, " –")))),
		row(w.S(text.RecordOrigin), dom.Text(origin)), w.recordList(r.List),
		row(w.S(text.RecordStarted), w.date(r.Started)), row(w.S(text.RecordFinished), w.date(r.Finished)),
		row(w.S(text.RecordVersions), dom.Text(w.S(text.RecordVersionsOf, r.Extension, r.Host))),
		w.recordMark(text.RecordJournalBefore, r.JournalBefore), w.recordMark(text.RecordJournalAfter, r.JournalAfter))
}

// recordList says who signed the list of the plis, and why that key counts.
func (w *writer) recordList(l *protocol.RecordList) dom.Part {
	switch {
	case l == nil:
		return nil
	case !l.Signed:
		return row(w.S(text.RecordList), dom.Text(w.S(text.RecordListUnsigned)))
	}
	return dom.Parts(
		dom.If(l.NotBefore != nil, w.recordListFrom(l.NotBefore)),
		row(w.S(text.RecordListKey), fingerprint(l.Pin), dom.Text(" "), w.pinned(l)))
}

func (w *writer) recordListFrom(at *time.Time) dom.Part {
	if at == nil {
		return nil
	}
	return row(w.S(text.RecordList), dom.Text(w.S(text.RecordListSigned)+" "), w.date(*at))
}

func (w *writer) pinned(l *protocol.RecordList) dom.Part {
	switch l.Pinned {
	case protocol.PinnedManaged:
		return dom.Text(w.S(text.RecordPinnedManaged))
	case protocol.PinnedFirst:
		return dom.Text(w.S(text.RecordPinnedFirst))
	case protocol.PinnedKept:
		return dom.Parts(dom.Text(w.S(text.RecordPinnedKept)+" "), w.moment(l.Since))
	}
	return nil
}

func (w *writer) recordMark(name text.ID, m *protocol.JournalMark) dom.Part {
	if m == nil {
		return nil
	}
	return row(w.S(name), dom.Text(w.S(text.RecordJournalLine, m.Lines)+" "), fingerprint(m.Chain))
}

func (w *writer) recordKeys(r *model.Record) dom.Node {
	if len(r.Keys) == 0 {
		return w.p(text.RecordNoKey)
	}
	return dom.El("ul", dom.Each(r.Keys, func(i int, k protocol.RecordKey) dom.Part {
		name := ""
		if i < len(r.Certificates) {
			name = certificateName(r.Certificates[i]) + ", "
		}
		return dom.El("li", dom.Text(name+w.S(text.RecordExpires)+" "), w.date(k.NotAfter), dom.Text(" "), fingerprint(k.Thumbprint))
	}))
}

func (w *writer) recordPli(number int, p protocol.RecordPli) dom.Node {
	name := p.Label
	if name == "" {
		name = p.ID
	}
	return dom.El("article", dom.El("h3", dom.Text(text.Itoa(number)+". "+name)),
		w.recordOutcome(p),
		dom.Each(p.Remarks, func(_ int, r protocol.Remark) dom.Part { return w.remark(r, p.Twin) }),
		dom.El("dl",
			w.recordKind(p),
			dom.If(p.Depositor != "", row(w.S(text.RecordDepositor), dom.Text(p.Depositor))),
			w.recordMoment(text.RecordSealed, p.SealedAt),
			dom.If(p.OpenedAt != nil, w.openedAt(p.OpenedAt)),
			dom.If(p.Size > 0, row(w.S(text.RecordSize), dom.Text(w.Size(p.Size)+" ("+w.Int64(p.Size)+")"))),
			dom.If(p.SHA256 != "", row(w.S(text.EnvelopeDigest), fingerprint(p.SHA256))),
			dom.If(p.Acknowledged != "" && p.Acknowledged != p.SHA256, row(w.S(text.RecordAcknowledged), fingerprint(p.Acknowledged))),
			dom.If(p.ContentSHA256 != "", row(w.S(text.ContentDigest), fingerprint(p.ContentSHA256))),
			dom.If(p.Key != "", row(w.S(text.RecordKey), fingerprint(p.Key)))),
		w.recordFiles(p.Files))
}

func (w *writer) openedAt(at *time.Time) dom.Part {
	if at == nil {
		return nil
	}
	return row(w.S(text.RecordOpened), w.date(*at))
}

func (w *writer) recordOutcome(p protocol.RecordPli) dom.Node {
	if p.Opened {
		integrity := text.Authenticated
		if !p.Authenticated {
			integrity = text.NotAuthenticated
		}
		where := text.RecordSaved
		if p.HandedOver {
			where = text.HandedOver
		}
		return dom.El("p", dom.Text(w.S(where)+" "+w.S(text.RecordIntegrity, w.S(integrity))))
	}
	if p.Fault == nil {
		return w.p(text.RecordNotOpened)
	}
	return dom.El("p", dom.Set("class", "bad"), dom.Text(w.S(text.RecordNotOpened)+" "+p.Fault.Code.Text(w.Code())+" ("+string(p.Fault.Code)+")"))
}

func (w *writer) recordKind(p protocol.RecordPli) dom.Part {
	var words []string
	switch p.Kind { // pli.Kind
	case "candidature":
		words = append(words, w.S(text.KindCandidature))
	case "offre":
		words = append(words, w.S(text.KindOffre))
	}
	if p.Lot != "" {
		words = append(words, w.S(text.LotOf, p.Lot))
	}
	if len(words) == 0 {
		return nil
	}
	return row(w.S(text.RecordKind), dom.Text(strings.Join(words, ", ")))
}

func (w *writer) recordMoment(name text.ID, at string) dom.Part {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return nil
	}
	return row(w.S(name), w.date(t))
}

// remark is what the results screen says as well.
func (w *writer) remark(r protocol.Remark, twin string) dom.Part {
	switch r {
	case protocol.RemarkAltered:
		return w.caution(text.AlteredPli)
	case protocol.RemarkMisplaced:
		return w.caution(text.MisplacedPli)
	case protocol.RemarkTwin:
		return w.caution(text.TwinPli, twin)
	case protocol.RemarkForeign:
		return w.caution(text.ForeignContent)
	}
	return nil
}

func (w *writer) recordFiles(files []protocol.PliFile) dom.Part {
	if len(files) == 0 {
		return nil
	}
	head := dom.Each([]text.ID{text.RecordFile, text.RecordSize, text.RecordDigest}, func(_ int, id text.ID) dom.Part {
		return dom.El("th", dom.Set("scope", "col"), dom.Text(w.S(id)))
	})
	return dom.El("table", dom.El("caption", dom.Text(w.S(text.RecordFiles))), dom.El("thead", dom.El("tr", head)),
		dom.El("tbody", dom.Each(files, func(_ int, f protocol.PliFile) dom.Part {
			return dom.El("tr", dom.El("th", dom.Set("scope", "row"), dom.Text(f.Name)), dom.El("td", dom.Text(w.Size(f.Size))), dom.El("td", fingerprint(f.SHA256)))
		})))
}
