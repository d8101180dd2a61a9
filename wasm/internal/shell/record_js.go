//go:build js && wasm

package shell

import (
	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/view"
)

// saveRecord stores the record of an opening, as a page and as JSON.
func (d *Document) saveRecord(e model.SaveRecord) ([]string, error) {
	if _, saving := bridge.Managed(); !saving {
		return nil, fault.New(fault.SavingForbidden)
	}
	data, err := bridge.Indented(e.Record.OpeningRecord)
	if err != nil {
		return nil, err
	}
	stem := view.RecordName(e.Env, e.Record)
	var names []string
	for _, part := range []struct {
		ending  string
		content []byte
	}{{".html", []byte(view.RecordDocument(e.Env, e.Record))}, {".json", []byte(data + "\n")}} {
		blob, err := bridge.NewBlob(part.content)
		if err != nil {
			return names, err
		}
		file, err := bridge.NewFile(blob, stem+part.ending)
		if err != nil {
			return names, err
		}
		name, err := d.savePart(e, file)
		if err != nil {
			return names, err
		}
		names = append(names, name)
	}
	return names, nil
}

// savePart stores one of the record's files where the opened ones are.
func (d *Document) savePart(e model.SaveRecord, file bridge.File) (string, error) {
	if e.Into.Handle == 0 {
		return d.downloads.Save(d.ctx, file, e.Folder+"/"+file.Name())
	}
	chosen, err := d.folders.get(e.Into)
	if err != nil {
		return "", err
	}
	dir, err := below(d.ctx, chosen, e.Folder)
	if err != nil {
		return "", err
	}
	return dir.StoreBeside(d.ctx, file, file.Name())
}
