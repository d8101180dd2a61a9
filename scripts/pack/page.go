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

// page is the npm package for portals: extension/page, and in its folder
// sealing/ what seals a pli, out of the extension's files.
func (t tree) page() (tree, error) {
	page, err := fs.Sub(extension.Files(), "page")
	if err != nil {
		return nil, err
	}
	p, err := t.sealing()
	if err != nil {
		return nil, err
	}
	err = fs.WalkDir(page, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		p[name], err = fs.ReadFile(page, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return p, p.compressed()
}

// writePage writes the npm package for portals as the folder and the tarball
// that are asked for.
func (o options) writePage(t tree) error {
	if o.page == "" && o.tarball == "" {
		return nil
	}
	p, err := t.page()
	if err == nil && o.page != "" {
		err = p.writeFolder(o.page, "package.json")
	}
	if err == nil && o.tarball != "" {
		err = p.writeTarball(o.tarball)
	}
	return err
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
