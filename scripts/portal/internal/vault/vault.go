// Package vault keeps received files in a data directory: sealed plis, and
// opened files that an agent handed over. A file is there in full under its
// final name, or not at all.
package vault

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// Shelf is one kind of file.
type Shelf string

// The shelves: sealed plis as they came, and files out of them.
const (
	Plis   Shelf = "plis"
	Opened Shelf = "opened"
)

const incoming = "incoming" // where files are while they arrive

// Vault is the part of a data directory that holds files.
type Vault struct{ dir string }

// Open prepares a data directory and removes what an interrupted upload left.
func Open(dir string) (*Vault, error) {
	if err := os.RemoveAll(filepath.Join(dir, incoming)); err != nil {
		return nil, err
	}
	for _, d := range []string{incoming, string(Plis), string(Opened)} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			return nil, err
		}
	}
	return &Vault{dir}, nil
}

// Sweep removes files that no id of known names: their upload was cut off
// between the last byte and the entry in the database.
func (v *Vault) Sweep(known map[string]bool) error {
	for _, shelf := range []Shelf{Plis, Opened} {
		entries, err := os.ReadDir(filepath.Join(v.dir, string(shelf)))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if !known[e.Name()] {
				if err := os.Remove(v.path(shelf, e.Name())); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// path is safe because ids are our own, never a request's: handlers look them
// up in the database first.
func (v *Vault) path(shelf Shelf, id string) string {
	return filepath.Join(v.dir, string(shelf), filepath.Base(id))
}

// Get opens a kept file.
func (v *Vault) Get(shelf Shelf, id string) (*os.File, error) { return os.Open(v.path(shelf, id)) }

// Drop removes a kept file whose entry could not be made.
func (v *Vault) Drop(shelf Shelf, id string) error { return os.Remove(v.path(shelf, id)) }

// Incoming is a file that has arrived and is not kept yet. End it with Keep or
// Discard.
type Incoming struct {
	Size   int64  // bytes
	SHA256 string // lower-case hex
	vault  *Vault
	path   string
}

// Receive streams src to disk and takes its fingerprint on the way. An error
// of src (an upload that breaks off, one that is too long) leaves nothing.
func (v *Vault) Receive(src io.Reader) (*Incoming, error) {
	source := &sourceReader{src: src}
	return v.Make(func(dst io.Writer) error {
		_, err := io.Copy(dst, source)
		if source.err != nil {
			return fault.Wrap(fault.ReadFailed, source.err)
		}
		return err
	})
}

// Make streams what write writes to disk and takes its fingerprint on the way.
// An error of write leaves nothing and is returned; one without a code is the
// disk's.
func (v *Vault) Make(write func(dst io.Writer) error) (*Incoming, error) {
	f, err := os.CreateTemp(filepath.Join(v.dir, incoming), "file-*")
	if err != nil {
		return nil, diskError(err)
	}
	in := &Incoming{vault: v, path: f.Name()}
	whole := sha256.New()
	if err = write(io.MultiWriter(f, whole)); err == nil {
		err = f.Sync()
	}
	var info os.FileInfo
	if err == nil {
		info, err = f.Stat()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		in.Discard()
		if coded, ok := errors.AsType[*fault.Fault](err); ok {
			return nil, coded
		}
		return nil, diskError(err)
	}
	in.Size, in.SHA256 = info.Size(), hex.EncodeToString(whole.Sum(nil))
	return in, nil
}

// sourceReader remembers that it was the source that failed.
type sourceReader struct {
	src io.Reader
	err error
}

func (s *sourceReader) Read(b []byte) (int, error) {
	n, err := s.src.Read(b)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

func diskError(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fault.Recode(fault.DiskFull, err)
	}
	return fault.Recode(fault.WriteFailed, err)
}

// Keep gives the file its final name.
func (in *Incoming) Keep(shelf Shelf, id string) error {
	if err := os.Rename(in.path, in.vault.path(shelf, id)); err != nil {
		return diskError(err)
	}
	return syncDir(filepath.Join(in.vault.dir, string(shelf)))
}

// syncDir makes a rename last through a power failure. Systems that cannot
// sync a directory order renames themselves, so a refusal is not an error.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return diskError(err)
	}
	_ = d.Sync()
	return d.Close()
}

// Discard removes the file; after Keep it does nothing.
func (in *Incoming) Discard() { _ = os.Remove(in.path) }

// Envelope describes an envelope that arrived.
type Envelope struct {
	*envelope.Info
	ContentSHA256 string // of the encrypted content followed by the mac, lower-case hex
}

// Envelope reads the arrived file from end to end as a pli in the normal
// profile and computes its content fingerprint. Errors:
// fault.EnvelopeMalformed, fault.EnvelopeUnsupported for another form than
// AuthEnvelopedData with AES-256-GCM in DER or BER.
func (in *Incoming) Envelope() (*Envelope, error) {
	f, err := os.Open(in.path)
	if err != nil {
		return nil, diskError(err)
	}
	defer f.Close()
	return readEnvelope(f)
}
