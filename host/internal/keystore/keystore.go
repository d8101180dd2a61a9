// Package keystore is what the host asks of a certificate store.
//
// A store is small: it lists certificates and unwraps content keys. What not
// every store can do is an optional power, found by a type assertion:
// [Importer], [Generator], [Deleter]. Each store declares what it can in
// [Capabilities], and the conformance suite in keystoretest holds it to that.
//
// Listing never touches a private key and never prompts.
package keystore

import (
	"context"
	"crypto"
	"time"

	"scelle/shared/envelope"
)

// State says whether a store can be used now.
type State string

// The states of a store.
const (
	Ready    State = "ready"     // lists, unwraps, and imports if it can at all
	ReadOnly State = "read-only" // lists and unwraps, takes no new key
	Locked   State = "locked"    // lists; asks for a password before a key is used or stored
	Failed   State = "failed"    // cannot be opened; Status.Err says why
)

// Status is one store as it is now.
type Status struct {
	ID           string       // "nss", "memory", ... : the scheme of its key URIs
	Name         string       // for people: "Base NSS partagée"
	Location     string       // a path or a system store's name, for people
	State        State        //
	Err          error        // a *fault.Fault when State is Failed, or Locked and nothing can unlock it here; otherwise nil
	Certificates int          // certificates seen
	Keys         int          // certificates whose private key is in this store
	Capabilities Capabilities //
	Modules      []Module     // the PKCS#11 modules of a store of cards, nil for others
}

// Module is one PKCS#11 module of a store of cards and tokens.
type Module struct {
	Path   string // absolute
	Tokens int    // cards and tokens that are there now
	Err    error  // a *fault.Fault when the module could not be looked at, or a token of it
}

// Capabilities is what a store promises; the conformance suite tests each
// promise and refuses a store that can do more than it declares.
type Capabilities struct {
	Import     bool                 // Importer
	Generate   bool                 // Generator
	Delete     bool                 // Deleter
	Mechanisms []envelope.Mechanism // what Unwrap accepts for a suitable key
	Exportable bool                 // private keys can be taken out by the user's other tools
}

// Entry is one certificate of a store, without touching its private key.
type Entry struct {
	URI         string // names the key in its store, stable across runs; opaque to callers
	Store       string // Status.ID
	Name        string // friendly name or nickname, as the store holds it
	Certificate []byte // DER, as stored; may be one that crypto/x509 refuses
	HasKey      bool   // a private key with the same id is here, as far as can be told without a prompt
	Asks        bool   // the key's first use asks the person for a PIN or a password
}

// Store is one certificate store. Its methods may be called from several
// goroutines. Errors are *fault.Fault.
type Store interface {
	// Status looks at the store now; it does not fail, Status.Err does.
	Status(ctx context.Context) Status
	// List returns every certificate, with and without a private key.
	List(ctx context.Context) ([]Entry, error)
	// Unwrapper finds the private key of the entry with this URI and returns
	// what opens content keys with it. fault.KeyNotFound when it is gone.
	// The caller closes it.
	Unwrapper(ctx context.Context, uri string) (Unwrapper, error)
	// Close gives back what the store holds.
	Close() error
}

// Titled is a store that gives its Status.Name without a look at what is there.
type Titled interface{ Title() string }

// Unwrapper opens content-encryption keys with one private key. It is the raw
// power of the store: the padding-oracle rules are above it, in
// envelope.UnwrapWith and package unwrap, and hold for all stores. Decrypt
// returns fault.MechanismMissing for what the store, or a key of this kind,
// cannot do at all. Its methods may be called from several goroutines; after
// its own or the store's Close they are ErrClosed.
type Unwrapper interface {
	envelope.PrivateKey
	// Close ends the session. The second time it does nothing.
	Close() error
}

// Pair is a private key with its certificate, checked by the caller: the key
// matches, its kind and size are accepted.
type Pair struct {
	Key         crypto.Signer // *rsa.PrivateKey or *ecdsa.PrivateKey
	Certificate []byte        // DER
	Name        string        // nickname wanted; a store may number it to make it unique
}

// Importer is a store that takes key pairs from outside.
type Importer interface {
	// Import stores the pair, all of it or nothing. Importing the same pair
	// twice returns the entry that is there.
	Import(ctx context.Context, pair Pair) (Entry, error)
}

// GenerateOptions describes a pair to be made inside a store.
type GenerateOptions struct {
	CommonName string
	Name       string
	Bits       int // RSA modulus length, 3072 unless a card knows less
	NotAfter   time.Time
}

// Generator is a store that makes key pairs itself (a card). Where a store
// is none, the host makes the pair in memory and imports it.
type Generator interface {
	// Generate makes a pair and a self-signed certificate in the store.
	Generate(ctx context.Context, o GenerateOptions) (Entry, error)
}

// Deleter is a store that can remove a pair.
type Deleter interface {
	// Delete removes the certificate and its private key. It succeeds when
	// only one of the two is still there, fault.KeyNotFound when neither is.
	Delete(ctx context.Context, uri string) error
}
