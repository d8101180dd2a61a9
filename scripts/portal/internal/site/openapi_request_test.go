package site

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// parameter is one of an operation's, or a reference to one.
type parameter struct {
	Ref      string `yaml:"$ref"`
	Name     string
	In       string
	Required bool
	Schema   schema
}

// sentBody remembers the beginning of what a test sends.
type sentBody struct {
	from io.Reader
	seen bytes.Buffer
}

// maxJSON is more than any JSON body of the tests.
const maxJSON = maxRecord

func (s *sentBody) Read(b []byte) (int, error) {
	n, err := s.from.Read(b)
	s.seen.Write(b[:min(n, max(0, maxJSON-s.seen.Len()))])
	return n, err
}

func (s *sentBody) head() []byte { return s.seen.Bytes() }

// checkRequest holds every request of the API that the portal took to the
// document: what it takes has to be documented.
func checkRequest(t *testing.T, r *http.Request, response *http.Response, body []byte) {
	t.Helper()
	if response.StatusCode >= 300 || !strings.HasPrefix(r.URL.Path, "/api/") {
		return
	}
	d, err := readDocument()
	if err != nil {
		t.Fatal(err)
	}
	path := templateOf(d, r.URL.Path)
	o, ok, err := d.operation(path, r.Method)
	if err != nil || !ok {
		return // checkAnswer has said so
	}
	for _, complaint := range slices.Concat(d.checkQuery(path, o, r.URL.Query()), d.checkBody(o, r.Header.Get("Content-Type"), body)) {
		t.Errorf("%s %s: %s", r.Method, path, complaint)
	}
}

// parameters are those of an operation and of its path.
func (d document) parameters(path string, o operation) []parameter {
	all := slices.Clone(o.Parameters)
	if raw, ok := d.Paths[path]["parameters"]; ok {
		var common []parameter
		if text, err := yaml.Marshal(raw); err == nil && yaml.Unmarshal(text, &common) == nil {
			all = append(all, common...)
		}
	}
	for i, p := range all {
		if p.Ref != "" {
			all[i] = d.Components.Parameters[last(p.Ref)]
		}
	}
	return all
}

func (d document) checkQuery(path string, o operation, query url.Values) []string {
	var complaints []string
	documented := make(map[string]bool)
	for _, p := range d.parameters(path, o) {
		if p.In != "query" {
			continue
		}
		documented[p.Name] = true
		if p.Required && !query.Has(p.Name) {
			complaints = append(complaints, "the parameter "+p.Name+" is missing")
		}
		if query.Has(p.Name) {
			complaints = append(complaints, d.check(p.Schema, query.Get(p.Name), "parameter "+p.Name)...)
		}
	}
	for name := range query {
		if !documented[name] {
			complaints = append(complaints, "the parameter "+name+" is not documented")
		}
	}
	return complaints
}

func (d document) checkBody(o operation, mediaType string, body []byte) []string {
	if o.RequestBody == nil {
		if len(body) > 0 && string(body) != "{}" {
			return []string{"a body is sent and none is documented"}
		}
		return nil
	}
	if mediaType == "" {
		if o.RequestBody.Required {
			return []string{"the body is missing"}
		}
		return nil
	}
	kind, _, err := mime.ParseMediaType(mediaType)
	content, ok := o.RequestBody.Content[kind]
	if err != nil || !ok {
		return []string{"a body of type " + mediaType + " is not documented"}
	}
	if kind != "application/json" {
		return nil
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return []string{err.Error()}
	}
	return d.check(content.Schema, value, "body")
}

// wellFormed is a request that the portal takes for each operation with a JSON
// body.
type wellFormed struct {
	method, template, path string
	body                   any
}

func wellFormedRequests(t *testing.T, s sealing) []wellFormed {
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Demandes", Key: 2})
	pending := s.agent.submit("En attente", false, pair).ID
	oneTime := certtest.SelfSigned(t, certtest.Options{CommonName: "one time", Bits: 3072})
	pli := s.company.deposit(salt, s.company.seal(salt, "", "contenu"))
	s.closeTender(t, salt)
	opening := map[string]any{"authenticated": true, "sha256": pli.SHA256, "contentSha256": pli.ContentSHA256,
		"files": []protocol.PliFile{{Name: "offre.txt", Size: 7, MediaType: "text/plain", SHA256: sha256Hex([]byte("contenu"))}}}
	at := time.Now().UTC()
	record := protocol.OpeningRecord{Format: protocol.RecordFormat, Origin: "https://portail.example", Tender: pli.Tender, Title: "Sel", Started: at, Finished: at,
		Extension: "0.1.0", Host: "0.1.0", Keys: []protocol.RecordKey{{Thumbprint: strings.Repeat("a", 64), NotAfter: at}},
		Plis: []protocol.RecordPli{{Label: "Bâti-Loire", Opened: true}}, JournalAfter: &protocol.JournalMark{Chain: strings.Repeat("b", 64)}}
	return []wellFormed{
		{"POST", "/api/keys", "/api/keys", certificateRequest{submitArgs("Demandes", true, pair), roads}},
		{"POST", "/api/keys/server", "/api/keys/server", serverKeyRequest{protocol.RequestServerKeyArgs{Name: "N", CommonName: "CN", OneTimeCertificate: oneTime.DER}, roads}},
		{"PATCH", "/api/keys/{id}", "/api/keys/" + s.personalID, map[string]any{"name": "Autre nom", "recovery": false}},
		{"POST", "/api/keys/{id}/challenge", "/api/keys/" + pending + "/challenge", map[string]any{"refused": []string{}}},
		{"POST", "/api/keys/{id}/proof", "/api/keys/" + pending + "/proof", map[string]any{"mechanism": "rsa-oaep-sha256", "proof": strings.Repeat("0", 64)}},
		{"POST", "/api/plis/{id}/opened", "/api/plis/" + pli.ID + "/opened", opening},
		{"POST", "/api/plis/{id}/recipients", "/api/plis/" + pli.ID + "/recipients", protocol.ReplaceRecipientsArgs{ID: pli.ID, Header: strings.Repeat("0", 64),
			From: s.agent.key(s.personalID).Thumbprint, Recipients: []protocol.NewRecipient{{Thumbprint: s.agent.key(s.backup).Thumbprint, RecipientInfo: []byte{0x30, 0}}}, Verified: true}},
		{"POST", "/api/tenders/{id}/rehearsals", "/api/tenders/" + salt + "/rehearsals", rehearsalOf(pli.Tender, s.agent.key(s.personalID).Thumbprint, protocol.RehearsedOpened)},
		{"POST", "/api/tenders/{id}/records", "/api/tenders/" + salt + "/records", record},
	}
}

// TestRequestBodies changes one thing at a time in bodies that are documented:
// another type of value is a bad request wherever it is, and what the document
// asks for may not be left out, except where nothing said means no.
func TestRequestBodies(t *testing.T) {
	d, err := readDocument()
	if err != nil {
		t.Fatal(err)
	}
	s := newSealing(t)
	requests := wellFormedRequests(t, s)
	for _, r := range requests {
		o, _, err := d.operation(r.template, r.method)
		if err != nil || o.RequestBody == nil {
			t.Fatalf("%s %s has no documented body: %v", r.method, r.template, err)
		}
		text, err := json.Marshal(r.body)
		if err != nil {
			t.Fatal(err)
		}
		for _, complaint := range d.checkBody(o, "application/json", text) {
			t.Errorf("%s %s: %s", r.method, r.template, complaint)
		}
		schema := d.resolve(o.RequestBody.Content["application/json"].Schema)
		changes := 0
		for change, body := range changedBodies(t, d, schema, text) {
			changes++
			status, f := s.agent.api(r.method, r.path, body, nil)
			if f == nil || status/100 != 4 || strings.HasSuffix(change, "type") && f.Code != fault.BadRequest {
				t.Errorf("%s %s, %s: %d %v", r.method, r.template, change, status, f)
			}
		}
		if changes < len(schema.Properties) {
			t.Errorf("%s %s: only %d changes", r.method, r.template, changes)
		}
	}
	d.everyBodyIsTried(t, requests)
}

// changedBodies are a body's faulty variants, by what is wrong with them.
func changedBodies(t *testing.T, d document, s schema, text []byte) map[string]map[string]any {
	t.Helper()
	variants := make(map[string]map[string]any)
	for name, property := range s.Properties {
		var changed map[string]any
		if err := json.Unmarshal(text, &changed); err != nil {
			t.Fatal(err)
		}
		p := d.resolve(property)
		changed[name] = map[string]any{"unexpected": true}
		if p.may("object") {
			changed[name] = "unexpected"
		}
		variants[name+" of another type"] = changed
		if slices.Contains(s.Required, name) && !p.may("boolean") && !p.may("array") {
			without := maps.Clone(changed)
			delete(without, name)
			variants["without "+name] = without
		}
	}
	return variants
}

func (d document) resolve(s schema) schema {
	if s.Ref != "" {
		return d.resolve(d.Components.Schemas[last(s.Ref)])
	}
	return s
}

// everyBodyIsTried finds documented JSON bodies that no request stands for.
func (d document) everyBodyIsTried(t *testing.T, requests []wellFormed) {
	t.Helper()
	bodies := 0
	for path, item := range d.Paths {
		for method := range item {
			o, _, err := d.operation(path, method)
			if err != nil || o.RequestBody == nil {
				continue
			}
			if _, ok := o.RequestBody.Content["application/json"]; !ok {
				continue
			}
			bodies++
			if !slices.ContainsFunc(requests, func(r wellFormed) bool { return r.template == path && strings.EqualFold(r.method, method) }) {
				t.Errorf("%s %s: its body is not tried", method, path)
			}
		}
	}
	if bodies == 0 {
		t.Error(fmt.Sprint("no bodies in the document of ", len(d.Paths), " paths"))
	}
}
