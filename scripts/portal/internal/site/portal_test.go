package site

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"scelle/scripts/portal/internal/authority"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// The test program is also the process that makes key pairs, and the portal
// whose memory is searched.
const (
	asKeyMaker = "make-key"
	asPortal   = "serve-portal"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case asKeyMaker:
			if err := authority.Child(os.Stdin, os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			return
		case asPortal:
			servePortal(os.Args[2])
			return
		}
	}
	os.Exit(m.Run())
}

// clock is a clock that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// portal is a running portal with the demonstration's people.
type portal struct {
	*Server
	config Config
	clock  *clock
	web    *httptest.Server
	url    string
}

func testConfig(dir string) Config {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return Config{
		Dir: dir, Demo: true, KeyMaker: []string{self, asKeyMaker}, Rounds: 1000, Log: log.New(io.Discard, "", 0),
		Page: fstest.MapFS{"scelle.js": {Data: []byte("export const scelle = {};\n")}, "help-fr.html": {Data: []byte("<!doctype html>\n")}},
	}
}

func newPortal(t *testing.T) *portal {
	t.Helper()
	c := testConfig(t.TempDir())
	p := &portal{config: c, clock: &clock{now: time.Now()}}
	p.config.Installers = installers(t, everyInstaller...)
	p.config.Sealing = sealingFiles(t)
	p.config.Now, p.config.Log = p.clock.Now, log.New(t.Output(), "portal: ", 0)
	p.start(t)
	t.Cleanup(func() { p.stop() })
	return p
}

func (p *portal) start(t *testing.T) {
	t.Helper()
	server, err := NewServer(t.Context(), p.config)
	if err != nil {
		t.Fatal(err)
	}
	p.Server = server
	p.web = httptest.NewServer(server.Handler())
	p.url = p.web.URL
}

func (p *portal) stop() {
	p.web.Close()
	_ = p.Close()
}

// restart is a stop and a start on the same data; sessions go on.
func (p *portal) restart(t *testing.T, clients ...*client) {
	t.Helper()
	old, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	p.stop()
	p.start(t)
	now, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range clients {
		c.jar.SetCookies(now, c.jar.Cookies(old))
		c.url = p.url
	}
}

// client is a browser with a session.
type client struct {
	t    *testing.T
	http *http.Client
	jar  *cookiejar.Jar
	url  string
	csrf string
}

func newClient(t *testing.T, address string) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client{t: t, jar: jar, url: address, http: &http.Client{Jar: jar, CheckRedirect: stay}}
}

// login logs one of the demonstration's people in.
func (p *portal) login(t *testing.T, id string) *client {
	t.Helper()
	c := newClient(t, p.url)
	c.enter(id)
	return c
}

var csrfMeta = regexp.MustCompile(`<meta name="csrf" content="([a-z0-9]+)">`)

func (c *client) enter(id string) {
	c.t.Helper()
	for _, who := range demoPeople() {
		if who.ID != id {
			continue
		}
		status, body := c.form("/connexion", url.Values{"login": {who.Login}, "password": {who.Password}})
		if status != http.StatusSeeOther {
			c.t.Fatalf("login of %s: %d %s", id, status, body)
		}
		status, page := c.page("/consultations")
		found := csrfMeta.FindStringSubmatch(page)
		if found == nil || status != http.StatusOK {
			c.t.Fatalf("no token for %s in %s", id, page)
		}
		c.csrf = found[1]
		return
	}
	c.t.Fatalf("no %s in the demonstration", id)
}

// send makes a request and returns the answer, whose body is read.
func (c *client) send(method, path string, body io.Reader, header http.Header) (*http.Response, []byte) {
	c.t.Helper()
	sent := &sentBody{from: body}
	if body != nil {
		body = sent
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header = header
	response, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	checkAnswer(c.t, r, response, answer)
	checkRequest(c.t, r, response, sent.head())
	return response, answer
}

// page gets a page.
func (c *client) page(path string) (int, string) {
	c.t.Helper()
	response, body := c.send(http.MethodGet, path, nil, http.Header{"Accept-Language": {"fr"}})
	return response.StatusCode, string(body)
}

// form posts a form with the session's token.
func (c *client) form(path string, values url.Values) (int, string) {
	c.t.Helper()
	values.Set("csrf", c.csrf)
	response, body := c.send(http.MethodPost, path, strings.NewReader(values.Encode()),
		http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept-Language": {"fr"}})
	return response.StatusCode, string(body)
}

// api calls the portal's API with in as JSON and reads the answer into out.
func (c *client) api(method, path string, in, out any) (int, *protocol.Fault) {
	c.t.Helper()
	if in == nil {
		return c.call(method, path, "", nil, out)
	}
	text, err := json.Marshal(in)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.call(method, path, "application/json", bytes.NewReader(text), out)
}

// raw is api with a body of any bytes: a pli, or an opened file.
func (c *client) raw(method, path string, body io.Reader, out any) (int, *protocol.Fault) {
	c.t.Helper()
	mediaType := "application/pkcs7-mime"
	if strings.HasSuffix(strings.SplitN(path, "?", 2)[0], "/files") {
		mediaType = "application/octet-stream"
	}
	return c.call(method, path, mediaType, body, out)
}

func (c *client) call(method, path, mediaType string, body io.Reader, out any) (int, *protocol.Fault) {
	c.t.Helper()
	header := http.Header{"X-Csrf-Token": {c.csrf}}
	if mediaType != "" {
		header.Set("Content-Type", mediaType)
	}
	response, answer := c.send(method, path, body, header)
	if response.StatusCode >= 400 {
		var failure struct{ Fault *protocol.Fault }
		if err := json.Unmarshal(answer, &failure); err != nil || failure.Fault == nil {
			c.t.Fatalf("%s %s: %d without a fault: %s", method, path, response.StatusCode, answer)
		}
		return response.StatusCode, failure.Fault
	}
	if out != nil {
		if err := json.Unmarshal(answer, out); err != nil {
			c.t.Fatalf("%s %s: %v: %s", method, path, err, answer)
		}
	}
	return response.StatusCode, nil
}

// must is api that has to succeed.
func (c *client) must(method, path string, in, out any) {
	c.t.Helper()
	if status, f := c.api(method, path, in, out); f != nil {
		c.t.Fatalf("%s %s: %d %v", method, path, status, *f)
	}
}

// refusal is api that has to be refused with this status and code.
func (c *client) refusal(status int, code fault.Code, method, path string, in any) *protocol.Fault {
	c.t.Helper()
	got, f := c.api(method, path, in, nil)
	if f == nil || got != status || f.Code != code {
		c.t.Fatalf("%s %s: %d %v, want %d %s", method, path, got, f, status, code)
	}
	return f
}
