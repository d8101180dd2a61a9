package model

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// Drill is the screen « Tester ma sauvegarde »: it proves that the protected
// copy of a key opens, and brings the key back where it is wanted.
type Drill struct {
	Env      Env
	Phase    DrillPhase
	File     *FileRef
	Words    [protocol.BackupWords]string // as typed
	Wrong    map[int]bool                 // places of Words, from 0 on, that no copy has
	Missing  bool                         // not all words, or no file, when the test was asked for
	Fault    *fault.Fault                 // why the copy did not open
	Found    *protocol.Certificate        // whose copy it is, in DrillGood
	At       time.Time                    // when it opened
	Sites    []Registered                 // where the key is registered from this browser
	Armed    bool
	Restored bool // the key is in the store since
	file     []byte
	runs
}

// DrillPhase is where the test stands.
type DrillPhase string

// The phases.
const (
	DrillForm      DrillPhase = "form"
	DrillRunning   DrillPhase = "running"
	DrillGood      DrillPhase = "good"      // the copy opened
	DrillRestoring DrillPhase = "restoring" // its key goes into the store
)

// Registered is a site with the moment since when it knows a key.
type Registered struct {
	Origin string
	Since  time.Time
}

type (
	// SetBackup says whether a protected copy is made with a new key.
	SetBackup struct{ On bool }
	// SaveCopy saves the protected copy's file; Called is the person's word for
	// what it is, with which its name begins.
	SaveCopy struct{ Called string }
	// PrintSheet prints the sheet with the words.
	PrintSheet struct{}
	// OpenBackupPage opens the page that tests a copy.
	OpenBackupPage struct{}
	// CopyPicked is the file that the person picked or dropped on the page; the
	// runtime sends it.
	CopyPicked struct{ Files []FileRef }
	// SetWord changes one word of a passphrase, Place from 0 on.
	SetWord struct {
		Place int
		Text  string
	}
	// TestCopy tests the copy.
	TestCopy struct{}
	// RestoreCopy brings the copy's key into the store.
	RestoreCopy struct{ Trusted bool }
)

// SaveBytes saves a file of this module's own in the browser's download place.
// Then says under which name.
type SaveBytes struct {
	Path  string
	Bytes []byte
	Then  func(name string, err error) Msg
}

// ReadBytes reads a whole file of at most Max bytes; fault.P12TooLarge for more.
type ReadBytes struct {
	File FileRef
	Max  int64
	Then func(data []byte, err error) Msg
}

// PrintPage opens the browser's print dialog, from a click.
type PrintPage struct{}

func (SaveBytes) effect() {}
func (ReadBytes) effect() {}
func (PrintPage) effect() {}

// backupPage is the page's address in the extension.
const backupPage = "app/backup.html"

// NewDrill makes the screen.
func NewDrill(env Env) *Drill { return &Drill{Env: env, Phase: DrillForm} }

// Init gives the first effects.
func (d *Drill) Init() []Effect { return []Effect{Focus{ID: "title"}} }

// Update changes the screen by a message.
func (d *Drill) Update(m Msg) []Effect {
	switch m := m.(type) {
	case answer:
		return d.take(m)
	case Raised:
		return d.raise(&d.Armed, d.Restorable())
	case Lowered:
		return d.lower(&d.Armed)
	case Close, Cancel:
		d.forget()
		return closing()
	case Retry:
		return d.again()
	case RestoreCopy:
		return d.restore(m)
	case CopyPicked:
		return d.picked(m.Files)
	}
	if d.Phase == DrillForm {
		return d.updateForm(m)
	}
	return nil
}

func (d *Drill) updateForm(m Msg) []Effect {
	switch m := m.(type) {
	case PickFiles:
		return []Effect{ReadFile{Then: func(files []FileRef) Msg { return CopyPicked{Files: files} }}}
	case SetWord:
		return d.setWord(m)
	case TestCopy:
		return d.test()
	}
	return nil
}

// picked takes one file, where one is asked for.
func (d *Drill) picked(files []FileRef) []Effect {
	if len(files) == 0 {
		return nil
	}
	if d.Phase != DrillForm {
		return []Effect{Forget{Files: files}}
	}
	var effects []Effect
	if d.File != nil {
		effects = append(effects, Forget{Files: []FileRef{*d.File}})
	}
	if len(files) > 1 {
		effects = append(effects, Forget{Files: files[1:]})
	}
	d.File, d.Fault, d.Missing = &files[0], nil, false
	return append(effects, Focus{ID: wordID(d.next(0))})
}

// setWord takes one word, or several that were typed or pasted at one place: a
// space after a word leads to the next place.
func (d *Drill) setWord(m SetWord) []Effect {
	if m.Place < 0 || m.Place >= len(d.Words) {
		return nil
	}
	d.Missing = false
	words := strings.FieldsFunc(m.Text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) })
	ended := len(words) > 0 && !strings.HasSuffix(m.Text, words[len(words)-1])
	if len(words) < 2 {
		d.Words[m.Place] = strings.Join(words, "")
		delete(d.Wrong, m.Place)
		if ended && m.Place+1 < len(d.Words) {
			return []Effect{Focus{ID: wordID(m.Place + 1)}}
		}
		return nil
	}
	at := m.Place
	for _, w := range words {
		if at < len(d.Words) {
			d.Words[at] = w
			delete(d.Wrong, at)
			at++
		}
	}
	return []Effect{Focus{ID: wordID(d.next(at - 1))}}
}

// next is the first place from i on without a word, the last where there is none.
func (d *Drill) next(i int) int {
	for ; i < len(d.Words)-1; i++ {
		if d.Words[i] == "" {
			break
		}
	}
	return i
}

func wordID(place int) string { return "word-" + strconv.Itoa(place+1) }

// test asks the host. The file's bytes are read each time: it may be another
// stick by now.
func (d *Drill) test() []Effect {
	d.Fault, d.Wrong = nil, nil
	if d.Missing = d.File == nil; d.Missing {
		return []Effect{Focus{ID: "pick"}}
	}
	if at := d.next(0); d.Words[at] == "" {
		d.Missing = true
		return []Effect{Focus{ID: wordID(at)}}
	}
	d.end()
	d.Phase = DrillRunning
	return []Effect{Focus{ID: "title"}, ReadBytes{File: *d.File, Max: protocol.MaxSealedKey, Then: once(&d.runs, nil, func(data []byte, err error) []Effect {
		if err != nil {
			return d.refuse(err)
		}
		d.file = data
		return []Effect{host(&d.runs, protocol.HostBackupTest, protocol.BackupTestParams{File: data, Words: d.typed()}, d.tested)}
	})}}
}

// typed is what the host reads the words from.
func (d *Drill) typed() []byte { return []byte(strings.Join(d.Words[:], " ")) }

func (d *Drill) refuse(err error) []Effect {
	d.end()
	d.Phase, d.Fault = DrillForm, fault.Of(err)
	return []Effect{Focus{ID: "title"}}
}

func (d *Drill) tested(r protocol.BackupTestResult, err error) []Effect {
	if err == nil && r.Certificate == nil && len(r.Unknown) == 0 {
		err = fault.Newf(fault.Internal, "%d", r.Count)
	}
	if err != nil {
		return d.refuse(err)
	}
	if len(r.Unknown) > 0 {
		d.Phase, d.Wrong = DrillForm, map[int]bool{}
		for _, place := range r.Unknown {
			d.Wrong[place-1] = true
		}
		return []Effect{Focus{ID: wordID(r.Unknown[0] - 1)}}
	}
	d.Phase, d.Found, d.At = DrillGood, r.Certificate, r.At
	effects := []Effect{Focus{ID: "title"}, worker(&d.runs, protocol.OptionsGet, protocol.Empty{}, d.gotSites)}
	if d.Restorable() {
		return append(effects, d.arm(&d.Armed))
	}
	d.forget()
	return effects
}

// gotSites notes where the key is registered. Where that cannot be told, it is
// not said.
func (d *Drill) gotSites(o protocol.OptionsResult, err error) []Effect {
	for _, site := range o.Sites {
		for _, k := range site.Keys {
			if since, bad := time.Parse(time.RFC3339, k.Since); bad == nil && err == nil && k.Thumbprint == d.Found.Thumbprint {
				d.Sites = append(d.Sites, Registered{site.Origin, since})
			}
		}
	}
	return nil
}

// Restorable reports that the copy opened and its key is not on this computer.
func (d *Drill) Restorable() bool { return d.Phase == DrillGood && !d.Found.HasKey }

func (d *Drill) restore(m RestoreCopy) []Effect {
	if !m.Trusted || !d.Armed || !d.Restorable() {
		return nil
	}
	d.Phase, d.Fault = DrillRestoring, nil
	params := protocol.BackupRestoreParams{File: d.file, Words: d.typed()}
	return []Effect{Focus{ID: "title"}, host(&d.runs, protocol.HostRestore, params, func(r protocol.KeyResult, err error) []Effect {
		d.Phase, d.Fault = DrillGood, fault.Of(err)
		if err != nil {
			return []Effect{Focus{ID: "title"}, d.arm(&d.Armed)}
		}
		d.Found, d.Restored = &r.Certificate, true
		d.forget()
		return []Effect{Focus{ID: "title"}}
	})}
}

// again begins with an empty form.
func (d *Drill) again() []Effect {
	if d.Phase != DrillGood {
		return nil
	}
	d.end()
	d.forget()
	effects := []Effect{Focus{ID: "title"}}
	if d.File != nil {
		effects = append(effects, Forget{Files: []FileRef{*d.File}})
	}
	*d = Drill{Env: d.Env, Phase: DrillForm, runs: d.runs}
	return effects
}

// forget lets go of the words and the file's bytes.
func (d *Drill) forget() {
	clear(d.file)
	d.file, d.Words = nil, [protocol.BackupWords]string{}
}
