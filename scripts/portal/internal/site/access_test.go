package site

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/protocol"
)

// accessRow is how a route is called, and the status that each of everybody
// gets.
type accessRow struct {
	path string
	body any
	want [5]int
}

// TestAccess calls every route as everybody. Each row says what nobody, a
// company, an agent who may only look, an agent of the other service and the
// right agent get; a route without a row fails the test.
func TestAccess(t *testing.T) {
	p := newPortal(t)
	agent := p.login(t, "agent").assistant()
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Accès"})
	key := agent.activate("Accès", false, pair)
	pending := agent.submit("Attente", false, certtest.SelfSigned(t, certtest.Options{CommonName: "Attente", Key: 1})).ID
	company := p.login(t, "entreprise")
	pli := company.deposit(salt, company.seal(salt, "", "contenu")).ID
	server := map[string]any{"name": "N", "commonName": "CN"} // refused for its certificate, after the rights
	submit := submitArgs("Accès", false, pair)

	people := []string{"", "entreprise", "lecture", "ecoles", "agent"}
	rows := map[string]accessRow{
		"GET /{$}":                          {"/", nil, [5]int{303, 303, 303, 303, 303}},
		"GET /":                             {"/nothing/here", nil, [5]int{404, 404, 404, 404, 404}},
		"GET /connexion":                    {"/connexion", nil, [5]int{200, 303, 303, 303, 303}},
		"GET /telechargements":              {"/telechargements", nil, [5]int{200, 200, 200, 200, 200}},
		"GET /telechargements/{file}":       {"/telechargements/scelle-linux-amd64", nil, [5]int{200, 200, 200, 200, 200}},
		"GET /scelle.js":                    {"/scelle.js", nil, [5]int{200, 200, 200, 200, 200}},
		"GET /sealing.js":                   {"/sealing.js", nil, [5]int{200, 200, 200, 200, 200}},
		"GET /codes.js":                     {"/codes.js", nil, [5]int{200, 200, 200, 200, 200}},
		"GET /sealing/{folder}/{file}":      {"/sealing/app/crypto.wasm", nil, [5]int{200, 200, 200, 200, 200}},
		"GET /aide/{file}":                  {"/aide/help-fr.html", nil, [5]int{200, 200, 200, 200, 200}},
		"GET /static/{file}":                {"/static/portal.css", nil, [5]int{200, 200, 200, 200, 200}},
		"GET /consultations":                {"/consultations", nil, [5]int{303, 200, 200, 200, 200}},
		"GET /consultations/{id}":           {"/consultations/" + salt, nil, [5]int{303, 200, 403, 403, 200}},
		"GET /administration/service/cles":  {"/administration/service/cles?service=voirie", nil, [5]int{303, 403, 200, 403, 200}},
		"GET /depots/{id}":                  {"/depots/" + pli, nil, [5]int{303, 200, 403, 403, 200}},
		"GET /proces-verbaux/{id}":          {"/proces-verbaux/none", nil, [5]int{303, 403, 404, 404, 404}},
		"POST /api/tenders/{id}/records":    {"/api/tenders/" + salt + "/records", map[string]any{}, [5]int{401, 403, 403, 403, 403}}, // the deadline
		"GET /api/records/{id}":             {"/api/records/none", nil, [5]int{401, 403, 404, 404, 404}},
		"GET /api/keys":                     {"/api/keys?service=voirie", nil, [5]int{401, 403, 200, 403, 200}},
		"POST /api/keys":                    {"/api/keys", submit, [5]int{401, 403, 403, 200, 200}}, // each in his own service
		"POST /api/keys/server":             {"/api/keys/server", server, [5]int{401, 403, 403, 422, 422}},
		"PATCH /api/keys/{id}":              {"/api/keys/" + key, map[string]any{}, [5]int{401, 403, 403, 403, 200}},
		"DELETE /api/keys/{id}":             {"/api/keys/" + key, nil, [5]int{401, 403, 403, 403, 409}},
		"POST /api/keys/{id}/challenge":     {"/api/keys/" + pending + "/challenge", challengeBody{}, [5]int{401, 403, 403, 403, 200}},
		"POST /api/keys/{id}/proof":         {"/api/keys/" + pending + "/proof", proofBody{}, [5]int{401, 403, 403, 403, 422}},
		"POST /api/keys/{id}/discard":       {"/api/keys/" + pending + "/discard", nil, [5]int{401, 403, 403, 403, 200}},
		"GET /api/tenders/{id}/recipients":  {"/api/tenders/" + salt + "/recipients?kind=offre", nil, [5]int{401, 200, 403, 403, 200}},
		"GET /api/tenders/{id}/opening":     {"/api/tenders/" + salt + "/opening", nil, [5]int{401, 403, 403, 403, 403}}, // the deadline
		"GET /api/list-signer":              {"/api/list-signer", nil, [5]int{200, 200, 200, 200, 200}},
		"GET /api/tenders/{id}/plis":        {"/api/tenders/" + salt + "/plis", nil, [5]int{401, 403, 403, 403, 200}},
		"POST /api/tenders/{id}/plis":       {"/api/tenders/" + salt + "/plis?kind=offre&name=x", nil, [5]int{401, 422, 403, 403, 403}},
		"GET /api/plis/{id}/content":        {"/api/plis/" + pli + "/content", nil, [5]int{401, 403, 403, 403, 403}}, // the deadline
		"POST /api/plis/{id}/opened":        {"/api/plis/" + pli + "/opened", map[string]any{}, [5]int{401, 403, 403, 403, 403}},
		"POST /api/plis/{id}/files":         {"/api/plis/" + pli + "/files?name=x", nil, [5]int{401, 403, 403, 403, 403}},
		"GET /api/files/{id}":               {"/api/files/none", nil, [5]int{401, 403, 404, 404, 404}},
		"POST /consultations/{id}/cles":     {"/consultations/" + salt + "/cles", url.Values{}, [5]int{303, 403, 403, 403, 303}},
		"POST /consultations/{id}/cloture":  {"/consultations/" + salt + "/cloture", url.Values{}, [5]int{303, 403, 403, 403, 303}},
		"POST /connexion":                   {"/connexion", url.Values{"login": {"x"}}, [5]int{401, 401, 401, 401, 401}},
		"POST /langue":                      {"/langue", url.Values{"lang": {"fr"}}, [5]int{303, 303, 303, 303, 303}},
		"POST /deconnexion":                 {"/deconnexion", url.Values{}, [5]int{303, 303, 303, 303, 303}},
		"POST /api/tenders/{id}/rehearsals": {"/api/tenders/" + salt + "/rehearsals", map[string]any{}, [5]int{401, 403, 403, 403, 400}},
		"GET /transferts":                   {"/transferts?service=voirie", nil, [5]int{303, 403, 403, 403, 200}},
		"GET /api/transfers":                {"/api/transfers?from=" + key, nil, [5]int{401, 403, 403, 403, 400}},
		"GET /api/plis/{id}/head":           {"/api/plis/" + pli + "/head", nil, [5]int{401, 403, 403, 403, 200}},
		"POST /api/plis/{id}/recipients":    {"/api/plis/" + pli + "/recipients", map[string]any{}, [5]int{401, 403, 403, 403, 400}},
	}
	clients := map[string]*client{"": newClient(t, p.url)}
	for _, who := range people[1:] {
		clients[who] = p.login(t, who)
	}
	checkAccess(t, p, rows, people, clients)
	if got := clients["agent"].status("POST", "/consultations/"+salt+"/cloture", url.Values{}); got != 303 {
		t.Errorf("close: %d", got)
	}
	for _, who := range people {
		if got := clients[who].status("POST", "/deconnexion", url.Values{}); got != 303 {
			t.Errorf("logout of %q: %d", who, got)
		}
	}
	for who, want := range map[string]int{"agent": 200, "lecture": 403, "ecoles": 403, "entreprise": 403} {
		if got := p.login(t, who).status("GET", "/api/plis/"+pli+"/content", nil); got != want {
			t.Errorf("content after the deadline as %s: %d, want %d", who, got, want)
		}
	}
}

func checkAccess(t *testing.T, p *portal, rows map[string]accessRow, people []string, clients map[string]*client) {
	t.Helper()
	for _, r := range p.routes() {
		row, ok := rows[r.pattern]
		if !ok {
			t.Errorf("%s has no row", r.pattern)
			continue
		}
		method, _, _ := strings.Cut(r.pattern, " ")
		for i, who := range people {
			if r.pattern == "POST /consultations/{id}/cloture" && who == "agent" || r.pattern == "POST /deconnexion" {
				continue // last of all: they end the consultation or the session
			}
			if got := clients[who].status(method, row.path, row.body); got != row.want[i] {
				t.Errorf("%s as %q: %d, want %d", r.pattern, who, got, row.want[i])
			}
		}
	}
}

// status makes a request with a body as JSON or as a form.
func (c *client) status(method, path string, body any) int {
	c.t.Helper()
	if values, ok := body.(url.Values); ok {
		status, _ := c.form(path, values)
		return status
	}
	if !strings.HasPrefix(path, "/api/") {
		status, _ := c.page(path)
		return status
	}
	status, _ := c.api(method, path, body, nil)
	return status
}

// TestOtherService is an agent who names a service that is not his.
func TestOtherService(t *testing.T) {
	p := newPortal(t)
	agent := p.login(t, "agent")
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Autre service"})
	named := certificateRequest{submitArgs("Nom", false, pair), schools}
	agent.refusal(403, "not-permitted", http.MethodPost, "/api/keys", named)
	if status, f := agent.api(http.MethodGet, "/api/keys?service="+schools, nil, nil); f != nil {
		t.Errorf("he may look there: %d %v", status, f)
	}
	if _, page := agent.page("/administration/service/cles?service=" + schools); strings.Contains(page, "add-key") || !strings.Contains(page, "Consultation seule") {
		t.Error("the page offers what is not allowed")
	}
	own := p.login(t, "ecoles").assistant()
	id := own.activate("École", false, pair)
	agent.refusal(403, "not-permitted", http.MethodPatch, "/api/keys/"+id, map[string]any{"name": "x"})
	named.Service = roads
	var r protocol.Registration
	agent.must(http.MethodPost, "/api/keys", named, &r)
	if r.ID == id {
		t.Error("two services share a registration")
	}
}

func TestToken(t *testing.T) {
	p := newPortal(t)
	agent := p.login(t, "agent")
	right := agent.csrf
	for _, wrong := range []string{"", "x", p.login(t, "agent").csrf} {
		agent.csrf = wrong
		for _, r := range p.routes() {
			method, path, _ := strings.Cut(r.pattern, " ")
			if method == http.MethodGet || r.who == anyone || r.who == bidder {
				continue
			}
			if r.api() {
				if status, f := agent.api(method, path, map[string]any{}, nil); status != 403 || f.Detail != "token" {
					t.Errorf("%s with token %q: %d %v", r.pattern, wrong, status, f)
				}
			} else if status, body := agent.form(path, url.Values{}); status != 403 || !strings.Contains(body, "Rechargez-la") {
				t.Errorf("%s with token %q: %d", r.pattern, wrong, status)
			}
		}
	}
	agent.csrf = right
	if keys := agent.keys(); len(keys) != 0 {
		t.Errorf("%+v", keys)
	}
}

// TestForeignOrigin is a form that another site sends.
func TestForeignOrigin(t *testing.T) {
	c := newClient(t, newPortal(t).url)
	body := url.Values{"login": {"agent@demo"}, "password": {"agent-demo"}}.Encode()
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, name: {value}}
		if response, _ := c.send(http.MethodPost, "/connexion", strings.NewReader(body), header); response.StatusCode != http.StatusForbidden {
			t.Errorf("%s %s: %d", name, value, response.StatusCode)
		}
	}
}

// TestForeignHost is a name that was made to point to the portal.
func TestForeignHost(t *testing.T) {
	p := newPortal(t)
	for host, want := range map[string]int{"evil.example": 421, "127.0.0.1:1": 303, "localhost": 303, "[::1]:80": 303, "127.0.0.1.evil.example": 421} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %d, want %d", host, response.StatusCode, want)
		}
	}
}

func TestHeaders(t *testing.T) {
	p := newPortal(t)
	agent := p.login(t, "agent")
	for _, path := range []string{"/connexion", "/consultations", "/api/keys", "/static/portal.css", "/nothing"} {
		response, _ := agent.send(http.MethodGet, path, nil, http.Header{})
		policy := response.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'self';") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if strings.Contains(policy, "script-src") || strings.Contains(policy, "style-src") {
			t.Errorf("%s: the policy has exceptions: %q", path, policy)
		}
		if response.Header.Get("X-Content-Type-Options") != "nosniff" || response.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", path, response.Header)
		}
	}
}

func TestCookies(t *testing.T) {
	p := newPortal(t)
	c := newClient(t, p.url)
	response, _ := c.send(http.MethodPost, "/connexion", strings.NewReader("login=agent@demo&password=agent-demo"), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
	if len(response.Cookies()) != 1 {
		t.Fatalf("%v", response.Cookies())
	}
	cookie := response.Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" {
		t.Errorf("%+v", cookie)
	}
	if bytesOnDisk := filesBelow(t, p.config.Dir); strings.Contains(string(bytesOnDisk), cookie.Value) || strings.Contains(string(bytesOnDisk), "agent-demo") {
		t.Error("the database holds the session's token or the password")
	}
	c.enter("agent")
	p.clock.advance(sessionLife)
	if status, f := c.api(http.MethodGet, "/api/keys", nil, nil); status != 401 {
		t.Errorf("after the session's life: %d %v", status, f)
	}
	c.enter("agent")
	c.form("/deconnexion", url.Values{})
	if status, f := c.api(http.MethodGet, "/api/keys", nil, nil); status != 401 {
		t.Errorf("after the logout: %d %v", status, f)
	}
	for _, wrong := range []url.Values{{"login": {"agent@demo"}, "password": {"x"}}, {"login": {"nobody"}, "password": {"x"}}} {
		if status, page := c.form("/connexion", wrong); status != 401 || !strings.Contains(page, "incorrect") {
			t.Errorf("%v: %d", wrong, status)
		}
	}
}

// TestNotADemonstration has no logins on its page and closes nothing.
func TestNotADemonstration(t *testing.T) {
	p := newPortal(t)
	p.config.Demo = false
	p.restart(t)
	agent := p.login(t, "agent")
	if status, _ := agent.form("/consultations/"+salt+"/cloture", url.Values{}); status != 403 {
		t.Errorf("close: %d", status)
	}
	_, page := newClient(t, p.url).page("/connexion")
	if strings.Contains(page, "agent-demo") || strings.Contains(page, "Démonstration") {
		t.Error("the login page shows the demonstration")
	}
	empty := testConfig(t.TempDir())
	empty.Demo = false
	server, err := NewServer(t.Context(), empty)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if services, err := server.store.Services(t.Context()); err != nil || len(services) != 0 {
		t.Errorf("a new portal has %v, %v", services, err)
	}
}

// TestOriginBehindProxy is a portal that knows its own https origin.
func TestOriginBehindProxy(t *testing.T) {
	s := &Server{Config: Config{Origin: "https://marches.example"}}
	for host, good := range map[string]bool{"marches.example": true, "127.0.0.1": false, "other.example": false} {
		origin, err := s.origin(&http.Request{Host: host})
		if (err == nil) != good || good && origin != "https://marches.example" {
			t.Errorf("%s: %q, %v", host, origin, err)
		}
	}
	if name := s.cookieName(); name != "__Host-session" {
		t.Error(name)
	}
}
