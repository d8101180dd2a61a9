package install

import (
	"encoding/json"
	"os"
	"slices"

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
		m.AllowedOrigins = protocol.ChromiumOrigins()
	}
	return m
}

// foreign lists the extensions that the manifest lets in beside Scellé's.
func (m Manifest) foreign(f Family) []string {
	want := NewManifest(f, "")
	allowed := slices.Concat(m.AllowedOrigins, m.AllowedExtensions)
	ours := slices.Concat(want.AllowedOrigins, want.AllowedExtensions)
	return slices.DeleteFunc(allowed, func(id string) bool { return slices.Contains(ours, id) })
}

// write puts the manifest in place in one step, so that a browser never reads
// half of it. Other users' browsers must be able to read a system's one.
func (m Manifest) write(path string) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	if err := makeFolders(path); err != nil {
		return fault.Wrap(fault.WriteFailed, err)
	}
	if err := writeAside(path, append(data, '\n'), 0o644); err != nil {
		return fault.Wrap(fault.WriteFailed, err)
	}
	return nil
}

// readManifest reads a manifest that anybody may have written. The error is
// the file system's (fs.ErrNotExist) or fault.ReadFailed.
func readManifest(path string) (Manifest, error) {
	var m Manifest
	data, err := readBounded(path, maxManifest)
	if err != nil {
		return m, err
	}
	return m, fault.Recode(fault.ReadFailed, json.Unmarshal(data, &m))
}

// readBounded reads a regular file of at most limit bytes. The error is the
// file system's or fault.ReadFailed.
func readBounded(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fault.Newf(fault.ReadFailed, "%s", info.Name())
	}
	return os.ReadFile(path)
}
