package main

import (
	_ "embed"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"scelle/shared/protocol"
)

// tools pins nfpm, which makes deb and rpm, and its dependencies by version
// and checksum. They are in a file beside go.mod so that none of them is
// Scellé's. Releases of nfpm after 2.43 need a module more, for MSIX.
const tools = "-modfile=scripts/dist/tools.mod"

//go:embed nfpm.yaml
var packageDescription string

// packagedFile is a file or folder of a Linux package.
type packagedFile struct{ Source, Path string }

// linuxProgramPath is where packages put the program.
const linuxProgramPath = "/usr/bin/scelle"

// licenceFolder is where Debian and others look for a package's licence.
const licenceFolder = "/usr/share/doc/scelle"

// linuxPackage makes a deb or an rpm. The manifests are files of the package
// like any other, so that removing it removes them, and no script of ours runs
// as root.
func (b *build) linuxPackage(format string) error {
	var files []packagedFile
	folders := []string{licenceFolder}
	for _, p := range places() {
		if p.folder == "" || p.rpmOnly && format != "rpm" {
			continue
		}
		data, err := b.nativeManifest(p.dialect, linuxProgramPath)
		if err != nil {
			return err
		}
		file := path.Join(p.folder, protocol.HostName+".json")
		source, err := b.temporary("linux"+file, data, 0o644)
		if err != nil {
			return err
		}
		files = append(files, packagedFile{source, file})
		folders = append(folders, madeFolders(p.folder)...)
	}
	if format != "rpm" { // dpkg removes folders that are empty, rpm those that it was told of
		folders = nil
	}
	slices.Sort(folders)
	text, err := fill(packageDescription, map[string]any{
		"Arch": arch, "Version": b.version, "Contact": contact, "Publisher": publisher, "Purpose": purpose, "Homepage": homepage, "Licence": licence,
		"Time": b.epoch.Format(time.RFC3339), "Program": filepath.Join(b.out, b.linuxName()), "ProgramPath": linuxProgramPath,
		"LicenceFile": filepath.Join(b.root, "LICENSE"), "LicenceFolder": licenceFolder, "Files": files, "Folders": slices.Compact(folders),
	})
	if err != nil {
		return err
	}
	config, err := b.temporary(format+".yaml", text, 0o644)
	if err != nil {
		return err
	}
	name := b.packageName(format)
	env := []string{"GOFLAGS=-mod=readonly", "CGO_ENABLED=0"}
	return b.command(env, "go", "tool", tools, "nfpm", "package", "--config", config, "--packager", format, "--target", b.output(name))
}

func (b *build) packageName(format string) string {
	if format == "deb" {
		return fmt.Sprintf("scelle_%s_%s.deb", b.version, arch)
	}
	machine := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[arch]
	return fmt.Sprintf("scelle-%s-1.%s.rpm", b.version, machine)
}

// madeFolders are the folders from which a place of manifests may be the only
// user: every one above it but those of every system.
func madeFolders(folder string) []string {
	everywhere := []string{"/", "/etc", "/etc/opt", "/usr", "/usr/lib", "/usr/lib64"}
	var made []string
	for dir := folder; !slices.Contains(everywhere, dir) && strings.HasPrefix(dir, "/"); dir = path.Dir(dir) {
		made = append(made, dir)
	}
	return made
}
