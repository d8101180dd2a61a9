package model

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"scelle/shared/envelope/mechanism"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// AddPhase is where the registration of a key stands on the screen.
type AddPhase string

// The phases.
const (
	AddChecking AddPhase = "checking" // looking whether this computer is ready
	AddName     AddPhase = "name"     // step 1: the name
	AddMode     AddPhase = "mode"     // step 2: where the key comes from
	AddResume   AddPhase = "resume"   // a pending registration, ready to be finished
	AddRunning  AddPhase = "running"  // Step says at what
	AddFailed   AddPhase = "failed"   // Step says where, Fault why
	AddDone     AddPhase = "done"     // the key is active
	AddBackup   AddPhase = "backup"   // the key is active, and its protected copy is shown, once
	AddClosing  AddPhase = "closing"  // the session ends
)

// AddStep is one step of the work after the form.
type AddStep string

// The steps. Each mode has its own sequence, see Steps.
const (
	StepCheck     AddStep = "check"     // is the host there, is a store
	StepRead      AddStep = "read"      // read the chosen certificate
	StepGenerate  AddStep = "generate"  // the host makes the pair
	StepTransport AddStep = "transport" // the host makes a one-time certificate
	StepRequest   AddStep = "request"   // the portal makes the pair
	StepImport    AddStep = "import"    // the host stores it
	StepSubmit    AddStep = "submit"    // the certificate goes to the portal
	StepProof     AddStep = "proof"     // proof of possession
)

// Add registers a key pair with a portal, in the three modes, or finishes a
// registration that was interrupted. The rules are those of the architecture
// notes, "Registering a key": the portal's state decides, so that closing the
// window at any moment loses nothing and activates nothing.
type Add struct {
	Env     Env
	Site    Site
	Session string
	Service string // the service's name, as the page gave it
	Phase   AddPhase
	Step    AddStep
	Fault   *fault.Fault // in AddFailed

	Name       string
	Recovery   bool
	Mode       protocol.Mode
	CommonName string
	cnTouched  bool
	WantBackup bool        // a protected copy is made with the key
	Backup     *BackupCopy // it, from the host's answer until the window closes

	NameFault       *fault.Fault // of the fields, after an attempt
	CommonNameFault *fault.Fault
	ChoiceMissing   bool
	Armed           bool // the button that uses the key works

	Stores []protocol.StoreStatus
	List   CertificateList

	Registration *protocol.Registration // the portal's entry, once there is one
	Key          *protocol.Certificate  // the key that is being registered, once there is one
	Mechanism    mechanism.Mechanism    // proven, in AddDone
	resuming     bool
	made         *ownKey // read, generated or imported; Key is its entry
	madeMode     protocol.Mode
	madeName     string // common name that made was generated for
	transport    *protocol.TransportResult
	sealed       []byte // the portal's ServerKey.Envelope
	stale        *protocol.Registration
	runs
}

// CertificateList is the choice of mode existing.
type CertificateList struct {
	Loading bool
	Known   bool
	All     []protocol.Certificate
	Failed  []protocol.StoreStatus
	Fault   *fault.Fault
	Filter  string
	Chosen  string // thumbprint
}

// FilterFrom is how many certificates make a filter worth its place.
const FilterFrom = 8

// Shown are the certificates that the filter lets through.
func (l *CertificateList) Shown() []protocol.Certificate {
	words := strings.Fields(strings.ToLower(l.Filter))
	if len(words) == 0 {
		return l.All
	}
	var out []protocol.Certificate
	for _, c := range l.All {
		text := strings.ToLower(strings.Join(append([]string{c.CommonName, c.Name, c.Issuer, c.Thumbprint}, c.Places...), " "))
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			out = append(out, c)
		}
	}
	return out
}

// find returns the certificate with this thumbprint.
func (l *CertificateList) find(thumbprint string) *protocol.Certificate {
	for i := range l.All {
		if l.All[i].Thumbprint == thumbprint {
			return &l.All[i]
		}
	}
	return nil
}

func newAdd(env Env, s protocol.SessionResult, p protocol.AddParams) *Add {
	a := &Add{Env: env, Site: NewSite(s.Origin).Beside(s.Sites), Session: s.Session, Service: keypair.Clean(p.Service), Phase: AddChecking,
		Step: StepCheck, Name: keypair.Clean(p.Name), Recovery: p.Recovery, Mode: p.Mode, CommonName: keypair.Clean(p.CommonName)}
	a.cnTouched = a.CommonName != ""
	switch a.Mode {
	case protocol.ModeExisting, protocol.ModeServer, protocol.ModeLocal:
	default:
		a.Mode = protocol.ModeLocal
	}
	if p.Resume != nil {
		a.resuming, a.Registration = true, p.Resume
	}
	return a
}

// start looks at this computer first: without the host there is no use in
// filling in a form.
func (a *Add) start() []Effect {
	a.end()
	a.Phase, a.Step, a.Fault = AddChecking, StepCheck, nil
	return []Effect{host(&a.runs, protocol.HostStatus, protocol.Empty{}, func(r protocol.HostStatusResult, err error) []Effect {
		if err != nil {
			return a.fail(err)
		}
		a.Stores = r.Stores
		if a.resuming {
			return a.resume()
		}
		a.Phase = AddName
		return []Effect{Focus{ID: "name"}}
	})}
}

// Takes reports whether a store of this computer takes new keys; otherwise
// the reason, which is that of the first, most important store.
func (a *Add) Takes() (bool, fault.Code) {
	var reason fault.Code
	for _, s := range a.Stores {
		switch {
		case s.Fault != nil:
			reason = cmp.Or(reason, s.Fault.Code)
		case s.Import: // one that is locked asks for its password
			return true, ""
		default:
			reason = cmp.Or(reason, fault.StoreReadOnly)
		}
	}
	return false, cmp.Or(reason, fault.StoreMissing)
}

// Update changes the registration by a message.
func (a *Add) Update(m Msg) []Effect {
	switch m := m.(type) {
	case answer:
		return a.take(m)
	case PageCancelled:
		if a.Phase == AddBackup {
			return nil // the page has its answer; the copy is shown only here
		}
		return a.close()
	case Cancel, Close:
		return a.close()
	case Retry:
		return a.retry()
	case Back:
		return a.back()
	case Register:
		return a.register(m)
	case Raised:
		return a.raise(&a.Armed, a.Phase == AddMode || a.Phase == AddResume)
	case Lowered:
		return a.lower(&a.Armed)
	}
	switch a.Phase {
	case AddName:
		return a.updateName(m)
	case AddMode:
		return a.updateMode(m)
	case AddBackup:
		return a.updateBackup(m)
	}
	return nil
}

func (a *Add) updateName(m Msg) []Effect {
	switch m := m.(type) {
	case SetName:
		a.Name, a.NameFault = m.Name, nil
	case SetRecovery:
		a.Recovery = m.On
	case NextStep:
		a.NameFault = checkName(a.Name)
		if a.NameFault != nil {
			return []Effect{Focus{ID: "name"}}
		}
		return a.toMode()
	}
	return nil
}

// toMode enters step 2.
func (a *Add) toMode() []Effect {
	a.end()
	a.Phase, a.Fault = AddMode, nil
	a.CommonNameFault, a.ChoiceMissing = nil, false
	if !a.cnTouched {
		a.CommonName = strings.TrimSpace(a.Name)
	}
	if takes, _ := a.Takes(); !takes {
		a.Mode = protocol.ModeExisting
	}
	effects := []Effect{a.arm(&a.Armed), Focus{ID: "title"}}
	return append(effects, a.load()...)
}

// load fetches the list when the mode needs it and it is not there.
func (a *Add) load() []Effect {
	if a.Mode != protocol.ModeExisting || a.List.Known {
		return nil
	}
	a.List = CertificateList{Loading: true, Filter: a.List.Filter}
	return []Effect{listKeys(&a.runs, func(l keyList, err error) []Effect {
		a.List.Loading = false
		if err != nil {
			a.List.Fault = fault.Of(err)
			return nil
		}
		usableFirst(l.certificates)
		a.List.Known, a.List.All, a.List.Failed = true, l.certificates, l.failed
		return nil
	})}
}

func (a *Add) updateMode(m Msg) []Effect {
	switch m := m.(type) {
	case SetMode:
		return a.setMode(m.Mode)
	case SetCommonName:
		a.CommonName, a.cnTouched, a.CommonNameFault = m.CommonName, true, nil
	case SetBackup:
		a.WantBackup = m.On
	case SetFilter:
		a.List.Filter = m.Filter
	case Refresh:
		if !a.List.Loading {
			a.List.Known = false
			return a.load()
		}
	case ChooseCertificate:
		if c := a.List.find(m.Thumbprint); c != nil && c.Usable {
			a.List.Chosen, a.ChoiceMissing = m.Thumbprint, false
		}
	}
	return nil
}

func (a *Add) setMode(mode protocol.Mode) []Effect {
	takes, _ := a.Takes()
	switch {
	case mode == protocol.ModeExisting:
	case (mode == protocol.ModeServer || mode == protocol.ModeLocal) && takes:
	default:
		return nil
	}
	a.Mode = mode
	a.CommonNameFault, a.ChoiceMissing = nil, false
	if a.List.Loading {
		return nil
	}
	return a.load()
}

// checkName holds a name to 1..MaxName characters on one line.
func checkName(s string) *fault.Fault {
	s = strings.TrimSpace(s)
	if s == "" || utf8.RuneCountInString(s) > protocol.MaxName || strings.ContainsFunc(s, unicode.IsControl) {
		return fault.New(fault.NameBad)
	}
	return nil
}

// back leaves step 2, or a failure whose form may be filled in differently.
func (a *Add) back() []Effect {
	switch {
	case a.Phase == AddMode && (!a.resuming || a.stale != nil):
		a.end()
		a.List.Loading = false
		a.Phase = AddName
		return []Effect{Focus{ID: "name"}}
	case a.Phase == AddFailed && a.Changeable():
		effects := a.discardStale()
		a.Registration = nil
		return append(effects, a.toMode()...)
	}
	return nil
}

// Changeable reports whether, after a failure, another mode or name can be
// chosen: nothing that the portal keeps depends on this one yet.
func (a *Add) Changeable() bool {
	if a.Phase != AddFailed || a.Step == StepCheck || a.resuming {
		return false
	}
	return a.Registration == nil || a.Registration.State == protocol.AwaitingImport && a.made == nil
}

// Retryable reports whether going on from the failed step can help.
func (a *Add) Retryable() bool {
	if a.Phase != AddFailed || a.Fault == nil {
		return false
	}
	switch a.Fault.Code {
	case fault.ProofForeign, fault.SessionLost, fault.BadRequest, fault.NotPermitted, fault.UnknownMethod:
		return false
	}
	return true
}

func (a *Add) fail(err error) []Effect {
	a.end()
	a.Phase, a.Fault = AddFailed, fault.Of(err)
	return []Effect{Focus{ID: "title"}}
}
