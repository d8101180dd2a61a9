package serve

import (
	"path"
	"slices"
	"strconv"
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
	case slices.Contains(protocol.ChromiumOrigins(), args[0]):
		if len(args) == 1 || len(args) == 2 && strings.HasPrefix(args[1], parentWindow) {
			return nil
		}
	case len(args) == 2 && args[1] == protocol.FirefoxID:
		if manifestName(args[0]) == protocol.HostName+".json" {
			return nil
		}
	}
	return fault.New(fault.HostForbidden)
}

const parentWindow = "--parent-window="

// ParentWindow is the window that started the host, an HWND: Chromium passes
// it on Windows so that a PIN dialog can be put in front of it. 0 when these
// arguments are not those of a browser's start, or when the caller has no
// window. It is the caller's word: check that it is a window.
func ParentWindow(args []string) uintptr {
	if len(args) != 2 || Caller(args) != nil {
		return 0
	}
	digits, ok := strings.CutPrefix(args[1], parentWindow)
	if !ok {
		return 0
	}
	// Handles of windows have 32 significant bits, on 64-bit Windows too;
	// Chromium writes them as a signed or an unsigned number.
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0
	}
	return uintptr(uint32(n))
}

// DeveloperCaller checks the origin that a developer names in place of a
// browser: the id of Scellé's extension in any form.
func DeveloperCaller(origin string) error {
	if origin == protocol.FirefoxID || slices.Contains(protocol.ChromiumOrigins(), origin) {
		return nil
	}
	return fault.New(fault.HostForbidden)
}

// manifestName is the last element of a manifest's path; on Windows Firefox
// writes backslashes, and the file may have been named by an administrator.
func manifestName(p string) string {
	return path.Base(strings.ReplaceAll(p, `\`, "/"))
}
