// Package managed reads what an administrator settled for the host, from a
// place that only an administrator can write:
//
//   - Linux: /etc/scelle/policy.json; the file and its folder belong to root
//     and nobody else may write to them;
//   - Windows: the registry key HKEY_LOCAL_MACHINE\Software\Policies\Scelle,
//     which group policies fill;
//   - macOS: /Library/Managed Preferences/fr.scelle.plist, which configuration
//     profiles fill, with the same demands as on Linux.
//
// The settings are those of shared/policy. No such place means that nothing is
// settled. A place that is there and cannot be trusted or read is an error:
// the caller must refuse what could have been forbidden rather than go on.
package managed

import (
	"encoding/json"
	"runtime"

	"scelle/host/internal/plist"
	"scelle/shared/fault"
	"scelle/shared/policy"
)

// Place is where to look; the zero value is this computer's own place.
type Place struct {
	Root  string // put before paths, "" except in tests
	Hive  string // put before registry keys, "" except in tests, else ends in a backslash
	OS    string // runtime.GOOS when ""; tests read macOS's place on Linux
	Owner int    // user id that must own the files: 0, root, except in tests
}

// maxFile bounds a file of settings, in bytes.
const maxFile = 1 << 20

// Name says where this system keeps the settings, for people.
func (p Place) Name() string {
	switch p.os() {
	case "windows":
		return `HKEY_LOCAL_MACHINE\` + p.Hive + registryKey
	case "darwin":
		return p.Root + "/Library/Managed Preferences/fr.scelle.plist"
	}
	return p.Root + "/etc/scelle/policy.json"
}

// registryKey is below HKEY_LOCAL_MACHINE.
const registryKey = `Software\Policies\Scelle`

func (p Place) os() string {
	if p.OS != "" {
		return p.OS
	}
	return runtime.GOOS
}

// Read returns what is settled for the host. fault.PolicyUnreadable when
// the place cannot be trusted or read, or a value is of the wrong kind.
func (p Place) Read() (policy.Policy, error) {
	values, err := p.values()
	if err == nil {
		var settled policy.Policy
		if settled, err = policy.Read(values, policy.Host); err == nil {
			return settled, nil
		}
	}
	return policy.Policy{}, fault.Recode(fault.PolicyUnreadable, err)
}

// decode reads a JSON object or a property list.
func (p Place) decode(data []byte) (map[string]any, error) {
	var v any
	var err error
	if p.os() == "darwin" {
		v, err = plist.Parse(data)
	} else {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		return nil, err
	}
	values, ok := v.(map[string]any)
	if !ok {
		return nil, fault.Newf(fault.ReadFailed, "not a dictionary")
	}
	return values, nil
}
