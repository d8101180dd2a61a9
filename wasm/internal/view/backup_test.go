package view_test

import (
	"strings"
	"testing"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
	"scelle/wasm/internal/text"
)

const passphrase = "abeille-balcon-cerise-dauphin-fenouil-girafe-hibou-jardin-kimono-lavande-moulin-nuage"

// backed makes the host give a copy with a key.
func backed(s *stage) {
	s.world.Host[protocol.HostGenerate] = func(any) (any, error) {
		return protocol.KeyResult{Certificate: s.keys[0], DER: s.cert.Raw, Backup: &protocol.Backup{File: []byte{1}, Words: []byte(passphrase)}}, nil
	}
}

// backup plays a registration with a copy, up to the screen that shows it.
func backup(set func(*stage), msgs ...model.Msg) func(*stage) model.Screen {
	return func(s *stage) model.Screen {
		backed(s)
		if set != nil {
			set(s)
		}
		screen := confirmed("", nil, model.SetBackup{On: true})(s)
		for _, m := range msgs {
			if _, ok := m.(model.SaveCopy); ok { // as the button says it
				m = model.SaveCopy{Called: text.For(s.env().Lang).S(text.BackupFileName)}
			}
			(&modeltest.Player{Screen: screen, World: s.world}).Send(m)
		}
		return screen
	}
}

// drilled plays the test of a copy.
func drilled(set func(*stage), typed string, hold string, msgs ...model.Msg) func(*stage) model.Screen {
	return func(s *stage) model.Screen {
		s.world.Host[protocol.HostBackupTest] = func(any) (any, error) {
			return protocol.BackupTestResult{Count: 12, Unknown: []int{}, Certificate: &s.keys[0], At: s.env().Time()}, nil
		}
		if set != nil {
			set(s)
		}
		d := model.NewDrill(s.env())
		p := modeltest.StartHolding(d, s.world, hold)
		p.Send(model.CopyPicked{Files: []model.FileRef{{Name: "Sauvegarde Marie Durand 2026-11-22.p12", Size: 4711}}}, model.SetWord{Text: typed})
		p.Send(model.TestCopy{})
		p.Tick()
		p.Send(msgs...)
		p.Tick()
		return d
	}
}

func backupScenes() []scene {
	away := func(s *stage) {
		s.keys[0].HasKey, s.keys[0].Places, s.keys[0].Name = false, []string{}, "Marie Durand, bureau, 2026"
	}
	full := func(s *stage) { s.world.Full = fault.New(fault.DiskFull) }
	known := func(s *stage) {
		s.world.Worker[protocol.OptionsGet] = func(any) (any, error) {
			return protocol.OptionsResult{Sites: []protocol.SiteEntry{{Origin: origin, Allowed: true,
				Keys: []protocol.SiteKey{{Thumbprint: s.keys[0].Thumbprint, Since: "2026-03-01T09:30:00Z"}}}}}, nil
		}
	}
	unknown := func(s *stage) {
		s.world.Host[protocol.HostBackupTest] = func(any) (any, error) {
			return protocol.BackupTestResult{Count: 12, Unknown: []int{3, 9}}, nil
		}
	}
	failing := func(code fault.Code) func(*stage) {
		return func(s *stage) { s.failing(protocol.HostBackupTest, code) }
	}
	restored := func(s *stage) {
		away(s)
		s.world.Host[protocol.HostRestore] = func(any) (any, error) {
			k := s.keys[0]
			k.HasKey, k.Places = true, []string{"Base NSS partagée"}
			return protocol.KeyResult{Certificate: k, DER: s.cert.Raw}, nil
		}
	}
	return []scene{
		{"backup-wish", "assistant", add(protocol.AddParams{Service: "Direction des achats"}, "", nil, model.SetName{Name: "Marie Durand, bureau, 2026"}, model.NextStep{}, model.SetBackup{On: true})},
		{"backup-waits", "assistant", func(s *stage) model.Screen {
			backed(s)
			return confirmed("", func(s *stage) { s.failing(protocol.HostUnwrap, fault.HostStopped) }, model.SetBackup{On: true})(s)
		}},
		{"backup-shown", "assistant", backup(nil)},
		{"backup-saved", "assistant", backup(nil, model.SaveCopy{}, model.PrintSheet{})},
		{"backup-disk-full", "assistant", backup(full, model.SaveCopy{})},
		{"backup-lost", "assistant", confirmed("", nil, model.SetBackup{On: true})},
		{"drill-form", "backup", func(s *stage) model.Screen { return model.NewDrill(s.env()) }},
		{"drill-missing", "backup", drilled(nil, "abeille balcon", "")},
		{"drill-unknown", "backup", drilled(unknown, passphrase, "")},
		{"drill-other", "backup", drilled(failing(fault.P12Password), passphrase, "")},
		{"drill-running", "backup", drilled(nil, passphrase, "host host.backup.test")},
		{"drill-good", "backup", drilled(known, passphrase, "")},
		{"drill-away", "backup", drilled(away, passphrase, "")},
		{"drill-restored", "backup", drilled(restored, passphrase, "", model.RestoreCopy{Trusted: true})},
	}
}

// TestSheetHoldsEverything: what a person needs years later, in both languages,
// and nothing that asks for a computer to be read.
func TestSheetHoldsEverything(t *testing.T) {
	for _, lang := range []string{"fr", "en"} {
		s := newStage(t, lang)
		page := pageOf(backup(nil, model.SaveCopy{})(s))
		sheet := page.Body[len(page.Body)-1].HTML()
		if !strings.Contains(sheet, `class="sheet"`) {
			t.Fatalf("%s: no sheet", lang)
		}
		wanted := append(strings.Split(passphrase, "-"), passphrase, "Marie Durand, bureau, 2026", "Direction des achats", origin, "scelle import", "2026-11-22.p12")
		for _, want := range wanted {
			if !strings.Contains(sheet, want) {
				t.Errorf("%s: the sheet lacks %q", lang, want)
			}
		}
		if plain := strings.ReplaceAll(sheet, " ", ""); !strings.Contains(plain, s.keys[0].Thumbprint) {
			t.Errorf("%s: the sheet lacks the fingerprint", lang)
		}
	}
}

// TestWordsGoWithTheWindow: after it is closed, or when the test is over, no
// screen shows a word.
func TestWordsGoWithTheWindow(t *testing.T) {
	s := newStage(t, "fr")
	screen := backup(nil)(s)
	p := &modeltest.Player{Screen: screen, World: s.world}
	p.Send(model.Close{})
	html := ""
	for _, n := range pageOf(screen).Body {
		html += n.HTML()
	}
	if !p.Closed || strings.Contains(html, "girafe") {
		t.Errorf("closed %v, shown %s", p.Closed, html)
	}
	for _, n := range pageOf(drilled(nil, passphrase, "")(newStage(t, "fr"))).Body {
		if strings.Contains(n.HTML(), "girafe") {
			t.Error("the words are still on the screen after the test")
		}
	}
}
