//go:build js && wasm

package shell

import (
	"context"
	"runtime"
	"testing"
	"time"

	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/vault"
)

// These tests need a browser: go test ./scripts/e2e/wasmtest runs them.

func inBrowser(t *testing.T) {
	t.Helper()
	if _, ok := bridge.Lookup("navigator", "storage", "getDirectory"); !ok {
		t.Skip("needs a browser: run go test ./scripts/e2e/wasmtest")
	}
}

// write makes a file of some bytes in a directory.
func write(t *testing.T, dir bridge.Dir, name string) {
	t.Helper()
	f, err := dir.Create(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("secret")); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestBrowserSweep: what a killed document left goes, what a living one holds
// stays.
func TestBrowserSweep(t *testing.T) {
	inBrowser(t)
	ctx := context.Background()
	held, err := vault.New(ctx)
	if err != nil {
		t.Fatal(err)
	}
	write(t, held.Dir, "0")
	left, err := vault.At(ctx, vault.RandomName(), "place") // nobody has its lock
	if err != nil {
		t.Fatal(err)
	}
	write(t, left, "0")
	if err := vault.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	names, err := held.Parent.Names(ctx)
	if err != nil || len(names) != 1 || names[0] != held.Name {
		t.Errorf("after the sweep: %v, %v", names, err)
	}
	held.Leave()
	held.Unlock()
	for range 50 {
		if names, err = held.Parent.Names(ctx); err != nil || len(names) == 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil || len(names) != 0 {
		t.Errorf("after leaving: %v, %v", names, err)
	}
}

// TestBrowserForget: a directory goes with the last of its files.
func TestBrowserForget(t *testing.T) {
	inBrowser(t)
	ctx := context.Background()
	files := newFileTable()
	v, err := files.vaultOf(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := files.vaultOf(ctx); err != nil || again != v {
		t.Errorf("a second vault: %v", err)
	}
	defer v.Unlock()
	defer v.Leave()
	dir, err := v.Dir.Sub(ctx, "place")
	if err != nil {
		t.Fatal(err)
	}
	var values []bridge.Value
	for _, name := range []string{"0", "1"} {
		write(t, dir, name)
		f, err := dir.Open(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, f.Value())
	}
	opened := model.Opened{Files: []model.FileRef{{Handle: 0, Name: "a"}, {Handle: 1, Name: "b"}}}
	if err := files.keep(&opened, values, v.Dir, "place"); err != nil {
		t.Fatal(err)
	}
	for i, ref := range opened.Files {
		if _, err := files.get(ref); err != nil {
			t.Error(err)
		}
		if err := files.forget(ctx, opened.Files[i:i+1]); err != nil {
			t.Error(err)
		}
		if _, err := files.get(ref); fault.CodeOf(err) != fault.ReadFailed {
			t.Errorf("a forgotten file: %v", err)
		}
		names, err := v.Dir.Names(ctx)
		if want := 1 - i; err != nil || len(names) != want {
			t.Errorf("after %d: %v, %v", i, names, err)
		}
	}
}

func TestBrowserNames(t *testing.T) {
	if a, b := vault.RandomName(), vault.RandomName(); a == b || !vault.IsName(a) || vault.IsName(a+"0") || vault.IsName("..") || vault.IsName("") {
		t.Errorf("%s, %s", a, b)
	}
}

// TestBrowserSaveInto saves into a folder. A directory of the origin private
// file system stands in for one that a person chose: no test can drive the
// browser's dialog, and both are the same kind of object.
func TestBrowserSaveInto(t *testing.T) {
	inBrowser(t)
	ctx := context.Background()
	root, err := bridge.RootDir(ctx)
	if err != nil {
		t.Fatal(err)
	}
	chosen, err := root.New(ctx, "chosen")
	if err != nil {
		t.Fatal(err)
	}
	defer root.Remove(ctx, chosen.Name())
	d := &Document{ctx: ctx, files: newFileTable()}
	into := d.folders.add(chosen)
	var refs []model.FileRef
	for _, name := range []string{"offre.pdf", "Offre.pdf", "offre.pdf", "raccourci.lnk"} {
		blob, err := bridge.NewBlob([]byte(name))
		if err != nil {
			t.Fatal(err)
		}
		ref := d.files.add(blob)
		ref.Name = name
		refs = append(refs, ref)
	}
	save := model.SaveFiles{Into: into, Folder: "T-1/Pli 1", Files: refs}
	for _, folder := range []string{"chosen/T-1/Pli 1", "chosen/T-1/Pli 1 (2)"} {
		saved, err := d.saveInto(save)
		if err != nil || saved.Folder != folder || len(saved.Names) != len(refs) || saved.Names[2] != "offre (2).pdf" && saved.Names[2] != "offre (3).pdf" {
			t.Fatalf("%+v, %v", saved, err)
		}
		stored, err := below(ctx, chosen, folder[len("chosen/"):])
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range saved.Names {
			f, err := stored.Open(ctx, name)
			if err != nil || f.Size() != int64(len(refs[i].Name)) {
				t.Errorf("%s: %d bytes, %v", name, f.Size(), err)
			}
		}
	}

	// Two at once get a folder each.
	folders := make(chan string, 2)
	for range cap(folders) {
		go func() {
			saved, err := d.saveInto(model.SaveFiles{Into: into, Folder: "T-2/Pli 1", Files: refs[:1]})
			if err != nil {
				t.Error(err)
			}
			folders <- saved.Folder
		}()
	}
	if a, b := <-folders, <-folders; a == b {
		t.Errorf("both are in %q", a)
	}

	// One file cannot be read: nothing of the pli stays.
	save.Files = append(refs[:1:1], model.FileRef{Handle: 99, Name: "gone.pdf"})
	if _, err := d.saveInto(save); fault.CodeOf(err) != fault.ReadFailed {
		t.Errorf("a file that is gone: %v", err)
	}
	tender, err := below(ctx, chosen, "T-1")
	if err != nil {
		t.Fatal(err)
	}
	if names, err := tender.Names(ctx); err != nil || len(names) != 2 {
		t.Errorf("after a failure: %v, %v", names, err)
	}
}

// TestBrowserCancelWaiting: of several plis that wait for the next crypto
// worker, all hear that everything was given up.
func TestBrowserCancelWaiting(t *testing.T) {
	c := newCryptoClient()
	c.opened, c.opening = maxOpened, 1
	ended := make(chan error, 3)
	for range cap(ended) {
		go func() {
			_, err := c.open(t.Context(), c.given, func() (map[string]any, error) {
				t.Error("a key went on its way")
				return nil, fault.New(fault.Internal)
			}, nil)
			ended <- err
		}()
	}
	runtime.Gosched()
	c.cancel()
	c.opening = 0 // the one that was being opened
	c.tell()
	for range cap(ended) {
		select {
		case err := <-ended:
			if fault.CodeOf(err) != fault.Cancelled {
				t.Error(err)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("one waits for ever")
		}
	}
}

// TestBrowserDrawnAtOnce: a button that is to be armed is not drawn later.
func TestBrowserDrawnAtOnce(t *testing.T) {
	d := &Document{ctx: t.Context(), paid: time.Now().Add(time.Hour)}
	d.runHere(model.After{Millis: 1})
	if d.paid.IsZero() {
		t.Error("any wait has the screen drawn")
	}
	if d.runHere(model.After{Millis: 1, Drawn: true}); !d.paid.IsZero() {
		t.Errorf("nothing is drawn before %v", d.paid)
	}
}
