// Package confine takes from the running process what it does not need: on
// Linux, by Landlock, every file but a few and the whole network. A mistake in
// the host, in a certificate store's library or in a vendor's module then
// reaches neither other files nor another computer.
//
// It is best effort. An older kernel enforces less of it or nothing, which
// [State] says and `scelle status` shows; the host works the same.
//
// Every child of the process keeps the limits. Only the program that asks for
// a card's PIN is one, so that the limits where cards are used are wide enough
// for it: a process of its own, started before, would cost every question of
// every page's status a second program.
package confine

// State is how far the process is confined.
type State string

// The states.
const (
	Off     State = "off"     // nobody asked: the command line, a developer's serve
	None    State = "none"    // this system cannot do it, or refused to
	Partial State = "partial" // files only: the kernel is older than 6.7 (Landlock ABI 4)
	Full    State = "full"    // files and TCP, from ABI 10 on UDP too
)

// Limits are what the process may still reach. Folders that do not exist are
// left out, those in Write below an existing one that is named too.
type Limits struct {
	Read    []string // folders whose files may be read
	Files   []string // files that may be read
	Write   []string // folders whose files may be read, changed, made and removed
	Devices []string // files that may be read and written
	// Wide is for libraries of vendors, whose needs nobody knows: what may be
	// read may be started as a program too, devices may be folders of them and
	// take commands (ioctl), and sockets without a file and signals are not
	// held back: desktops have such sockets for windows.
	Wide bool
	// Ports are the only ones that TCP may connect to.
	Ports []uint16
}

// System are the folders with libraries, their configuration and what they ask
// of the system, for Limits.Read.
func System() []string {
	return []string{
		"/usr", "/lib", "/lib32", "/lib64", "/etc", "/opt", "/proc", "/sys/bus", "/sys/devices", "/sys/kernel/mm",
		"/nix/store", "/gnu/store", "/run/current-system", "/run/opengl-driver", "/app",
	}
}

// Devices are the ones that every program uses, for Limits.Devices.
func Devices() []string {
	return []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}
}
