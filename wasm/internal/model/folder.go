package model

import (
	"strconv"
	"strings"
	"unicode"

	"scelle/shared/fault"
)

// delivers reports whether the opened files can go there.
func (o *Opening) delivers(to Delivery) bool {
	switch to {
	case ToDownloads:
		return !o.Env.NoSaving
	case ToFolder:
		return !o.Env.NoSaving && o.Folder.Handle != 0
	case ToPortal:
		return o.HandOver
	}
	return false
}

// chooseFolder asks for a folder; who changes nothing keeps what was chosen.
func (o *Opening) chooseFolder() []Effect {
	if o.Phase != OpenConsent || o.choosing || o.Env.NoSaving || !o.Env.Folders {
		return nil
	}
	o.choosing, o.Unchosen = true, nil
	return []Effect{PickFolder{Then: func(f FolderRef, err error) Msg { return folderChosen{f, err} }}}
}

// folderChosen is the end of a choice.
type folderChosen struct {
	folder FolderRef
	err    error
}

func (o *Opening) chosen(m folderChosen) []Effect {
	o.choosing = false
	switch code := fault.CodeOf(m.err); {
	case o.Phase != OpenConsent: // decided meanwhile
	case code == "":
		o.Folder, o.Delivery = m.folder, ToFolder
	case code != fault.Cancelled:
		o.Unchosen = fault.Of(m.err)
	}
	return nil
}

// into is the place that files are saved to.
func (o *Opening) into() FolderRef {
	if o.Delivery == ToFolder {
		return o.Folder
	}
	return FolderRef{}
}

// folder is where the files of a pli are saved, below the place that was
// chosen: one folder for the tender, one for the pli. Names that came from a
// stranger lose whatever a file system or a reader could misunderstand.
func (o *Opening) folder(p *Pli) string {
	name := folderName(p.Label)
	if name == "" {
		name = folderName(p.ID)
	}
	if name == "" {
		name = "pli"
	}
	unique := name
	for n := 2; o.folders[strings.ToLower(unique)]; n++ {
		unique = name + " (" + strconv.Itoa(n) + ")"
	}
	o.folders[strings.ToLower(unique)] = true
	return strings.TrimPrefix(o.tenderFolder()+"/"+unique, "/")
}

// tenderFolder holds the folders of a consultation's plis, and its record: ""
// is the chosen folder itself, where there is no consultation.
func (o *Opening) tenderFolder() string {
	tender := folderName(o.Tender)
	switch {
	case o.Delivery == ToFolder:
		return tender
	case tender == "":
		return "Scellé"
	}
	return "Scellé/" + tender
}

const maxFolder = 60 // characters

// folderName keeps letters, digits and a few signs; the rest becomes "-".
func folderName(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > maxFolder {
			break
		}
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.Is(unicode.Mn, r), r == '-', r == '_', r == '.', r == ',', r == '(', r == ')':
			b.WriteRune(r)
		case unicode.IsSpace(r):
			b.WriteRune(' ')
		default:
			b.WriteRune('-')
		}
	}
	name := strings.Trim(strings.Join(strings.Fields(b.String()), " "), ". -,")
	if reserved(name) {
		name = "_" + name
	}
	return name
}

// reserved reports the device names of Windows, with or without an extension.
func reserved(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch strings.TrimSpace(stem) {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(stem) == 4 && (strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT")) && stem[3] >= '0' && stem[3] <= '9'
}
