package serve

import (
	"testing"

	"scelle/shared/protocol"
)

// TestParentWindow: only what Chromium itself writes names a window.
func TestParentWindow(t *testing.T) {
	chrome := protocol.ChromeOrigin
	for _, c := range []struct {
		args []string
		want uintptr
	}{
		{[]string{chrome, "--parent-window=66052"}, 66052},
		{[]string{chrome, "--parent-window=4294967294"}, 0xfffffffe},
		{[]string{chrome, "--parent-window=-2"}, 0xfffffffe},
		{[]string{chrome, "--parent-window=0"}, 0},
		{[]string{chrome, "--parent-window="}, 0},
		{[]string{chrome, "--parent-window=0x12"}, 0},
		{[]string{chrome, "--parent-window=99999999999999999999"}, 0},
		{[]string{chrome}, 0},
		{[]string{protocol.EdgeOrigin, "--parent-window=66052"}, 66052},
		{[]string{"chrome-extension://x/", "--parent-window=66052"}, 0},
		{[]string{"list", "--parent-window=66052"}, 0},
		{nil, 0},
	} {
		if got := ParentWindow(c.args); got != c.want {
			t.Errorf("%q: %#x, want %#x", c.args, got, c.want)
		}
	}
}
