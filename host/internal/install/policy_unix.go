//go:build !windows

package install

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"scelle/host/internal/plist"
	"scelle/shared/fault"
)

// policyGroups are the sources of a browser's policies.
func (s System) policyGroups(b Browser) []group {
	switch {
	case s.os() == "darwin":
		return []group{s.managedPreferences(b)}
	case b.Family == Firefox:
		return s.firefoxGroups(b)
	}
	var groups []group
	for _, dir := range b.policy.linux {
		if g := chromiumDir(s.Root + dir); len(g) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

// chromiumDir reads managed/*.json: all files count, and of two that set the
// same policy the one whose name sorts last does
// (components/policy/core/common/config_dir_policy_loader.cc). The policies
// that matter here cannot be recommended ones.
func chromiumDir(dir string) group {
	names, err := filepath.Glob(filepath.Join(dir, "managed", "*"))
	if err != nil {
		return nil
	}
	slices.Sort(names)
	slices.Reverse(names)
	var g group
	for _, name := range names {
		if file, ok := jsonFile(name); ok && !isFolder(name) {
			g = append(g, file)
		}
	}
	return g
}

// firefoxGroups: the computer's file hides those beside each program
// (toolkit/components/enterprisepolicies, JSONPoliciesProvider).
func (s System) firefoxGroups(b Browser) []group {
	var groups []group
	for i, path := range b.policy.linux {
		file, ok := firefoxFile(s.Root + path)
		if !ok {
			continue
		}
		groups = append(groups, group{file})
		if i == 0 {
			break
		}
	}
	return groups
}

// managedPreferences reads what a configuration profile set on macOS. The
// lists that macOS keeps for a user hold the computer's profiles too.
func (s System) managedPreferences(b Browser) group {
	const folder = "/Library/Managed Preferences"
	var g group
	for _, at := range []struct {
		path     string
		computer bool
	}{
		{filepath.Join(s.Root+folder, filepath.Base(s.Home), b.policy.darwin+".plist"), false},
		{filepath.Join(s.Root+folder, b.policy.darwin+".plist"), true},
	} {
		if list, ok := plistFile(at.path); ok {
			list.computer = at.computer
			if b.Family == Firefox && isFalse(list.values["EnterprisePoliciesEnabled"]) {
				continue
			}
			g = append(g, list)
		}
	}
	if b.Family == Firefox {
		if file, ok := firefoxFile(s.Root + "/Applications/Firefox.app/Contents/Resources/distribution/policies.json"); ok {
			g = append(g, file)
		}
	}
	return g
}

func plistFile(path string) (s settings, ok bool) {
	s = settings{source: path}
	data, err := readBounded(path, maxPolicy)
	if errors.Is(err, fs.ErrNotExist) {
		return s, false
	}
	if err == nil {
		var v any
		v, err = plist.Parse(data)
		s.values, _ = v.(map[string]any)
	}
	s.err = fault.Recode(fault.ReadFailed, err)
	return s, true
}
