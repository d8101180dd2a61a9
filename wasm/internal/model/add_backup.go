package model

import (
	"bytes"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// BackupCopy is the protected copy of a new key. This window alone has its
// words, since it shows them; nothing of it is kept once the window is closed,
// and the portal's page never sees any of it.
type BackupCopy struct {
	Made   time.Time
	Saving bool
	Saved  string       // the file's name in the download place
	Fault  *fault.Fault // why it could not be saved
	file   []byte
	words  []byte
}

// copied takes the copy that came with a key.
func (a *Add) copied(b *protocol.Backup) *BackupCopy {
	if b == nil {
		return nil
	}
	return &BackupCopy{Made: a.Env.Time(), file: b.File, words: b.Words}
}

// forgetBackup wipes what can be wiped. What the screen was drawn from goes
// with the window.
func (a *Add) forgetBackup() {
	if a.Backup != nil {
		clear(a.Backup.words)
		clear(a.Backup.file)
		a.Backup = nil
	}
}

// BackupLost reports that a copy was wanted and there is none: the host's
// answer got lost after the key was stored.
func (a *Add) BackupLost() bool {
	return a.WantBackup && a.Backup == nil && !a.resuming && a.Mode != protocol.ModeExisting
}

// Words are the words that open the copy, in order.
func (c *BackupCopy) Words() []string {
	var out []string
	for _, w := range bytes.Split(c.words, []byte("-")) {
		out = append(out, string(w))
	}
	return out
}

// fileName is what the copy, with the person's word for it, is called in the
// download place.
func (a *Add) fileName(word string) string {
	return "Scellé/" + folderName(word+" "+a.keyName()+" "+a.Backup.Made.UTC().Format(time.DateOnly)) + ".p12"
}

func (a *Add) updateBackup(m Msg) []Effect {
	c := a.Backup
	switch m := m.(type) {
	case SaveCopy:
		if c.Saving {
			return nil
		}
		c.Saving, c.Fault = true, nil
		return []Effect{SaveBytes{Path: a.fileName(m.Called), Bytes: c.file, Then: once(&a.runs, nil, func(name string, err error) []Effect {
			c.Saving, c.Fault = false, fault.Of(err)
			if err == nil {
				c.Saved = name
			}
			return nil
		})}}
	case PrintSheet:
		return []Effect{PrintPage{}}
	case OpenBackupPage:
		return []Effect{OpenURL{URL: backupPage}}
	}
	return nil
}
