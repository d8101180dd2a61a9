package main

import (
	"bytes"
	"encoding/json"

	"scelle/shared/policy"
)

// schemaPath is where the Chromium manifest's storage.managed_schema finds it
// inside the extension, below extension/ here.
const schemaPath = "gen/managed-schema.json"

// property is what Chromium's JSON schemas know of a setting
// (developer.chrome.com/docs/extensions/reference/manifest/storage). Firefox
// needs no schema.
type property struct {
	Title       string    `json:"title"`
	Description string    `json:"description"`
	Type        string    `json:"type"`
	Items       *property `json:"items,omitempty"`
	Enum        []string  `json:"enum,omitempty"`
}

// MarshalJSON leaves out title and description of a list's items.
func (p property) MarshalJSON() ([]byte, error) {
	type plain property
	if p.Title == "" {
		return json.Marshal(map[string]string{"type": p.Type})
	}
	return json.Marshal(plain(p))
}

// schema makes the extension's schema of managed settings.
func schema() ([]file, error) {
	properties := map[string]property{}
	for _, s := range of(policy.Extension) {
		p := property{Title: s.Title.English, Description: s.Text.English, Type: "string"}
		switch s.Kind {
		case policy.Texts:
			p.Type, p.Items = "array", &property{Type: "string"}
		case policy.Truth:
			p.Type = "boolean"
		case policy.Choice:
			for _, o := range s.Choices {
				p.Enum = append(p.Enum, o.Value)
			}
		}
		properties[s.Name] = p
	}
	data, err := indented(map[string]any{"type": "object", "properties": properties})
	return []file{{Path: "extension/" + schemaPath, Data: data}}, err
}

// of lists the settings of one reader.
func of(r policy.Reader) []policy.Setting {
	var found []policy.Setting
	for _, s := range policy.Settings() {
		if s.Reader == r {
			found = append(found, s)
		}
	}
	return found
}

// indented is JSON for people: two spaces, nothing escaped that need not be.
func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}
