//go:build js && wasm

package bridge

import (
	"context"
	"io"
	"testing"
	"time"
)

// TestNewFolders: of those who ask for one name at once each gets a folder.
func TestNewFolders(t *testing.T) {
	inBrowser(t)
	ctx := t.Context()
	root, err := RootDir(ctx)
	if err != nil {
		t.Fatal(err)
	}
	made := make(chan string, 5)
	for range cap(made) {
		go func() {
			dir, err := root.New(ctx, "pli")
			if err != nil {
				t.Error(err)
			}
			made <- dir.Name()
		}()
	}
	names := map[string]bool{}
	for range cap(made) {
		names[<-made] = true
	}
	for name := range names {
		if err := root.Remove(ctx, name); err != nil {
			t.Error(err)
		}
	}
	if len(names) != cap(made) || !names["pli"] {
		t.Errorf("folders %v", names)
	}
}

// TestFilesOfOneName: of those who store one name at once in one folder none
// replaces what another stored.
func TestFilesOfOneName(t *testing.T) {
	inBrowser(t)
	ctx := t.Context()
	dir := scratch(t, "beside")
	stored := make(chan string, 5)
	for i := range cap(stored) {
		go func() {
			blob, err := NewBlob([]byte{byte('0' + i)})
			if err != nil {
				t.Error(err)
			}
			name, err := dir.StoreBeside(ctx, blob, "record.json")
			if err != nil {
				t.Error(err)
			}
			stored <- name
		}()
	}
	names, contents := map[string]bool{}, map[string]bool{}
	for range cap(stored) {
		name := <-stored
		f, err := dir.Open(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(f.Reader(ctx))
		if err != nil {
			t.Error(err)
		}
		names[name], contents[string(data)] = true, true
	}
	if len(names) != cap(stored) || len(contents) != cap(stored) || !names["record.json"] || !names["record (5).json"] {
		t.Errorf("names %v, contents %v", names, contents)
	}
}

// TestNamingWaitsForItsFolderOnly: who finds a name in one folder, on a drive
// that hangs, keeps waiting who wants one there, not who wants one elsewhere.
func TestNamingWaitsForItsFolderOnly(t *testing.T) {
	inBrowser(t)
	ctx := t.Context()
	slow, other := scratch(t, "slow"), scratch(t, "other")
	hanging, err := slow.naming(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.New(ctx, "pli"); err != nil {
		t.Error(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := slow.New(ctx, "pli")
		done <- err
	}()
	select {
	case err := <-done:
		t.Errorf("named beside another in one folder: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	hanging.Release()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// scratch is a new directory of this test.
func scratch(t *testing.T, name string) Dir {
	t.Helper()
	root, err := RootDir(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir, err := root.Sub(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Remove(context.Background(), name) })
	return dir
}
