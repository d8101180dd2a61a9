// Command policy writes the policy kit for an IT department from the table of
// shared/policy: the extension's schema of managed settings, the templates for
// group policies in French and English, examples for Chrome, Edge, Firefox and
// the host, a macOS profile, and the document that explains them.
//
//	go run ./scripts/policy         writes the files
//	go run ./scripts/policy -check  fails when one of them would change
package main

import (
	"flag"
	"fmt"
	"os"

	"scelle/scripts/outputs"
)

func main() {
	check := flag.Bool("check", false, "change nothing, fail when a file differs")
	flag.Parse()
	if err := outputs.Run(*check, "go run ./scripts/policy", generate); err != nil {
		fmt.Fprintln(os.Stderr, "policy:", err)
		os.Exit(1)
	}
}

// kit is the folder of what an IT department gets.
const kit = "scripts/policy/kit/"

// file is one output.
type file = outputs.File

// generate makes all files in memory.
func generate(string) ([]file, error) {
	var files []file
	for _, g := range []func() ([]file, error){schema, templates, examples, profile, documents} {
		f, err := g()
		if err != nil {
			return nil, err
		}
		files = append(files, f...)
	}
	return files, nil
}
