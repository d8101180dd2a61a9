package site

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"scelle/scripts/portal/internal/store"
	"scelle/scripts/portal/internal/text"
	"scelle/scripts/portal/static"
	"scelle/scripts/portal/templates"
	"scelle/shared/fault"
	"scelle/shared/keyhealth"
)

// views are the pages' templates, by language and name.
type views struct {
	pages map[string]map[string]*template.Template
}

func newViews() (*views, error) {
	names, err := fs.Glob(templates.Files, "*.html")
	if err != nil {
		return nil, err
	}
	v := &views{pages: make(map[string]map[string]*template.Template)}
	for _, lang := range text.Languages() {
		base, err := template.New("base").Funcs(functions(lang)).ParseFS(templates.Files, "base.html")
		if err != nil {
			return nil, err
		}
		v.pages[lang] = make(map[string]*template.Template)
		for _, name := range names {
			if name == "base.html" {
				continue
			}
			page, err := template.Must(base.Clone()).ParseFS(templates.Files, name)
			if err != nil {
				return nil, err
			}
			v.pages[lang][name] = page
		}
	}
	return v, nil
}

// functions are what templates may call.
func functions(lang string) template.FuncMap {
	return template.FuncMap{
		"t":     func(key string, args ...any) string { return text.Format(lang, key, args...) },
		"count": func(key string, n int) string { return text.Count(lang, key, n) },
		"date":  text.Date(lang),
		"size":  text.Size(lang),
		"short": func(fingerprint string) string { return fingerprint[:min(12, len(fingerprint))] },
		"dict":  dict,
		// faulttext says what a code means.
		"faulttext": func(code fault.Code) string { return code.Text(lang) },
		// guide is where a code is explained.
		"guide":  func(code keyhealth.Code) string { return "/aide/help-" + lang + ".html#" + string(code) },
		"day":    text.Day(lang),
		"words":  func(f keyhealth.Finding) string { return f.Text(lang) },
		"remedy": func(f keyhealth.Finding) string { return f.Remedy(lang) },
	}
}

// dict makes the argument of a template that wants more than one value.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("dict: a name without a value")
	}
	d := make(map[string]any)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, errors.New("dict: a name is not a string")
		}
		d[name] = pairs[i+1]
	}
	return d, nil
}

// page is what every template gets.
type page struct {
	Lang    string
	Path    string
	Session *store.Session
	Demo    bool
	Name    string
	Data    any
	Script  any // what the page's script needs, as JSON
}

// scripted is a view with data for the page's script.
type scripted interface{ script(lang string) any }

// show renders a page. It renders in full before the first byte goes out, so
// that a failing template is an error and not half a page.
func (s *Server) show(c *call, status int, name string, data any) error {
	p := page{Lang: c.lang, Path: c.URL.RequestURI(), Session: c.session, Demo: s.Demo, Name: name, Data: data}
	if d, ok := data.(scripted); ok {
		p.Script = d.script(c.lang)
	}
	var out bytes.Buffer
	if err := s.views.pages[c.lang][name+".html"].ExecuteTemplate(&out, "base", p); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	h := c.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept-Language, Cookie")
	c.w.WriteHeader(status)
	_, _ = out.WriteTo(c.w) // the browser went away: nobody is left to tell
	return nil
}

// faultView is a failure on a page of its own.
type faultView struct {
	Status       int
	Text, Remedy string
}

// pageError shows an error to a person, or the login to a stranger.
func (s *Server) pageError(c *call, err error) {
	if errors.Is(err, errLogin) {
		http.Redirect(c.w, c.Request, "/connexion?next="+template.URLQueryEscaper(c.returnPath()), http.StatusSeeOther)
		return
	}
	status := statusOf(err)
	if status == http.StatusInternalServerError {
		s.Log.Printf("%s %s: %v", c.Method, c.URL.Path, err)
	}
	f := wireFault(err)
	key := "error." + f.Detail
	v := faultView{Status: status, Text: f.Code.Text(c.lang), Remedy: f.Code.Remedy(c.lang)}
	if f.Code == fault.PortalRefused || f.Code == fault.NotPermitted {
		if text.Has(key) {
			v.Text, v.Remedy = text.Format(c.lang, key), ""
		}
	}
	if err := s.show(c, status, "error", v); err != nil {
		s.Log.Printf("%s: %v", c.URL.Path, err)
		http.Error(c.w, http.StatusText(status), status)
	}
}

// returnPath is where to go on after the login.
func (c *call) returnPath() string {
	if c.Method == http.MethodGet {
		return c.URL.RequestURI()
	}
	return "/"
}

// setDownload sets the headers of a file to be saved.
func setDownload(w http.ResponseWriter, mediaType, name string, size int64) {
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
}

// staticFile serves the portal's own script, style and picture files.
func (s *Server) staticFile(c *call) error {
	return s.serveAsset(c, static.Files, c.PathValue("file"))
}

// scelleJS serves the library that a portal includes in its pages.
func (s *Server) scelleJS(c *call) error { return s.serveAsset(c, s.Page, "scelle.js") }

// guide serves what every code of scelle.js means and what to do about it.
func (s *Server) guide(c *call) error {
	name := c.PathValue("file")
	if !strings.HasPrefix(name, "help") && !strings.HasPrefix(name, "integrate") {
		return errGone
	}
	return s.serveAsset(c, s.Page, name)
}

func (s *Server) serveAsset(c *call, files fs.FS, name string) error {
	body, err := fs.ReadFile(files, name)
	if errors.Is(err, fs.ErrNotExist) || path.Ext(name) == ".go" {
		return errGone
	}
	if err != nil {
		return err
	}
	h := c.w.Header()
	h.Set("Content-Type", contentType(name))
	h.Set("Cache-Control", "no-cache")
	zipped := takesGzip(c.Request)
	if sayGzip(h, zipped); zipped {
		if body, err = s.gzips.of(body); err != nil {
			return err
		}
	}
	_, _ = c.w.Write(body) // the browser went away: nobody is left to tell
	return nil
}

// contentType does not ask the system's tables, which differ.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".wasm":
		return "application/wasm"
	}
	return "application/octet-stream"
}
