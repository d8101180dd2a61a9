package main

import (
	"bytes"
	_ "embed"
	"os"
	"path/filepath"
	"text/template"

	"scelle/shared/protocol"
)

//go:embed setup.nsi
var setupScript []byte

//go:embed product.wxs
var msiSource string

// utf8Mark begins the setup's script: without it makensis takes a file for one
// in the machine's code page.
const utf8Mark = "\xef\xbb\xbf"

func (b *build) setupName() string { return "scelle-setup-" + b.version + ".exe" }
func (b *build) msiName() string   { return "scelle-" + b.version + ".msi" }

func windowsName(goarch string) string { return "scelle-windows-" + goarch + ".exe" }

// windowsPrograms builds the program, a console program: as a browser's host
// it is started without a window by every browser, and as a windowed program
// `scelle status` could not answer in a terminal.
func (b *build) windowsPrograms() error {
	all, err := resources(b.version)
	if err != nil {
		return err
	}
	for _, goarch := range []string{"amd64", "arm64"} {
		path := b.output(windowsName(goarch))
		if err := b.compile(program, "windows", goarch, path); err != nil {
			return err
		}
		plain, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		complete, err := withResources(plain, all)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, complete, 0o755); err != nil {
			return err
		}
		if err := b.signFile(path); err != nil {
			return err
		}
		if err := b.touch(path); err != nil {
			return err
		}
	}
	return nil
}

// programName is what the program is called once it is installed.
const programName = "scelle.exe"

// windowsFiles puts what the setup and the MSI hold into the work folder.
func (b *build) windowsFiles() (program, icon string, err error) {
	data, err := os.ReadFile(filepath.Join(b.out, windowsName("amd64")))
	if err != nil {
		return "", "", err
	}
	if program, err = b.temporary("windows/"+programName, data, 0o755); err != nil {
		return "", "", err
	}
	images, err := iconImages()
	if err != nil {
		return "", "", err
	}
	icon, err = b.temporary("windows/scelle.ico", iconFile(images), 0o644)
	return program, icon, err
}

// setup makes the per-user setup with makensis. Registering is the program's
// own affair (`scelle install`): so the user's registry is cleared of exactly
// what was written, also by an older or newer version of its table.
func (b *build) setup() error {
	program, icon, err := b.windowsFiles()
	if err != nil {
		return err
	}
	script, err := b.temporary("windows/setup.nsi", append([]byte(utf8Mark), setupScript...), 0o644)
	if err != nil {
		return err
	}
	path := b.output(b.setupName())
	args := []string{"-V2", "-WX", "-NOCD",
		"-DVERSION=" + b.version, "-DPROGRAM=" + program, "-DICON=" + icon, "-DOUT=" + path,
		"-DHOST_NAME=" + protocol.HostName, "-DPUBLISHER=" + publisher, "-DHOMEPAGE=" + homepage,
	}
	if b.sign.on() {
		sign, err := b.signScript()
		if err != nil {
			return err
		}
		args = append(args, "-DSIGN="+sign)
	}
	if err := b.command(nil, "makensis", append(args, script)...); err != nil {
		return err
	}
	return b.signFile(path)
}

// upgradeCode ties all versions of the MSI together; it never changes.
const upgradeCode = "5B0E1F4C-6A0D-4C0B-9E4B-0D5C6C1B7A10"

// msiPlace is one browser's key in the MSI.
type msiPlace struct{ Name, Key, File, ID string }

// msi makes the per-machine MSI with wixl: files and registry values only, no
// program runs while it installs. So it works for SYSTEM (group policy,
// Intune), and Windows itself repairs, rolls back and removes all of it.
func (b *build) msi() error {
	program, icon, err := b.windowsFiles()
	if err != nil {
		return err
	}
	manifests := map[dialect]string{chromium: "chromium.json", firefox: "firefox.json"}
	for d, name := range manifests {
		// Relative to the manifest, wherever Program Files is.
		data, err := b.nativeManifest(d, programName)
		if err != nil {
			return err
		}
		if _, err := b.temporary("windows/"+name, data, 0o644); err != nil {
			return err
		}
	}
	var keys []msiPlace
	for _, p := range places() {
		if p.key != "" {
			keys = append(keys, msiPlace{p.name, p.key + `\` + protocol.HostName, manifests[p.dialect], b.guid("component " + p.name)})
		}
	}
	source, err := fill(msiSource, map[string]any{
		"Version": b.version, "Product": product, "Publisher": publisher, "Homepage": homepage, "UpgradeCode": upgradeCode,
		"ProductCode": b.guid("product " + b.version), "Program": filepath.Base(program), "Icon": filepath.Base(icon),
		"Chromium": manifests[chromium], "Firefox": manifests[firefox], "Keys": keys,
		"ProgramID": b.guid("component program"), "ChromiumID": b.guid("component chromium"), "FirefoxID": b.guid("component firefox"),
	})
	if err != nil {
		return err
	}
	wxs, err := b.temporary("windows/product.wxs", source, 0o644)
	if err != nil {
		return err
	}
	path := b.output(b.msiName())
	if err := b.commandIn(filepath.Dir(wxs), nil, "wixl", "-a", "x64", "-o", path, filepath.Base(wxs)); err != nil {
		return err
	}
	if err := b.inUTF8(path); err != nil {
		return err
	}
	if err := b.settle(path); err != nil {
		return err
	}
	return b.signFile(path)
}

// fill runs a template of a package's description.
func fill(text string, data any) ([]byte, error) {
	t, err := template.New("").Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, data)
	return out.Bytes(), err
}
