//go:build linux && cgo

package nss

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"unsafe"

	"github.com/miekg/pkcs11"

	"scelle/shared/fault"
)

// softoken is NSS's library, which a process initialises once: here without
// any database. Each database is then opened and closed by itself, as a slot
// of its own, which is what NSS's SECMOD_OpenUserDB does. A database that is
// damaged or locked so keeps none of the others from opening, which it would
// if all were named in C_Initialize.
type softoken struct {
	name string
	lib  *pkcs11.Ctx
	bulk bulkReader

	// mu guards what follows and makes slots come and go one at a time, since
	// softoken's table of slots has no lock of its own. A database that
	// another program locks exclusively delays the next one by a second.
	mu      sync.Mutex
	stores  int // not closed
	ready   bool
	ours    bool                 // initialised here, and to be finalised here
	session pkcs11.SessionHandle // on the slot without a database: takes the orders for new slots
	used    map[uint]bool        // slots that are open
}

// Slots for databases, and what NSS calls the orders to open and close one
// (SFTK_MIN_USER_SLOT_ID and pkcs11n.h of NSS). Slot 1 is softoken's generic
// cryptography.
const (
	cryptoSlot = 1
	firstSlot  = 4
	lastSlot   = 100

	nssVendor     = 0xCE534350
	nssNewSlot    = nssVendor + 5  // CKO_NSS_NEWSLOT
	nssDeleteSlot = nssVendor + 6  // CKO_NSS_DELSLOT
	nssModuleSpec = nssVendor + 24 // CKA_NSS_MODULE_SPEC
)

// libraries are those that are loaded, by the name that loaded them: what the
// stores of one process share.
var libraries = struct {
	sync.Mutex
	byName map[string]*softoken
}{byName: make(map[string]*softoken)}

// loadLibrary loads libsoftokn3.so, for one store more. It is never unloaded,
// not even by leave: NSPR leaves thread destructors behind that must stay
// mapped.
func loadLibrary(override string) (*softoken, error) {
	candidates := libraryPlaces()
	if override != "" {
		candidates = []string{override}
	}
	libraries.Lock()
	defer libraries.Unlock()
	for _, c := range candidates {
		k := libraries.byName[c]
		if k == nil {
			lib := pkcs11.New(c)
			if lib == nil {
				continue
			}
			k = &softoken{name: c, lib: lib, bulk: newBulkReader(c), used: make(map[uint]bool)}
			libraries.byName[c] = k
		}
		k.mu.Lock()
		k.stores++
		k.mu.Unlock()
		return k, nil
	}
	return nil, fault.Newf(fault.StoreLibrary, "libsoftokn3.so: %s", strings.Join(candidates, ", "))
}

// libraryPlaces starts with the dynamic loader's own search, which is right on
// current Debian, Ubuntu, Fedora, Arch and openSUSE. The directory nss/ below
// a multiarch path is that of Debian and Ubuntu before NSS 3.72; the last
// place is NixOS's. Browsers' private copies do not load alone.
func libraryPlaces() []string {
	places := []string{"libsoftokn3.so"}
	for _, dir := range []string{
		"/usr/lib/x86_64-linux-gnu/nss", "/usr/lib/x86_64-linux-gnu",
		"/usr/lib/aarch64-linux-gnu/nss", "/usr/lib/aarch64-linux-gnu",
		"/usr/lib64", "/usr/lib64/nss", "/usr/lib", "/run/current-system/sw/lib",
	} {
		places = append(places, filepath.Join(dir, "libsoftokn3.so"))
	}
	return places
}

// leave is the end of one store. The last one ends the library.
func (k *softoken) leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stores--
	if k.stores == 0 && k.ours {
		_ = k.lib.Finalize()
		k.ready, k.ours = false, false
	}
}

// open opens the database in a directory and returns its slot. flags are
// NSS's: "readOnly" or none.
func (k *softoken) open(dir, flags string) (uint, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.initialize(); err != nil {
		return 0, err
	}
	database := "configdir='" + escapeUntil('\'', "sql:"+dir) + "' certPrefix='' keyPrefix='' flags=" + flags
	for slot := uint(firstSlot); slot <= lastSlot; slot++ {
		if k.used[slot] {
			continue
		}
		err := k.order(k.session, nssNewSlot, slot, database)
		if errors.Is(err, pkcs11.Error(pkcs11.CKR_SESSION_EXISTS)) {
			continue // by another part of this process
		}
		if err == nil {
			k.used[slot] = true
		}
		return slot, err
	}
	return 0, fault.Newf(fault.StoreFailed, "no slot left")
}

// initialize makes the library ready. Call it with mu held.
func (k *softoken) initialize() error {
	if k.ready {
		return nil
	}
	parameters := []byte("configdir='' certPrefix='' keyPrefix='' secmod='' flags=noCertDB,noModDB\x00")
	err := k.lib.Initialize(pkcs11.InitializeWithReserved(unsafe.Pointer(&parameters[0])))
	ours := err == nil
	if !ours && !errors.Is(err, pkcs11.Error(pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED)) {
		return err
	}
	if k.session, err = k.lib.OpenSession(cryptoSlot, pkcs11.CKF_SERIAL_SESSION); err != nil {
		if ours {
			_ = k.lib.Finalize()
		}
		return err
	}
	k.ready, k.ours = true, ours
	return nil
}

// close closes the database of a slot, and every session on it.
func (k *softoken) close(slot uint) {
	k.mu.Lock()
	defer k.mu.Unlock()
	session, err := k.lib.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION) // a slot is closed from within
	if err == nil {
		err = k.order(session, nssDeleteSlot, slot, "")
	}
	if err == nil {
		delete(k.used, slot) // otherwise its number is not used again
	}
}

// order has softoken make or remove a slot, from within another or the slot
// itself. Call it with mu held.
func (k *softoken) order(session pkcs11.SessionHandle, class, slot uint, parameters string) error {
	token := fmt.Sprintf("0x%x=[%s]", slot, escapeUntil(']', parameters))
	_, err := k.lib.CreateObject(session, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_CLASS, class),
		pkcs11.NewAttribute(nssModuleSpec, "tokens=<"+escapeUntil('>', token)+">\x00"),
	})
	return err
}

// escapeUntil writes a value for where this character would end it, in NSS's
// parameter syntax: a backslash takes the next character literally. Values are
// within values, and each level is escaped.
func escapeUntil(end rune, v string) string {
	return strings.NewReplacer(`\`, `\\`, string(end), `\`+string(end)).Replace(v)
}

// readsNewer says whether this softoken reads databases whose password was set
// by NSS 3.118 or later. Without an answer it is taken to.
func (k *softoken) readsNewer() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.initialize() != nil {
		return true
	}
	info, err := k.lib.GetInfo()
	return err != nil || info.LibraryVersion.Major > 3 || info.LibraryVersion.Minor >= 118
}
