//go:build js && wasm

package shell

import (
	"context"
	"path"
	"strings"

	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/model"
)

// folderTable holds the folders behind the model's FolderRefs, which are their
// places counted from 1.
type folderTable []bridge.Dir

func (t *folderTable) add(d bridge.Dir) model.FolderRef {
	*t = append(*t, d)
	return model.FolderRef{Handle: len(*t), Name: d.Name()}
}

func (t folderTable) get(ref model.FolderRef) (bridge.Dir, error) {
	if ref.Handle < 1 || ref.Handle > len(t) {
		return bridge.Dir{}, fault.Newf(fault.Internal, "folder %d", ref.Handle)
	}
	return t[ref.Handle-1], nil
}

// takeFolder waits for the person's choice of a folder.
func (d *Document) takeFolder(p *bridge.Promise, err error) (model.FolderRef, error) {
	if err != nil {
		return model.FolderRef{}, err
	}
	v, err := p.Wait(d.ctx)
	if err != nil {
		return model.FolderRef{}, err
	}
	dir, err := bridge.AsDir(v)
	if err != nil {
		return model.FolderRef{}, err
	}
	return d.folders.add(dir), nil
}

// below opens the folders of a path, those that are there as well.
func below(ctx context.Context, dir bridge.Dir, names string) (bridge.Dir, error) {
	for name := range strings.SplitSeq(names, "/") {
		if name == "" || name == "." {
			continue
		}
		var err error
		if dir, err = dir.Existing(ctx, name); err != nil {
			return dir, err
		}
	}
	return dir, nil
}

// newFolder makes a folder below the chosen one.
func (d *Document) newFolder(chosen bridge.Dir, parents, name string) (parent, dir bridge.Dir, err error) {
	if parent, err = below(d.ctx, chosen, parents); err == nil {
		dir, err = parent.New(d.ctx, name)
	}
	return parent, dir, err
}

// saveInto stores files in a new folder at the path's end. A failure takes
// away what was stored of them, and the folder when it is empty then.
func (d *Document) saveInto(e model.SaveFiles) (model.Saved, error) {
	chosen, err := d.folders.get(e.Into)
	if err != nil {
		return model.Saved{}, err
	}
	parents, name := path.Split(e.Folder)
	parent, dir, err := d.newFolder(chosen, parents, name)
	if err != nil {
		return model.Saved{}, err
	}
	saved := model.Saved{Folder: dir.Name()}
	if parents != "" {
		saved.Folder = joined(parent.Name(), saved.Folder)
	}
	saved.Folder = joined(chosen.Name(), saved.Folder)
	for _, ref := range e.Files {
		file, err := d.files.get(ref)
		if err == nil {
			var stored string
			if stored, err = dir.Store(d.ctx, file, ref.Name); err == nil {
				saved.Names = append(saved.Names, stored)
				continue
			}
		}
		for _, stored := range saved.Names {
			_ = dir.Remove(d.ctx, stored)
		}
		_ = parent.RemoveEmpty(d.ctx, dir.Name())
		return model.Saved{}, err
	}
	return saved, nil
}

// joined is a path of two names. (path.Join adds 8 KB of WebAssembly.)
func joined(folder, name string) string {
	if folder == "" {
		return name
	}
	return folder + "/" + name
}
