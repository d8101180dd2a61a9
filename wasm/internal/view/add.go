package view

import (
	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/version"
	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/text"
)

const protocolVersion = version.Protocol

// Assistant draws an assistant's window: a question of the host, or why there is
// nothing to work for, or its part, which part draws.
func Assistant(a *model.Assistant, part func(model.Screen) Page) Page {
	w := newWriter(a.Env)
	if a.PIN != nil {
		return w.pin(a.Site, a.PIN, a.PINTooLong)
	}
	if a.Broken == nil {
		return part(a.Part)
	}
	return Page{Title: w.S(text.BrokenTitle), Lang: w.Code(), Status: w.S(text.BrokenTitle), Body: []dom.Node{
		dom.El("header", dom.Set("class", "bar"), w.seal(), w.title(text.BrokenTitle)),
		dom.El("section", dom.Set("class", "screen"), w.alert(a.Broken), actions(w.button("primary", text.Close, model.Close{}))),
	}}
}

// ForKeys draws what model.ForKeys makes.
func ForKeys(part model.Screen) Page {
	switch part := part.(type) {
	case *model.Add:
		return newWriter(part.Env).add(part)
	case *model.Verify:
		return newWriter(part.Env).verify(part)
	}
	return Page{Lang: "fr"}
}

// add draws the registration of a key.
func (w *writer) add(a *model.Add) Page {
	title := text.AddTitle
	if a.Phase == model.AddResume {
		title = text.ResumeTitle
	}
	page := Page{Title: w.S(title) + " – Scellé", Lang: w.Code(), Status: w.addStatus(a)}
	page.Body = []dom.Node{
		dom.El("header", dom.Set("class", "bar"), w.seal(), w.addHeading(a)),
		w.origin(a.Site),
		dom.El("section", dom.Key(string(a.Phase)), dom.Set("class", "screen"), w.addBody(a)),
	}
	if a.Phase == model.AddBackup {
		page.Body = append(page.Body, w.sheet(a))
	}
	return page
}

func (w *writer) addHeading(a *model.Add) dom.Node {
	switch a.Phase {
	case model.AddName:
		return w.title(text.AddStepName)
	case model.AddMode:
		return w.title(text.AddStepMode)
	case model.AddResume:
		return w.title(text.ResumeTitle)
	case model.AddRunning:
		return w.title(text.AddRunningTitle)
	case model.AddFailed:
		return w.title(text.AddFailedTitle)
	case model.AddDone:
		return w.title(text.AddDoneTitle)
	case model.AddBackup:
		return w.title(text.BackupTitle)
	}
	return w.title(text.AddTitle)
}

func (w *writer) addStatus(a *model.Add) string {
	switch a.Phase {
	case model.AddRunning:
		return w.S(stepText(a.Step))
	case model.AddFailed:
		return a.Fault.Code.Text(w.Code())
	case model.AddDone:
		return w.S(text.AddDoneTitle)
	case model.AddBackup:
		return w.S(text.BackupTitle)
	case model.AddName:
		return w.S(text.StepOf, 1, 2)
	case model.AddMode:
		return w.S(text.StepOf, 2, 2)
	case model.AddResume:
		return w.S(text.ResumeTitle)
	}
	return w.S(text.AddChecking)
}

func (w *writer) addBody(a *model.Add) dom.Part {
	switch a.Phase {
	case model.AddName:
		return w.addName(a)
	case model.AddMode:
		return w.addMode(a)
	case model.AddResume:
		return w.addResume(a)
	case model.AddRunning:
		return w.addRunning(a)
	case model.AddFailed:
		return w.addFailed(a)
	case model.AddDone:
		return w.addDone(a)
	case model.AddBackup:
		return w.addBackup(a)
	}
	return dom.Parts(w.note(text.AddChecking), actions(w.button("quiet", text.Cancel, model.Cancel{})))
}

func (w *writer) service(a *model.Add) dom.Part {
	if a.Service == "" {
		return nil
	}
	return dom.El("p", dom.Set("class", "service"), dom.Text(w.S(text.ServiceLine, a.Service)))
}

// addName is step 1.
func (w *writer) addName(a *model.Add) dom.Part {
	return dom.El("form", dom.On("submit", dom.Send(model.NextStep{})),
		dom.El("p", dom.Set("class", "step"), dom.Text(w.S(text.StepOf, 1, 2))), w.service(a), w.stale(a),
		dom.El("div", dom.Set("class", "field"),
			dom.El("label", dom.Set("for", "name"), dom.Text(w.S(text.NameLabel))),
			dom.El("input", dom.Set("id", "name"), dom.Set("type", "text"), dom.Value(a.Name), dom.Set("autocomplete", "off"), dom.Flag("required", true),
				described("name-help", "name-error", a.NameFault != nil),
				dom.On("input", func(e dom.Event) any { return model.SetName{Name: e.Value} })),
			dom.El("p", dom.Set("id", "name-help"), dom.Set("class", "help"), dom.Text(w.S(text.NameHelp))),
			w.fieldError("name-error", a.NameFault)),
		dom.El("div", dom.Set("class", "choice"),
			dom.El("input", dom.Set("id", "recovery"), dom.Set("type", "checkbox"), dom.Flag("checked", a.Recovery), dom.Set("aria-describedby", "recovery-help"),
				dom.On("change", func(e dom.Event) any { return model.SetRecovery{On: e.Checked} })),
			dom.El("div", dom.El("label", dom.Set("for", "recovery"), dom.Text(w.S(text.RecoveryLabel))),
				dom.El("p", dom.Set("id", "recovery-help"), dom.Set("class", "help"), dom.Text(w.S(text.RecoveryHelp))))),
		actions(dom.El("button", dom.Set("type", "submit"), dom.Set("class", "button primary"), dom.Text(w.S(text.Next))),
			w.button("quiet", text.Cancel, model.Cancel{})))
}

func (w *writer) stale(a *model.Add) dom.Part {
	if !a.Stale() {
		return nil
	}
	return dom.El("div", dom.Set("class", "warning"), w.p(text.StaleAttempt))
}

// addMode is step 2.
func (w *writer) addMode(a *model.Add) dom.Part {
	takes, reason := a.Takes()
	return dom.Parts(
		dom.El("p", dom.Set("class", "step"), dom.Text(w.S(text.StepOf, 2, 2)+" – "+a.Title())), w.stale(a),
		dom.El("fieldset", dom.Set("class", "modes"), dom.El("legend", dom.Text(w.S(text.ModeLegend))),
			dom.If(!takes, dom.El("div", dom.Set("class", "warning"), dom.Set("id", "no-import"), dom.El("p", dom.Text(reason.Text(w.Code())+" "+reason.Remedy(w.Code())+" "), w.learn(reason)))),
			w.mode(a, protocol.ModeLocal, takes, text.ModeLocal, text.ModeLocalHelp, text.Recommended),
			w.mode(a, protocol.ModeExisting, true, text.ModeExisting, text.ModeExistingHelp, 0),
			w.mode(a, protocol.ModeServer, takes, text.ModeServer, text.ModeServerHelp, 0)),
		w.modeDetails(a),
		actions(w.keyButton(w.S(text.RegisterKey), a.Armed, func(t bool) any { return model.Register{Trusted: t} }),
			w.button("", text.Back, model.Back{}), w.button("quiet", text.Cancel, model.Cancel{})))
}

func (w *writer) mode(a *model.Add, m protocol.Mode, on bool, name, help, badge text.ID) dom.Node {
	id := "mode-" + string(m)
	return dom.El("div", dom.Set("class", "choice"), dom.Key(id),
		dom.El("input", dom.Set("id", id), dom.Set("type", "radio"), dom.Set("name", "mode"), dom.Set("value", string(m)),
			dom.Flag("checked", a.Mode == m), dom.Flag("disabled", !on), dom.Set("aria-describedby", id+"-help"),
			dom.On("change", dom.Send(model.SetMode{Mode: m}))),
		dom.El("div", dom.El("label", dom.Set("for", id), dom.Text(w.S(name)), dom.If(badge != 0, dom.Text(" "), dom.El("span", dom.Set("class", "badge good"), dom.Text(w.S(badge))))),
			dom.El("p", dom.Set("id", id+"-help"), dom.Set("class", "help"), dom.Text(w.S(help)))))
}

func (w *writer) modeDetails(a *model.Add) dom.Node {
	if a.Mode == protocol.ModeExisting {
		return dom.El("div", dom.Key("existing"), dom.Set("class", "panel"), w.certificates(a), w.note(text.BackupNoneLater))
	}
	return dom.El("div", dom.Key(string(a.Mode)), dom.Set("class", "panel"),
		dom.If(a.Mode == protocol.ModeServer, dom.El("div", dom.Set("class", "warning"), w.p(text.ServerCopies))),
		dom.El("div", dom.Set("class", "field"),
			dom.El("label", dom.Set("for", "common-name"), dom.Text(w.S(text.CommonNameLabel))),
			dom.El("input", dom.Set("id", "common-name"), dom.Set("type", "text"), dom.Value(a.CommonName), dom.Set("autocomplete", "off"), dom.Flag("required", true),
				described("common-name-help", "common-name-error", a.CommonNameFault != nil),
				dom.On("input", func(e dom.Event) any { return model.SetCommonName{CommonName: e.Value} })),
			dom.El("p", dom.Set("id", "common-name-help"), dom.Set("class", "help"), dom.Text(w.S(text.CommonNameHelp))),
			w.fieldError("common-name-error", a.CommonNameFault)),
		w.backupWish(a))
}

// addResume asks before the key is used to finish what was interrupted.
func (w *writer) addResume(a *model.Add) dom.Part {
	return dom.Parts(w.p(text.ResumeIntro), w.keyFacts(a),
		actions(w.keyButton(w.S(text.ResumeFinish), a.Armed, func(t bool) any { return model.Register{Trusted: t} }),
			w.button("quiet", text.Cancel, model.Cancel{})))
}

func (w *writer) keyFacts(a *model.Add) dom.Part {
	if a.Key == nil {
		return nil
	}
	c := *a.Key
	return dom.El("dl", dom.Set("class", "facts-list"),
		dom.If(a.Name != "", row(w.S(text.NameLabel), dom.Text(a.Title()))),
		row(w.S(text.CertCommonName), dom.Text(certificateName(c))),
		row(w.S(text.CertIssuerLabel), dom.Text(c.Issuer)),
		row(w.S(text.CertExpiryLabel), w.date(c.NotAfter)),
		row(w.S(text.CertFingerprint), fingerprint(c.Thumbprint)))
}

func stepText(s model.AddStep) text.ID {
	switch s {
	case model.StepRead:
		return text.StepRead
	case model.StepGenerate:
		return text.StepGenerate
	case model.StepTransport:
		return text.StepTransport
	case model.StepRequest:
		return text.StepRequest
	case model.StepImport:
		return text.StepImport
	case model.StepSubmit:
		return text.StepSubmit
	case model.StepProof:
		return text.StepProof
	}
	return text.AddChecking
}

func (w *writer) addRunning(a *model.Add) dom.Part {
	return dom.Parts(w.steps(a, "now"), w.note(text.RunningSafe), dom.If(a.Backup != nil, w.note(text.BackupWaits)), actions(w.button("", text.Cancel, model.Cancel{})))
}

// steps lists the work: done, the current one with its tone, to come.
func (w *writer) steps(a *model.Add, tone string) dom.Node {
	steps := a.Steps()
	at := 0
	for i, s := range steps {
		if s == a.Step {
			at = i
		}
	}
	return dom.El("div", dom.Set("class", "work"),
		dom.El("progress", dom.Set("max", w.Int(len(steps))), dom.Set("value", w.Int(at)), dom.Set("aria-label", w.S(text.ProgressLabel)), dom.Text(w.S(text.StepOf, at+1, len(steps)))),
		dom.El("ol", dom.Set("class", "steps"), dom.Each(steps, func(i int, s model.AddStep) dom.Part {
			class, state := "todo", text.StepTodo
			switch {
			case i < at:
				class, state = "done", text.StepDone
			case i == at && tone == "bad":
				class, state = "bad", text.StepBad
			case i == at:
				class, state = "now", text.StepNow
			}
			return dom.El("li", dom.Key(string(s)), dom.Set("class", class), dom.If(i == at, dom.Set("aria-current", "step")),
				dom.El("span", dom.Text(w.S(stepText(s)))), dom.Text(" "), dom.El("span", dom.Set("class", "step-state"), dom.Text(w.S(state))))
		})))
}

func (w *writer) addFailed(a *model.Add) dom.Part {
	return dom.Parts(w.alert(a.Fault), dom.If(a.Step != model.StepCheck, w.steps(a, "bad")), w.note(w.afterFailure(a)),
		dom.If(a.Backup != nil, w.note(text.BackupWaits)),
		actions(dom.If(a.Retryable(), w.button("primary", text.Retry, model.Retry{})),
			dom.If(a.Changeable(), w.button("", text.ChangeForm, model.Back{})),
			w.button("quiet", text.Close, model.Close{})),
		dom.If(a.Fault.Code.Group() == fault.Setup, w.installHelp()))
}

// afterFailure says what stands at the portal now.
func (w *writer) afterFailure(a *model.Add) text.ID {
	switch {
	case a.Registration == nil:
		return text.NothingRegistered
	case a.Registration.State == protocol.AwaitingProof && a.Retryable():
		return text.PendingProof
	case a.Registration.State == protocol.AwaitingProof:
		return text.PendingProofOnly
	}
	return text.PendingImport
}

func (w *writer) addDone(a *model.Add) dom.Part {
	return dom.Parts(
		dom.El("div", dom.Set("class", "success"), w.p(text.AddDone), dom.If(a.Recovery, w.p(text.AddDoneRecovery))),
		w.keyFacts(a),
		dom.If(a.Mode == protocol.ModeLocal, w.note(text.AddDoneLocal)),
		dom.If(a.BackupLost(), dom.El("div", dom.Set("class", "warning"), w.p(text.BackupLost))),
		actions(w.button("primary", text.Close, model.Close{})))
}
