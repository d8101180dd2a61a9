package pkcs11

import (
	"bytes"
	"cmp"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Registry is where packages and administrators register PKCS#11 modules with
// p11-kit (pkcs11.conf(5)); the zero value is this computer's own. What a
// person registers in the home directory is not read, nor are p11-kit's
// variables: modules are code, and whoever starts the host must not choose it.
type Registry struct {
	Root  string // put before paths, "" except in tests
	Owner int    // user id that must own files and folders: 0, root, except in tests
}

// program is our name in enable-in and disable-in.
const program = "scelle"

// The places of Registry: packages write into the first, administrators into
// the second, which wins setting by setting for a file of the same name.
var registries = [...]string{"/usr/share/p11-kit/modules", "/etc/pkcs11/modules"}

// maxRegistration bounds one file of the registry, in bytes.
const maxRegistration = 64 << 10

// Modules returns the absolute paths of the modules that are registered for
// this program, highest priority first, then by file name. It loads nothing.
// What others than the owner could have written is passed over, as is what is
// not there, what speaks to another process (remote), and p11-kit's module of
// authorities (trust-policy), which has no keys.
func (r Registry) Modules() []string {
	settings := make(map[string]map[string]string)
	for _, dir := range registries {
		for name, s := range r.read(dir) {
			if settings[name] == nil {
				settings[name] = make(map[string]string)
			}
			maps.Copy(settings[name], s)
		}
	}
	names := slices.Sorted(maps.Keys(settings))
	slices.SortStableFunc(names, func(a, b string) int {
		return cmp.Compare(priority(settings[b]), priority(settings[a]))
	})
	var paths []string
	for _, name := range names {
		if path := r.locate(settings[name]); path != "" && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}

// priority is the setting of that name, 0 unless it is a number.
func priority(s map[string]string) int {
	n := 0
	for i, c := range strings.TrimPrefix(s["priority"], "-") {
		if c < '0' || c > '9' || i > 6 {
			return 0
		}
		n = 10*n + int(c-'0')
	}
	if strings.HasPrefix(s["priority"], "-") {
		return -n
	}
	return n
}

// read returns the settings of each file of a folder.
func (r Registry) read(dir string) map[string]map[string]string {
	dir = r.Root + dir
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	all := make(map[string]map[string]string)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".module") {
			continue
		}
		path, ok := r.guarded(filepath.Join(dir, e.Name()))
		if !ok {
			continue
		}
		if data, err := os.ReadFile(path); err == nil && len(data) <= maxRegistration {
			all[e.Name()] = parseRegistration(data)
		}
	}
	return all
}

// parseRegistration reads lines of "name: value"; # begins a comment line.
func parseRegistration(data []byte) map[string]string {
	settings := make(map[string]string)
	for line := range bytes.Lines(data) {
		name, value, ok := strings.Cut(strings.TrimSpace(string(line)), ":")
		if ok && !strings.HasPrefix(name, "#") {
			settings[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return settings
}

// locate is the path of a module that is for us and there, "" otherwise.
func (r Registry) locate(s map[string]string) string {
	if s["module"] == "" || s["remote"] != "" || s["trust-policy"] == "yes" || !enabled(s) {
		return ""
	}
	candidates := []string{s["module"]}
	if !filepath.IsAbs(s["module"]) {
		candidates = nil
		for _, dir := range moduleFolders() {
			candidates = append(candidates, filepath.Join(dir, s["module"]))
		}
	}
	for _, c := range candidates {
		if path, ok := r.guarded(r.Root + c); ok {
			return path
		}
	}
	return ""
}

// moduleFolders are where p11-kit of the distributions looks for modules that
// are registered by their file's name alone.
func moduleFolders() []string {
	return []string{
		"/usr/lib/x86_64-linux-gnu/pkcs11", "/usr/lib/aarch64-linux-gnu/pkcs11",
		"/usr/lib64/pkcs11", "/usr/lib/pkcs11", "/run/current-system/sw/lib/pkcs11",
	}
}

// enabled reads the lists of programs: the one of those that may, if it is
// there, otherwise the one of those that may not.
func enabled(s map[string]string) bool {
	named := func(list string) bool {
		return slices.Contains(strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' || c == '\t' }), program)
	}
	if list, ok := s["enable-in"]; ok {
		return named(list)
	}
	return !named(s["disable-in"])
}

// guarded follows links and returns the regular file behind them, if only the
// owner can write it and every folder above it.
func (r Registry) guarded(path string) (string, bool) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", false
	}
	for at := path; ; at = filepath.Dir(at) {
		info, err := os.Lstat(at)
		if err != nil || !r.owned(info) || at == path && !info.Mode().IsRegular() {
			return "", false
		}
		if at == "/" || at == filepath.Clean(r.Root) {
			return path, true
		}
	}
}

func (r Registry) owned(info fs.FileInfo) bool {
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) == r.Owner && info.Mode().Perm()&0o022 == 0
}
