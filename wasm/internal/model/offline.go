package model

import (
	"strconv"

	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// Offline opens plis that the person has as files, without a portal, with the
// keys of this computer.
type Offline struct {
	Open    *Opening
	TooMany bool      // more files were given than can be opened at once
	next    []FileRef // given while the record of the last opening is written
}

// NewOffline makes the screen of the offline page.
func NewOffline(env Env) *Offline {
	return &Offline{Open: emptyOffline(env)}
}

func emptyOffline(env Env) *Opening {
	return &Opening{Env: env, errand: received{}, Offline: true, Phase: OpenPick, Delivery: ToDownloads, folders: map[string]bool{}}
}

// Forbidden reports that the administrator lets nothing be opened here: there
// is no portal to hand the files to.
func (f *Offline) Forbidden() bool { return f.Open.Env.NoSaving }

// Init gives the first effects.
func (f *Offline) Init() []Effect { return f.Open.Init() }

// Update changes the screen by a message.
func (f *Offline) Update(m Msg) []Effect {
	o := f.Open
	switch m := m.(type) {
	case PickFiles:
		if f.Forbidden() {
			return nil
		}
		if o.Phase == OpenPick || o.Phase == OpenResults {
			return []Effect{ReadFile{Then: func(files []FileRef) Msg { return FilesDropped{Files: files} }}}
		}
		return nil
	case FilesDropped:
		return f.add(m.Files)
	case Cancel:
		if o.Phase == OpenRunning || o.Phase == OpenPaused {
			return o.Update(m)
		}
		return f.again()
	}
	return append(o.Update(m), f.goOn()...)
}

// goOn takes the files that came while the record was being written.
func (f *Offline) goOn() []Effect {
	if len(f.next) == 0 || f.Open.Minutes.Pending() {
		return nil
	}
	files := f.next
	f.next = nil
	return f.add(files)
}

// add starts an opening with these files.
func (f *Offline) add(files []FileRef) []Effect {
	o := f.Open
	switch {
	case len(files) == 0:
		return nil
	case o.Env.NoSaving: // Forbidden says so on the screen
		return []Effect{Forget{Files: files}}
	case o.Phase == OpenResults && o.Minutes.Pending():
		f.next = append(f.next, files...)
		return nil
	case o.Phase != OpenPick && o.Phase != OpenResults:
		return []Effect{Forget{Files: files}}
	}
	if f.TooMany = len(files) > protocol.MaxPlis; f.TooMany {
		return []Effect{Forget{Files: files}}
	}
	run := o.runs
	f.Open = emptyOffline(o.Env)
	f.Open.runs = run
	for i, file := range files {
		f.Open.Plis = append(f.Open.Plis, &Pli{OpenPli: protocol.OpenPli{ID: strconv.Itoa(i), Label: keypair.Clean(file.Name), Size: file.Size},
			State: PliWaiting, File: file, Total: file.Size, fetched: true, asked: i})
	}
	return f.Open.load()
}

// again goes back to an empty page and lets everything go.
func (f *Offline) again() []Effect {
	o := f.Open
	if o.Phase == OpenPick || o.Phase == OpenResults && o.Minutes.Pending() {
		return nil
	}
	effects := o.forgetAll()
	if o.Phase == OpenLoading {
		effects = append([]Effect{CancelWork{}}, effects...)
	}
	o.end()
	run := o.runs
	f.Open, f.TooMany = emptyOffline(o.Env), false
	f.Open.runs = run
	return effects
}
