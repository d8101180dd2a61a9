package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"scelle/extension"
)

// target is one program whose parts the bill of materials lists.
type target struct{ file, pkg, goos, goarch string }

func (b *build) targets() []target {
	all := []target{
		{b.linuxName(), program, "linux", arch},
		{windowsName("amd64"), program, "windows", "amd64"},
		{windowsName("arm64"), program, "windows", "arm64"},
		{b.macName(), program, "darwin", "arm64"},
	}
	var names []string
	for _, browser := range extension.Browsers() {
		names = append(names, extensionZip(browser))
	}
	if b.updateURL != "" {
		names = append(names, b.unsignedXPIName())
	}
	if b.crxKey != nil {
		names = append(names, b.crxName())
	}
	for _, name := range names {
		for _, pkg := range wasmModules() {
			all = append(all, target{name, pkg, "js", "wasm"})
		}
	}
	return all
}

// goModule is what `go list` says of a module.
type goModule struct {
	Path, Version, Sum string
	Main               bool
	Replace            *goModule
}

// The parts of CycloneDX 1.6 that are used (cyclonedx.org/docs/1.6/json).
type (
	bom struct {
		Format       string       `json:"bomFormat"`
		Spec         string       `json:"specVersion"`
		Serial       string       `json:"serialNumber"`
		Version      int          `json:"version"`
		Metadata     bomMetadata  `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	bomMetadata struct {
		Timestamp string    `json:"timestamp"`
		Component component `json:"component"`
	}
	component struct {
		Type       string     `json:"type"`
		Ref        string     `json:"bom-ref"`
		Name       string     `json:"name"`
		Version    string     `json:"version,omitempty"`
		PURL       string     `json:"purl,omitempty"`
		Licences   []licences `json:"licenses,omitempty"`
		Properties []property `json:"properties,omitempty"`
	}
	licences struct {
		Licence struct {
			ID string `json:"id"`
		} `json:"license"`
	}
	property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	dependency struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn"`
	}
)

// billOfMaterials writes which modules are linked into which file.
func (b *build) billOfMaterials() error {
	modules := map[string]component{}
	uses := map[string][]string{}
	for _, t := range b.targets() {
		linked, err := b.linked(t)
		if err != nil {
			return err
		}
		for _, m := range linked {
			c := m.component()
			modules[c.Ref] = c
			if !slices.Contains(uses[t.file], c.Ref) {
				uses[t.file] = append(uses[t.file], c.Ref)
			}
		}
	}
	data, err := json.MarshalIndent(b.bom(modules, uses), "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(b.output("scelle-"+b.version+".cdx.json"), append(data, '\n'), 0o644)
}

func (b *build) bom(modules map[string]component, uses map[string][]string) bom {
	main := component{Type: "application", Ref: "scelle", Name: "scelle", Version: b.version, Licences: []licences{{}}}
	main.Licences[0].Licence.ID = licence
	out := bom{
		Format: "CycloneDX", Spec: "1.6", Version: 1,
		Serial:   "urn:uuid:" + strings.ToLower(b.guid("sbom "+b.version)),
		Metadata: bomMetadata{Timestamp: b.epoch.Format(time.RFC3339), Component: main},
	}
	var files []string
	for _, file := range slices.Sorted(maps.Keys(uses)) {
		slices.Sort(uses[file])
		out.Components = append(out.Components, component{Type: "application", Ref: file, Name: file, Version: b.version})
		out.Dependencies = append(out.Dependencies, dependency{file, uses[file]})
		files = append(files, file)
	}
	for _, ref := range slices.Sorted(maps.Keys(modules)) {
		out.Components = append(out.Components, modules[ref])
	}
	out.Dependencies = append(out.Dependencies, dependency{main.Ref, files})
	return out
}

// linked are the modules whose packages a program links, and Go itself.
func (b *build) linked(t target) ([]goModule, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=Module", t.pkg)
	cmd.Dir = b.root
	cgo := "0"
	if t.goos == "linux" {
		cgo = "1"
	}
	cmd.Env = append(cmd.Environ(), "GOOS="+t.goos, "GOARCH="+t.goarch, "CGO_ENABLED="+cgo, "GOFLAGS=-mod=readonly")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	found := []goModule{{Path: "std", Version: strings.TrimPrefix(runtime.Version(), "go")}}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ Module *goModule }
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, err
		}
		if p.Module == nil || p.Module.Main {
			continue
		}
		if !slices.ContainsFunc(found, func(m goModule) bool { return m.Path == p.Module.Path }) {
			found = append(found, *p.Module)
		}
	}
}

func (m goModule) component() component {
	actual := m
	if m.Replace != nil {
		actual = *m.Replace
	}
	purl := "pkg:golang/" + actual.Path + "@" + actual.Version
	c := component{Type: "library", Ref: purl, Name: actual.Path, Version: actual.Version, PURL: purl}
	if actual.Sum != "" {
		c.Properties = append(c.Properties, property{"scelle:go.sum", actual.Sum})
	}
	if m.Replace != nil {
		c.Properties = append(c.Properties, property{"scelle:replaces", m.Path})
	}
	return c
}
