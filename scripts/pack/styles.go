package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
)

// windowStyle is the style sheet of the extension's windows, and styleLink how
// the documents beside it name it.
const (
	windowStyle = "app/scelle.css"
	styleLink   = `<link rel="stylesheet" href="scelle.css">`
)

// styleSource is the one place of the manifest's policy that names the sources
// of style sheets.
const styleSource = "style-src 'self'"

// inlineStyle writes the style sheet into the documents that are beside it: no
// browser paints before it has the style sheet, and one that is a file of its
// own comes a fetch later. What it refers to is found the same way, since both
// are in one folder. The file stays, the help pages load it.
func (t tree) inlineStyle() error {
	style := t[windowStyle]
	if bytes.Contains(style, []byte("</")) || bytes.ContainsAny(style, "\r\x00") {
		return fmt.Errorf("%s cannot be written into a document as it is", windowStyle)
	}
	inside := fmt.Appendf(nil, "<style>%s</style>", style)
	documents := 0
	for _, name := range t.names() {
		if path.Dir(name) != path.Dir(windowStyle) || path.Ext(name) != ".html" || !bytes.Contains(t[name], []byte(styleLink)) {
			continue
		}
		documents++
		t[name] = bytes.Replace(t[name], []byte(styleLink), inside, 1)
	}
	if documents == 0 {
		return errors.New("no document loads " + windowStyle)
	}
	return nil
}

// allowStyle has the manifest's policy allow that one style sheet inside a
// document, by its SHA-256 (Content Security Policy Level 3, 2.3.1), and no
// other.
func (t tree) allowStyle(manifest []byte) ([]byte, error) {
	sum := sha256.Sum256(t[windowStyle])
	hash := base64.StdEncoding.EncodeToString(sum[:])
	return changePolicy(manifest, styleSource, styleSource+" 'sha256-"+hash+"'")
}

// changePolicy replaces what the policy for the extension's documents must say
// once.
func changePolicy(manifest []byte, old, new string) ([]byte, error) {
	m := map[string]any{}
	if err := json.Unmarshal(manifest, &m); err != nil {
		return nil, err
	}
	csp, _ := m["content_security_policy"].(map[string]any)
	text, _ := csp["extension_pages"].(string)
	if strings.Count(text, old) != 1 {
		return nil, fmt.Errorf("the manifest's policy does not say %s once", old)
	}
	csp["extension_pages"] = strings.Replace(text, old, new, 1)
	written, err := json.MarshalIndent(m, "", "  ")
	return append(written, '\n'), err
}
