package site

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"scelle/scripts/portal/internal/store"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// access is who may call a route at all; what they may do with one key or one
// consultation is decided in the handler.
type access int

const (
	anyone access = iota
	member        // logged in
	agent         // logged in, of a service
	bidder        // logged in, of a company
)

// route is one row of the portal's surface.
type route struct {
	pattern string // as http.ServeMux takes it
	who     access
	handle  func(*call) error
}

// api reports whether programs call the route: faults are JSON then.
func (r route) api() bool { return strings.Contains(r.pattern, " /api/") }

// routes is everything that the portal answers; openapi.yaml describes it.
func (s *Server) routes() []route {
	return []route{
		{"GET /{$}", anyone, s.home},
		{"GET /connexion", anyone, s.loginPage},
		{"POST /connexion", anyone, s.login},
		{"POST /deconnexion", member, s.logout},
		{"POST /langue", anyone, s.language},
		{"GET /administration/service/cles", agent, s.keysPage},
		{"GET /consultations", member, s.tendersPage},
		{"GET /consultations/{id}", member, s.tenderPage},
		{"POST /consultations/{id}/cles", agent, s.chooseKeys},
		{"POST /consultations/{id}/cloture", agent, s.closeNow},
		{"GET /depots/{id}", member, s.receiptPage},
		{"GET /proces-verbaux/{id}", agent, s.recordPage},
		{"GET /transferts", agent, s.transfersPage},
		{"GET /telechargements", anyone, s.downloadsPage},
		{"GET /telechargements/{file}", anyone, s.installer},
		{"GET /scelle.js", anyone, s.scelleJS},
		{"GET /sealing.js", anyone, s.sealingJS},
		{"GET /codes.js", anyone, s.sealingJS},
		{"GET /sealing/{folder}/{file}", anyone, s.sealingFile},
		{"GET /aide/{file}", anyone, s.guide},
		{"GET /static/{file}", anyone, s.staticFile},
		{"GET /", anyone, s.nothingHere},

		{"GET /api/keys", agent, s.listKeys},
		{"POST /api/keys", agent, s.submitCertificate},
		{"POST /api/keys/server", agent, s.requestServerKey},
		{"PATCH /api/keys/{id}", agent, s.editKey},
		{"DELETE /api/keys/{id}", agent, s.deleteKey},
		{"POST /api/keys/{id}/challenge", agent, s.requestChallenge},
		{"POST /api/keys/{id}/proof", agent, s.submitProof},
		{"POST /api/keys/{id}/discard", agent, s.discardKey},
		{"GET /api/tenders/{id}/recipients", member, s.recipients},
		{"GET /api/tenders/{id}/opening", agent, s.openingList},
		{"GET /api/list-signer", anyone, s.listSigner},
		{"GET /api/tenders/{id}/plis", agent, s.listPlis},
		{"POST /api/tenders/{id}/plis", bidder, s.deposit},
		{"POST /api/tenders/{id}/records", agent, s.receiveRecord},
		{"GET /api/transfers", agent, s.transferList},
		{"GET /api/plis/{id}/head", agent, s.pliHead},
		{"POST /api/plis/{id}/recipients", agent, s.replaceRecipients},
		{"POST /api/tenders/{id}/rehearsals", agent, s.receiveRehearsal},
		{"GET /api/records/{id}", agent, s.recordFile},
		{"GET /api/plis/{id}/content", agent, s.pliContent},
		{"POST /api/plis/{id}/opened", agent, s.reportOpening},
		{"POST /api/plis/{id}/files", agent, s.handOver},
		{"GET /api/files/{id}", agent, s.handedFile},
	}
}

// nothingHere answers every other address.
func (s *Server) nothingHere(*call) error { return errGone }

// call is one request being answered.
type call struct {
	w http.ResponseWriter
	*http.Request
	session *store.Session // nil when nobody is logged in
	lang    string         // "fr" or "en"
}

// user is who asks; only where the route needs a login.
func (c *call) user() *store.User { return &c.session.User }

// serve finds the session, checks access and token, and turns an error into
// an answer.
func (s *Server) serve(r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		c := &call{w: w, Request: req, lang: language(req)}
		err := s.admit(c, r)
		if err == nil {
			err = r.handle(c)
		}
		if err == nil {
			return
		}
		if r.api() {
			s.apiError(c, err)
		} else {
			s.pageError(c, err)
		}
	})
}

// errLogin asks for a login, errToken means a request without the session's
// CSRF token.
var (
	errLogin = &refusal{http.StatusUnauthorized, fault.Newf(fault.NotPermitted, "login")}
	errToken = &refusal{http.StatusForbidden, fault.Newf(fault.NotPermitted, "token")}
	errRight = &refusal{http.StatusForbidden, fault.Newf(fault.NotPermitted, "right")}
	errGone  = &refusal{http.StatusNotFound, fault.Newf(fault.PortalRefused, "not-found")}
)

func (s *Server) admit(c *call, r route) error {
	if cookie, err := c.Cookie(s.cookieName()); err == nil {
		session, err := s.store.Session(c.Context(), cookie.Value)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err == nil {
			c.session = session
		}
	}
	if r.who == anyone {
		return nil
	}
	switch {
	case c.session == nil:
		return errLogin
	case r.who == agent && !c.user().Buyer(), r.who == bidder && c.user().Buyer():
		return errRight
	case c.Method != http.MethodGet && !c.tokenFits(r.api()):
		return errToken
	}
	return nil
}

// refusal is a fault with the HTTP status that goes with it here.
type refusal struct {
	status int
	fault  *fault.Fault
}

func (r *refusal) Error() string { return r.fault.Error() }
func (r *refusal) Unwrap() error { return r.fault }

// statusOf is the HTTP status of an error.
func statusOf(err error) int {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.status
	}
	if errors.Is(err, store.ErrNotFound) {
		return http.StatusNotFound
	}
	code := fault.CodeOf(err)
	switch code {
	case fault.BadRequest, fault.ReadFailed:
		return http.StatusBadRequest
	case fault.NotPermitted:
		return http.StatusForbidden
	case fault.RegistrationUnknown:
		return http.StatusNotFound
	case fault.PortalRefused, fault.NoRecipient, fault.MechanismMissing:
		return http.StatusConflict
	case fault.MessageTooLarge, fault.EnvelopeTooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Busy:
		return http.StatusServiceUnavailable
	case fault.DiskFull:
		return http.StatusInsufficientStorage
	}
	if group := code.Group(); group == fault.Key || group == fault.Envelope || code == fault.ProofFailed {
		return http.StatusUnprocessableEntity
	}
	return http.StatusInternalServerError
}

// wireFault is what a program is told: never a cause.
func wireFault(err error) *protocol.Fault {
	if errors.Is(err, store.ErrNotFound) {
		return &protocol.Fault{Code: fault.PortalRefused, Detail: "not-found"}
	}
	return protocol.FaultOf(err)
}

func (s *Server) apiError(c *call, err error) {
	status := statusOf(err)
	if status == http.StatusInternalServerError {
		s.Log.Printf("%s %s: %v", c.Method, c.URL.Path, err)
	}
	writeJSON(c.w, status, map[string]*protocol.Fault{"fault": wireFault(err)})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the caller went away: nobody is left to tell
}

// reply answers with 200 and v.
func (c *call) reply(v any) error {
	writeJSON(c.w, http.StatusOK, v)
	return nil
}

// maxMessage is the largest JSON body or form, in bytes.
const maxMessage = 1 << 20

// decode reads the request's JSON body into v.
func (c *call) decode(v any) error { return c.decodeUpTo(maxMessage, v) }

// decodeUpTo is decode for a body of at most so many bytes.
func (c *call) decodeUpTo(limit int64, v any) error {
	d := json.NewDecoder(http.MaxBytesReader(c.w, c.Body, limit))
	err := d.Decode(v)
	if err == nil && d.More() {
		err = errors.New("more than one value")
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return fault.Wrap(fault.MessageTooLarge, err)
	}
	return fault.Wrap(fault.BadRequest, err)
}

// origin is the portal's own origin, as the browser shows it. Without a
// configured one only loopback names are taken: a name that an attacker made
// to point here must not become an origin.
func (s *Server) origin(r *http.Request) (string, error) {
	if s.Origin != "" {
		u, err := url.Parse(s.Origin)
		if err != nil || u.Host != r.Host {
			return "", &refusal{http.StatusMisdirectedRequest, fault.Newf(fault.BadRequest, "host")}
		}
		return s.Origin, nil
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	if host != "localhost" && !net.ParseIP(strings.Trim(host, "[]")).IsLoopback() {
		return "", &refusal{http.StatusMisdirectedRequest, fault.Newf(fault.BadRequest, "host")}
	}
	return "http://" + r.Host, nil
}
