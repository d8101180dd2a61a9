package main

import (
	"html"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"scelle/scripts/phpportal"
	"scelle/shared/protocol"
)

var block = regexp.MustCompile(`(?s)<pre data-file="([^"]+)" translate="no"><code>(.*?)</code></pre>`)

// TestGuideHoldsTheWholePortal: who copies the guide's blocks in their order
// has the files that the tests run, to the last byte.
func TestGuideHoldsTheWholePortal(t *testing.T) {
	_, files := generated(t)
	whole := []string{"server.php", "openssl.cnf", "public/keys.html", "public/page.css", "public/keys.js", "public/deposit.html", "public/deposit.js"}
	for _, folder := range guides {
		for _, lang := range []string{"fr", "en"} {
			page := find(t, files, folder+"/integrate-"+lang+".html")
			copied := map[string]string{}
			for _, m := range block.FindAllStringSubmatch(page, -1) {
				copied[m[1]] += html.UnescapeString(m[2])
			}
			all, err := fs.Glob(phpportal.Files(), "public/*")
			if err != nil || len(all)+2 != len(whole) {
				t.Fatalf("the portal has %v: %v", all, err)
			}
			for _, name := range whole {
				want, err := fs.ReadFile(phpportal.Files(), name)
				if err != nil {
					t.Fatal(err)
				}
				if copied[name] != string(want) {
					t.Errorf("%s: %s is not what the guide shows", lang, name)
				}
			}
			for _, c := range protocol.Calls() {
				if !strings.Contains(page, ">"+string(c.Call)+"<") {
					t.Errorf("%s: nothing is said of %s", lang, c.Call)
				}
			}
			for _, part := range []string{"scripts/portal/static/downloads.js", "scripts/portal/static/deposit.js"} {
				if !strings.HasSuffix(copied[part], ";\n") {
					t.Errorf("%s: %s gives %q", lang, part, copied[part])
				}
			}
		}
	}
}

// TestSteps shows that nothing is lost between two steps.
func TestSteps(t *testing.T) {
	text := "<?php\n\n// Step 1: a\nx // Step 2 is not here\n// Step 2: b\ny\n"
	if steps := stepsOf(text); len(steps) != 3 || strings.Join(steps, "") != text {
		t.Errorf("%q", steps)
	}
}
