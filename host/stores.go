package main

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/capi"
	"scelle/host/internal/keystore/nss"
	"scelle/host/internal/keystore/pkcs11"
	"scelle/host/internal/managed"
	"scelle/host/internal/pinentry"
	"scelle/host/internal/serve"
	"scelle/shared/fault"
	"scelle/shared/policy"
)

// opener opens one certificate store, which has an id and a name before it is
// open.
type opener struct {
	id, name string
	open     func() (keystore.Store, error)
}

// systemStores are this system's stores, the one for new keys first. prompt
// asks for passwords where the system does not do so itself.
func systemStores(prompt pinentry.Prompt) []opener {
	if runtime.GOOS == "windows" {
		return []opener{{capi.ID, capi.Name, func() (keystore.Store, error) {
			return capi.Open(capi.Options{ParentWindow: serve.ParentWindow(os.Args[1:])})
		}}}
	}
	if stores := keychains(); len(stores) > 0 {
		return stores
	}
	options := nss.Options{Prompt: prompt, Linger: linger}
	stores := []opener{{nss.ID, nss.Name, func() (keystore.Store, error) { return nss.Open(options) }}}
	home, err := os.UserHomeDir()
	if err != nil || runtime.GOOS != "linux" {
		return stores
	}
	for _, p := range nss.Profiles(home, os.Getenv) {
		options := options
		options.Path = p.Path
		stores = append(stores, opener{nss.FirefoxID, p.Name, func() (keystore.Store, error) { return nss.OpenProfile(options, p.Name) }})
	}
	return stores
}

// linger is how long a card or a database stays unlocked after its last use:
// each pli of a batch is a use of its own.
const linger = time.Minute

// cardStores is the store of smart cards, on Linux only: elsewhere cards are
// in the system's store. Its modules are those that the administrator names
// or, when nothing is said, those that are registered on the computer. Opening
// it loads nothing; each look at it is bounded to two seconds, and a module
// that hangs is not waited for again.
func cardStores(settled policy.Policy, prompt pinentry.Prompt, registered func() []string) []opener {
	modules := settled.PKCS11Modules.Values
	if runtime.GOOS == "linux" && !settled.PKCS11Modules.Set {
		modules = registered()
	}
	if runtime.GOOS != "linux" || len(modules) == 0 {
		return nil
	}
	return []opener{{pkcs11.ID, pkcs11.Name, func() (keystore.Store, error) {
		return pkcs11.Open(pkcs11.Options{
			Modules: modules, Registered: !settled.PKCS11Modules.Set, Prompt: prompt, Linger: linger,
		})
	}}}
}

// assistantWindow asks for PINs in the assistant's window, where the
// administrator allows that.
func assistantWindow() *pinentry.Window {
	return pinentry.NewWindow(func() bool {
		settled, err := managed.Place{}.Read()
		return err == nil && settled.PINInAssistant
	})
}

// openStores returns this computer's certificate stores, the one for new keys
// first. A store that cannot be opened stays in the list and says why. PINs
// are asked for by the computer's own programs, and in the assistant's window
// where none of them can.
func openStores(window *pinentry.Window) []keystore.Store {
	dropModuleVariables()
	asker := pinentry.New(pinentry.Options{TTY: pinentry.Terminal()}) // one window at a time, for all stores
	prompt := pinentry.InOrder{asker, window}
	return openAllowed(managed.Place{}, prompt, systemStores(prompt), pkcs11.Registry{}.Modules)
}

// openAllowed opens the stores that the administrator does not forbid. The
// others stay in the list and say so; when the settings cannot be read, all do.
// registered finds the modules for cards where the settings name none.
func openAllowed(place managed.Place, prompt pinentry.Prompt, openers []opener, registered func() []string) []keystore.Store {
	settled, unreadable := place.Read()
	openers = append(openers, cardStores(settled, prompt, registered)...)
	var stores []keystore.Store
	for _, o := range openers {
		err := unreadable
		if settled.ForbiddenStores.Has(o.id) {
			err = fault.New(fault.StoreForbidden)
		}
		var store keystore.Store
		if err == nil {
			store, err = o.open()
		}
		if err != nil {
			store = keystore.Unavailable(o.id, o.name, err)
		}
		stores = append(stores, store)
	}
	return stores
}

// dropModuleVariables removes what would let whoever starts the host choose
// the code or the configuration of PKCS#11 modules, and of the libraries that
// they use. What the dynamic loader itself obeys at the start (LD_PRELOAD,
// LD_LIBRARY_PATH) has had its effect by then: whoever can set that runs as
// the user, and could as well start another program.
func dropModuleVariables() {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if foreignCode(name) {
			os.Unsetenv(name)
		}
	}
}

// foreignCode reports whether a variable names code or configuration for NSS,
// p11-kit, card modules, OpenSSL below them, or the C library.
func foreignCode(name string) bool {
	switch name {
	case "SOFTHSM2_CONF", "PCSCLITE_CSOCK_NAME", "GCONV_PATH", "NLSPATH", "LOCPATH", "HOSTALIASES", "RES_OPTIONS":
		return true
	}
	return slices.ContainsFunc([]string{"P11_KIT_", "NSS_", "NSPR_", "PKCS11", "OPENSC_", "OPENSSL_", "LD_"}, func(prefix string) bool {
		return strings.HasPrefix(name, prefix)
	})
}
