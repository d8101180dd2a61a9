package install

import (
	"errors"
	"path/filepath"

	"golang.org/x/sys/windows/registry"

	"scelle/shared/fault"
)

// entry is the registry key of a browser. The manifests lie beside the
// program for a whole computer, where only administrators write, and in the
// user's local data otherwise.
func (s System) entry(b Browser, system bool) (Entry, bool) {
	dir := filepath.Dir(s.Executable)
	if !system {
		dir = filepath.Join(s.localData(), "Scelle")
	}
	return Entry{
		Browsers: []string{b.Name},
		Family:   b.Family,
		// One file for each key, so that each can be removed by itself.
		Path:   filepath.Join(dir, "native-messaging", filepath.Base(filepath.Dir(b.windows)), FileName),
		Key:    b.windows + `\` + NewManifest(b.Family, "").Name,
		System: system,
	}, b.windows != ""
}

func (s System) localData() string {
	if dir := s.Getenv("LOCALAPPDATA"); dir != "" {
		return dir
	}
	return filepath.Join(s.Home, "AppData", "Local")
}

// inUserDataDir has no meaning for Chromium on Windows, which only reads the
// registry; the file is written for tests that look at it.
func (s System) inUserDataDir(dir string) Entry {
	return Entry{
		Browsers: []string{"chromium"},
		Family:   Chromium,
		Path:     filepath.Join(dir, "NativeMessagingHosts", FileName),
	}
}

// used cannot tell cheaply which browsers were used: keys for all of them do
// no harm, and the browser may come later.
func (s System) used(Browser) bool { return true }

func (e Entry) root() registry.Key {
	if e.System {
		return registry.LOCAL_MACHINE
	}
	return registry.CURRENT_USER
}

// register names the manifest as the default value of the key.
func (e Entry) register() error {
	if e.Key == "" {
		return nil
	}
	key, _, err := registry.CreateKey(e.root(), e.Key, registry.SET_VALUE)
	if err != nil {
		return fault.Recode(fault.WriteFailed, err)
	}
	defer key.Close()
	return fault.Recode(fault.WriteFailed, key.SetStringValue("", e.Path))
}

func (e Entry) unregister() error {
	if e.Key == "" {
		return nil
	}
	err := registry.DeleteKey(e.root(), e.Key)
	if err == nil || errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	return fault.Recode(fault.WriteFailed, err)
}

// registered is the manifest that the browser would read.
func (e Entry) registered() (string, bool) {
	if e.Key == "" {
		return e.Path, true
	}
	key, err := registry.OpenKey(e.root(), e.Key, registry.QUERY_VALUE)
	if err != nil {
		return "", false
	}
	defer key.Close()
	path, _, err := key.GetStringValue("")
	return path, err == nil
}
