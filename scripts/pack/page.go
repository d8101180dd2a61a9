package main

import (
	"fmt"
	"io/fs"
	"slices"

	"scelle/extension"
)

// sealers are the Workers with which a page seals by itself. The second is
// started by the module, which names it.
var sealers = []string{"app/crypto-worker.js", "app/verify-worker.js"}

// writePage writes the npm package for portals: extension/page, and in its
// folder sealing/ what seals a pli, out of the extension's files.
func (t tree) writePage(dir string) error {
	page, err := fs.Sub(extension.Files(), "page")
	if err != nil {
		return err
	}
	p, err := t.sealing()
	if err != nil {
		return err
	}
	err = fs.WalkDir(page, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		p[name], err = fs.ReadFile(page, name)
		return err
	})
	if err != nil {
		return err
	}
	return p.writeFolder(dir, "package.json")
}

// sealing takes the sealers and every file that they come to need, and puts
// them below sealing/.
func (t tree) sealing() (tree, error) {
	p := tree{}
	for todo := slices.Clone(sealers); len(todo) > 0; todo = todo[1:] {
		name := todo[0]
		if _, ok := p["sealing/"+name]; ok {
			continue
		}
		data, ok := t[name]
		if !ok {
			return nil, fmt.Errorf("sealing in a page needs %s, which is missing", name)
		}
		p["sealing/"+name] = data
		todo = append(todo, references(name, string(data))...)
	}
	return p, nil
}
