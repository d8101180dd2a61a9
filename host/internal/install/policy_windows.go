package install

import (
	"errors"
	"path/filepath"

	"golang.org/x/sys/windows/registry"

	"scelle/host/internal/managed"
	"scelle/shared/fault"
)

// policyGroups are the sources of a browser's policies: the computer's
// registry before the user's, and for Firefox a file beside the program.
func (s System) policyGroups(b Browser) []group {
	var g group
	for _, root := range []struct {
		key      registry.Key
		name     string
		computer bool
	}{
		{registry.LOCAL_MACHINE, `HKEY_LOCAL_MACHINE\`, true},
		{registry.CURRENT_USER, `HKEY_CURRENT_USER\`, false},
	} {
		values, err := managed.ReadKey(root.key, s.Hive+b.policy.windows)
		if errors.Is(err, registry.ErrNotExist) {
			continue
		}
		g = append(g, settings{root.name + b.policy.windows, root.computer, values, fault.Recode(fault.ReadFailed, err)})
	}
	if b.Family == Firefox {
		program := s.variable("ProgramFiles", `C:\Program Files`)
		if file, ok := firefoxFile(filepath.Join(program, "Mozilla Firefox", "distribution", "policies.json")); ok {
			g = append(g, file)
		}
	}
	return []group{g}
}
