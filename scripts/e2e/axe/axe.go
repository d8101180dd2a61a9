// Package axe looks for what keeps people from using a page, with axe-core
// (extension/node_modules, MPL-2.0): it is run in the pages of the tests and
// shipped to nobody.
package axe

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"scelle/scripts/e2e/browser"
)

// Engine is axe-core, read once for many pages.
type Engine struct{ script string }

// Read reads axe-core below the repository's root, where scripts/setup/js.sh
// puts it.
func Read(root string) (Engine, error) {
	script, err := os.ReadFile(filepath.Join(root, "extension", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		return Engine{}, fmt.Errorf("axe-core is not there, run scripts/setup/js.sh install: %w", err)
	}
	return Engine{string(script)}, nil
}

// Rules are axe-core's names of what is looked for: the success criteria of
// WCAG 2.2 at the levels A and AA (RGAA 4.1 asks those of 2.1), and what
// axe-core calls best practices.
func Rules() []string {
	return []string{"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"}
}

// Violation is a rule that elements of a page break.
type Violation struct {
	Rule  string
	Help  string
	Nodes []string // the elements, and what axe-core says of each
}

func (v Violation) String() string { return fmt.Sprintf("%s (%s): %q", v.Rule, v.Help, v.Nodes) }

// Check looks at a page as it is now for everything in [Rules].
func (e Engine) Check(p browser.Page) ([]Violation, error) {
	return e.run(p, map[string]any{"type": "tag", "values": Rules()})
}

// Contrast looks at the contrast of texts alone.
func (e Engine) Contrast(p browser.Page) ([]Violation, error) {
	return e.run(p, map[string]any{"type": "rule", "values": []string{"color-contrast"}})
}

// run puts axe-core into the page, unless it is there, and runs some rules.
func (e Engine) run(p browser.Page, only map[string]any) ([]Violation, error) {
	var there bool
	if err := p.Eval(`Boolean(globalThis.axe)`, &there); err != nil {
		return nil, err
	}
	if !there {
		if err := p.Eval(e.script+"\n;true", nil); err != nil {
			return nil, fmt.Errorf("putting axe-core into the page: %w", err)
		}
	}
	options, err := json.Marshal(map[string]any{"runOnly": only, "resultTypes": []string{"violations"}, "preload": false, "elementRef": false})
	if err != nil {
		return nil, err
	}
	var found []Violation
	err = p.Eval(fmt.Sprintf(`axe.run(document, %s).then(({ violations }) => violations.map(({ id, help, nodes }) => ({
		Rule: id, Help: help, Nodes: nodes.map((n) => n.html.slice(0, 200) + " | " + n.failureSummary) })))`, options), &found)
	return found, err
}
