package model_test

import (
	"strings"
	"testing"

	"scelle/shared/checkup"
	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
)

// checkWorld is a browser, an extension and a host where nothing is wrong.
type checkWorld struct {
	*modeltest.World
	status protocol.StatusResult
	doctor protocol.DoctorResult
	around model.Surroundings
	fails  map[string]error // by "status", "doctor", "around"
}

func newCheckWorld() *checkWorld {
	w := &checkWorld{
		status: protocol.StatusResult{Host: protocol.HostState{Online: true, Version: env().Version}, Store: protocol.StoreState{Ready: true}},
		doctor: protocol.DoctorResult{Version: "0.1.0", OS: "linux", Arch: "amd64", System: "Linux 6.1"},
		around: model.Surroundings{Browser: "Chromium 156", Version: 156, Minimum: 130, Sites: 2, Free: 9 << 30},
		fails:  map[string]error{},
	}
	for _, c := range checkup.Of(checkup.Host) {
		w.doctor.Findings = append(w.doctor.Findings, protocol.Finding{Check: c, Level: checkup.Good})
	}
	w.World = &modeltest.World{
		Worker: map[protocol.Method]func(any) (any, error){protocol.Status: func(any) (any, error) { return w.status, w.fails["status"] }},
		Host:   map[protocol.Method]func(any) (any, error){protocol.HostDoctor: func(any) (any, error) { return w.doctor, w.fails["doctor"] }},
		Around: func() (model.Surroundings, error) { return w.around, w.fails["around"] },
	}
	return w
}

func (w *checkWorld) play() *model.Check {
	c := model.NewCheck(env())
	modeltest.Start(c, w.World)
	return c
}

func finding(c *model.Check, check checkup.Check) protocol.Finding {
	for _, f := range c.Findings {
		if f.Check == check {
			return f
		}
	}
	return protocol.Finding{}
}

func TestCheckMakesEveryCheck(t *testing.T) {
	c := newCheckWorld().play()
	for _, check := range checkup.Checks() {
		if f := finding(c, check); f.Level != checkup.Good {
			t.Errorf("%s: %+v", check, f)
		}
	}
	if c.Running() || len(c.Findings) != len(checkup.Checks()) || c.Count(checkup.Good) != len(c.Findings) || c.Host == nil {
		t.Errorf("%+v", c)
	}
}

// TestEachExtensionCheckIsProvoked: one thing wrong at a time.
func TestEachExtensionCheckIsProvoked(t *testing.T) {
	offline := func(w *checkWorld) {
		w.status.Host = protocol.HostState{Fault: &protocol.Fault{Code: fault.HostMissing}}
		w.fails["doctor"] = fault.New(fault.HostMissing)
	}
	provoked := map[checkup.Check]bool{}
	for _, c := range []struct {
		check  checkup.Check
		breaks func(*checkWorld)
		level  checkup.Level
		detail string
	}{
		{checkup.HostReachable, offline, checkup.Bad, "host-missing"},
		{checkup.VersionsAgree, offline, checkup.Skipped, ""},
		{checkup.VersionsAgree, func(w *checkWorld) { w.status.RequiresUpdate.Host = true }, checkup.Bad, "host-outdated"},
		{checkup.VersionsAgree, func(w *checkWorld) { w.status.RequiresUpdate.Extension = true }, checkup.Bad, "extension-outdated"},
		{checkup.VersionsAgree, func(w *checkWorld) { w.status.Host.Version = "9.9" }, checkup.Note, env().Version + " / 9.9"},
		{checkup.SitePermission, func(w *checkWorld) { w.around.Sites = 0 }, checkup.Note, ""},
		{checkup.WorkerAnswers, func(w *checkWorld) { w.fails["status"] = fault.New(fault.Internal) }, checkup.Bad, "internal"},
		{checkup.StorageQuota, func(w *checkWorld) { w.around.Free = 500 << 20 }, checkup.Warning, "500 MiB"},
		{checkup.StorageQuota, func(w *checkWorld) { w.around.Free = -1 }, checkup.Skipped, ""},
		{checkup.ManagedSettings, func(w *checkWorld) { w.around.BadPolicy = "allowedPortals" }, checkup.Bad, "allowedPortals"},
		{checkup.BrowserVersion, func(w *checkWorld) { w.around.Version, w.around.Browser = 120, "Chromium 120" }, checkup.Bad, "Chromium 120 < 130"},
		{checkup.BrowserVersion, func(w *checkWorld) { w.around.Missing = []string{"navigator.locks.request"} }, checkup.Bad, "Chromium 156: navigator.locks.request"},
		{checkup.BrowserVersion, func(w *checkWorld) { w.fails["around"] = fault.New(fault.Internal) }, checkup.Warning, "internal"},
	} {
		w := newCheckWorld()
		c.breaks(w)
		screen := w.play()
		if f := finding(screen, c.check); f.Level != c.level || f.Detail != c.detail || screen.Running() {
			t.Errorf("%+v, want %s %q", f, c.level, c.detail)
		}
		if c.level != checkup.Skipped {
			provoked[c.check] = true
		}
		if first := screen.Findings[0]; c.level == checkup.Bad && first.Level != checkup.Bad {
			t.Errorf("%s comes after %+v", c.check, first)
		}
	}
	for _, check := range checkup.Of(checkup.Extension) {
		if !provoked[check] {
			t.Errorf("%s is never provoked", check)
		}
	}
}

// TestCheckWithAnOlderHost: one that does not know the question is outdated,
// and the rest is shown.
func TestCheckWithAnOlderHost(t *testing.T) {
	w := newCheckWorld()
	w.fails["doctor"] = fault.New(fault.UnknownMethod)
	c := w.play()
	if c.Running() || c.Host != nil || c.Count(checkup.Warning) != 1 || len(c.Findings) != len(checkup.Of(checkup.Extension))+1 {
		t.Errorf("%+v", c.Findings)
	}
}

// TestCheckAgain: a second run starts from nothing, and answers to the first
// do not count.
func TestCheckAgain(t *testing.T) {
	w := newCheckWorld()
	c := model.NewCheck(env())
	p := modeltest.StartHolding(c, w.World, "host")
	if !c.Running() || c.Done != 2 {
		t.Errorf("%d of %d", c.Done, c.Total)
	}
	p.Send(model.CopyReport{}, model.Refresh{}) // neither while it runs
	if p.Did("copy") || p.Count("host") != 1 {
		t.Errorf("%v", p.Log)
	}
	p.Release()
	p.Send(model.CopyReport{})
	if !c.Copied || !p.Did("copy Scellé "+env().Version+", Chromium 156, scelle 0.1.0, linux/amd64, Linux 6.1") {
		t.Errorf("%v", p.Log)
	}
	p.Send(model.Refresh{})
	if c.Copied || len(c.Findings) != len(checkup.Checks()) || p.Count("host host.doctor") != 2 {
		t.Errorf("%v %v", c.Copied, p.Log)
	}
}

// TestCheckReport: what is wrong stands first, with its remedy; what is good
// is one line a check.
func TestCheckReport(t *testing.T) {
	w := newCheckWorld()
	w.doctor.Findings[0] = protocol.Finding{Check: checkup.BrowserRegistration, Level: checkup.Bad, Detail: "firefox"}
	report := w.play().Report()
	bad := strings.Index(report, "[bad] browser-registration (firefox)\n    "+checkup.BrowserRegistration.Cause(env().Lang)+"\n    → "+checkup.BrowserRegistration.Remedy(env().Lang))
	if good := strings.Index(report, "[good] "); bad < 0 || good < bad || strings.Count(report, "\n[good] ") != len(checkup.Checks())-1 {
		t.Errorf("%s", report)
	}
}

func TestPopupLeadsToTheCheck(t *testing.T) {
	p := newPortal(t)
	popupWorld(p, &protocol.SiteResult{})
	player := modeltest.Start(model.NewPopup(env(), ""), p.world)
	player.Send(model.OpenCheckPage{})
	if !player.Did("url app/check.html") {
		t.Errorf("%v", player.Log)
	}
}
