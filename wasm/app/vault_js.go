//go:build js && wasm

package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"

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

// vault is a directory of this document's own.
type vault struct {
	name   string
	parent bridge.Dir
	dir    bridge.Dir
	lock   *bridge.Lock
}

// newVault makes a vault. The lock comes first: a directory without one is a
// leftover.
func newVault(ctx context.Context) (*vault, error) {
	v := &vault{name: randomName()}
	var err error
	if v.lock, _, err = bridge.TryLock(ctx, vaultLock+v.name); err != nil {
		return nil, err
	}
	if v.parent, err = vaults(ctx); err == nil {
		v.dir, err = v.parent.Sub(ctx, v.name)
	}
	if err != nil {
		v.lock.Release()
		return nil, err
	}
	return v, nil
}

// vaultAt opens a directory inside another document's vault.
func vaultAt(ctx context.Context, name, sub string) (bridge.Dir, error) {
	dir, err := vaults(ctx)
	for _, step := range []string{name, sub} {
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

// leave deletes the vault while its document closes: nothing can be waited for.
func (v *vault) leave() { v.parent.RemoveSoon(v.name) }

// sweep deletes the vaults that nobody holds any more.
func sweep(ctx context.Context) error {
	parent, err := vaults(ctx)
	if err != nil {
		return err
	}
	names, err := parent.Names(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
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

// randomName is 128 random bits in hex.
func randomName() string {
	b := make([]byte, 16)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// browserFile is a File as a source.
type browserFile struct{ bridge.File }

// Open reads the file from its start.
func (f browserFile) Open(ctx context.Context) io.ReadCloser { return f.File.Reader(ctx) }

// browserFiles takes an array of File objects.
func browserFiles(values []bridge.Value) ([]source, error) {
	var files []source
	for _, v := range values {
		f, err := bridge.AsFile(v)
		if err != nil {
			return nil, err
		}
		files = append(files, browserFile{f})
	}
	return files, nil
}
