// Package nss is the certificate store of Linux browsers: the NSS shared
// database, which Chromium, Evolution, LibreOffice and others use together.
//
// It is reached through PKCS#11, in NSS's own library libsoftokn3.so, so that
// locking, encryption at rest and the format stay NSS's business. The database
// is open while an operation runs, and for a moment afterwards so that a series
// of plis pays for opening it once. What another program changed in between, a
// password set, a database replaced or removed, is seen by the next operation,
// and no lock is held at rest.
//
// A process may have several databases open, each a store of its own: the
// shared one, which takes new keys, and those of Firefox's profiles ([Profiles]),
// which are looked at and used, never written.
//
// Listing asks for no password, ever. A database that has one asks for it when
// a key is used or stored, through [Options.Prompt].
//
// What the database cannot give: private keys are not protected from the
// user's own other programs, and no attribute makes them non-exportable.
package nss

import (
	"os"
	"path/filepath"
	"time"

	"scelle/host/internal/keystore"
	"scelle/host/internal/pinentry"
	"scelle/shared/storename"
)

// ID is the shared database's Status.ID and the scheme of its key URIs,
// FirefoxID that of every Firefox profile.
const (
	ID        = "nss"
	FirefoxID = "firefox"
)

// Name is what people are shown, in their language.
const Name = storename.NSS

// Options says which database to open, and how.
type Options struct {
	// Path is the database's directory, absolute. Empty means Shared.
	Path string
	// Library is an absolute path of libsoftokn3.so, to be tried instead of
	// the usual places. Only main passes one, from an administrator's file.
	Library string
	// Existing refuses a database that is not there with fault.StoreMissing.
	// Otherwise a missing database is an empty one, made by the first Import.
	Existing bool
	// Prompt asks for the password of a database that has one. Without it
	// such a database is listed, and its keys are fault.StoreLocked.
	Prompt pinentry.Prompt
	// Linger is how long a database stays unlocked after its last use, so
	// that a batch of plis asks for the password once. 0 locks it at once.
	Linger time.Duration
}

// Powers of the store that Open returns, besides keystore.Store.
type powers interface {
	keystore.Store
	keystore.Importer
	keystore.Deleter
}

// Shared is the directory of the user's shared database, by the rule that NSS
// and Chromium 146 and later follow: $HOME/.pki/nssdb where it exists, even
// empty; else $XDG_DATA_HOME/pki/nssdb, whose default is
// $HOME/.local/share/pki/nssdb. Making ~/.pki/nssdb would hide the other one
// from Chromium, so that nothing here ever does. home is the user's home
// directory; getenv is os.Getenv.
func Shared(home string, getenv func(string) string) string {
	old := filepath.Join(home, ".pki", "nssdb")
	if info, err := os.Stat(old); err == nil && info.IsDir() {
		return old
	}
	data := getenv("XDG_DATA_HOME")
	if !filepath.IsAbs(data) { // XDG base directories: relative values are ignored
		data = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(data, "pki", "nssdb")
}
