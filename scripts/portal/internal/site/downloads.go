package site

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"slices"

	"scelle/scripts/portal/internal/downloads"
)

// downloadsView is the page to which « Afficher plus d'informations » leads:
// the installers that there are, those for the visitor's system first.
type downloadsView struct {
	System     downloads.System // the visitor's, "" when it is not known
	Mine       []downloads.File // for that system
	Others     []systemFiles    // for the others, those that have any
	Extensions []downloads.File // for the visitor's browser first
	Pin        string           // of the key that signs the portal's lists
	host       bool             // whether the visitor needs the program
}

// systemFiles are the installers for one system.
type systemFiles struct {
	System downloads.System
	Files  []downloads.File
}

func (v downloadsView) script(lang string) any {
	return newScriptData(lang, map[string]any{"host": v.host})
}

func (s *Server) downloadsPage(c *call) error {
	files, err := s.shelf.List()
	if err != nil {
		return err
	}
	c.w.Header().Set("Vary", "User-Agent, Sec-CH-UA-Platform")
	v := downloadsView{System: downloads.Visitor(c.Request.Header), host: c.session == nil || c.user().Buyer()}
	if _, v.Pin, err = s.lists.Certificate(); err != nil {
		return err
	}
	of := func(system downloads.System) []downloads.File {
		return slices.DeleteFunc(slices.Clone(files), func(f downloads.File) bool { return f.System != system })
	}
	for _, system := range downloads.Systems() {
		found := of(system)
		switch {
		case len(found) == 0:
		case system == v.System:
			v.Mine = found
		default:
			v.Others = append(v.Others, systemFiles{system, found})
		}
	}
	v.Extensions = of(downloads.Browser)
	own := downloads.Extension(c.Request.Header)
	slices.SortStableFunc(v.Extensions, func(a, b downloads.File) int { return rank(a, own) - rank(b, own) })
	return s.show(c, http.StatusOK, "downloads", v)
}

func rank(f downloads.File, own downloads.Form) int {
	if f.Form == own {
		return 0
	}
	return 1
}

// installer gives out one of the files, always to be saved.
func (s *Server) installer(c *call) error {
	f, err := s.shelf.Open(c.PathValue("file"))
	if errors.Is(err, fs.ErrNotExist) {
		return errGone
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	setDownload(c.w, "application/octet-stream", info.Name(), info.Size())
	_, _ = io.Copy(c.w, f) // the browser went away: nobody is left to tell
	return nil
}
