package policy

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"scelle/shared/fault"
)

// TestTable: every row is whole, and its own example is a value it takes.
func TestTable(t *testing.T) {
	settings := Settings()
	if len(settings) < 5 {
		t.Fatalf("%d settings", len(settings))
	}
	seen := map[string]bool{}
	for _, s := range settings {
		if seen[s.Name] || s.Title.French == "" || s.Title.English == "" || s.Text.French == "" || s.Text.English == "" {
			t.Errorf("%+v", s)
		}
		seen[s.Name] = true
		if (s.Kind == Choice) != (len(s.Choices) > 0) {
			t.Errorf("%s: %s with choices %v", s.Name, s.Kind, s.Choices)
		}
		var example map[string]any
		data, err := json.Marshal(map[string]any{s.Name: s.Example})
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &example); err != nil {
			t.Fatal(err)
		}
		p, err := Read(example, s.Reader)
		if err != nil || reflect.DeepEqual(p, Policy{}) {
			t.Errorf("%s: its example gives %+v, %v", s.Name, p, err)
		}
		other := Host
		if s.Reader == Host {
			other = Extension
		}
		if p, err := Read(example, other); err != nil || !reflect.DeepEqual(p, Policy{}) {
			t.Errorf("%s: not its reader's, but %+v, %v", s.Name, p, err)
		}
	}
}

func TestRead(t *testing.T) {
	read := func(text string, r Reader) (Policy, error) {
		var v map[string]any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		return Read(v, r)
	}
	p, err := read(`{"allowedPortals":[],"saveOpenedPlis":false,"language":"en","newer":{"a":1},"forbiddenStores":["nss"]}`, Extension)
	if err != nil || !p.AllowedPortals.Set || len(p.AllowedPortals.Values) != 0 || !p.ForbidSaving || p.Language != "en" || p.ForbiddenStores.Set {
		t.Errorf("%+v, %v", p, err)
	}
	for _, address := range []string{NoFolder, "https://x.fr/", "https://x.fr:8443/a/b/"} {
		if p, err = read(`{"updateAddress":"`+address+`"}`, Extension); err != nil || p.UpdateAddress != address {
			t.Errorf("%+v, %v", p, err)
		}
	}
	p, err = read(`{"saveOpenedPlis":1}`, Extension)
	if err != nil || p.ForbidSaving {
		t.Errorf("%+v, %v", p, err)
	}
	p, err = read(`{"forbiddenStores":["nss"],"pkcs11Modules":["/a.so","C:\\x\\y.dll"]}`, Host)
	if err != nil || !p.ForbiddenStores.Has("nss") || p.ForbiddenStores.Has("capi") || len(p.PKCS11Modules.Values) != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	for text, r := range map[string]Reader{
		`{"forbiddenStores":"nss"}`:                        Host,
		`{"forbiddenStores":[1]}`:                          Host,
		`{"forbiddenStores":[""]}`:                         Host,
		`{"forbiddenStores":null}`:                         Host,
		`{"pkcs11Modules":["opensc-pkcs11.so"]}`:           Host,
		`{"saveOpenedPlis":"no"}`:                          Extension,
		`{"saveOpenedPlis":2}`:                             Extension,
		`{"language":"de"}`:                                Extension,
		`{"language":["fr"]}`:                              Extension,
		`{"updateAddress":"http://x.fr/a/"}`:               Extension,
		`{"updateAddress":"https://x.fr/a"}`:               Extension,
		`{"updateAddress":"https://x.fr"}`:                 Extension,
		`{"updateAddress":"https:///"}`:                    Extension,
		`{"updateAddress":"https://*.x.fr/"}`:              Extension,
		`{"updateAddress":"https://x.fr/?a=/"}`:            Extension,
		`{"updateAddress":"https://u@x.fr/"}`:              Extension,
		`{"updateAddress":""}`:                             Extension,
		`{"updateAddress":["https://x.fr/"]}`:              Extension,
		`{"allowedPortals":["http://x.fr"]}`:               Extension,
		`{"allowedPortals":["https://x.fr/"]}`:             Extension,
		`{"allowedPortals":["https://X.fr"]}`:              Extension,
		`{"allowedPortals":["https://a.*.fr"]}`:            Extension,
		`{"allowedPortals":["https://*"]}`:                 Extension,
		`{"allowedPortals":["https://u@x.fr"]}`:            Extension,
		`{"allowedPortals":["` + strings.Repeat("x", 5000): Extension,
	} {
		if !strings.HasSuffix(text, "}") {
			text += `"]}`
		}
		if p, err := read(text, r); fault.CodeOf(err) != fault.BadRequest || !reflect.DeepEqual(p, Policy{}) {
			t.Errorf("%.60s: %+v, %v", text, p, err)
		}
	}
}

// The table is also the one of extension/test/managed.test.js: the extension
// decides in JavaScript, before WebAssembly runs.
func TestAllowsPortal(t *testing.T) {
	b, err := os.ReadFile("testdata/portals.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Patterns []string
		Allowed  map[string]bool
	}
	if err := json.Unmarshal(b, &table); err != nil || len(table.Allowed) < 10 {
		t.Fatalf("%d cases, %v", len(table.Allowed), err)
	}
	some := Policy{AllowedPortals: List{true, table.Patterns}}
	for origin, want := range table.Allowed {
		if got := some.AllowsPortal(origin); got != want {
			t.Errorf("%s: %v", origin, got)
		}
		if !(Policy{}).AllowsPortal(origin) {
			t.Errorf("%s: refused without a policy", origin)
		}
		if (Policy{AllowedPortals: List{Set: true}}).AllowsPortal(origin) {
			t.Errorf("%s: allowed by an empty list", origin)
		}
	}
}
