package model

import (
	"cmp"
	"time"

	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
	"scelle/shared/stable"
)

// OpenPhase is where an opening stands on the screen.
type OpenPhase string

// The phases.
const (
	OpenPick    OpenPhase = "pick"    // offline: no file yet
	OpenLoading OpenPhase = "loading" // keys and plis are being read, nothing is decrypted
	OpenConsent OpenPhase = "consent" // the person decides
	OpenRunning OpenPhase = "running" // private keys are used
	OpenPaused  OpenPhase = "paused"  // between two plis, until the person goes on
	OpenFailed  OpenPhase = "failed"  // as a whole, Fault says why
	OpenResults OpenPhase = "results" // an outcome for each pli
	OpenClosing OpenPhase = "closing" // the session ends
)

// Delivery is what becomes of the opened files.
type Delivery string

// The deliveries.
const (
	ToDownloads Delivery = "downloads" // saved by the browser
	ToFolder    Delivery = "folder"    // saved in the folder that the person chose
	ToPortal    Delivery = "portal"    // handed to the page that asked
)

// PliState is where one pli stands.
type PliState string

// The states.
const (
	PliWaiting   PliState = "waiting"   // not looked at
	PliReady     PliState = "ready"     // a key of this computer opens it
	PliOpening   PliState = "opening"   // being decrypted
	PliDelivered PliState = "delivered" // opened, and saved or handed over
	PliFailed    PliState = "failed"    // Fault says why
)

// Pli is one envelope of an opening.
type Pli struct {
	protocol.OpenPli
	State      PliState
	Fault      *fault.Fault
	File       FileRef
	Info       EnvelopeInfo
	Opened     *Opened // what was in it
	Saved      Saved   // where its files are, when they were saved
	HandedOver bool
	Foreign    bool      // content that is not a pli: one file from other software (offline only)
	Altered    bool      // its fingerprint is not the one that the portal acknowledged
	Misplaced  bool      // it says another lot or kind than the portal
	Twin       string    // label of another pli with the same encrypted content
	listed     lists.Pli // what the portal signed about it
	Done       int64     // bytes decrypted
	Total      int64
	Key        string    // thumbprint of the certificate whose key opened it
	OpenedAt   time.Time // when its content was there
	asked      int       // its place in the page's request
	keys       []key
	try        int
	fetched    bool
	giving     bool // the portal is taking its new recipients
	queued     bool // asks for its content key when its turn comes
}

// Opening opens plis with the private keys of this computer, after one
// consent that names them all. A failure of one pli does not touch the others.
type Opening struct {
	Env     Env
	Site    Site // Origin is "" offline
	Session string
	Offline bool
	Tender  string
	Title   string
	Phase   OpenPhase
	Fault   *fault.Fault

	Rehearsal *Rehearsal // nil for the opening of plis that were received
	Rewrap    *Rewrap    // nil unless plis get other keys
	Plis      []*Pli
	Failed    []protocol.StoreStatus // stores whose keys are missing here
	HandOver  bool                   // the page offers to take the files
	Delivery  Delivery
	Folder    FolderRef    // that the person chose, also when another delivery is
	Unchosen  *fault.Fault // why the last choice of a folder came to nothing
	Armed     bool
	At        int  // the first pli in work
	Stopping  bool // ends after what is in work
	Pausing   bool // rests after what is in work
	Minutes   Minutes
	Check     protocol.ListCheck // what became of the portal's signed list
	Listed    *lists.Opening     // that list; nil while there is none
	signed    []byte             // as the page passed it
	checked   bool               // Check is settled
	Expires   time.Time          // when the consent is over at the latest; zero offline and before it
	TimeLeft  time.Duration      // until all are open, at the pace so far; 0 while nobody knows
	pace      pace
	batch     string
	asking    []key                // that the host is asked to use
	gave      map[string]time.Time // when keys, by thumbprint, last gave a content key since the person decided
	halt      error                // why the run ends after what is in work
	errand    errand
	report    bool // the page takes each outcome as soon as it is known
	record    bool // the page takes the record
	own       []ownKey
	keysKnown bool
	consented bool // the person agreed once
	choosing  bool // the browser asks for a folder
	folders   map[string]bool
	runs
}

func newOpening(env Env, s protocol.SessionResult, p protocol.OpenParams) *Opening {
	o := &Opening{Env: env, errand: received{}, Site: NewSite(s.Origin).Beside(s.Sites), Session: s.Session, Tender: p.Tender, Title: keypair.Clean(p.Title),
		HandOver: p.HandOver, signed: p.OpeningList, Delivery: ToDownloads, Phase: OpenLoading, report: p.Report, record: p.Record, folders: map[string]bool{}}
	if env.NoSaving {
		o.Delivery = ToPortal
	}
	for i, pli := range p.Plis {
		pli.Label = keypair.Clean(pli.Label)
		o.Plis = append(o.Plis, &Pli{OpenPli: pli, State: PliWaiting, Total: pli.Size, asked: i})
	}
	o.sort()
	return o
}

func (o *Opening) sort() {
	stable.Sort(o.Plis, func(a, b *Pli) int { return cmp.Compare(turn(a.Kind), turn(b.Kind)) })
}

// turn is the order in which envelopes are opened: every candidature before
// the first offre, else as the portal lists them.
func turn(kind string) int {
	switch kind {
	case "candidature":
		return 0
	case "offre":
		return 2
	}
	return 1
}

// Init reads what is to be opened.
func (o *Opening) Init() []Effect {
	if o.Offline {
		return nil
	}
	if err := o.errand.check(o); err != nil {
		return o.fail(err)
	}
	return o.load()
}

// Update changes the opening by a message.
func (o *Opening) Update(m Msg) []Effect {
	switch m := m.(type) {
	case answer:
		return o.take(m)
	case progress:
		if m.run == o.run {
			o.advance(m)
		}
	case batchEnded:
		return o.ended(m)
	case reported:
		return o.heard(m)
	case recordSaved:
		return o.saved(m)
	case Pause:
		o.Pausing = o.Pausing || o.Phase == OpenRunning
	case Continue:
		return o.goOn()
	case Deliver:
		if o.Phase == OpenConsent && o.delivers(m.To) {
			o.Delivery = m.To
		}
	case ChooseFolder:
		return o.chooseFolder()
	case folderChosen:
		return o.chosen(m)
	case Consent:
		return o.consent(m)
	case Raised:
		return o.raise(&o.Armed, o.Phase == OpenConsent)
	case Lowered:
		return o.lower(&o.Armed)
	case Retry:
		return o.retry()
	case Cancel, PageCancelled:
		return o.cancel(m == Msg(PageCancelled{}))
	case Close:
		return o.cancel(false)
	}
	return nil
}

// Ready are the plis that a key of this computer opens.
func (o *Opening) Ready() []*Pli { return o.in(PliReady) }

// Left is how many plis the consent still covers: those in work and those to
// come. It counts down as they are done.
func (o *Opening) Left() int {
	if o.Phase != OpenRunning && o.Phase != OpenPaused {
		return 0
	}
	return len(o.in(PliReady)) + len(o.in(PliOpening))
}

func (o *Opening) in(state PliState) []*Pli {
	var out []*Pli
	for _, p := range o.Plis {
		if p.State == state {
			out = append(out, p)
		}
	}
	return out
}

// Delivered is how many plis are open, with their files where they belong.
func (o *Opening) Delivered() int { return len(o.in(PliDelivered)) }

// Keys are the keys that the consent is about, each once: also those that are
// tried second, when the first one fails.
func (o *Opening) Keys() []protocol.Certificate {
	seen := map[string]bool{}
	var out []protocol.Certificate
	for _, p := range o.Ready() {
		for _, k := range p.keys {
			if c := k.own.entry; !seen[c.Thumbprint] {
				seen[c.Thumbprint] = true
				out = append(out, c)
			}
		}
	}
	return out
}

// Keys are the certificates of this computer among the pli's recipients.
func (p *Pli) Keys() []protocol.Certificate {
	out := make([]protocol.Certificate, len(p.keys))
	for i, k := range p.keys {
		out[i] = k.own.entry
	}
	return out
}

// load checks the portal's list, reads the keys once, then every pli.
func (o *Opening) load() []Effect {
	o.end()
	o.Phase, o.Fault = OpenLoading, nil
	if !o.Offline && !o.checked {
		return o.checkList()
	}
	return o.loadKeys()
}

func (o *Opening) loadKeys() []Effect {
	if o.keysKnown {
		return o.readNext(0)
	}
	return []Effect{listKeys(&o.runs, func(l keyList, err error) []Effect {
		if err != nil {
			return o.fail(err)
		}
		o.Failed, o.own = l.failed, nil
		return o.readKeys(l.certificates)
	})}
}

// readKeys fetches the bytes of each certificate: recipients are matched by
// bytes, never by names.
func (o *Opening) readKeys(rest []protocol.Certificate) []Effect {
	for len(rest) > 0 && !rest[0].HasKey {
		rest = rest[1:]
	}
	if len(rest) == 0 {
		if err := o.errand.prepare(o); err != nil {
			return o.fail(err)
		}
		o.keysKnown = true
		return o.readNext(0)
	}
	params := protocol.CertificateParams{Thumbprint: rest[0].Thumbprint}
	return []Effect{host(&o.runs, protocol.HostCertificate, params, func(r protocol.CertificateResult, err error) []Effect {
		if stopsAll(fault.CodeOf(err)) {
			return o.fail(err)
		}
		if err == nil {
			if k, err := readKey(rest[0], r.DER, rest[0].Thumbprint); err == nil {
				o.own = append(o.own, k)
			}
		}
		return o.readKeys(rest[1:])
	})}
}

// readNext fetches and inspects the plis one after the other, from index i.
func (o *Opening) readNext(i int) []Effect {
	for i < len(o.Plis) && o.Plis[i].State != PliWaiting {
		i++
	}
	o.At = i
	if i == len(o.Plis) {
		return o.loaded()
	}
	p := o.Plis[i]
	if p.fetched {
		return o.inspect(i, p)
	}
	steps := []Effect{PageProgress{Step: "fetch", Done: int64(i), Total: int64(len(o.Plis))}}
	if o.Rehearsal != nil { // nothing is fetched, and there is one test for each key that is here
		steps = nil
	}
	late := func(f FileRef) []Effect { return []Effect{Forget{Files: []FileRef{f}}} }
	return append(steps, o.errand.fetch(o, p, once(&o.runs, late, func(f FileRef, err error) []Effect {
		switch fault.CodeOf(err) {
		case "":
			p.File, p.fetched, p.Total = f, true, f.Size
			return o.inspect(i, p)
		case fault.SessionLost:
			return o.fail(err)
		}
		p.fail(err)
		return o.readNext(i + 1)
	})))
}

func (o *Opening) inspect(i int, p *Pli) []Effect {
	return []Effect{InspectFile{File: p.File, Sum: o.needsSum(p), Then: once(&o.runs, nil, func(info EnvelopeInfo, err error) []Effect {
		if err == nil {
			err = o.expects(p, lists.Fingerprints{Header: info.HeaderSHA256, File: info.SHA256})
		}
		if err == nil {
			p.Info, p.keys = info, findKeys(info, o.errand.mine(o, p))
			if len(p.keys) == 0 {
				err = fault.New(fault.EnvelopeNotForYou)
			}
		}
		if err != nil {
			return append(o.drop(p, err), o.readNext(i+1)...)
		}
		p.State = PliReady
		return o.readNext(i + 1)
	})}}
}

// drop fails a pli and lets its bytes go.
func (o *Opening) drop(p *Pli, err error) []Effect {
	p.fail(err)
	if !p.fetched {
		return nil
	}
	p.fetched = false
	return []Effect{Forget{Files: []FileRef{p.File}}}
}

func (p *Pli) fail(err error) { p.State, p.Fault = PliFailed, fault.Of(err) }

// loaded asks for consent, or shows why there is nothing to consent to.
func (o *Opening) loaded() []Effect {
	if o.Rewrap != nil && o.Rewrap.From == nil {
		return o.Rewrap.absent(o)
	}
	if len(o.Ready()) == 0 {
		return o.results()
	}
	o.Phase = OpenConsent
	return []Effect{o.arm(&o.Armed), Focus{ID: "title"}}
}

func (o *Opening) fail(err error) []Effect {
	o.end()
	o.Phase, o.Fault = OpenFailed, fault.Of(err)
	return []Effect{Focus{ID: "title"}}
}

// Retryable reports whether trying again can help.
func (o *Opening) Retryable() bool {
	if o.Phase != OpenFailed || o.Fault == nil {
		return false
	}
	switch o.Fault.Code {
	case fault.SessionLost, fault.BadRequest, fault.NoFile, fault.NotPermitted, fault.SavingForbidden,
		fault.ListUnsigned, fault.ListForged, fault.ListSigner, fault.ListOther, fault.ListRecipients:
		return false
	}
	return true
}

// retry goes back to the last decision: reading, or the consent, which is
// asked again because its batch is over.
func (o *Opening) retry() []Effect {
	switch {
	case !o.Retryable():
		return nil
	case len(o.Ready()) > 0:
		o.end()
		o.Fault = nil
		return o.loaded()
	}
	return o.load()
}

// stopsAll reports failures that every other pli would meet as well: going on
// would only ask for the PIN again, or lock the card.
func stopsAll(c fault.Code) bool {
	switch c {
	case fault.PINCancelled, fault.PINIncorrect, fault.PINLocked, fault.PINPromptMissing, fault.TokenRemoved,
		fault.TokenNotResponding, fault.StoreLocked, fault.StorePassword, fault.JournalFailed, fault.ConsentRefused, fault.ConsentExpired, fault.SessionLost:
		return true
	}
	return c != "" && c.Group() == fault.Setup
}
