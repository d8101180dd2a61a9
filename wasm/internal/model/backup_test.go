package model_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
)

const words = "abeille-balcon-cerise-dauphin-fenouil-girafe-hibou-jardin-kimono-lavande-moulin-nuage"

// backed makes the host give a copy when it is asked to.
func backed(p *portal) (asked *[]bool, copies *[]*protocol.Backup) {
	asked, copies = new([]bool), new([]*protocol.Backup)
	give := func(wanted bool) (any, error) {
		*asked = append(*asked, wanted)
		r := protocol.KeyResult{Certificate: p.entry, DER: p.cert.Raw}
		if wanted {
			r.Backup = &protocol.Backup{File: []byte("file"), Words: []byte(words)}
			*copies = append(*copies, r.Backup)
		}
		return r, nil
	}
	p.world.Host[protocol.HostGenerate] = func(params any) (any, error) { return give(params.(protocol.GenerateParams).Backup) }
	p.world.Host[protocol.HostImport] = func(params any) (any, error) { return give(params.(protocol.ImportParams).Backup) }
	return asked, copies
}

// The page has its answer before the copy is shown, and nothing of the copy is
// ever in what it or the worker is told.
func TestBackupIsShownOnceTheKeyIsActive(t *testing.T) {
	for _, mode := range []protocol.Mode{protocol.ModeLocal, protocol.ModeServer} {
		p := newPortal(t)
		backed(p)
		player, a := p.add(protocol.AddParams{})
		fill(player, mode, p.entry.Thumbprint)
		player.Send(model.SetBackup{On: true}, model.Register{Trusted: true})
		wantStory(t, player, stories[mode])
		if a.Phase != model.AddBackup || !slices.Equal(a.Backup.Words(), strings.Split(words, "-")) {
			t.Fatalf("%s: %s, %v", mode, a.Phase, a.Backup)
		}
		if told := string(p.finished.Result); strings.Contains(told, "abeille") || strings.Contains(told, "backup") || !strings.Contains(told, `"state":"active"`) {
			t.Errorf("%s: the page is told %s", mode, told)
		}
		word := map[protocol.Mode]string{protocol.ModeLocal: "Sauvegarde", protocol.ModeServer: "Backup"}[mode] // as the screen's language has it
		player.Send(model.SaveCopy{Called: word}, model.PrintSheet{}, model.OpenBackupPage{}, model.PageCancelled{})
		if a.Backup.Saved == "" || !player.Did("save Scellé/"+word+" ") || !player.Did("print") || !player.Did("url app/backup.html") || player.Closed {
			t.Errorf("%s: saved %q, log %v", mode, a.Backup.Saved, player.Log)
		}
		held := a.Backup
		player.Send(model.Close{})
		if !player.Closed || a.Backup != nil || strings.Contains(strings.Join(held.Words(), ""), "abeille") {
			t.Errorf("%s: closed %v, still %v", mode, player.Closed, held.Words())
		}
	}
}

func TestNoBackupUnlessWanted(t *testing.T) {
	p := newPortal(t)
	asked, _ := backed(p)
	player, a := p.add(protocol.AddParams{})
	fill(player, protocol.ModeLocal, "")
	player.Send(model.SetBackup{On: true}, model.SetBackup{On: false}, model.Register{Trusted: true})
	if a.Phase != model.AddDone || a.BackupLost() || !slices.Equal(*asked, []bool{false}) {
		t.Errorf("%s, asked %v", a.Phase, *asked)
	}
}

// A key that was made without a copy cannot get one: the person who changes
// their mind after a refusal gets another key.
func TestWishAfterTheKeyMakesAnotherKey(t *testing.T) {
	p := newPortal(t)
	asked, _ := backed(p)
	p.world.Page[protocol.CallSubmitCertificate] = func(any, []model.FileRef) (any, error) { return nil, fault.New(fault.PortalRefused) }
	player, a := p.add(protocol.AddParams{})
	fill(player, protocol.ModeLocal, "")
	for _, on := range []bool{false, false, true, true} {
		player.Send(model.SetBackup{On: on}, model.Register{Trusted: true})
		if a.Phase != model.AddFailed || (a.Backup != nil) != on {
			t.Fatalf("%s, copy %v", a.Phase, a.Backup)
		}
		player.Send(model.Back{})
		player.Tick()
	}
	if !slices.Equal(*asked, []bool{false, true}) {
		t.Errorf("asked %v", *asked)
	}
	player.Send(model.Close{})
	if a.Backup != nil {
		t.Error("the copy outlives the window")
	}
}

// The host's answer is lost after it stored the key: the registration goes on,
// and the person reads that there is no copy.
func TestBackupLostWithTheAnswer(t *testing.T) {
	p := newPortal(t)
	p.world.Host[protocol.HostImport] = func(any) (any, error) { return nil, fault.New(fault.HostStopped) }
	p.world.Host[protocol.HostPresent] = func(any) (any, error) {
		return protocol.HostPresentResult{Present: []string{p.entry.Thumbprint}}, nil
	}
	player, a := p.add(protocol.AddParams{})
	fill(player, protocol.ModeServer, "")
	player.Send(model.SetBackup{On: true}, model.Register{Trusted: true}, model.Retry{})
	if a.Phase != model.AddDone || !a.BackupLost() {
		t.Errorf("%s, lost %v", a.Phase, a.BackupLost())
	}
}

// drill is a Drill with a file and a host that opens it with the right words.
func drill(t *testing.T, p *portal) (*modeltest.Player, *model.Drill) {
	t.Helper()
	p.world.Host[protocol.HostBackupTest] = func(params any) (any, error) {
		b := params.(protocol.BackupTestParams)
		if string(b.File) != "copie.p12" {
			t.Errorf("file %q", b.File)
		}
		switch string(b.Words) {
		case strings.ReplaceAll(words, "-", " "):
			return protocol.BackupTestResult{Count: 12, Unknown: []int{}, Certificate: &p.entry}, nil
		case strings.ReplaceAll(strings.Replace(words, "cerise", "cerize", 1), "-", " "):
			return protocol.BackupTestResult{Count: 12, Unknown: []int{3}}, nil
		}
		return nil, fault.New(fault.P12Password)
	}
	p.world.Worker[protocol.OptionsGet] = func(any) (any, error) {
		return protocol.OptionsResult{Sites: []protocol.SiteEntry{{Origin: origin, Keys: []protocol.SiteKey{{Thumbprint: p.entry.Thumbprint, Since: "2026-03-01T09:30:00Z"}}}}}, nil
	}
	p.world.Pick = []model.FileRef{{Name: "copie.p12", Size: 4000}}
	d := model.NewDrill(model.Env{Lang: "fr"})
	return modeltest.Start(d, p.world), d
}

func TestDrill(t *testing.T) {
	p := newPortal(t)
	player, d := drill(t, p)
	player.Send(model.TestCopy{})
	if !d.Missing || !player.Did("focus pick") {
		t.Errorf("without a file: %v, %v", d.Missing, player.Log)
	}
	player.Send(model.PickFiles{}, model.SetWord{Place: 0, Text: "abeille "})
	if d.Words[0] != "abeille" || !player.Did("focus word-2") {
		t.Errorf("%q, %v", d.Words[0], player.Log)
	}
	player.Send(model.SetWord{Place: 1, Text: "balcon cerize\tdauphin"}, model.TestCopy{})
	if d.Words[3] != "dauphin" || !d.Missing || !player.Did("focus word-5") {
		t.Errorf("%q, %v", d.Words, player.Log)
	}
	player.Send(model.SetWord{Place: 4, Text: strings.Join(strings.Split(words, "-")[4:], " ")}, model.TestCopy{})
	if d.Phase != model.DrillForm || !d.Wrong[2] || len(d.Wrong) != 1 || !player.Did("focus word-3") {
		t.Errorf("%s, wrong %v", d.Phase, d.Wrong)
	}
	player.Send(model.SetWord{Place: 2, Text: "corde"}, model.TestCopy{})
	if d.Phase != model.DrillForm || d.Fault == nil || d.Fault.Code != fault.P12Password || d.Words[2] != "corde" {
		t.Errorf("other words: %s, %v", d.Phase, d.Fault)
	}
	player.Send(model.SetWord{Place: 2, Text: "cerise"}, model.TestCopy{})
	if d.Phase != model.DrillGood || d.Found.Thumbprint != p.entry.Thumbprint || len(d.Sites) != 1 || d.Restorable() || d.Words[0] != "" {
		t.Errorf("%s, %v, sites %v", d.Phase, d.Found, d.Sites)
	}
	player.Send(model.RestoreCopy{Trusted: true})
	if player.Did("host host.backup.restore") {
		t.Error("a key that is here is stored again")
	}
	player.Send(model.Retry{})
	if d.Phase != model.DrillForm || d.File != nil || !player.Did("forget copie.p12") {
		t.Errorf("%s, %v", d.Phase, d.File)
	}
}

// A key that is not here can be brought back, by a person's click only.
func TestDrillRestores(t *testing.T) {
	p := newPortal(t)
	player, d := drill(t, p)
	p.entry.HasKey = false
	fails := true
	p.world.Host[protocol.HostRestore] = func(params any) (any, error) {
		if fails {
			return nil, fault.New(fault.StoreBusy)
		}
		r := params.(protocol.BackupRestoreParams)
		if string(r.File) != "copie.p12" || !bytes.HasPrefix(r.Words, []byte("abeille ")) {
			t.Errorf("%q %q", r.File, r.Words)
		}
		key := p.entry
		key.HasKey = true
		return protocol.KeyResult{Certificate: key}, nil
	}
	player.Send(model.PickFiles{}, model.SetWord{Text: words}, model.TestCopy{}, model.RestoreCopy{Trusted: true})
	player.Tick()
	player.Send(model.RestoreCopy{})
	if !d.Restorable() || player.Did("host host.backup.restore") {
		t.Fatalf("%v, %v", d.Restorable(), player.Log)
	}
	player.Send(model.RestoreCopy{Trusted: true})
	if d.Fault == nil || d.Fault.Code != fault.StoreBusy || !d.Restorable() {
		t.Errorf("%v", d.Fault)
	}
	player.Tick()
	fails = false
	player.Send(model.RestoreCopy{Trusted: true})
	if !d.Restored || d.Restorable() || d.Fault != nil || d.Words[0] != "" {
		t.Errorf("restored %v, %v", d.Restored, d.Fault)
	}
	player.Send(model.Close{})
	if !player.Closed {
		t.Error("not closed")
	}
}
