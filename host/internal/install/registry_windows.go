package install

import (
	"errors"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows/registry"

	"scelle/shared/fault"
)

// entries is the registry key of a browser. The manifests lie beside the
// program for a whole computer, where only administrators write, and in the
// user's local data otherwise.
func (s System) entries(b Browser, system bool) []Entry {
	if b.windows == "" {
		return nil
	}
	dir := filepath.Dir(s.Executable)
	if !system {
		dir = filepath.Join(s.localData(), "Scelle")
	}
	return []Entry{{
		Browsers: []string{b.Name},
		Family:   b.Family,
		// One file for each key, so that each can be removed by itself.
		Path:   filepath.Join(dir, "native-messaging", filepath.Base(filepath.Dir(b.windows)), FileName),
		Key:    s.Hive + b.windows + `\` + NewManifest(b.Family, "").Name,
		System: system,
	}}
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

// madeValue, in our own key, says how many keys above it were made for it, so
// that uninstalling removes those, and only those, once they are empty.
const madeValue = "MadeKeys"

// register names the manifest as the default value of the key.
func (e Entry) register() error {
	if e.Key == "" {
		return nil
	}
	made := e.missingKeys()
	key, existed, err := registry.CreateKey(e.root(), e.Key, registry.SET_VALUE)
	if err != nil {
		return fault.Recode(fault.WriteFailed, err)
	}
	defer key.Close()
	if !existed && made > 0 {
		if err := key.SetDWordValue(madeValue, made); err != nil {
			return fault.Recode(fault.WriteFailed, err)
		}
	}
	return fault.Recode(fault.WriteFailed, key.SetStringValue("", e.Path))
}

// missingKeys counts the keys above the entry's own that are not there.
func (e Entry) missingKeys() uint32 {
	var n uint32
	for name := parentKey(e.Key); name != ""; name = parentKey(name) {
		key, err := registry.OpenKey(e.root(), name, registry.QUERY_VALUE)
		if err == nil {
			key.Close()
			return n
		}
		n++
	}
	return n
}

func parentKey(name string) string {
	return name[:max(strings.LastIndex(name, `\`), 0)]
}

// unregister removes the key, and those above it that register made and that
// hold nothing else by now.
func (e Entry) unregister() error {
	if e.Key == "" {
		return nil
	}
	made := uint64(0)
	if key, err := registry.OpenKey(e.root(), e.Key, registry.QUERY_VALUE); err == nil {
		made, _, _ = key.GetIntegerValue(madeValue)
		key.Close()
	}
	err := registry.DeleteKey(e.root(), e.Key)
	if err != nil && !errors.Is(err, registry.ErrNotExist) {
		return fault.Recode(fault.WriteFailed, err)
	}
	for name := parentKey(e.Key); made > 0 && emptyKey(e.root(), name); name = parentKey(name) {
		if registry.DeleteKey(e.root(), name) != nil {
			break
		}
		made--
	}
	return nil
}

func emptyKey(root registry.Key, name string) bool {
	key, err := registry.OpenKey(root, name, registry.QUERY_VALUE|registry.ENUMERATE_SUB_KEYS)
	if err != nil {
		return false
	}
	defer key.Close()
	info, err := key.Stat()
	return err == nil && info.SubKeyCount == 0 && info.ValueCount == 0
}

// registered is the manifest that the browser would read. Browsers look into
// the 32-bit view of the whole computer's registry before the 64-bit one
// (launch_context_win.cc); a user's has one view only.
func (e Entry) registered() (string, bool) {
	if e.Key == "" {
		return e.Path, true
	}
	for _, view := range []uint32{registry.WOW64_32KEY, registry.WOW64_64KEY} {
		key, err := registry.OpenKey(e.root(), e.Key, registry.QUERY_VALUE|view)
		if err != nil {
			continue
		}
		path, _, err := key.GetStringValue("")
		key.Close()
		if err == nil {
			return path, true
		}
	}
	return "", false
}
