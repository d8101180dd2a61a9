// Package update is the publisher's signed word on which version of the host
// there is, and on the bytes of its packages: the file update.json that lies
// beside them.
//
// The file is one JSON object, {"format": 1, "signed": …, "signatures": […]}.
// What is signed, with Ed25519 (RFC 8032), is the text "scelle-update/1\n" and
// the bytes that "signed" holds in base64: a [Manifest] as JSON, exactly as
// [Sign] writes it. Nothing of those bytes is looked at before a signature of
// an accepted key holds over them, and JSON that means the same but is written
// in another way is refused, so that no two readers can see two manifests.
//
// [Manifest.Accept] keeps what was once true from being true for ever: a
// manifest expires, and neither an older manifest nor a version below the
// floor that a reader has seen is taken again.
package update

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// FileName is what a manifest is called in the folder of the packages.
const FileName = "update.json"

// Limits of a manifest, in bytes where nothing else is said.
const (
	MaxFile       = 64 << 10
	MaxPackage    = 64 << 20 // of a package that it names
	MaxPackages   = 32       // packages
	MaxSignatures = 4        // signatures
	MaxName       = 100      // of a package's file name
)

// Product is what every manifest of the host says it is about.
const Product = "scelle-host"

const (
	format = 1
	// domain keeps a signature from counting for anything else that the same
	// key may sign.
	domain = "scelle-update/1\n"
)

// Manifest is what the publisher says. Times are RFC 3339 in UTC, to the
// second.
type Manifest struct {
	Product  string    `json:"product"`
	Version  string    `json:"version"`  // MAJOR.MINOR.PATCH
	Floor    string    `json:"floor"`    // no version below it is to be installed any more
	Issued   string    `json:"issued"`   //
	Expires  string    `json:"expires"`  // nothing here holds from that moment on
	Packages []Package `json:"packages"` //
}

// Kind is [protocol.PackageKind].
type Kind = protocol.PackageKind

// The kinds are described at package protocol.
const (
	Setup = protocol.PackageSetup
	MSI   = protocol.PackageMSI
	Deb   = protocol.PackageDeb
	RPM   = protocol.PackageRPM
	Zip   = protocol.PackageZip
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{Setup, MSI, Deb, RPM, Zip} }

// Package is one file beside the manifest.
type Package struct {
	Kind   Kind   `json:"kind"`
	OS     string `json:"os"`     // GOOS
	Arch   string `json:"arch"`   // GOARCH, "" for every processor of the system
	Name   string `json:"name"`   // of the file, without a folder
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // lower-case hexadecimal
}

// file is what lies beside the packages.
type file struct {
	Format     int      `json:"format"`
	Signed     []byte   `json:"signed"`
	Signatures [][]byte `json:"signatures"`
}

// Sign writes a manifest with a signature of each key. The same manifest and
// keys give the same bytes.
//
// Errors: fault.BadRequest for a manifest that [Open] would not take, with the
// name of what is wrong.
func Sign(m Manifest, keys ...ed25519.PrivateKey) ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, fault.Newf(fault.BadRequest, "%s", err.Detail)
	}
	if len(keys) == 0 || len(keys) > MaxSignatures {
		return nil, fault.Newf(fault.BadRequest, "%d keys", len(keys))
	}
	payload, err := written(m)
	if err != nil {
		return nil, err
	}
	f := file{Format: format, Signed: payload}
	for _, key := range keys {
		f.Signatures = append(f.Signatures, ed25519.Sign(key, append([]byte(domain), payload...)))
	}
	data, err := written(f)
	if err == nil && len(data) > MaxFile {
		err = fault.Newf(fault.BadRequest, "%d bytes", len(data))
	}
	return data, err
}

// Open reads a manifest that one of the keys signed.
//
// Errors: fault.UpdateUnreadable when it is cut off, too long, or says
// something that no manifest says; fault.UpdateUnsigned without a signature of
// one of the keys.
func Open(data []byte, keys []ed25519.PublicKey) (Manifest, error) {
	var f file
	if err := read(data, MaxFile, &f); err != nil {
		return Manifest{}, err
	}
	if f.Format != format || len(f.Signatures) > MaxSignatures {
		return Manifest{}, fault.Newf(fault.UpdateUnreadable, "format %d", f.Format)
	}
	if !signedByOne(f, keys) {
		return Manifest{}, fault.New(fault.UpdateUnsigned)
	}
	var m Manifest
	if err := read(f.Signed, MaxFile, &m); err != nil {
		return Manifest{}, err
	}
	if err := m.check(); err != nil {
		return Manifest{}, err
	}
	return m, nil
}

func signedByOne(f file, keys []ed25519.PublicKey) bool {
	message := append([]byte(domain), f.Signed...)
	for _, key := range keys {
		for _, signature := range f.Signatures {
			if len(key) == ed25519.PublicKeySize && ed25519.Verify(key, message, signature) {
				return true
			}
		}
	}
	return false
}

// read takes JSON only in the one form in which it is written here: no other
// order, spelling or spacing, nothing twice, nothing unknown, nothing after.
func read(data []byte, limit int, v any) error {
	if len(data) > limit {
		return fault.Newf(fault.UpdateUnreadable, "%d bytes", len(data))
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fault.Recode(fault.UpdateUnreadable, err)
	}
	again, err := written(v)
	if err != nil || !bytes.Equal(again, data) {
		return fault.Newf(fault.UpdateUnreadable, "form")
	}
	return nil
}

// written is the one form: two spaces, a line end after it.
func written(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	return append(text, '\n'), fault.Wrap(fault.Internal, err)
}

// State is what a reader remembers of the manifests that it took: the zero
// value is none.
type State struct {
	Floor  string `json:"floor,omitempty"`  // the highest floor so far
	Issued string `json:"issued,omitempty"` // the latest manifest so far
}

// Accept decides whether a manifest counts now, for a reader who took others
// before, and what to remember then.
//
// Errors: fault.UpdateExpired; fault.UpdateOld for a manifest that is older
// than one that was taken before, or a version below the floor.
func (m Manifest) Accept(s State, now time.Time) (State, error) {
	expires, err := moment(m.Expires)
	if err != nil || !now.Before(expires) {
		return s, fault.Newf(fault.UpdateExpired, "%s", m.Expires)
	}
	// Times in this one form compare as texts.
	if m.Issued < s.Issued {
		return s, fault.Newf(fault.UpdateOld, "%s", m.Issued)
	}
	if Compare(m.Version, s.Floor) < 0 {
		return s, fault.Newf(fault.UpdateOld, "%s", m.Version)
	}
	s.Issued = m.Issued
	if Compare(m.Floor, s.Floor) > 0 {
		s.Floor = m.Floor
	}
	return s, nil
}
