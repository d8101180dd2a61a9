package model_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/shared/fault"
	"scelle/shared/pli"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/trust"
)

// listing is a portal that signs the list of an opening, and what the worker
// has settled about its key.
type listing struct {
	*portal
	list   *lists.Opening
	pin    string
	trust  protocol.TrustResult
	pinned []string
	bad    error // of the list's verification
	params protocol.OpenParams
}

func hashOf(what string) string { return strings.Repeat(what, 32) }

// newListing opens p1 and p2, known by header, file and content.
func newListing(t *testing.T) *listing {
	at := env().Time()
	l := &listing{portal: newPortal(t), pin: hashOf("0a"), trust: protocol.TrustResult{Unsigned: protocol.WarnUnsigned}, params: plis(2),
		list: &lists.Opening{Origin: origin, Tender: "2026-T/42", NotBefore: at.Add(-time.Minute), Issued: at}}
	l.readable()
	for i, id := range []string{"p1", "p2"} {
		n := string(rune('1' + i))
		l.list.Plis = append(l.list.Plis, lists.Pli{ID: id, HeaderSHA256: hashOf("a" + n), SHA256: hashOf("b" + n), ContentSHA256: hashOf("c" + n), Label: "Entreprise " + n, Kind: pli.Offre, Lot: n})
	}
	digit := func(f model.FileRef) string { return strings.TrimPrefix(f.Name, "p") }
	inspect, open := l.world.Inspect, l.world.Open
	l.world.Inspect = func(f model.FileRef) (model.EnvelopeInfo, error) {
		info, err := inspect(f)
		info.HeaderSHA256 = hashOf("a" + digit(f))
		return info, err
	}
	l.world.Sum = func(f model.FileRef) string { return hashOf("b" + digit(f)) }
	l.world.Open = func(o model.OpenFile) (model.Opened, error) {
		opened, err := open(o)
		opened.SHA256, opened.ContentSHA256 = hashOf("b"+digit(o.File)), hashOf("c"+digit(o.File))
		opened.Kind, opened.Lot = "offre", digit(o.File)
		return opened, err
	}
	l.world.Verify = func([]byte) (*trust.Signed, error) {
		data, err := l.list.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return &trust.Signed{Pin: l.pin, JSON: data}, l.bad
	}
	l.world.Worker[protocol.SiteTrust] = func(any) (any, error) { return l.trust, nil }
	l.world.Worker[protocol.SitePin] = func(params any) (any, error) {
		p := params.(protocol.PinParams)
		if p.Origin != origin || len(l.trust.Pins) > 0 && l.trust.Pins[0] != p.Pin {
			return nil, fault.New(fault.ListSigner)
		}
		l.pinned = append(l.pinned, p.Pin)
		return protocol.Empty{}, nil
	}
	l.params.OpeningList = []byte("signed")
	return l
}

// TestOpenByTheList: the first list is kept with the consent, not before; what
// the portal signed of a pli counts, not what the page says.
func TestOpenByTheList(t *testing.T) {
	l := newListing(t)
	player, o := l.start(l.params, "")
	if o.Phase != model.OpenConsent || !o.Check.First || len(l.pinned) > 0 || o.Plis[0].Label != "Entreprise 1" || o.Plis[1].Lot != "2" {
		t.Fatalf("phase %s %v, %+v, kept %v", o.Phase, o.Fault, o.Check, l.pinned)
	}
	player.Send(model.Consent{Trusted: true})
	story := player.Story()
	if before, after := strings.Index(story, "worker site.pin"), strings.Index(story, "host host.batch.begin"); before < 0 || after < before {
		t.Errorf("story:\n%s", story)
	}
	r := l.result()
	if !slices.Equal(l.pinned, []string{l.pin}) || !r.Plis[0].Opened || !r.Plis[1].Opened || !r.List.Signed || r.List.Pin != l.pin {
		t.Errorf("kept %v, result %+v", l.pinned, r)
	}
	if o.Plis[0].Misplaced || o.Plis[0].Altered {
		t.Errorf("%+v", o.Plis[0])
	}
}

// TestOrderOfTheList: candidatures come first by what the portal signed.
func TestOrderOfTheList(t *testing.T) {
	l := newListing(t)
	l.params.Plis[0].Kind, l.params.Plis[1].Kind = "candidature", "offre"
	l.list.Plis[1].Kind = pli.Candidature
	if _, o := l.start(l.params, ""); o.Plis[0].ID != "p2" || o.Plis[1].Kind != "offre" {
		t.Errorf("%s first, then %s", o.Plis[0].ID, o.Plis[1].Kind)
	}
}

// TestListIsRefused: nothing of this computer is looked at, and the page hears
// what is wrong with its own list.
func TestListIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change    func(*listing)
		code      fault.Code
		retryable bool
	}{
		"forged":                {func(l *listing) { l.bad = fault.New(fault.ListForged) }, fault.ListForged, false},
		"another tender":        {func(l *listing) { l.list.Tender = "2026-T/43" }, fault.ListOther, false},
		"another site":          {func(l *listing) { l.list.Origin = "https://x.example" }, fault.ListOther, false},
		"old":                   {func(l *listing) { l.list.Issued = l.list.Issued.Add(-25 * time.Hour) }, fault.ListExpired, true},
		"early":                 {func(l *listing) { l.list.NotBefore = l.list.NotBefore.Add(time.Hour) }, fault.OpeningEarly, true},
		"another key":           {func(l *listing) { l.trust.Pins = []string{hashOf("ff")} }, fault.ListSigner, false},
		"unsigned, refused":     {func(l *listing) { l.params.OpeningList, l.trust.Unsigned = nil, protocol.RefuseUnsigned }, fault.ListUnsigned, false},
		"unsigned, a known key": {func(l *listing) { l.params.OpeningList, l.trust.Pins = nil, []string{hashOf("0a")} }, fault.ListUnsigned, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := newListing(t)
			c.change(l)
			player, o := l.start(l.params, "")
			if o.Phase != model.OpenFailed || o.Fault.Code != c.code || o.Retryable() != c.retryable {
				t.Fatalf("phase %s, %v, retryable %v", o.Phase, o.Fault, o.Retryable())
			}
			if player.Did("host") || player.Did("fetch") {
				t.Errorf("log %v", player.Log)
			}
			player.Send(model.Close{})
			if l.finished == nil || l.finished.Fault == nil || l.finished.Fault.Code != c.code || len(l.pinned) > 0 {
				t.Errorf("the page hears %+v", l.finished)
			}
		})
	}
}

// TestEarlyOpeningIsRetried when its time has come.
func TestEarlyOpeningIsRetried(t *testing.T) {
	l := newListing(t)
	was := l.list.NotBefore
	l.list.NotBefore = was.Add(time.Hour)
	player, o := l.start(l.params, "")
	l.list.NotBefore = was
	player.Send(model.Retry{})
	if o.Phase != model.OpenConsent || player.Count("verify list") != 2 {
		t.Errorf("phase %s, %v", o.Phase, o.Fault)
	}
}

// TestPlisOutsideTheList: swapped before the opening, swapped behind the
// header, not in the list at all. The others are opened.
func TestPlisOutsideTheList(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*listing)
		unwraps int
	}{
		"not in the list":   {func(l *listing) { l.list.Plis = l.list.Plis[1:] }, 1},
		"another header":    {func(l *listing) { l.list.Plis[0].HeaderSHA256 = hashOf("ff") }, 1},
		"another file":      {func(l *listing) { l.list.Plis[0].HeaderSHA256, l.list.Plis[0].SHA256 = "", hashOf("ff") }, 1},
		"another remainder": {func(l *listing) { l.list.Plis[0].SHA256 = hashOf("ff") }, 2},
		"another content":   {func(l *listing) { l.list.Plis[0].ContentSHA256 = hashOf("ff") }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			l := newListing(t)
			c.change(l)
			player, o := l.start(l.params, "")
			player.Send(model.Consent{Trusted: true})
			r := l.result()
			if r.Plis[0].Opened || r.Plis[0].Fault.Code != fault.ListPli || r.Plis[0].Files != nil || !r.Plis[1].Opened {
				t.Errorf("%+v", r.Plis)
			}
			if player.Count("host host.keys.unwrap") != c.unwraps || player.Count("save") != 1 || c.unwraps == 2 && !player.Did("forget p1.pdf") {
				t.Errorf("log %v", player.Log)
			}
			if o.Plis[0].Opened != nil {
				t.Error("what was in it is shown")
			}
		})
	}
}

// TestListByFilesAlone: a portal that knows no headers signs the files' sums;
// they are taken before a key is used.
func TestListByFilesAlone(t *testing.T) {
	l := newListing(t)
	for i := range l.list.Plis {
		l.list.Plis[i].HeaderSHA256, l.list.Plis[i].ContentSHA256 = "", ""
	}
	player, _ := l.start(l.params, "")
	player.Send(model.Consent{Trusted: true})
	if r := l.result(); !r.Plis[0].Opened || !r.Plis[1].Opened {
		t.Errorf("%+v", r.Plis)
	}
}

// TestUnsignedOpeningIsSaid and allowed, where nothing forbids it.
func TestUnsignedOpeningIsSaid(t *testing.T) {
	l := newListing(t)
	l.params.OpeningList = nil
	player, o := l.start(l.params, "")
	if o.Phase != model.OpenConsent || o.Check.Signed || o.Check.Fault == nil || player.Did("verify") {
		t.Fatalf("phase %s, %+v", o.Phase, o.Check)
	}
	player.Send(model.Consent{Trusted: true})
	if r := l.result(); !r.Plis[0].Opened || r.List.Fault.Code != fault.ListUnsigned || len(l.pinned) > 0 {
		t.Errorf("%+v", r)
	}
}

// TestKeyChangesDuringConsent: another window has kept another key meanwhile.
func TestKeyChangesDuringConsent(t *testing.T) {
	l := newListing(t)
	player, o := l.start(l.params, "")
	l.trust.Pins = []string{hashOf("ff")}
	player.Send(model.Consent{Trusted: true})
	if o.Phase != model.OpenFailed || o.Fault.Code != fault.ListSigner || player.Did("host host.batch.begin") {
		t.Errorf("phase %s, %v", o.Phase, o.Fault)
	}
}

// TestRecordNamesTheSigner: who signed the list, and why that key counts.
func TestRecordNamesTheSigner(t *testing.T) {
	since := "2026-11-01T08:00:00Z"
	for pinned, settled := range map[protocol.Pinned]protocol.TrustResult{
		protocol.PinnedFirst:   {},
		protocol.PinnedKept:    {Pins: []string{hashOf("0a")}, Since: since},
		protocol.PinnedManaged: {Pins: []string{hashOf("0a")}, Managed: true},
		"":                     {Unsigned: protocol.WarnUnsigned},
	} {
		l := newListing(t)
		l.trust = settled
		if pinned == "" {
			l.params.OpeningList = nil
		}
		player, o := l.start(l.params, "")
		player.Send(model.Consent{Trusted: true})
		r := o.Minutes.Record
		if r == nil || r.List == nil {
			t.Fatalf("%s: no record, or none of a list: %+v, phase %s", pinned, r, o.Phase)
		}
		if got := *r.List; got.Pinned != pinned || got.Signed != (pinned != "") || (got.Pin == l.pin) != got.Signed || (got.Since == since) != (pinned == protocol.PinnedKept) ||
			got.Signed && (!got.NotBefore.Equal(l.list.NotBefore) || !got.Issued.Equal(l.list.Issued)) {
			t.Errorf("%s: %+v", pinned, got)
		}
	}
}
