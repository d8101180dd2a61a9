//go:build js && wasm

package main

import (
	"io"
	"strings"

	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/model"
)

// saveBytes downloads a file of this module's own. What an administrator lets
// nobody save is opened plis; a key's protected copy is none.
func (d *document) saveBytes(e model.SaveBytes) (string, error) {
	blob, err := bridge.NewBlob(e.Bytes)
	if err != nil {
		return "", err
	}
	file, err := bridge.NewFile(blob, e.Path[strings.LastIndexByte(e.Path, '/')+1:])
	if err != nil {
		return "", err
	}
	return d.downloads.Save(d.ctx, file, e.Path)
}

// readBytes reads a small file whole.
func (d *document) readBytes(e model.ReadBytes) ([]byte, error) {
	file, err := d.files.get(e.File)
	if err != nil {
		return nil, err
	}
	if file.Size() > e.Max {
		return nil, fault.Newf(fault.P12TooLarge, "%d", file.Size())
	}
	r := file.Reader(d.ctx)
	defer r.Close()
	data, err := io.ReadAll(r)
	return data, fault.Recode(fault.ReadFailed, err)
}

func openBackup(d *document) (model.Screen, error) {
	err := bridge.OnDrop(func(files []bridge.File) { d.send(model.CopyPicked{Files: d.files.addAll(files)}) })
	return model.NewDrill(env("")), err
}
