package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"scelle/extension"
	"scelle/shared/protocol"
)

// The names by which policies and installed extensions ask for updates; what
// they lead to has the version in its name, so that a server never has half of
// a new release.
const (
	chromiumUpdates = "update.xml"
	firefoxUpdates  = "updates.json"
)

// hosting is what a department needs that serves the extension itself; without
// an address nothing is made for it.
type hosting struct {
	updateURL  string // of the folder that is served
	crxKeyFile string // PEM of the key that signs for Chromium, "" for Firefox only
	signedXPI  string // the unsigned XPI of the same build, after Mozilla signed it
}

// checked gives the address its last slash and absolute paths to the files,
// which must be there.
func (h hosting) checked() (hosting, error) {
	if h.updateURL == "" {
		if h.crxKeyFile != "" || h.signedXPI != "" {
			return h, errors.New("-crx-key and -signed-xpi need -update-url, which browsers ask for updates")
		}
		return h, nil
	}
	u, err := url.Parse(h.updateURL)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return h, fmt.Errorf("-update-url: %q is not the https address of a folder", h.updateURL)
	}
	h.updateURL = strings.TrimSuffix(h.updateURL, "/") + "/"
	for _, name := range []*string{&h.crxKeyFile, &h.signedXPI} {
		if *name == "" {
			continue
		}
		if _, err := os.Stat(*name); err != nil {
			return h, err
		}
		if *name, err = filepath.Abs(*name); err != nil {
			return h, err
		}
	}
	return h, nil
}

func (b *build) crxName() string         { return "scelle-" + b.version + ".crx" }
func (b *build) xpiName() string         { return "scelle-" + b.version + ".xpi" }
func (b *build) unsignedXPIName() string { return "scelle-" + b.version + "-unsigned.xpi" }

// hosted makes the packages that a department serves itself. Their manifests
// say where updates are, which stores do not want to read there.
func (b *build) hosted() error {
	if b.updateURL == "" {
		return nil
	}
	folder := filepath.Join(b.work, "hosted")
	if err := b.pack(folder, "-update-url", b.updateURL); err != nil {
		return err
	}
	archive := func(browser extension.Browser) ([]byte, error) {
		return os.ReadFile(filepath.Join(folder, extensionZip(browser)))
	}
	xpi, err := archive(extension.Firefox)
	if err != nil {
		return err
	}
	if err := b.hostXPI(xpi); err != nil || b.crxKey == nil {
		return err
	}
	zipped, err := archive(extension.Chrome)
	if err != nil {
		return err
	}
	crx, err := packCRX(b.crxKey, zipped)
	if err != nil {
		return err
	}
	list, err := updateXML(b.ids.chrome, b.version, b.updateURL+b.crxName(), crx)
	if err != nil {
		return err
	}
	return errors.Join(b.write(b.crxName(), crx), b.write(chromiumUpdates, list))
}

// hostXPI writes the XPI that only Mozilla can sign and, when it has, the
// signed one; Firefox installs no other.
func (b *build) hostXPI(unsigned []byte) error {
	var signed []byte
	if b.signedXPI != "" {
		var err error
		if signed, err = os.ReadFile(b.signedXPI); err != nil {
			return err
		}
		if err := sameButSigned(unsigned, signed); err != nil {
			return fmt.Errorf("%s: %w", b.signedXPI, err)
		}
		if err := b.write(b.xpiName(), signed); err != nil {
			return err
		}
	}
	list, err := updatesJSON(b.version, b.updateURL+b.xpiName(), signed)
	if err != nil {
		return err
	}
	return errors.Join(b.write(b.unsignedXPIName(), unsigned), b.write(firefoxUpdates, list))
}

func (b *build) write(name string, data []byte) error {
	return os.WriteFile(b.output(name), data, 0o644)
}

// The update manifest that Chromium reads, gupdate protocol 2.0
// (developer.chrome.com/docs/extensions/how-to/distribute/host-on-linux,
// extensions/common/updater/safe_manifest_parser.cc).
type (
	gupdate struct {
		XMLName  xml.Name   `xml:"http://www.google.com/update2/response gupdate"`
		Protocol string     `xml:"protocol,attr"`
		App      gupdateApp `xml:"app"`
	}
	gupdateApp struct {
		ID    string       `xml:"appid,attr"`
		Check gupdateCheck `xml:"updatecheck"`
	}
	gupdateCheck struct {
		Codebase string `xml:"codebase,attr"`
		Version  string `xml:"version,attr"`
		Minimum  string `xml:"prodversionmin,attr,omitempty"`
		SHA256   string `xml:"hash_sha256,attr"`
	}
)

// updateXML says to Chromium browsers which version is where.
func updateXML(id, version, codebase string, crx []byte) ([]byte, error) {
	minimum, err := minimumVersion(extension.Chrome)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(crx)
	text, err := xml.MarshalIndent(gupdate{Protocol: "2.0", App: gupdateApp{id, gupdateCheck{codebase, version, minimum, hex.EncodeToString(sum[:])}}}, "", "  ")
	return append([]byte(xml.Header), append(text, '\n')...), err
}

// updatesJSON says to Firefox which version is where
// (extensionworkshop.com/documentation/manage/updating-your-extension). What
// Mozilla signs has another hash than what it was given.
func updatesJSON(version, link string, signed []byte) ([]byte, error) {
	minimum, err := minimumVersion(extension.Firefox)
	if err != nil {
		return nil, err
	}
	update := map[string]any{
		"version":      version,
		"update_link":  link,
		"applications": map[string]any{"gecko": map[string]any{"strict_min_version": minimum}},
	}
	if signed != nil {
		sum := sha256.Sum256(signed)
		update["update_hash"] = "sha256:" + hex.EncodeToString(sum[:])
	}
	text, err := json.MarshalIndent(map[string]any{"addons": map[string]any{protocol.FirefoxID: map[string]any{"updates": []any{update}}}}, "", "  ")
	return append(text, '\n'), err
}

// minimumVersion is the oldest version of a browser that the manifest allows.
func minimumVersion(b extension.Browser) (string, error) {
	data, err := extension.Manifest(b, false)
	if err != nil {
		return "", err
	}
	var m struct {
		Chrome   string `json:"minimum_chrome_version"`
		Settings struct {
			Gecko struct {
				Minimum string `json:"strict_min_version"`
			} `json:"gecko"`
		} `json:"browser_specific_settings"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return "", err
	}
	if b == extension.Firefox {
		return m.Settings.Gecko.Minimum, nil
	}
	return m.Chrome, nil
}

// signatures is the folder into which Mozilla puts its signature.
const signatures = "META-INF/"

// sameButSigned checks that a signed XPI is the unsigned one and a signature.
// Whether the signature is Mozilla's is Firefox's to check.
func sameButSigned(unsigned, signed []byte) error {
	want, err := unzipped(unsigned)
	if err != nil {
		return err
	}
	got, err := unzipped(signed)
	if err != nil {
		return err
	}
	if got[signatures+"mozilla.rsa"] == nil && got[signatures+"cose.sig"] == nil {
		return errors.New("holds no signature of Mozilla's")
	}
	for name, data := range got {
		if known, ok := want[name]; !strings.HasPrefix(name, signatures) && (!ok || !bytes.Equal(data, known)) {
			return fmt.Errorf("%s is not this build's", name)
		}
		delete(want, name)
	}
	for name := range want {
		return fmt.Errorf("%s is missing", name)
	}
	return nil
}

// unzipped reads a zip's files by name, never nil; a name that stands twice is
// refused.
func unzipped(data []byte) (map[string][]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		if files[f.Name] != nil {
			return nil, fmt.Errorf("%s stands twice", f.Name)
		}
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil {
			return nil, err
		}
		files[f.Name] = append([]byte{}, content...)
	}
	return files, nil
}
