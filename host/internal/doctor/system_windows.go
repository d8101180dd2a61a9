package doctor

import (
	"fmt"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// systemVersion is Windows' own number: "10.0.22631". Wine names itself.
func systemVersion() string {
	v := windows.RtlGetVersion()
	s := fmt.Sprintf("Windows %d.%d.%d", v.MajorVersion, v.MinorVersion, v.BuildNumber)
	if windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil {
		s += " (Wine)"
	}
	return s
}

// minWindows is what Go's programs need (go.dev/wiki/MinimumRequirements).
const minWindows = 10

func outdated() (tooOld bool, version string) {
	return windows.RtlGetVersion().MajorVersion < minWindows, systemVersion()
}

// free is what this user may still write on the folder's disk, in bytes.
func free(folder string) (bytes uint64, err error) {
	path, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return 0, err
	}
	err = windows.GetDiskFreeSpaceEx(path, &bytes, nil, nil)
	return bytes, err
}

// synchronised is not known here.
func synchronised() (yes, known bool) { return false, false }

// ours is not known here: profiles are their user's by Windows' own rules.
func ours(string) (ours, closed, known bool) { return false, false, false }

// registryValues are the numbers and texts of a key, without the keys below it.
func registryValues(machine bool, key string) map[string]any {
	root := registry.Key(registry.CURRENT_USER)
	if machine {
		root = registry.LOCAL_MACHINE
	}
	k, err := registry.OpenKey(root, key, registry.QUERY_VALUE)
	if err != nil {
		return nil
	}
	defer k.Close()
	values := map[string]any{}
	names, _ := k.ReadValueNames(-1) // that the key is there is an answer of its own
	for _, name := range names {
		if n, _, err := k.GetIntegerValue(name); err == nil {
			values[name] = int64(n)
		} else if s, _, err := k.GetStringValue(name); err == nil {
			values[name] = s
		}
	}
	return values
}
