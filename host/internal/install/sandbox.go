package install

import (
	"os"
	"path/filepath"
)

// Sandbox is a browser that was installed in a box of its own, where it cannot
// start programs of the computer by itself.
type Sandbox struct {
	Browser string
	Kind    string // "snap" or "flatpak"
	Path    string // of the installation
	Help    Help
}

// Help is what reaches out of the box to start the host, if something does.
type Help string

// The ways out.
const (
	// Portal: Ubuntu's xdg-desktop-portal starts the host for the Firefox snap
	// (org.freedesktop.portal.WebExtensions, github.com/flatpak/xdg-desktop-portal
	// pull request 705, in Ubuntu since 22.04). It reads the manifests that a
	// Firefox outside the box would, and asks the user once.
	Portal Help = "portal"
	// Proxy: xdg-native-messaging-proxy (org.freedesktop.NativeMessagingProxy,
	// github.com/flatpak/xdg-native-messaging-proxy) does so for the Firefox
	// Flatpak, from Firefox 157 on, where an administrator set it up.
	Proxy Help = "proxy"
	// None: Chromium and its relatives start a host inside the box, where it
	// finds no certificate store (github.com/keepassxreboot/keepassxc issue
	// 12741; forum.snapcraft.io topic 26849).
	None Help = "none"
)

// Sandboxes returns the browsers of the table that are installed as a snap or
// a Flatpak. Only Linux has them.
func (s System) Sandboxes() []Sandbox {
	if s.os() != "linux" {
		return nil
	}
	var found []Sandbox
	for _, b := range Browsers() {
		help := [2]Help{None, None}
		if b.Family == Firefox {
			help = [2]Help{Portal, Proxy}
		}
		if path, ok := firstFolder(b.snap, s.Root+"/snap", s.Root+"/var/lib/snapd/snap"); ok {
			found = append(found, Sandbox{b.Name, "snap", path, help[0]})
		}
		if path, ok := firstFolder(b.flatpak, s.Root+"/var/lib/flatpak/app", filepath.Join(s.data(), "flatpak", "app")); ok {
			found = append(found, Sandbox{b.Name, "flatpak", path, help[1]})
		}
	}
	return found
}

// firstFolder is the first of the folders that holds one of that name.
func firstFolder(name string, folders ...string) (string, bool) {
	for _, folder := range folders {
		path := filepath.Join(folder, name)
		if info, err := os.Stat(path); name != "" && err == nil && info.IsDir() {
			return path, true
		}
	}
	return "", false
}

// data is $XDG_DATA_HOME.
func (s System) data() string {
	if dir := s.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(s.Home, ".local", "share")
}
