package site

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
)

// document is the part of openapi.yaml that the tests need.
type document struct {
	Paths      map[string]map[string]any
	Components struct {
		Schemas    map[string]schema
		Responses  map[string]answerDoc
		Parameters map[string]parameter
	}
}

type answerDoc struct {
	Ref     string `yaml:"$ref"`
	Content map[string]struct{ Schema schema }
}

type schema struct {
	Ref        string `yaml:"$ref"`
	Type       any    // a name, or a list of names
	Enum       []string
	Pattern    string
	MaxLength  int `yaml:"maxLength"` // characters
	Required   []string
	Properties map[string]schema
	Items      *schema
}

// readDocument reads openapi.yaml once for all answers of the tests.
var readDocument = sync.OnceValues(func() (document, error) {
	var d document
	text, err := os.ReadFile("../../openapi.yaml")
	if err != nil {
		return d, err
	}
	return d, yaml.Unmarshal(text, &d)
})

// operation is one entry of the document.
type operation struct {
	Parameters  []parameter
	RequestBody *struct {
		Required bool
		Content  map[string]struct{ Schema schema }
	} `yaml:"requestBody"`
	Responses map[string]answerDoc
}

func (d document) operation(path, method string) (operation, bool, error) {
	raw, ok := d.Paths[path][strings.ToLower(method)]
	if !ok {
		return operation{}, false, nil
	}
	text, err := yaml.Marshal(raw)
	if err != nil {
		return operation{}, false, err
	}
	var o operation
	return o, true, yaml.Unmarshal(text, &o)
}

// TestDocumentMatchesRoutes compares openapi.yaml with the router both ways.
func TestDocumentMatchesRoutes(t *testing.T) {
	d, err := readDocument()
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for path, item := range d.Paths {
		for method := range item {
			if slices.Contains([]string{"get", "post", "patch", "put", "delete"}, method) {
				documented = append(documented, strings.ToUpper(method)+" "+path)
			}
		}
	}
	var routed []string
	for _, r := range (&Server{}).routes() {
		if r.pattern == "GET /" {
			continue // every other address: 404
		}
		routed = append(routed, strings.ReplaceAll(r.pattern, "/{$}", "/"))
	}
	slices.Sort(documented)
	slices.Sort(routed)
	if len(routed) < 20 || !slices.Equal(documented, routed) {
		t.Errorf("documented: %s\nrouted: %s", strings.Join(documented, ", "), strings.Join(routed, ", "))
	}
}

// TestDocumentRefs finds references to nowhere.
func TestDocumentRefs(t *testing.T) {
	text, err := os.ReadFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var whole map[string]any
	if err := yaml.Unmarshal(text, &whole); err != nil {
		t.Fatal(err)
	}
	refs := regexp.MustCompile(`\$ref: '#/components/(\w+)/(\w+)'`).FindAllStringSubmatch(string(text), -1)
	if len(refs) == 0 {
		t.Fatal("no references found")
	}
	components := whole["components"].(map[string]any)
	for _, ref := range refs {
		if group, ok := components[ref[1]].(map[string]any); !ok || group[ref[2]] == nil {
			t.Errorf("%s leads nowhere", ref[0])
		}
	}
}

// checkAnswer holds every answer that a test gets to the document.
func checkAnswer(t *testing.T, r *http.Request, response *http.Response, body []byte) {
	t.Helper()
	d, err := readDocument()
	if err != nil {
		t.Fatal(err)
	}
	path := templateOf(d, r.URL.Path)
	if path == "" {
		return // an address that does not exist
	}
	o, ok, err := d.operation(path, r.Method)
	if err != nil || !ok {
		t.Errorf("%s %s is not documented: %v", r.Method, path, err)
		return
	}
	answer, ok := o.Responses[fmt.Sprint(response.StatusCode)]
	if !ok {
		answer, ok = o.Responses["default"]
	}
	if !ok && response.StatusCode != http.StatusForbidden { // cross-origin, before the router
		t.Errorf("%s %s: status %d is not documented", r.Method, path, response.StatusCode)
	}
	if answer.Ref != "" {
		answer = d.Components.Responses[last(answer.Ref)]
	}
	content, ok := answer.Content["application/json"]
	if !ok || !strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
		return
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Errorf("%s %s: %v", r.Method, path, err)
		return
	}
	for _, complaint := range d.check(content.Schema, value, "answer") {
		t.Errorf("%s %s: %s", r.Method, path, complaint)
	}
}

func last(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// templateOf finds the documented path of an address; one without variables
// goes first.
func templateOf(d document, path string) string {
	if _, ok := d.Paths[path]; ok {
		return path
	}
	for _, template := range slices.Sorted(maps.Keys(d.Paths)) {
		pattern := regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta(template), `[^/]+`)
		if regexp.MustCompile("^" + pattern + "$").MatchString(path) {
			return template
		}
	}
	return ""
}

// check compares a value with a schema: type, required and known properties,
// enumerations and patterns.
func (d document) check(s schema, value any, at string) []string {
	if s.Ref != "" {
		return d.check(d.Components.Schemas[last(s.Ref)], value, at)
	}
	switch v := value.(type) {
	case map[string]any:
		return d.checkObject(s, v, at)
	case []any:
		var all []string
		if !s.may("array") || s.Items == nil {
			return []string{at + " is a list"}
		}
		for i, one := range v {
			all = append(all, d.check(*s.Items, one, fmt.Sprintf("%s[%d]", at, i))...)
		}
		return all
	case string:
		if !s.may("string") || len(s.Enum) > 0 && !slices.Contains(s.Enum, v) || s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(v) || s.MaxLength > 0 && utf8.RuneCountInString(v) > s.MaxLength {
			return []string{fmt.Sprintf("%s is %q", at, v)}
		}
	case bool:
		if !s.may("boolean") {
			return []string{at + " is a boolean"}
		}
	case float64:
		if !s.may("integer") || v != float64(int64(v)) {
			return []string{at + " is a number"}
		}
	case nil:
		if !s.may("null") {
			return []string{at + " is null"}
		}
	}
	return nil
}

// may reports whether a value of this type fits.
func (s schema) may(kind string) bool {
	if several, ok := s.Type.([]any); ok {
		return slices.Contains(several, any(kind))
	}
	return s.Type == kind
}

func (d document) checkObject(s schema, v map[string]any, at string) []string {
	var all []string
	if !s.may("object") {
		return []string{at + " is an object"}
	}
	for _, name := range s.Required {
		if _, ok := v[name]; !ok {
			all = append(all, at+" lacks "+name)
		}
	}
	for name, one := range v {
		property, ok := s.Properties[name]
		if !ok {
			all = append(all, at+"."+name+" is not documented")
			continue
		}
		all = append(all, d.check(property, one, at+"."+name)...)
	}
	return all
}
