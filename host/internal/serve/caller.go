package serve

import (
	"path"
	"strings"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// BrowserStart reports whether these arguments (without the program's name)
// are how a browser starts a native-messaging host, whoever the caller is:
// Chromium passes the extension's origin (and on Windows --parent-window=N),
// Firefox the path of the manifest and the extension's id.
func BrowserStart(args []string) bool {
	switch {
	case len(args) == 0:
		return false
	case strings.HasPrefix(args[0], "chrome-extension://"):
		return true
	default:
		return len(args) == 2 && strings.HasSuffix(args[0], ".json") && strings.Contains(args[1], "@")
	}
}

// Caller checks who a browser says is calling. fault.HostForbidden unless it
// is Scellé's own extension. The browser's word is all there is: a program of
// the same user can start the host with any argument.
func Caller(args []string) error {
	switch {
	case len(args) == 0:
	case args[0] == protocol.ChromeOrigin:
		if len(args) == 1 || len(args) == 2 && strings.HasPrefix(args[1], "--parent-window=") {
			return nil
		}
	case len(args) == 2 && args[1] == protocol.FirefoxID:
		if manifestName(args[0]) == protocol.HostName+".json" {
			return nil
		}
	}
	return fault.New(fault.HostForbidden)
}

// DeveloperCaller checks the origin that a developer names in place of a
// browser: the id of Scellé's extension in either form.
func DeveloperCaller(origin string) error {
	if origin == protocol.ChromeOrigin || origin == protocol.FirefoxID {
		return nil
	}
	return fault.New(fault.HostForbidden)
}

// manifestName is the last element of a manifest's path; on Windows Firefox
// writes backslashes, and the file may have been named by an administrator.
func manifestName(p string) string {
	return path.Base(strings.ReplaceAll(p, `\`, "/"))
}
