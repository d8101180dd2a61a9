package update

import (
	"crypto/ed25519"
	"encoding/hex"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// Question is what the extension's worker asks when it has fetched a manifest.
// It travels as JSON.
type Question struct {
	File  string    `json:"file"`  // as it was fetched
	Keys  []string  `json:"keys"`  // accepted public keys, in hexadecimal
	State State     `json:"state"` // what the last Answer remembered
	Host  Host      `json:"host"`  //
	Now   time.Time `json:"now"`   //
}

// Host is the host that is installed, as far as it is known.
type Host struct {
	Version string `json:"version"` // "" when it told none: then every version is newer
	OS      string `json:"os"`      // GOOS
	Arch    string `json:"arch"`    // GOARCH
	Kind    Kind   `json:"package"` // how it was installed, "" when it did not tell
}

// Answer is what follows. With Fault set the manifest changes nothing: State
// is the question's, and the rest is empty.
type Answer struct {
	State   State           `json:"state"`
	Version string          `json:"version,omitempty"` // that the manifest is about
	Expires string          `json:"expires,omitempty"` //
	Newer   bool            `json:"newer"`             // than the host
	Package *Package        `json:"package,omitempty"` // for this computer, if there is one
	Fault   *protocol.Fault `json:"fault,omitempty"`
}

// Judge answers a question.
func Judge(q Question) Answer {
	m, state, err := q.taken()
	if err != nil {
		return Answer{State: q.State, Fault: protocol.FaultOf(err)}
	}
	a := Answer{State: state, Version: m.Version, Expires: m.Expires, Newer: Compare(m.Version, q.Host.Version) > 0}
	if p, ok := m.For(q.Host); ok {
		a.Package = &p
	}
	return a
}

func (q Question) taken() (Manifest, State, error) {
	keys, err := ParseKeys(q.Keys)
	if err != nil {
		return Manifest{}, q.State, err
	}
	m, err := Open([]byte(q.File), keys)
	if err != nil {
		return m, q.State, err
	}
	state, err := m.Accept(q.State, q.Now)
	return m, state, err
}

// ParseKeys reads public keys, 64 hexadecimal digits each. Two let a publisher
// go from one key to the next. Errors: fault.Internal, since they are the
// build's own.
func ParseKeys(texts []string) ([]ed25519.PublicKey, error) {
	var keys []ed25519.PublicKey
	for _, text := range texts {
		key, err := hex.DecodeString(text)
		if err != nil || len(key) != ed25519.PublicKeySize {
			return nil, fault.Newf(fault.Internal, "update key")
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// For finds the package for a host: of the kind that it was installed from, or
// else the system's first, and of its processor.
func (m Manifest) For(h Host) (Package, bool) {
	var found Package
	for _, p := range m.Packages {
		if p.OS != h.OS || p.Arch != "" && p.Arch != h.Arch {
			continue
		}
		if p.Kind == h.Kind {
			return p, true
		}
		if found.Name == "" {
			found = p
		}
	}
	// Another kind of package would stand beside what is installed.
	return found, found.Name != "" && systems[h.Kind] != h.OS
}
