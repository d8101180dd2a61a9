package model

import (
	"slices"
	"strings"

	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// Steps is the sequence of the work, for the mode that was chosen.
func (a *Add) Steps() []AddStep {
	switch {
	case a.resuming && a.stale == nil:
		return []AddStep{StepRead, StepProof}
	case a.Mode == protocol.ModeExisting:
		return []AddStep{StepRead, StepSubmit, StepProof}
	case a.Mode == protocol.ModeServer:
		return []AddStep{StepTransport, StepRequest, StepImport, StepProof}
	}
	return []AddStep{StepGenerate, StepSubmit, StepProof}
}

// register is the click that starts the work. The form is checked again.
func (a *Add) register(m Register) []Effect {
	if !m.Trusted || !a.Armed {
		return nil
	}
	switch a.Phase {
	case AddResume:
		a.end()
		return a.enter(StepProof)
	case AddMode:
	default:
		return nil
	}
	if bad := a.checkMode(); bad != nil {
		return bad
	}
	a.end()
	a.List.Loading = false
	effects := a.discardStale()
	a.Registration = nil
	first := a.Steps()[0]
	if a.reusable() {
		first = StepSubmit
	} else {
		a.forgetKey()
	}
	return append(effects, a.enter(first)...)
}

func (a *Add) checkMode() []Effect {
	if a.Mode == protocol.ModeExisting {
		if a.ChoiceMissing = a.List.Chosen == ""; a.ChoiceMissing {
			return []Effect{Focus{ID: "choice"}}
		}
		return nil
	}
	if a.CommonNameFault = checkName(a.CommonName); a.CommonNameFault != nil {
		return []Effect{Focus{ID: "common-name"}}
	}
	return nil
}

// reusable reports that this computer already made the key for this form: a
// second registration after a refusal must not leave an orphan in the store.
func (a *Add) reusable() bool {
	return a.Mode == protocol.ModeLocal && a.made != nil && a.madeMode == protocol.ModeLocal && a.madeName == a.commonName() &&
		a.WantBackup == (a.Backup != nil)
}

func (a *Add) forgetKey() {
	a.made, a.Key, a.madeName = nil, nil, ""
	a.forgetBackup()
}

func (a *Add) name() string       { return strings.TrimSpace(a.Name) }
func (a *Add) commonName() string { return strings.TrimSpace(a.CommonName) }

// enter begins a step and tells the page.
func (a *Add) enter(s AddStep) []Effect {
	a.Phase, a.Step, a.Fault = AddRunning, s, nil
	steps := a.Steps()
	done := max(slices.Index(steps, s), 0)
	effects := []Effect{PageProgress{Step: string(s), Done: int64(done), Total: int64(len(steps))}}
	return append(effects, a.work(s)...)
}

func (a *Add) work(s AddStep) []Effect {
	switch s {
	case StepRead:
		return a.read(a.List.Chosen, func() []Effect { return a.enter(StepSubmit) })
	case StepGenerate:
		params := protocol.GenerateParams{CommonName: a.commonName(), Name: a.commonName(), Backup: a.WantBackup}
		return []Effect{host(&a.runs, protocol.HostGenerate, params, a.generated)}
	case StepTransport:
		return []Effect{host(&a.runs, protocol.HostTransport, protocol.Empty{}, a.gotTransport)}
	case StepRequest:
		return a.request()
	case StepImport:
		params := protocol.ImportParams{Transport: a.transport.ID, Envelope: a.sealed, Name: a.commonName(), Thumbprint: a.Registration.Thumbprint, Backup: a.WantBackup}
		return []Effect{host(&a.runs, protocol.HostImport, params, a.imported)}
	case StepSubmit:
		return a.submit()
	default:
		return a.prove()
	}
}

// read fetches one certificate with its bytes.
func (a *Add) read(thumbprint string, then func() []Effect) []Effect {
	params := protocol.CertificateParams{Thumbprint: thumbprint}
	return []Effect{host(&a.runs, protocol.HostCertificate, params, func(r protocol.CertificateResult, err error) []Effect {
		if err == nil && !r.Certificate.HasKey {
			err = fault.New(fault.KeyNotFound)
		}
		if err := a.keep(r.Certificate, r.DER, thumbprint, err); err != nil {
			return a.fail(err)
		}
		return then()
	})}
}

// keep takes a key as the one to register.
func (a *Add) keep(c protocol.Certificate, der []byte, thumbprint string, err error) error {
	if err != nil {
		return err
	}
	k, err := readKey(c, der, thumbprint)
	if err != nil {
		return err
	}
	a.made, a.Key, a.madeMode = &k, &k.entry, a.Mode
	return nil
}

func (a *Add) generated(r protocol.KeyResult, err error) []Effect {
	if err := a.keep(r.Certificate, r.DER, r.Certificate.Thumbprint, err); err != nil {
		return a.fail(err)
	}
	a.madeName = a.commonName()
	a.Backup = a.copied(r.Backup)
	return a.enter(StepSubmit)
}

func (a *Add) gotTransport(r protocol.TransportResult, err error) []Effect {
	if err != nil {
		return a.fail(err)
	}
	a.transport = &r
	return a.enter(StepRequest)
}

// request asks the portal to make the pair. It only ever sees the one-time
// certificate; its answer is ciphertext for the host.
func (a *Add) request() []Effect {
	args := protocol.RequestServerKeyArgs{Name: a.name(), Recovery: a.Recovery, CommonName: a.commonName(), OneTimeCertificate: a.transport.Certificate}
	return []Effect{page(&a.runs, protocol.CallRequestServerKey, args, nil, func(k protocol.ServerKey, err error) []Effect {
		if err == nil {
			err = checkRegistration(k.Registration, "")
		}
		if err == nil && (len(k.Envelope) == 0 || len(k.Envelope) > protocol.MaxSealedKey) {
			err = fault.Newf(fault.TransportFailed, "%d", len(k.Envelope))
		}
		if err != nil {
			return a.fail(err)
		}
		a.Registration, a.sealed = &k.Registration, k.Envelope
		return a.enter(StepImport)
	})}
}

// imported goes on to the proof: asking for the challenge is what tells the
// portal that the key arrived.
func (a *Add) imported(r protocol.KeyResult, err error) []Effect {
	a.sealed, a.transport = nil, nil
	if err == nil && r.Certificate.Thumbprint != a.Registration.Thumbprint {
		err = fault.Newf(fault.TransportFailed, "thumbprint")
	}
	if err := a.keep(r.Certificate, r.DER, r.Certificate.Thumbprint, err); err != nil {
		return a.fail(err)
	}
	a.Backup = a.copied(r.Backup)
	return a.enter(StepProof)
}

func (a *Add) submit() []Effect {
	args := protocol.SubmitCertificateArgs{Name: a.name(), Recovery: a.Recovery, Mode: a.Mode,
		Certificate: a.made.cert.Raw, Thumbprint: a.Key.Thumbprint}
	return []Effect{page(&a.runs, protocol.CallSubmitCertificate, args, nil, func(r protocol.Registration, err error) []Effect {
		if err == nil {
			err = checkRegistration(r, a.Key.Thumbprint)
		}
		if err != nil {
			return a.fail(err)
		}
		a.Registration = &r
		if r.State == protocol.Active {
			return a.activated() // the same certificate came before and was proven
		}
		return a.enter(StepProof)
	})}
}

// checkRegistration holds a portal's answer to what was asked.
func checkRegistration(r protocol.Registration, thumbprint string) error {
	switch {
	case r.ID == "" || len(r.ID) > 200:
		return fault.Newf(fault.PortalFailed, "id")
	case !isThumbprint(r.Thumbprint) || thumbprint != "" && r.Thumbprint != thumbprint:
		return fault.Newf(fault.PortalFailed, "thumbprint")
	}
	switch r.State {
	case protocol.AwaitingImport, protocol.AwaitingProof, protocol.Active:
		return nil
	}
	return fault.Newf(fault.PortalFailed, "state")
}

// resume goes on with a registration that was interrupted.
func (a *Add) resume() []Effect {
	if err := checkRegistration(*a.Registration, ""); err != nil {
		return a.fail(fault.Recode(fault.BadRequest, err))
	}
	a.Step = StepRead
	switch a.Registration.State {
	case protocol.Active:
		return a.finished()
	case protocol.AwaitingProof:
		return a.readPending()
	}
	return a.recover(a.readPending, func() []Effect {
		a.stale, a.Mode = a.Registration, protocol.ModeServer
		a.Registration = nil
		if a.Name == "" {
			a.Phase = AddName
			return []Effect{Focus{ID: "name"}}
		}
		return a.toMode()
	})
}

func (a *Add) readPending() []Effect {
	return a.read(a.Registration.Thumbprint, func() []Effect {
		a.Phase = AddResume
		return []Effect{a.arm(&a.Armed), Focus{ID: "title"}}
	})
}

// recover finds out whether a key from the portal reached the store although
// its answer got lost: then the proof can go on. Otherwise it can only be
// given up and made again.
func (a *Add) recover(here, gone func() []Effect) []Effect {
	params := protocol.PresentParams{Thumbprints: []string{a.Registration.Thumbprint}}
	return []Effect{host(&a.runs, protocol.HostPresent, params, func(r protocol.HostPresentResult, err error) []Effect {
		switch {
		case err != nil:
			return a.fail(err)
		case slices.Contains(r.Present, a.Registration.Thumbprint):
			return here()
		}
		return gone()
	})}
}

// Stale reports that an earlier attempt is given up when this one starts.
func (a *Add) Stale() bool { return a.stale != nil }

// discardStale gives up registrations whose key never arrived. Whether the
// portal hears it changes nothing: it drops them itself after PendingDays.
func (a *Add) discardStale() []Effect {
	var effects []Effect
	if a.stale != nil {
		effects = append(effects, discard(a.stale.ID))
		a.stale, a.resuming = nil, false
	}
	if r := a.Registration; r != nil && r.State == protocol.AwaitingImport && a.made == nil {
		effects = append(effects, discard(r.ID))
	}
	return effects
}

func discard(id string) Effect {
	return PageCall{Call: protocol.CallDiscard, Args: protocol.DiscardArgs{ID: id}, Then: ignore}
}

// retry goes on from the failed step.
func (a *Add) retry() []Effect {
	if !a.Retryable() {
		return nil
	}
	a.end()
	switch a.Step {
	case StepCheck:
		return a.start()
	case StepRequest:
		return a.enter(StepTransport)
	case StepImport:
		a.Phase, a.Fault = AddRunning, nil
		return a.recover(a.readImported, func() []Effect {
			effects := a.discardStale()
			a.Registration = nil
			return append(effects, a.enter(StepTransport)...)
		})
	case StepRead:
		if a.resuming {
			return a.start()
		}
	}
	return a.enter(a.Step)
}

func (a *Add) readImported() []Effect {
	return a.read(a.Registration.Thumbprint, func() []Effect { return a.enter(StepProof) })
}

// close ends the session from wherever it is. A key that is in the store and
// waits for its proof stays as it is: « Terminer l'enregistrement » is there.
func (a *Add) close() []Effect {
	phase := a.Phase
	if phase == AddClosing {
		return nil
	}
	a.end()
	a.Phase = AddClosing
	a.forgetBackup()
	if phase == AddDone || phase == AddBackup {
		return closing()
	}
	var outcome error = fault.New(fault.Cancelled)
	if phase == AddFailed && !a.secret() {
		outcome = a.Fault
	}
	if r := a.Registration; r != nil && r.State == protocol.Active {
		outcome = nil // the portal already said so
	}
	var effects []Effect
	if r := a.Registration; r != nil && r.State == protocol.AwaitingImport && a.made == nil && !a.resuming {
		effects = append(effects, discard(r.ID))
	}
	return append(effects, finish(&a.runs, a.Session, a.result(), outcome, closing))
}

// secret reports a failure that would tell the page whether a certificate of
// its choice is on this computer, although the person agreed to nothing yet.
func (a *Add) secret() bool {
	return a.resuming && a.Step == StepRead && a.Fault.Code != fault.BadRequest && a.Fault.Code.Group() != fault.Setup
}

// result is what the page learns of an active key.
func (a *Add) result() protocol.AddResult {
	r := protocol.AddResult{Mode: a.Mode, Mechanism: a.Mechanism}
	if a.Registration != nil {
		r.Registration = *a.Registration
	}
	if a.resuming {
		r.Mode = "" // the portal knows how it began
	}
	return r
}

// keyName is how the key is called on the last screens.
func (a *Add) keyName() string {
	if s := a.name(); s != "" {
		return keypair.Clean(s)
	}
	if a.Key != nil {
		return a.Key.CommonName
	}
	return ""
}

// Title is the name of the key for people.
func (a *Add) Title() string { return a.keyName() }
