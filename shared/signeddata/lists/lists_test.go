package lists_test

import (
	"bytes"
	"crypto/elliptic"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/pli"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
)

// issued is the time of every list here.
var issued = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

func recipient(t testing.TB, curve elliptic.Curve) lists.Recipient {
	t.Helper()
	p := certtest.SelfSigned(t, certtest.Options{Curve: curve, NotBefore: issued.AddDate(-1, 0, 0), NotAfter: issued.AddDate(1, 0, 0)})
	m := envelope.RSAOAEPSHA256
	if curve != nil {
		m = envelope.ECDH
	}
	return lists.Recipient{Thumbprint: keypair.Thumbprint(p.DER), Certificate: p.DER, Mechanism: m, Kind: lists.Personal, NotAfter: p.X509.NotAfter, Label: "Élise \"L\" & <co> \\"}
}

func recipients(t testing.TB) *lists.Recipients {
	t.Helper()
	return &lists.Recipients{Origin: "https://marches.exemple.fr", Tender: "2026-042", Deadline: issued.Add(48 * time.Hour), Issued: issued,
		Entries: []lists.Recipient{recipient(t, nil), recipient(t, elliptic.P256())}}
}

func opening() *lists.Opening {
	return &lists.Opening{Origin: "https://marches.exemple.fr", Tender: "2026-042", NotBefore: issued, Issued: issued, Plis: []lists.Pli{
		{ID: "1", HeaderSHA256: strings.Repeat("0a", 32), SHA256: strings.Repeat("1b", 32), ContentSHA256: strings.Repeat("2c", 32), Label: "Léa", Kind: pli.Offre, Lot: "3"},
		{ID: "2", SHA256: strings.Repeat("3d", 32), Kind: pli.Candidature}}}
}

func encode(t testing.TB, l lists.List) string {
	t.Helper()
	data, err := l.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func refused(t testing.TB, name string, err error, code fault.Code, detail string) {
	t.Helper()
	if f := fault.Of(err); f == nil || f.Code != code || !strings.Contains(fmt.Sprint(f), detail) {
		t.Errorf("%s: got %v, want %s (%s)", name, err, code, detail)
	}
}

// TestForm spells both lists out: other programs write them too.
func TestForm(t *testing.T) {
	r := recipients(t)
	r.Lot, r.Entries = "3", r.Entries[:1]
	e := r.Entries[0]
	e.Label = "Élise"
	r.Entries[0] = e
	want := `{"type":"scelle-recipients","version":1,"origin":"https://marches.exemple.fr","tender":"2026-042","lot":"3",` +
		`"deadline":"2026-11-25T08:00:00Z","issued":"2026-11-23T08:00:00Z","entries":[{"thumbprint":"` + e.Thumbprint +
		`","certificate":"` + base64.StdEncoding.EncodeToString(e.Certificate) + `","mechanism":"rsa-oaep-sha256","kind":"personal",` +
		`"revoked":false,"notAfter":"2027-11-23T08:00:00Z","label":"Élise"}]}`
	if got := encode(t, r); got != want {
		t.Errorf("recipients\n got %s\nwant %s", got, want)
	}
	want = `{"type":"scelle-opening","version":1,"origin":"https://marches.exemple.fr","tender":"2026-042",` +
		`"notBefore":"2026-11-23T08:00:00Z","issued":"2026-11-23T08:00:00Z","plis":[{"id":"1","headerSha256":"` + strings.Repeat("0a", 32) +
		`","sha256":"` + strings.Repeat("1b", 32) + `","contentSha256":"` + strings.Repeat("2c", 32) + `","label":"Léa","kind":"offre","lot":"3"},` +
		`{"id":"2","sha256":"` + strings.Repeat("3d", 32) + `","label":"","kind":"candidature"}]}`
	if got := encode(t, opening()); got != want {
		t.Errorf("opening\n got %s\nwant %s", got, want)
	}
}

// TestTimesAreMadeCanonical: a portal's times have a zone and fractions.
func TestTimesAreMadeCanonical(t *testing.T) {
	o, want := opening(), encode(t, opening())
	o.Issued = o.Issued.Add(999 * time.Millisecond).In(time.FixedZone("CET", 3600))
	if got := encode(t, o); got != want {
		t.Errorf("got %s", got)
	}
}

// TestRefusesOtherSpellings: one list has one spelling.
func TestRefusesOtherSpellings(t *testing.T) {
	good := encode(t, opening())
	replace := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%s is not in the list", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for name, c := range map[string]struct {
		data string
		code fault.Code
	}{
		"empty":               {"", fault.ListForged},
		"null":                {"null", fault.ListOther},
		"array":               {"[]", fault.ListForged},
		"no type":             {`{}`, fault.ListOther},
		"other type":          {replace("scelle-opening", "scelle-recipients"), fault.ListOther},
		"type of other case":  {replace("scelle-opening", "Scelle-Opening"), fault.ListOther},
		"later version":       {replace(`"version":1`, `"version":2`), fault.ExtensionOutdated},
		"version 0":           {replace(`"version":1`, `"version":0`), fault.ListForged},
		"version 1.0":         {replace(`"version":1`, `"version":1.0`), fault.ListForged},
		"version as text":     {replace(`"version":1`, `"version":"1"`), fault.ListForged},
		"type twice":          {replace(`{"type":`, `{"type":"scelle-recipients","type":`), fault.ListForged},
		"type in other case":  {replace(`{"type":`, `{"TYPE":"scelle-opening","type":`), fault.ListForged},
		"member twice":        {replace(`"tender":`, `"tender":"x","tender":`), fault.ListForged},
		"member, other case":  {replace(`"tender":`, `"Tender":`), fault.ListForged},
		"member in a pli":     {replace(`"label":"Léa"`, `"label":"x","label":"Léa"`), fault.ListForged},
		"unknown member":      {replace(`"tender":`, `"note":"","tender":`), fault.ListForged},
		"unknown in a pli":    {replace(`{"id":`, `{"path":"/etc","id":`), fault.ListForged},
		"prototype":           {replace(`{"id":`, `{"__proto__":{},"id":`), fault.ListForged},
		"another order":       {replace(`"version":1,"origin":"https://marches.exemple.fr"`, `"origin":"https://marches.exemple.fr","version":1`), fault.ListForged},
		"optional, empty":     {replace(`"lot":"3"`, `"lot":""`), fault.ListForged},
		"member left out":     {replace(`"label":"",`, ``), fault.ListForged},
		"null member":         {replace(`"label":""`, `"label":null`), fault.ListForged},
		"white space":         {replace(`,"tender"`, `, "tender"`), fault.ListForged},
		"line feed":           {good + "\n", fault.ListForged},
		"second value":        {good + good, fault.ListForged},
		"byte order mark":     {"\ufeff" + good, fault.ListForged},
		"escaped letter":      {replace("Léa", `L\u00e9a`), fault.ListForged},
		"escaped solidus":     {replace("https://", `https:\/\/`), fault.ListForged},
		"control character":   {replace("Léa", `L\u0007a`), fault.ListForged},
		"turning text around": {replace("Léa", "L\u202ea"), fault.ListForged},
		"line separator":      {replace("Léa", `L\u2028a`), fault.ListForged},
		"invalid UTF-8":       {replace("Léa", "L\xe9a"), fault.ListForged},
		"lone surrogate":      {replace("Léa", `L\ud800a`), fault.ListForged},
		"time with a zone":    {replace(`"issued":"2026-11-23T08:00:00Z"`, `"issued":"2026-11-23T09:00:00+01:00"`), fault.ListForged},
		"time with zero zone": {replace(`"issued":"2026-11-23T08:00:00Z"`, `"issued":"2026-11-23T08:00:00+00:00"`), fault.ListForged},
		"fraction":            {replace(`"issued":"2026-11-23T08:00:00Z"`, `"issued":"2026-11-23T08:00:00.5Z"`), fault.ListForged},
		"time long ago":       {replace(`"issued":"2026-11-23T08:00:00Z"`, `"issued":"0001-01-01T00:00:00Z"`), fault.ListForged},
		"upper-case hash":     {replace(strings.Repeat("3d", 32), strings.Repeat("3D", 32)), fault.ListForged},
		"short hash":          {replace(strings.Repeat("3d", 32), strings.Repeat("3d", 31)), fault.ListForged},
		"no hash":             {replace(`"sha256":"`+strings.Repeat("3d", 32)+`",`, ""), fault.ListForged},
		"other kind":          {replace("candidature", "autre"), fault.ListForged},
		"id twice":            {replace(`"id":"2"`, `"id":"1"`), fault.ListForged},
		"no id":               {replace(`"id":"2"`, `"id":""`), fault.ListForged},
		"no tender":           {replace(`"tender":"2026-042"`, `"tender":""`), fault.ListForged},
		"no origin":           {replace(`"origin":"https://marches.exemple.fr"`, `"origin":""`), fault.ListForged},
		"long label":          {replace("Léa", strings.Repeat("x", 513)), fault.ListForged},
		"too large":           {replace("Léa", strings.Repeat("x", lists.MaxSize)), fault.ListForged},
		"no plis":             {good[:strings.Index(good, `"plis"`)] + `"plis":[]}`, fault.ListForged},
		"deep":                {good[:strings.Index(good, `"plis"`)] + `"plis":` + strings.Repeat("[", 90_000) + strings.Repeat("]", 90_000) + `}`, fault.ListForged},
		"5,000 plis":          {strings.TrimSuffix(good, "]}") + strings.Repeat(`,{"id":"x"}`, 5000) + "]}", fault.ListForged},
	} {
		_, err := lists.ParseOpening([]byte(c.data))
		refused(t, name, err, c.code, "")
	}
	if _, err := lists.ParseOpening([]byte(good)); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

// TestRefusesRecipients: an entry must say what its certificate says.
func TestRefusesRecipients(t *testing.T) {
	for name, change := range map[string]func(*lists.Recipient){
		"thumbprint":  func(e *lists.Recipient) { e.Thumbprint = strings.Repeat("00", 32) },
		"certificate": func(e *lists.Recipient) { e.Certificate = e.Certificate[:50] },
		"notAfter":    func(e *lists.Recipient) { e.NotAfter = e.NotAfter.Add(time.Second) },
		"mechanism":   func(e *lists.Recipient) { e.Mechanism = envelope.ECDH },
		"kind":        func(e *lists.Recipient) { e.Kind = "" },
		"label":       func(e *lists.Recipient) { e.Label = "a\u200bb" },
	} {
		r := recipients(t)
		change(&r.Entries[0])
		_, err := r.Encode()
		refused(t, name, err, fault.BadRequest, name)
	}
	r := recipients(t)
	good := encode(t, r)
	for name, text := range map[string]string{
		"thumbprint": strings.Replace(good, r.Entries[0].Thumbprint, r.Entries[1].Thumbprint, 1),
		"notAfter":   strings.Replace(good, "2027-11-23T08:00:00Z", "2037-11-23T08:00:00Z", 1),
		"mechanism":  strings.Replace(good, "rsa-oaep-sha256", "rsa-oaep-sha384", 1),
		"kind":       strings.Replace(good, "personal", "personnel", 1),
	} {
		_, err := lists.ParseRecipients([]byte(text))
		refused(t, name, err, fault.ListForged, name)
	}
	r.Entries = append(r.Entries, r.Entries[0])
	_, err := r.Encode()
	refused(t, "twice", err, fault.BadRequest, "thumbprint")
}

// TestRefusesMembers: a portal cannot write what could not be read, and a list
// that has it all the same is not read.
func TestRefusesMembers(t *testing.T) {
	long, never := strings.Repeat("x", 513), time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, change := range map[string]func(*lists.Recipients){
		"origin":   func(r *lists.Recipients) { r.Origin = strings.Repeat("x", 256) },
		"tender":   func(r *lists.Recipients) { r.Tender = "" },
		"lot":      func(r *lists.Recipients) { r.Lot = long },
		"deadline": func(r *lists.Recipients) { r.Deadline = never },
		"late":     func(r *lists.Recipients) { r.Late = "never" },
		"issued":   func(r *lists.Recipients) { r.Issued = time.Time{} },
		"entries":  func(r *lists.Recipients) { r.Entries = nil },
	} {
		r := recipients(t)
		change(r)
		_, err := r.Encode()
		refused(t, name, err, fault.BadRequest, name)
	}
	for name, change := range map[string]func(*lists.Opening){
		"origin":        func(o *lists.Opening) { o.Origin = "a\nb" },
		"tender":        func(o *lists.Opening) { o.Tender = long },
		"notBefore":     func(o *lists.Opening) { o.NotBefore = never },
		"issued":        func(o *lists.Opening) { o.Issued = o.Issued.AddDate(8000, 0, 0) },
		"headerSha256":  func(o *lists.Opening) { o.Plis[0].HeaderSHA256 = "0a" },
		"sha256":        func(o *lists.Opening) { o.Plis[1].SHA256 = strings.Repeat("g", 64) },
		"contentSha256": func(o *lists.Opening) { o.Plis[0].ContentSHA256 = long },
		"label":         func(o *lists.Opening) { o.Plis[0].Label = "\xff" },
		"kind":          func(o *lists.Opening) { o.Plis[0].Kind = "" },
		"lot":           func(o *lists.Opening) { o.Plis[0].Lot = "\u2066" },
		"id":            func(o *lists.Opening) { o.Plis[0].ID = long },
	} {
		o := opening()
		change(o)
		_, err := o.Encode()
		refused(t, name, err, fault.BadRequest, name)
	}
}

func TestOpeningCheck(t *testing.T) {
	o := opening()
	e := lists.Expected{Origin: o.Origin, Tender: o.Tender, Now: issued}
	if err := o.Check(e); err != nil || !o.IssuedAt().Equal(issued) {
		t.Errorf("at the opening: %v", err)
	}
	e.Now = issued.Add(-time.Second)
	refused(t, "a second before", o.Check(e), fault.OpeningEarly, "2026-11-23T08:00:00Z")
	e.Now, o.Issued = issued.Add(time.Minute), issued.Add(-time.Second)
	refused(t, "issued a second before", o.Check(e), fault.OpeningEarly, "")
	for name, change := range map[string]func(*lists.Expected){
		"origin": func(e *lists.Expected) { e.Origin = "https://marches.exemple.fr:8443" },
		"tender": func(e *lists.Expected) { e.Tender = "2026-04" },
	} {
		other := e
		change(&other)
		refused(t, name, o.Check(other), fault.ListOther, name)
	}
	e.Now = issued.Add(lists.MaxAge + time.Second)
	refused(t, "old", o.Check(e), fault.ListExpired, "issued")
}

// TestLimits: as many as there may be, and one more.
func TestLimits(t *testing.T) {
	o := opening()
	o.Plis = nil
	for i := range protocol.MaxPlis {
		o.Plis = append(o.Plis, lists.Pli{ID: fmt.Sprint(i), HeaderSHA256: strings.Repeat("ab", 32), ContentSHA256: strings.Repeat("cd", 32), Label: "Entreprise de taille moyenne, Paris", Kind: pli.Offre})
	}
	if got, err := lists.ParseOpening([]byte(encode(t, o))); err != nil || len(got.Plis) != protocol.MaxPlis {
		t.Errorf("%d plis: %v", protocol.MaxPlis, err)
	}
	o.Plis = append(o.Plis, lists.Pli{ID: "more", SHA256: strings.Repeat("ab", 32), Kind: pli.Offre})
	_, err := o.Encode()
	refused(t, "plis", err, fault.BadRequest, "plis")
	o.Plis = o.Plis[:protocol.MaxPlis]
	for i := range o.Plis {
		o.Plis[i].Label = strings.Repeat("é", 256)
	}
	_, err = o.Encode()
	refused(t, "long labels", err, fault.MessageTooLarge, "")

	r := recipients(t)
	r.Entries = nil
	for range protocol.MaxRecipients {
		r.Entries = append(r.Entries, recipient(t, elliptic.P256()))
	}
	if got, err := lists.ParseRecipients([]byte(encode(t, r))); err != nil || len(got.Entries) != protocol.MaxRecipients {
		t.Errorf("%d recipients: %v", protocol.MaxRecipients, err)
	}
	r.Entries = append(r.Entries, recipient(t, elliptic.P256()))
	_, err = r.Encode()
	refused(t, "recipients", err, fault.BadRequest, "entries")
}

func TestRecipientsCheck(t *testing.T) {
	r := recipients(t)
	e := lists.Expected{Origin: r.Origin, Tender: r.Tender, Lot: "1", Now: issued.Add(lists.MaxAge)}
	if err := r.Check(e); err != nil {
		t.Errorf("a list for the whole tender: %v", err)
	}
	r.Lot = "1"
	if err := r.Check(e); err != nil {
		t.Errorf("a list for the lot: %v", err)
	}
	e.Lot = ""
	refused(t, "whole tender", r.Check(e), fault.ListOther, "lot")
	if r.Closed(r.Deadline) || !r.Closed(r.Deadline.Add(time.Second)) {
		t.Error("Closed")
	}
	deadline(t, *r)
	r.Entries[0].Revoked = true
	if got := r.Usable(issued); len(got) != 1 || got[0].Thumbprint != r.Entries[1].Thumbprint {
		t.Errorf("usable: %d", len(got))
	}
	if got := r.Usable(issued.AddDate(1, 0, 0).Add(time.Second)); len(got) != 0 {
		t.Errorf("usable after all: %d", len(got))
	}
	if got, ok := r.Find(r.Entries[1].Thumbprint); !ok || !bytes.Equal(got.Certificate, r.Entries[1].Certificate) {
		t.Error("Find")
	}
	if _, ok := r.Find(""); ok {
		t.Error("Find of nothing")
	}
}

// deadline: by either clock, and as the list itself wishes.
func deadline(t *testing.T, r lists.Recipients) {
	t.Helper()
	after := r.Deadline.Add(time.Second)
	if err := r.Open(r.Deadline); err != nil {
		t.Error(err)
	}
	refused(t, "late", r.Open(after), fault.DeadlinePassed, r.Deadline.Format(time.RFC3339))
	r.Issued = after
	refused(t, "late by the portal's clock", r.Open(r.Deadline), fault.DeadlinePassed, "")
	r.Late = lists.WarnLate
	if err := r.Open(after); err != nil || !r.Closed(after) {
		t.Errorf("late, with a warning: %v", err)
	}
	data, err := r.Encode()
	if err != nil || !bytes.Contains(data, []byte(`"late":"warn","issued"`)) {
		t.Errorf("%s, %v", data, err)
	}
	again, err := lists.ParseRecipients(data)
	if err != nil || again.Late != lists.WarnLate {
		t.Errorf("read again: %+v, %v", again, err)
	}
}

func TestMatches(t *testing.T) {
	o := opening()
	both, _ := o.Find("1")
	file, _ := o.Find("2")
	if _, ok := o.Find("3"); ok {
		t.Error("Find of nothing")
	}
	no := strings.Repeat("ff", 32)
	for name, c := range map[string]struct {
		p    lists.Pli
		f    lists.Fingerprints
		want bool
	}{
		"header":               {both, lists.Fingerprints{Header: both.HeaderSHA256}, true},
		"all":                  {both, lists.Fingerprints{both.HeaderSHA256, both.SHA256, both.ContentSHA256}, true},
		"other header":         {both, lists.Fingerprints{Header: no}, false},
		"other file":           {both, lists.Fingerprints{both.HeaderSHA256, no, both.ContentSHA256}, false},
		"other content":        {both, lists.Fingerprints{both.HeaderSHA256, both.SHA256, no}, false},
		"nothing":              {both, lists.Fingerprints{}, false},
		"content only":         {both, lists.Fingerprints{Content: both.ContentSHA256}, false},
		"file":                 {file, lists.Fingerprints{Header: no, File: file.SHA256, Content: no}, true},
		"header is not listed": {file, lists.Fingerprints{Header: no}, false},
	} {
		if got := c.p.Matches(c.f); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// FuzzParse: what is read is what is written, byte for byte.
func FuzzParse(f *testing.F) {
	f.Add([]byte(encode(f, recipients(f))))
	f.Add([]byte(encode(f, opening())))
	f.Add([]byte(encode(f, transferOf(f))))
	f.Add([]byte(`{"type":"scelle-opening","version":1}`))
	f.Add([]byte(`{"type":"scelle-recipients","version":1,"entries":[{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if o, err := lists.ParseOpening(data); err == nil && encode(t, o) != string(data) {
			t.Errorf("opening: %s", data)
		}
		if l, err := lists.ParseTransfer(data); err == nil && encode(t, l) != string(data) {
			t.Errorf("transfer: %s", data)
		}
		if r, err := lists.ParseRecipients(data); err == nil && encode(t, r) != string(data) {
			t.Errorf("recipients: %s", data)
		}
	})
}
