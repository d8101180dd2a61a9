package view_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/shared/checkup"
	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
	"scelle/wasm/internal/view"
)

var update = flag.Bool("update", false, "write the golden files")

// scene is one screen in one state.
type scene struct {
	name string
	role string // data-role of its document
	play func(*stage) model.Screen
}

// scenes are all screens and the states that look different.
func scenes() []scene {
	return slices.Concat(popupScenes(), addScenes(), verifyScenes(), openScenes(), rehearsalScenes(), transferScenes(), checkScenes(), optionsScenes(), backupScenes())
}

func checkScenes() []scene {
	played := func(hold string, set func(*stage), msgs ...model.Msg) func(*stage) model.Screen {
		return func(s *stage) model.Screen {
			set(s)
			c := model.NewCheck(s.env())
			modeltest.StartHolding(c, s.world, hold).Send(msgs...)
			return c
		}
	}
	broken := func(s *stage) {
		s.found = map[checkup.Check]protocol.Finding{
			checkup.PolicyUserHosts:    {Check: checkup.PolicyUserHosts, Level: checkup.Bad, Detail: "chromium: policy-user-hosts (/etc/chromium/policies/managed/base.json, NativeMessagingUserLevelHosts)"},
			checkup.Clock:              {Check: checkup.Clock, Level: checkup.Note},
			checkup.DiskSpace:          {Check: checkup.DiskSpace, Level: checkup.Warning, Detail: "412 MiB"},
			checkup.CommandInterpreter: {Check: checkup.CommandInterpreter, Level: checkup.Skipped},
		}
	}
	unknown := func(s *stage) {
		s.found = map[checkup.Check]protocol.Finding{checkup.CardReader: {Check: "from-the-future", Level: checkup.Warning}}
	}
	return []scene{
		{"check-running", "check", played("host host.doctor", func(*stage) {})},
		{"check-good", "check", played("", func(*stage) {})},
		{"check-bad", "check", played("", broken)},
		{"check-unknown", "check", played("", unknown)},
		{"check-copied", "check", played("", broken, model.CopyReport{})},
		{"check-no-host", "check", played("", func(s *stage) {
			s.failing(protocol.HostDoctor, fault.HostMissing)
			s.world.Worker[protocol.Status] = func(any) (any, error) {
				return protocol.StatusResult{Host: protocol.HostState{Fault: &protocol.Fault{Code: fault.HostMissing}}}, nil
			}
			s.world.Around = func() (model.Surroundings, error) {
				return model.Surroundings{Browser: "Firefox 120", Version: 120, Minimum: 128, Free: -1, BadPolicy: "language"}, nil
			}
		})},
	}
}

// updateScene offers a package, which then cannot be had when err is set.
func updateScene(p protocol.UpdatePackage, err error) func(*stage) {
	return func(s *stage) {
		s.world.Worker[protocol.UpdateCheck] = func(any) (any, error) {
			return protocol.UpdateResult{Source: "https://scelle.example", Host: "0.2.0", Package: &p}, nil
		}
		s.world.Bring = func() (string, error) { return p.Name, err }
	}
}

func popupScenes() []scene {
	popup := func(at string, set func(*stage)) func(*stage) model.Screen {
		return func(s *stage) model.Screen {
			set(s)
			p := model.NewPopup(s.env(), at)
			modeltest.Start(p, s.world)
			return p
		}
	}
	site := func(r protocol.SiteResult) func(*stage) {
		return func(s *stage) {
			s.world.Worker[protocol.SiteState] = func(any) (any, error) { return r, nil }
		}
	}
	return []scene{
		{"popup-checking", "popup", func(s *stage) model.Screen { return model.NewPopup(s.env(), "") }},
		{"popup-new-site", "popup", popup(origin, func(*stage) {})},
		{"popup-allow", "popup", popup(origin, func(s *stage) { s.store(0) })},
		{"popup-first", "popup", popup(origin, noSite)},
		{"popup-first-elsewhere", "popup", popup("", noSite)},
		{"popup-new-list-key", "popup", popup(origin, site(protocol.SiteResult{Allowed: true, Secure: true, Keys: 2, ListKeys: []string{strings.Repeat("3b6a", 16)}, ListKeySince: "2026-11-20T09:30:00Z", NewListKey: true}))},
		{"popup-allowed", "popup", popup(origin, site(protocol.SiteResult{Allowed: true, Secure: true, Keys: 2, ListKeys: []string{strings.Repeat("3b6a", 16)}}))},
		{"popup-health", "popup", popup(origin, func(s *stage) {
			s.store(0)
			s.noted(protocol.SiteKey{Proven: "2026-11-20T08:00:00Z", Mode: protocol.ModeLocal},
				protocol.SiteKey{Thumbprint: strings.Repeat("a1", 32), Proven: "2026-02-03T08:00:00Z", Mode: protocol.ModeServer})
		})},
		{"popup-forbidden", "popup", popup(origin, site(protocol.SiteResult{Secure: true, Forbidden: true}))},
		{"popup-insecure", "popup", popup("http://marches.example", site(protocol.SiteResult{}))},
		{"popup-no-host", "popup", popup("", func(s *stage) {
			s.world.Worker[protocol.Status] = func(any) (any, error) {
				return protocol.StatusResult{Host: protocol.HostState{Fault: &protocol.Fault{Code: fault.HostMissing}}}, nil
			}
		})},
		{"popup-store-locked", "popup", popup("", func(s *stage) {
			s.keys = nil
			locked := protocol.Fault{Code: fault.StoreLocked}
			s.world.Worker[protocol.Status] = func(any) (any, error) {
				return protocol.StatusResult{Host: protocol.HostState{Online: true, Version: "0.1.0"}, Store: protocol.StoreState{Fault: &locked}}, nil
			}
			s.world.Host[protocol.HostList] = func(any) (any, error) {
				return protocol.ListResult{Failed: []protocol.StoreStatus{{Name: "Base NSS partagée", Fault: &locked}}}, nil
			}
		})},
		{"popup-update", "popup", popup(origin, updateScene(protocol.UpdatePackage{Kind: "setup", Name: "scelle-setup-0.2.0.exe", Size: 5_120_000}, nil))},
		{"popup-update-saved", "popup", func(s *stage) model.Screen {
			updateScene(protocol.UpdatePackage{Kind: "deb", Name: "scelle_0.2.0_amd64.deb", Size: 2_050_000}, nil)(s)
			p := model.NewPopup(s.env(), origin)
			modeltest.Start(p, s.world).Send(model.FetchUpdate{Trusted: true})
			return p
		}},
		{"popup-update-failed", "popup", func(s *stage) model.Screen {
			updateScene(protocol.UpdatePackage{Kind: "setup", Name: "scelle-setup-0.2.0.exe", Size: 5_120_000}, fault.New(fault.UpdateDamaged))(s)
			p := model.NewPopup(s.env(), origin)
			modeltest.Start(p, s.world).Send(model.FetchUpdate{Trusted: true})
			return p
		}},
		{"popup-update-later", "popup", popup(origin, func(s *stage) {
			s.world.Worker[protocol.UpdateCheck] = func(any) (any, error) {
				return protocol.UpdateResult{Source: "https://scelle.example", Host: "0.2.0", Fault: &protocol.Fault{Code: fault.UpdateUnavailable}}, nil
			}
		})},
		{"popup-update-none", "popup", popup(origin, func(s *stage) {
			s.world.Worker[protocol.UpdateCheck] = func(any) (any, error) {
				return protocol.UpdateResult{Source: "https://scelle.example", Fault: &protocol.Fault{Code: fault.UpdateExpired, Detail: "2026-11-01T00:00:00Z"}}, nil
			}
		})},
		{"popup-worker-gone", "popup", popup(origin, func(s *stage) { s.world.Worker = nil })},
	}
}

// add plays the registration: the form is filled in for a mode and confirmed
// when go is true.
func add(params protocol.AddParams, hold string, set func(*stage), msgs ...model.Msg) func(*stage) model.Screen {
	return func(s *stage) model.Screen {
		if set != nil {
			set(s)
		}
		p := s.assistant(protocol.KeysAdd, params, hold)
		p.Send(msgs...)
		p.Tick()
		return p.Screen
	}
}

// confirmed is add and the click that uses the key.
func confirmed(hold string, set func(*stage), msgs ...model.Msg) func(*stage) model.Screen {
	return func(s *stage) model.Screen {
		if set != nil {
			set(s)
		}
		p := s.assistant(protocol.KeysAdd, protocol.AddParams{Service: "Direction des achats"}, hold)
		p.Send(model.SetName{Name: "Marie Durand, bureau, 2026"}, model.NextStep{})
		p.Send(msgs...)
		p.Tick()
		p.Send(model.Register{Trusted: true})
		return p.Screen
	}
}

func addScenes() []scene {
	name := []model.Msg{model.SetName{Name: "Marie Durand, bureau, 2026"}, model.NextStep{}}
	with := func(m ...model.Msg) []model.Msg { return append(append([]model.Msg{}, name...), m...) }
	existing := model.SetMode{Mode: protocol.ModeExisting}
	pending := &protocol.Registration{ID: "k1", State: protocol.AwaitingProof}
	service := protocol.AddParams{Service: "Direction des achats"}
	readOnly := func(s *stage) {
		s.world.Host[protocol.HostStatus] = func(any) (any, error) {
			return protocol.HostStatusResult{Stores: []protocol.StoreStatus{{Name: "NSS", State: "read-only"}}}, nil
		}
	}
	resume := func(state protocol.RegistrationState) func(*stage) model.Screen {
		return func(s *stage) model.Screen {
			r := *pending
			r.Thumbprint, r.State = s.keys[0].Thumbprint, state
			return s.assistant(protocol.KeysAdd, protocol.AddParams{Name: "Marie Durand, bureau, 2026", Resume: &r}, "").Screen
		}
	}
	return []scene{
		{"add-checking", "assistant", add(service, "host host.status", nil)},
		{"add-name", "assistant", add(service, "", nil, model.SetName{Name: "Marie Durand, bureau, 2026"}, model.SetRecovery{On: true})},
		{"add-name-error", "assistant", add(service, "", nil, model.NextStep{})},
		{"add-local", "assistant", add(service, "", nil, name...)},
		{"add-local-error", "assistant", confirmed("", nil, model.SetCommonName{CommonName: " "})},
		{"add-server", "assistant", add(service, "", nil, with(model.SetMode{Mode: protocol.ModeServer})...)},
		{"add-existing", "assistant", add(service, "", func(s *stage) { s.store(0) }, with(existing, model.ChooseCertificate{Thumbprint: strings.Repeat("a1", 32)})...)},
		{"add-existing-many", "assistant", add(service, "", func(s *stage) { s.store(8) }, with(existing, model.SetFilter{Filter: "clé"})...)},
		{"add-existing-none", "assistant", add(service, "", func(s *stage) { s.keys = nil }, with(existing)...)},
		{"add-existing-missing", "assistant", confirmed("", nil, existing)},
		{"add-existing-loading", "assistant", add(service, "host host.keys.list", nil, with(existing)...)},
		{"add-existing-failed", "assistant", add(service, "", func(s *stage) { s.failing(protocol.HostList, fault.StoreDamaged) }, with(existing)...)},
		{"add-read-only", "assistant", add(service, "", readOnly, name...)},
		{"add-running", "assistant", confirmed("page requestChallenge", nil)},
		{"add-running-server", "assistant", confirmed("host host.keys.import", nil, model.SetMode{Mode: protocol.ModeServer})},
		{"add-failed", "assistant", confirmed("", func(s *stage) { s.failing(protocol.HostUnwrap, fault.TokenRemoved) })},
		{"add-failed-import", "assistant", confirmed("", func(s *stage) { s.failing(protocol.HostImport, fault.TransportFailed) }, model.SetMode{Mode: protocol.ModeServer})},
		{"add-failed-early", "assistant", confirmed("", func(s *stage) { s.failing(protocol.HostGenerate, fault.StoreBusy) })},
		{"add-no-host", "assistant", add(service, "", func(s *stage) { s.failing(protocol.HostStatus, fault.HostMissing) })},
		{"add-foreign", "assistant", confirmed("", func(s *stage) {
			s.world.Small = func(model.OpenSmall) (string, error) { return "", fault.New(fault.ProofForeign) }
		})},
		{"add-done", "assistant", confirmed("", nil)},
		{"add-done-recovery", "assistant", func(s *stage) model.Screen {
			p := s.assistant(protocol.KeysAdd, protocol.AddParams{Name: "Coffre du service", Recovery: true, Mode: protocol.ModeServer}, "")
			p.Send(model.NextStep{})
			p.Tick()
			p.Send(model.Register{Trusted: true})
			return p.Screen
		}},
		{"add-resume", "assistant", resume(protocol.AwaitingProof)},
		{"add-resume-stale", "assistant", resume(protocol.AwaitingImport)},
		{"broken", "assistant", func(s *stage) model.Screen { return model.NewBroken(s.env(), fault.New(fault.SessionLost)) }},
	}
}

// draw is a scene's HTML, with what is said and the title.
func draw(t *testing.T, sc scene, lang string) string {
	t.Helper()
	page := pageOf(sc.play(newStage(t, lang)))
	if page.Lang != lang || page.Title == "" {
		t.Errorf("%s: language %q, title %q", sc.name, page.Lang, page.Title)
	}
	var b strings.Builder
	for _, n := range page.Body {
		if refused := n.Refused(); len(refused) > 0 {
			t.Errorf("%s: package dom left out %q", sc.name, refused)
		}
		b.WriteString(n.HTML())
	}
	return "<!-- " + page.Title + " | " + page.Status + " -->\n" + b.String()
}

func TestGolden(t *testing.T) {
	known := map[string]bool{"README.md": true, "key.pem": true, "next.pem": true, "backup.pem": true, "record.fr.html": true, "record.en.html": true}
	for _, sc := range scenes() {
		for _, lang := range []string{"fr", "en"} {
			file := sc.name + "." + lang + ".html"
			known[file] = true
			t.Run(file, func(t *testing.T) { compare(t, file, draw(t, sc, lang)) })
		}
	}
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) < 60 {
		t.Errorf("only %d golden files", len(entries))
	}
	for _, e := range entries {
		if !known[e.Name()] {
			t.Errorf("testdata/%s belongs to no scene", e.Name())
		}
	}
}

func compare(t *testing.T, file, got string) {
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at it and run with -update\n%s", path, got)
	}
}

// TestRecordDocument is a page that stands alone; hostile names are text.
func TestRecordDocument(t *testing.T) {
	for _, lang := range []string{"fr", "en"} {
		s := newStage(t, lang)
		params := tender("a", "cbc", "other", "bad")
		params.Plis[0].Label, params.Plis[0].SHA256 = `<script>alert("1")</script>`, strings.Repeat("9", 64)
		p := s.assistant(protocol.PliOpen, params, "")
		p.Send(model.Consent{Trusted: true})
		record := p.Screen.(*model.Assistant).Part.(*model.Opening).Minutes.Record
		page := view.RecordDocument(s.env(), record)
		if strings.Contains(page, "<script") || !strings.Contains(page, "&lt;script&gt;") {
			t.Error("a label is markup")
		}
		if strings.Contains(page, "src=") || strings.Contains(page, "href=") {
			t.Error("the page needs another file")
		}
		compare(t, "record."+lang+".html", page)
	}
}

// TestRecordName is in the person's language, by the person's clock.
func TestRecordName(t *testing.T) {
	started := time.Date(2029, 3, 12, 23, 4, 5, 0, time.UTC)
	r := &model.Record{OpeningRecord: protocol.OpeningRecord{Started: started}}
	paris := func(time.Time) (string, int) { return "CET", 3600 }
	for _, c := range []struct {
		env  model.Env
		want string
	}{
		{model.Env{Lang: "fr", Zone: paris}, "procès-verbal 2029-03-13 00h04m05"},
		{model.Env{Lang: "en", Zone: paris}, "opening record 2029-03-13 00h04m05"},
		{model.Env{Lang: "fr"}, "procès-verbal 2029-03-12 23h04m05"},
	} {
		if got := view.RecordName(c.env, r); got != c.want {
			t.Errorf("%s: %q, want %q", c.env.Lang, got, c.want)
		}
	}
}
