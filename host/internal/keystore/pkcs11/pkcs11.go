// Package pkcs11 is the certificate store on smart cards and cryptographic
// tokens, through the PKCS#11 modules of their vendors.
//
// It is one store over every token of every module, so that one card that is
// not there, or one reader that hangs, takes nothing from the others. Modules
// are C code that may block for good (a reader without answer cannot be
// interrupted): each call runs on a thread of its own with a deadline, and a
// module that misses it is left alone, with [fault.TokenNotResponding], until
// its call comes back. Nothing else of the host waits for it.
//
// Listing asks for no PIN, ever: it sees what a token shows to anybody. The
// PIN is asked for when a key is used, through [Prompt], once for each token,
// and never tried a second time by itself: a card locks after a few mistakes.
//
// The store takes no keys: cards get theirs from whoever issues them.
package pkcs11

import (
	"context"
	"path/filepath"
	"time"

	"scelle/host/internal/pinentry"
	"scelle/shared/storename"
)

// ID is Status.ID and the scheme of this store's key URIs (RFC 7512).
const ID = "pkcs11"

// Name is what people are shown.
const Name = storename.Cards

// Prompt asks the person at the computer for a PIN; *pinentry.Asker is one.
type Prompt interface {
	// PIN returns what was typed, which the caller clears. Errors:
	// fault.PINCancelled, PINPromptMissing, and those of an ended context.
	PIN(ctx context.Context, r pinentry.Request) ([]byte, error)
}

// Options says which modules to load, and how long to wait for them.
type Options struct {
	// Modules are absolute paths of PKCS#11 modules. They are code that this
	// process runs: only main passes them, from an administrator's settings or
	// from Registry.
	Modules []string
	// Registered says that nobody named the modules: they are what packages
	// brought along. One that cannot be loaded or begun then shows in
	// Status.Modules only, and List does not fail for it.
	Registered bool
	// Prompt asks for PINs. nil refuses tokens that need one, unless they
	// have a keypad of their own, with fault.PINPromptMissing.
	Prompt Prompt
	// Look bounds one look at a module, its loading included: 2 s when 0.
	Look time.Duration
	// Work bounds one use of a key: 20 s when 0.
	Work time.Duration
	// Keypad bounds the entry of a PIN on a reader's keypad: 2 min when 0.
	Keypad time.Duration
	// Notice is how long the system may take to see that a card is gone; a use
	// of a key that failed waits for that: 500 ms when 0.
	Notice time.Duration
	// Linger is how long a token stays logged in after its last use, so that
	// a batch of plis asks for the PIN once. 0 logs out at once.
	Linger time.Duration
}

// valid says whether every module is named as Options demands.
func (o Options) valid() bool {
	for _, m := range o.Modules {
		if !filepath.IsAbs(m) {
			return false
		}
	}
	return len(o.Modules) > 0
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		value *time.Duration
		ifNil time.Duration
	}{{&o.Look, 2 * time.Second}, {&o.Work, 20 * time.Second}, {&o.Keypad, 2 * time.Minute}, {&o.Notice, 500 * time.Millisecond}} {
		if *d.value <= 0 {
			*d.value = d.ifNil
		}
	}
	return o
}
