//go:build js && wasm

package shell

import (
	"context"
	"strconv"
	"time"

	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/vault"
)

// forFiles are the effects of files that a window holds.
func forFiles(d *Document, e model.Effect) bool {
	switch e := e.(type) {
	case model.ReadFile:
		err := bridge.PickFiles(func(files []bridge.File) { d.send(e.Then(d.files.addAll(files))) })
		d.quietly(func() error { return err })
	case model.Forget:
		d.quietly(func() error { return d.files.forget(d.ctx, e.Files) })
	default:
		return false
	}
	return true
}

// fileTable holds the files behind the model's FileRefs, and the vault of
// those that were opened.
type fileTable struct {
	last   int
	held   map[int]heldFile
	vault  *vault.Vault
	making chan struct{}
}

// heldFile is a file, and where it lies when it is ours to delete.
type heldFile struct {
	file  bridge.File
	place *placed
}

// placed is a directory of the vault with the number of files still in it.
type placed struct {
	parent bridge.Dir
	name   string
	left   int
}

func newFileTable() *fileTable {
	return &fileTable{held: map[int]heldFile{}, making: make(chan struct{}, 1)}
}

// vaultOf makes the vault when it is first needed.
func (t *fileTable) vaultOf(ctx context.Context) (*vault.Vault, error) {
	t.making <- struct{}{}
	defer func() { <-t.making }()
	if t.vault == nil {
		v, err := vault.New(ctx)
		if err != nil {
			return nil, err
		}
		t.vault = v
	}
	return t.vault, nil
}

// leave deletes everything as far as a closing document can.
func (t *fileTable) leave() {
	if t.vault != nil {
		t.vault.Leave()
	}
}

// add takes a file that is not ours to delete.
func (t *fileTable) add(f bridge.File) model.FileRef {
	t.last++
	t.held[t.last] = heldFile{file: f}
	return model.FileRef{Handle: t.last, Name: f.Name(), Size: f.Size()}
}

func (t *fileTable) addAll(files []bridge.File) []model.FileRef {
	refs := make([]model.FileRef, len(files))
	for i, f := range files {
		refs[i] = t.add(f)
	}
	return refs
}

// keep takes the files of an opened envelope and gives them our handles.
func (t *fileTable) keep(opened *model.Opened, values []bridge.Value, parent bridge.Dir, name string) error {
	if len(values) != len(opened.Files) {
		return fault.Newf(fault.Internal, "%d files of %d", len(values), len(opened.Files))
	}
	place := &placed{parent, name, len(values)}
	for i, v := range values {
		file, err := bridge.AsFile(v)
		if err != nil {
			return err
		}
		t.last++
		t.held[t.last] = heldFile{file, place}
		opened.Files[i].Handle = t.last
	}
	return nil
}

func (t *fileTable) get(ref model.FileRef) (bridge.File, error) {
	h, ok := t.held[ref.Handle]
	if !ok {
		return bridge.File{}, fault.Newf(fault.ReadFailed, "file %s", strconv.Itoa(ref.Handle))
	}
	return h.file, nil
}

// values are the File objects of refs, named as in refs.
func (t *fileTable) values(refs []model.FileRef) ([]any, error) {
	values := make([]any, len(refs))
	for i, ref := range refs {
		f, err := t.get(ref)
		if err != nil {
			return nil, err
		}
		if f, err = named(f, ref.Name); err != nil {
			return nil, err
		}
		values[i] = f.Value()
	}
	return values, nil
}

// named is a file under this name, as bridge.NewFile gives it: the one of a pli
// may have it already.
func named(f bridge.File, name string) (bridge.File, error) {
	if f.Name() == name && f.Type() == bridge.PlainType {
		return f, nil
	}
	return bridge.NewFile(f, name)
}

// forget drops files. A directory goes with the last of its files.
func (t *fileTable) forget(ctx context.Context, refs []model.FileRef) error {
	var failed error
	for _, ref := range refs {
		h, ok := t.held[ref.Handle]
		delete(t.held, ref.Handle)
		if !ok || h.place == nil {
			continue
		}
		if h.place.left--; h.place.left == 0 {
			if err := removeSlowly(ctx, h.place.parent, h.place.name); err != nil {
				failed = err
			}
		}
	}
	return failed
}

// removeSlowly deletes a directory that a Worker may just have been writing
// to: its handles close some moments after it was ended.
func removeSlowly(ctx context.Context, parent bridge.Dir, name string) error {
	var err error
	for range 20 {
		if err = parent.Remove(ctx, name); err == nil || fault.CodeOf(err) == fault.ReadFailed {
			return nil // deleted, or never made
		}
		if err := pause(ctx, 100); err != nil {
			return err
		}
	}
	return err
}

// pause waits for some milliseconds.
func pause(ctx context.Context, millis int) error {
	timer := time.NewTimer(time.Duration(millis) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return bridge.Ended(ctx)
	}
}
