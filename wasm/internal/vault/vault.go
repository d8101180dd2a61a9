//go:build js && wasm

// Package vault keeps opened and sealed files in the origin private file
// system, so that nothing is left over when whoever held them is gone.
package vault

import (
	"context"
	"encoding/hex"

	"scelle/wasm/internal/bridge"
)

// Opened and sealed files lie in the origin private file system, in
// quarantine/<random>, for as long as the document or Worker lives that holds
// the Web Lock of that name. A browser that is killed frees its locks, so that
// any later document of the extension can tell what is left over.
const (
	vaultDir  = "quarantine"
	vaultLock = "scelle-quarantine-"
)

// Vault is a directory of this document's own.
type Vault struct {
	Name   string     // its random name
	Parent bridge.Dir // where all vaults are
	Dir    bridge.Dir // the directory itself
	lock   *bridge.Lock
}

// New makes a vault. The lock comes first: a directory without one is a
// leftover.
func New(ctx context.Context) (*Vault, error) {
	v := &Vault{Name: RandomName()}
	var err error
	if v.lock, _, err = bridge.TryLock(ctx, vaultLock+v.Name); err != nil {
		return nil, err
	}
	if v.Parent, err = vaults(ctx); err == nil {
		v.Dir, err = v.Parent.Sub(ctx, v.Name)
	}
	if err != nil {
		v.lock.Release()
		return nil, err
	}
	return v, nil
}

// At opens another document's vault, or a directory inside it.
func At(ctx context.Context, path ...string) (bridge.Dir, error) {
	dir, err := vaults(ctx)
	for _, step := range path {
		if err == nil {
			dir, err = dir.Sub(ctx, step)
		}
	}
	return dir, err
}

func vaults(ctx context.Context) (bridge.Dir, error) {
	root, err := bridge.RootDir(ctx)
	if err != nil {
		return root, err
	}
	return root.Sub(ctx, vaultDir)
}

// Leave deletes the vault while its document closes: nothing can be waited for.
func (v *Vault) Leave() { v.Parent.RemoveSoon(v.Name) }

// Unlock gives the vault up: the next Sweep deletes it.
func (v *Vault) Unlock() { v.lock.Release() }

// Sweep deletes the vaults that nobody holds any more. A page that seals without
// the extension keeps its vaults in the portal's own origin: nothing else there
// is touched.
func Sweep(ctx context.Context) error {
	parent, err := vaults(ctx)
	if err != nil {
		return err
	}
	names, err := parent.Names(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !IsName(name) {
			continue // of a portal that has such a directory too
		}
		lock, free, err := bridge.TryLock(ctx, vaultLock+name)
		if err != nil {
			return err
		}
		if !free {
			continue
		}
		if err := parent.Remove(ctx, name); err != nil {
			bridge.Log(err)
		}
		lock.Release()
	}
	return nil
}

// RandomName is 128 random bits in hex.
func RandomName() string { return hex.EncodeToString(bridge.Random(16)) }

// IsName reports whether s is one of RandomName's.
func IsName(s string) bool {
	if len(s) != 32 {
		return false
	}
	for _, c := range []byte(s) {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}
