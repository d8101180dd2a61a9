package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"scelle/host/internal/confine"
	"scelle/host/internal/doctor"
	"scelle/host/internal/install"
	"scelle/host/internal/keystore/nss"
	"scelle/host/internal/keystore/pkcs11"
	"scelle/host/internal/managed"
	"scelle/host/internal/pinentry"
)

// confined takes from the process what answering a browser does not need. It
// comes before any store is open. Where the system can take nothing, nothing is
// made ready either.
func confined() confine.State {
	if confine.Possible() == confine.None {
		return confine.None
	}
	settled, _ := managed.Place{}.Read() // unreadable settings close every store
	home, err := os.UserHomeDir()
	if err != nil {
		return confine.Apply(confine.Limits{Read: confine.System(), Devices: confine.Devices()})
	}
	if len(cardStores(settled, nil, pkcs11.Registry{}.Modules)) > 0 || pinentry.New(pinentry.Options{}).Available() {
		return confine.Apply(withCards(home))
	}
	return confine.Apply(withoutCards(home))
}

// withoutCards leaves the shared NSS database, the journal's folder, the
// system's libraries, and what the examination of this computer reads of the
// home: where browsers look for the host, and the lists of Firefox's profiles.
// What does not exist yet is made, up to the folder in
// which the database will be: an empty database folder would mislead browsers.
func withoutCards(home string) confine.Limits {
	database := nss.Shared(home, os.Getenv)
	if info, err := os.Stat(database); err != nil || !info.IsDir() {
		database = filepath.Dir(database)
	}
	write := []string{database}
	if state, err := stateDir(); err == nil {
		write = append(write, state)
	}
	for _, dir := range write {
		_ = os.MkdirAll(dir, 0o700) // what cannot be made will be said by who needs it
	}
	system := install.System{Home: home, Getenv: os.Getenv}
	read := append(confine.System(), registrations(system)...)
	for _, p := range nss.Profiles(home, os.Getenv) {
		read = append(read, p.Path)
	}
	return confine.Limits{Read: read, Files: doctor.ProfileLists(system), Write: write, Devices: confine.Devices()}
}

// registrations are the folders of the home in which browsers look for hosts.
func registrations(system install.System) []string {
	var names, folders []string
	for _, b := range install.Browsers() {
		names = append(names, b.Name)
	}
	entries, _ := system.Entries(names, install.Scope{}) // the names are the table's own
	for _, e := range entries {
		folders = append(folders, filepath.Dir(e.Path))
	}
	return folders
}

// withCards is for computers with card modules, or with a program that can ask
// for a PIN or a database's password. It takes only the network, and the right to change the system's
// files: modules of vendors read, lock and cache where they like, and speak to
// readers and to the card daemon; the program that asks for the PIN needs a
// screen, which may be reached over the network.
func withCards(home string) confine.Limits {
	write := []string{home, os.TempDir(), "/tmp", "/var", "/run", "/dev/shm"}
	for _, name := range []string{"XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"} {
		if dir := os.Getenv(name); filepath.IsAbs(dir) {
			write = append(write, dir)
		}
	}
	return confine.Limits{Read: []string{"/"}, Write: write, Devices: []string{"/dev"}, Wide: true,
		Ports: displayPorts(os.Getenv("DISPLAY"))}
}

// displayPorts is the TCP port of an X display with a host in its name, as ssh
// gives one ("localhost:10.0"): 6000 and the number of the display. Others are
// sockets in the file system.
func displayPorts(display string) []uint16 {
	host, number, _ := strings.Cut(display, ":")
	number, _, _ = strings.Cut(number, ".")
	n, err := strconv.ParseUint(number, 10, 15)
	if host == "" || host == "unix" || err != nil {
		return nil
	}
	return []uint16{uint16(6000 + n)}
}
