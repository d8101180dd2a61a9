package site

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
	"time"

	"scelle/scripts/portal/internal/store"
)

const sessionLife = 10 * time.Hour

// contentPolicy is the strictest policy under which Scellé has to work: the
// extension's own frame is not subject to it.
const contentPolicy = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// secure sets the headers of every answer and refuses foreign host names.
func (s *Server) secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if s.https() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if _, err := s.origin(r); err != nil {
			http.Error(w, "Misdirected Request", statusOf(err))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) https() bool { return strings.HasPrefix(s.Origin, "https://") }

// cookieName has the prefix that ties a cookie to this host and to https,
// where there is https.
func (s *Server) cookieName() string {
	if s.https() {
		return "__Host-session"
	}
	return "session"
}

func (s *Server) setCookie(c *call, token string, life time.Duration) {
	http.SetCookie(c.w, &http.Cookie{
		Name: s.cookieName(), Value: token, Path: "/", MaxAge: int(life.Seconds()),
		HttpOnly: true, Secure: s.https(), SameSite: http.SameSiteStrictMode,
	})
}

// tokenFits checks the session's CSRF token: in a header from scripts, in a
// field from forms.
func (c *call) tokenFits(api bool) bool {
	token := c.Request.Header.Get("X-CSRF-Token")
	if !api && token == "" {
		c.Body = http.MaxBytesReader(c.w, c.Body, maxMessage)
		token = c.PostFormValue("csrf")
	}
	return subtle.ConstantTimeCompare([]byte(token), []byte(c.session.CSRF)) == 1
}

// home sends people to where they work.
func (s *Server) home(c *call) error {
	target := "/consultations"
	if c.session == nil {
		target = "/connexion"
	}
	return c.redirect(target)
}

func (c *call) redirect(path string) error {
	http.Redirect(c.w, c.Request, path, http.StatusSeeOther)
	return nil
}

// loginView is what the login page shows.
type loginView struct {
	Login  string
	Next   string
	Failed bool
	People []person // only in a demonstration
}

func (s *Server) loginPage(c *call) error {
	if c.session != nil {
		return c.redirect("/consultations")
	}
	return s.showLogin(c, http.StatusOK, loginView{Next: localPath(c.FormValue("next"))})
}

func (s *Server) showLogin(c *call, status int, v loginView) error {
	if s.Demo {
		v.People = demoPeople()
	}
	return s.show(c, status, "login", v)
}

func (s *Server) login(c *call) error {
	c.Body = http.MaxBytesReader(c.w, c.Body, maxMessage)
	login, next := c.PostFormValue("login"), localPath(c.PostFormValue("next"))
	token, err := s.store.Login(c.Context(), login, c.PostFormValue("password"), sessionLife, s.Rounds)
	if errors.Is(err, store.ErrNotFound) {
		return s.showLogin(c, http.StatusUnauthorized, loginView{Login: login, Next: next, Failed: true})
	}
	if err != nil {
		return err
	}
	s.setCookie(c, token, sessionLife)
	return c.redirect(next)
}

func (s *Server) logout(c *call) error {
	cookie, err := c.Cookie(s.cookieName())
	if err != nil {
		return errLogin
	}
	if err := s.store.Logout(c.Context(), cookie.Value); err != nil {
		return err
	}
	s.setCookie(c, "", -time.Second)
	return c.redirect("/connexion")
}

// localPath keeps a redirection inside the portal.
func localPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n") {
		return "/consultations"
	}
	return path
}

// language chooses French unless the person or the browser prefers English.
func language(r *http.Request) string {
	if cookie, err := r.Cookie("langue"); err == nil && (cookie.Value == "fr" || cookie.Value == "en") {
		return cookie.Value
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch main, _, _ := strings.Cut(strings.ToLower(tag), "-"); main {
		case "fr", "en":
			return main
		}
	}
	return "fr"
}

// language remembers the choice of a language.
func (s *Server) language(c *call) error {
	c.Body = http.MaxBytesReader(c.w, c.Body, maxMessage)
	lang := c.PostFormValue("lang")
	if lang != "en" {
		lang = "fr"
	}
	http.SetCookie(c.w, &http.Cookie{Name: "langue", Value: lang, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, Secure: s.https(), SameSite: http.SameSiteStrictMode})
	return c.redirect(localPath(c.PostFormValue("next")))
}
