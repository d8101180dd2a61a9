package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"scelle/extension"
	"scelle/scripts/outputs"
	"scelle/shared/policy"
	"scelle/shared/protocol"
)

// made is what the generator makes now, by path.
func made(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := generate("")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		if all[f.Path] != nil {
			t.Errorf("%s is made twice", f.Path)
		}
		all[f.Path] = f.Data
	}
	return all
}

// TestNoDrift: the files in the tree are those that the table makes, and the
// kit holds no other.
func TestNoDrift(t *testing.T) {
	root, err := outputs.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	files, err := generate("")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Errorf("only %d files", len(files))
	}
	if err := outputs.Compare(root, "go run ./scripts/policy", files); err != nil {
		t.Error(err)
	}
	all := made(t)
	err = filepath.WalkDir(filepath.Join(root, kit), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if name, err := filepath.Rel(root, path); err != nil || all[filepath.ToSlash(name)] == nil {
			t.Errorf("%s is made by nothing", path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// tag is an element of a parsed XML file.
type tag struct {
	name  string
	attrs map[string]string
	text  string
	kids  []*tag
}

func parse(t *testing.T, data []byte) *tag {
	t.Helper()
	top := &tag{}
	open := []*tag{top}
	for d := xml.NewDecoder(strings.NewReader(string(data))); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return top
		} else if err != nil {
			t.Fatal(err)
		}
		last := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			n := &tag{name: token.Name.Local, attrs: map[string]string{}}
			for _, a := range token.Attr {
				n.attrs[a.Name.Local] = a.Value
			}
			last.kids = append(last.kids, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			last.text += string(token)
		}
	}
}

// find lists the elements of a name at any depth.
func (n *tag) find(name string) []*tag {
	var found []*tag
	for _, kid := range n.kids {
		if kid.name == name {
			found = append(found, kid)
		}
		found = append(found, kid.find(name)...)
	}
	return found
}

func (n *tag) ids(name, attr string) []string {
	var ids []string
	for _, e := range n.find(name) {
		ids = append(ids, e.attrs[attr])
	}
	return ids
}

// TestTemplates holds the two kinds of files to each other, as Windows would:
// every text and presentation exists in both languages and none is left over,
// and every element that asks for a value has its control.
func TestTemplates(t *testing.T) {
	all := made(t)
	text := string(all[kit+"windows/scelle.admx"])
	admx := parse(t, all[kit+"windows/scelle.admx"])
	refer := func(kind string) []string {
		var names []string
		for _, m := range regexp.MustCompile(`\$\(`+kind+`\.([A-Za-z0-9_]+)\)`).FindAllStringSubmatch(text, -1) {
			names = append(names, m[1])
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	policies := admx.find("policy")
	if len(policies) < 10 {
		t.Fatalf("%d policies", len(policies))
	}
	for _, culture := range []string{"fr-FR", "en-US"} {
		adml := parse(t, all[kit+"windows/"+culture+"/scelle.adml"])
		strings_, presentations := adml.ids("string", "id"), adml.ids("presentation", "id")
		slices.Sort(strings_)
		slices.Sort(presentations)
		if !slices.Equal(strings_, refer("string")) || !slices.Equal(presentations, refer("presentation")) {
			t.Errorf("%s:\n%q\n%q\nwant\n%q\n%q", culture, strings_, presentations, refer("string"), refer("presentation"))
		}
		for _, e := range adml.find("string") {
			if strings.TrimSpace(e.text) == "" {
				t.Errorf("%s: %s is empty", culture, e.attrs["id"])
			}
		}
		for _, p := range policies {
			var want, got []string
			for _, name := range []string{"list", "enum", "text"} {
				want = append(want, p.ids(name, "id")...)
			}
			for _, e := range adml.find("presentation") {
				if "$(presentation."+e.attrs["id"]+")" == p.attrs["presentation"] {
					for _, control := range e.kids {
						got = append(got, control.attrs["refId"])
					}
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s, %s: controls %q for %q", culture, p.attrs["name"], got, want)
			}
		}
	}
}

// TestEverySettingHasItsKey: each setting stands under each of its readers, in
// the form that this reader reads: numbered values below a key of the
// setting's name, a number, a text.
func TestEverySettingHasItsKey(t *testing.T) {
	admx := parse(t, made(t)[kit+"windows/scelle.admx"])
	byName := map[string]*tag{}
	for _, p := range admx.find("policy") {
		if byName[p.attrs["name"]] != nil {
			t.Errorf("%s twice", p.attrs["name"])
		}
		byName[p.attrs["name"]] = p
	}
	keys := map[string]string{
		"Chrome":  `Software\Policies\Google\Chrome\3rdparty\extensions\` + protocol.ChromeID + `\policy`,
		"Edge":    `Software\Policies\Microsoft\Edge\3rdparty\extensions\` + protocol.ChromeID + `\policy`,
		"Firefox": `Software\Policies\Mozilla\Firefox\3rdparty\Extensions\` + protocol.FirefoxID,
		"Host":    `Software\Policies\Scelle`,
	}
	for _, s := range policy.Settings() {
		for target, key := range keys {
			p := byName[target+"_"+s.Name]
			if (p != nil) != ((target == "Host") == (s.Reader == policy.Host)) {
				t.Errorf("%s for %s: %v", s.Name, target, p)
				continue
			}
			if p == nil {
				continue
			}
			list, enum, text := p.find("list"), p.find("enum"), p.find("text")
			ok := p.attrs["key"] == key
			switch s.Kind {
			case policy.Texts:
				_, numbered := list[0].attrs["valuePrefix"]
				ok = ok && list[0].attrs["key"] == key+`\`+s.Name && numbered && list[0].attrs["valuePrefix"] == ""
			case policy.Truth:
				ok = ok && p.attrs["valueName"] == s.Name && p.find("enabledValue")[0].ids("decimal", "value")[0] == "1" && p.find("disabledValue")[0].ids("decimal", "value")[0] == "0"
			case policy.Folder:
				ok = ok && len(text) == 1 && text[0].attrs["valueName"] == s.Name
			case policy.Choice:
				ok = ok && enum[0].attrs["valueName"] == s.Name && len(enum[0].find("string")) == len(s.Choices)
			}
			if !ok {
				t.Errorf("%s for %s: %+v", s.Name, target, p.attrs)
			}
		}
	}
}

// TestExamplesAreObeyed: what the examples set is what the readers of the
// table read from them.
func TestExamplesAreObeyed(t *testing.T) {
	all := made(t)
	decode := func(path string) map[string]any {
		t.Helper()
		var v map[string]any
		if err := json.Unmarshal(all[kit+path], &v); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		return v
	}
	dig := func(v map[string]any, names ...string) map[string]any {
		for _, name := range names {
			v, _ = v[name].(map[string]any)
		}
		return v
	}
	want, err := policy.Read(roundTrip(t, values(policy.Extension)), policy.Extension)
	if err != nil || !want.ForbidSaving || !want.AllowedPortals.Set || want.Language != "fr" {
		t.Fatalf("%+v, %v", want, err)
	}
	for _, path := range []string{"linux/etc/opt/chrome/policies/managed/scelle.json", "linux/etc/chromium/policies/managed/scelle.json", "linux/etc/opt/edge/policies/managed/scelle.json"} {
		v := decode(path)
		if got, err := policy.Read(dig(v, "3rdparty", "extensions", protocol.ChromeID), policy.Extension); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", path, got, err)
		}
		if dig(v, "ExtensionSettings", protocol.ChromeID)["installation_mode"] != "force_installed" || !reflect.DeepEqual(v["NativeMessagingAllowlist"], []any{protocol.HostName}) {
			t.Errorf("%s: %v", path, v)
		}
	}
	fox := dig(decode("linux/etc/firefox/policies/policies.json"), "policies")
	if got, err := policy.Read(dig(fox, "3rdparty", "Extensions", protocol.FirefoxID), policy.Extension); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Firefox: %+v, %v", got, err)
	}
	if dig(fox, "ExtensionSettings", protocol.FirefoxID)["install_url"] == nil {
		t.Errorf("Firefox installs nothing: %v", fox)
	}
	host, err := policy.Read(decode("linux/etc/scelle/policy.json"), policy.Host)
	if err != nil || !host.ForbiddenStores.Set || !host.PKCS11Modules.Set {
		t.Errorf("%+v, %v", host, err)
	}
}

func roundTrip(t *testing.T, v map[string]any) map[string]any {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var back map[string]any
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

// TestProfile: each payload has its identity, and the domains are those that
// macOS's readers look into.
func TestProfile(t *testing.T) {
	text := made(t)[kit+"macos/scelle.mobileconfig"]
	profile := parse(t, text)
	kinds, uuids := []string{}, map[string]bool{}
	for _, dict := range profile.find("dict") {
		for i, kid := range dict.kids {
			switch {
			case kid.name != "key":
			case kid.text == "PayloadType":
				kinds = append(kinds, dict.kids[i+1].text)
			case kid.text == "PayloadUUID":
				if id := dict.kids[i+1].text; uuids[id] || !regexp.MustCompile(`^[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-A[0-9A-F]{3}-[0-9A-F]{12}$`).MatchString(id) {
					t.Errorf("identity %s", id)
				} else {
					uuids[id] = true
				}
			}
		}
	}
	slices.Sort(kinds)
	want := []string{
		"Configuration", "com.google.Chrome", "com.google.Chrome.extensions." + protocol.ChromeID,
		"com.microsoft.Edge", "com.microsoft.Edge.extensions." + protocol.ChromeID, "fr.scelle", "org.mozilla.firefox",
	}
	if !slices.Equal(kinds, want) || len(uuids) != len(want) {
		t.Errorf("payloads %q, %d identities", kinds, len(uuids))
	}
}

// TestManifestNamesTheSchema: Chromium finds the schema in the package, with
// every setting of the extension and no other.
func TestManifestNamesTheSchema(t *testing.T) {
	text, err := extension.Manifest(extension.Chrome, false)
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Storage struct {
			Schema string `json:"managed_schema"`
		}
	}
	if err := json.Unmarshal(text, &m); err != nil || m.Storage.Schema != schemaPath {
		t.Fatalf("%+v, %v", m, err)
	}
	data, err := fs.ReadFile(extension.Files(), schemaPath)
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Type       string
		Properties map[string]struct {
			Type  string
			Items struct{ Type string }
			Enum  []string
		}
	}
	if err := json.Unmarshal(data, &s); err != nil || s.Type != "object" || len(s.Properties) != len(of(policy.Extension)) {
		t.Fatalf("%+v, %v", s, err)
	}
	for _, setting := range of(policy.Extension) {
		p := s.Properties[setting.Name]
		want := map[policy.Kind]string{policy.Texts: "array", policy.Truth: "boolean", policy.Choice: "string", policy.Folder: "string"}[setting.Kind]
		if p.Type != want || (want == "array") != (p.Items.Type == "string") || len(p.Enum) != len(setting.Choices) {
			t.Errorf("%s: %+v", setting.Name, p)
		}
	}
}

// TestDocument names every setting twice, once for each language.
func TestDocument(t *testing.T) {
	text := string(made(t)[kit+"README.md"])
	for _, s := range policy.Settings() {
		if strings.Count(text, "`"+s.Name+"`") != 2 || !strings.Contains(text, s.Text.French) || !strings.Contains(text, s.Text.English) {
			t.Errorf("%s is not explained in both languages", s.Name)
		}
	}
	if _, err := os.Stat("kit/README.md"); err != nil {
		t.Error(err)
	}
}
