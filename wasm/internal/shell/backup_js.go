//go:build js && wasm

package shell

import (
	"io"
	"strings"

	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/model"
)

// forCopies are the effects of saving and of testing a key's protected copy.
func forCopies(d *Document, e model.Effect) bool {
	switch e := e.(type) {
	case model.SaveBytes:
		async(d, e.Then, func() (string, error) { return d.saveBytes(e) })
	case model.ReadBytes:
		async(d, e.Then, func() ([]byte, error) { return d.readBytes(e) })
	case model.PrintPage:
		d.quietly(bridge.Print)
	default:
		return false
	}
	return true
}

// saveBytes downloads a file of this module's own. What an administrator lets
// nobody save is opened plis; a key's protected copy is none.
func (d *Document) saveBytes(e model.SaveBytes) (string, error) {
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
func (d *Document) readBytes(e model.ReadBytes) ([]byte, error) {
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
