package install

import (
	"encoding/json"
	"os"
	"path/filepath"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// Manifest is a native-messaging manifest, in either dialect.
type Manifest struct {
	Name              string   `json:"name"`
	Description       string   `json:"description"`
	Path              string   `json:"path"` // absolute
	Type              string   `json:"type"`
	AllowedOrigins    []string `json:"allowed_origins,omitempty"`
	AllowedExtensions []string `json:"allowed_extensions,omitempty"`
}

// FileName is what a manifest's file is called in every place.
const FileName = protocol.HostName + ".json"

// maxManifest bounds a manifest that is read, in bytes.
const maxManifest = 64 << 10

// NewManifest describes the host at the absolute path executable. Only
// Scellé's own extension may start it.
func NewManifest(f Family, executable string) Manifest {
	m := Manifest{
		Name:        protocol.HostName,
		Description: "Scellé : magasin de certificats de cet ordinateur",
		Path:        executable,
		Type:        "stdio",
	}
	if f == Firefox {
		m.AllowedExtensions = []string{protocol.FirefoxID}
	} else {
		m.AllowedOrigins = []string{protocol.ChromeOrigin}
	}
	return m
}

// write puts the manifest in place in one step, so that a browser never reads
// half of it. Other users' browsers must be able to read a system's one.
func (m Manifest) write(path string) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	if err := writeAside(path, append(data, '\n')); err != nil {
		return fault.Wrap(fault.WriteFailed, err)
	}
	return nil
}

func writeAside(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	aside, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(aside.Name()) // nothing is there any more after the rename
	defer aside.Close()
	if _, err := aside.Write(data); err != nil {
		return err
	}
	if err := aside.Chmod(0o644); err != nil {
		return err
	}
	if err := aside.Sync(); err != nil {
		return err
	}
	if err := aside.Close(); err != nil {
		return err
	}
	return os.Rename(aside.Name(), path)
}

// readManifest reads a manifest that anybody may have written. The error is
// the file system's (fs.ErrNotExist) or fault.ReadFailed.
func readManifest(path string) (Manifest, error) {
	var m Manifest
	info, err := os.Stat(path)
	if err != nil {
		return m, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxManifest {
		return m, fault.Newf(fault.ReadFailed, "%s", FileName)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return m, err
	}
	return m, fault.Recode(fault.ReadFailed, json.Unmarshal(data, &m))
}
