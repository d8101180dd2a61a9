// Command genproto writes what follows from shared/protocol and shared/fault:
// the extension's constants and fault texts, the TypeScript types of every
// message, the generated part of scelle.js, the tables of PROTOCOL.md, the
// guides with every fault and check, and the one for developers of portals.
//
//	go run ./scripts/genproto         writes the files
//	go run ./scripts/genproto -check  fails when one of them would change
//
// Names, values and structs come by reflection, constants and comments from
// the Go source. The same source gives the same bytes.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"

	"scelle/scripts/outputs"
)

func main() {
	check := flag.Bool("check", false, "change nothing, fail when a file differs")
	flag.Parse()
	if err := outputs.Run(*check, "make gen", generate); err != nil {
		fmt.Fprintln(os.Stderr, "genproto:", err)
		os.Exit(1)
	}
}

// file is one output.
type file = outputs.File

// generate makes all files in memory.
func generate(root string) ([]file, error) {
	src := newSource(root)
	var files []file
	for _, g := range []func(*source) ([]file, error){protocolScript, faultScript, messageTypes, pageModule, codeModule, protocolDoc, helpPages, integrationPages, manualPages} {
		f, err := g(src)
		if err != nil {
			return nil, err
		}
		files = append(files, f...)
	}
	return files, nil
}

// between replaces what stands between two marker lines of a file that is
// otherwise written by hand; the markers stay.
func between(text []byte, begin, end string, middle []byte) ([]byte, error) {
	i := bytes.Index(text, []byte(begin))
	if i < 0 {
		return nil, fmt.Errorf("marker %q is missing", begin)
	}
	i += len(begin)
	j := bytes.Index(text[i:], []byte(end))
	if j < 0 {
		return nil, fmt.Errorf("marker %q is missing", end)
	}
	return bytes.Join([][]byte{text[:i], []byte("\n"), middle, text[i+j:]}, nil), nil
}
