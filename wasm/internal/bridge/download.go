//go:build js && wasm

package bridge

import (
	"context"
	"strings"
	"time"

	"scelle/shared/fault"
)

// Downloads saves files in the browser's download folder. All that are under way
// share one listener, which stays as long as the document: each listener costs
// a call for every change of every download. The zero value is ready.
type Downloads struct {
	api      Value
	heard    bool
	starting int                   // downloads whose number is not known yet
	early    map[float64]*download // by number, those that changed meanwhile
	waiting  map[float64]*download // by number
}

// download is what was heard of one.
type download struct {
	changed  chan struct{} // told when its state changed
	path     string        // of its file, "" before the browser chose it
	complete bool
}

func newDownload() *download { return &download{changed: make(chan struct{}, 1)} }

// lookMillis is how long a download is waited for before it is looked at without
// having been heard of.
const lookMillis = 1000

// Save stores a file in the browser's download folder under path, which may
// hold folders ("consultation/offre.pdf"). It waits until the file is complete
// and returns the name that it got: an existing file is never replaced.
//
// Errors: fault.DiskFull, fault.Cancelled when the person stopped it,
// fault.WriteFailed with the browser's reason.
func (d *Downloads) Save(ctx context.Context, f File, path string) (string, error) {
	if err := d.listen(); err != nil {
		return "", err
	}
	address, err := objectURL(f)
	if err != nil {
		return "", err
	}
	defer revoke(address)
	id, own, err := d.start(ctx, address, path)
	if err != nil {
		return "", err
	}
	number, _ := id.Float()
	defer delete(d.waiting, number)
	for {
		if err := heardOf(ctx, own.changed); err != nil {
			_, _ = d.api.Call("cancel", id)
			return "", err
		}
		if own.complete && own.path != "" { // asking takes both processes a while
			return baseName(own.path), nil
		}
		name, done, err := downloadState(ctx, d.api, id)
		if done || err != nil {
			return name, err
		}
	}
}

// heardOf waits for a change, or for long enough to look without one.
func heardOf(ctx context.Context, changes <-chan struct{}) error {
	timer := time.NewTimer(lookMillis * time.Millisecond)
	defer timer.Stop()
	select {
	case <-changes:
	case <-timer.C:
	case <-ctx.Done():
		return Ended(ctx)
	}
	return nil
}

// listen begins to hear of changes, once.
func (d *Downloads) listen() error {
	if d.heard {
		return nil
	}
	downloads, err := api("downloads")
	if err != nil {
		return err
	}
	event, err := Get(downloads, "onChanged")
	if err != nil {
		return err
	}
	listener, err := NewFunc(func(args []Value) { d.changed(first(args)) })
	if err != nil {
		return err
	}
	if _, err := Call(event, "addListener", listener); err != nil {
		listener.Release()
		return err
	}
	d.api, d.heard = downloads, true
	d.early, d.waiting = map[float64]*download{}, map[float64]*download{}
	return nil
}

// changed takes a DownloadDelta. Only the path and the state count.
func (d *Downloads) changed(delta Value) {
	number := Number(delta, "id")
	own := d.waiting[number]
	if own == nil {
		if d.starting == 0 {
			return
		}
		if own = d.early[number]; own == nil {
			own = newDownload()
			d.early[number] = own
		}
	}
	if path := changedTo(delta, "filename"); path != "" {
		own.path = path
	}
	if state := changedTo(delta, "state"); state != "" {
		own.complete = state == "complete"
		notify(own.changed)
	}
}

// changedTo is the new value of a property that changed, else "".
func changedTo(delta Value, property string) string {
	change, err := Get(delta, property)
	if err != nil || !Present(change) {
		return ""
	}
	return String(change, "current")
}

// start begins a download and gives its number, and what is heard of it.
func (d *Downloads) start(ctx context.Context, address, path string) (Value, *download, error) {
	d.starting++
	id, err := startDownload(ctx, d.api, address, path)
	if plain := Plain(path); err != nil && plain != path {
		// Chromium refuses accents where the system's locale is not UTF-8.
		id, err = startDownload(ctx, d.api, address, plain)
	}
	var own *download
	if number, bad := id.Float(); err == nil && bad == nil {
		if own = d.early[number]; own == nil {
			own = newDownload()
		}
		d.waiting[number] = own
	} else if err == nil {
		err = faultOf(fault.WriteFailed, bad)
	}
	if d.starting--; d.starting == 0 {
		clear(d.early)
	}
	return id, own, err
}

func startDownload(ctx context.Context, downloads Value, address, path string) (Value, error) {
	return Run(ctx, downloads, fault.WriteFailed, "download", map[string]any{
		"url": address, "filename": path, "saveAs": false, "conflictAction": "uniquify",
	})
}

// downloadState asks for a download by its number.
func downloadState(ctx context.Context, downloads, id Value) (name string, done bool, err error) {
	found, err := Run(ctx, downloads, fault.WriteFailed, "search", map[string]any{"id": id})
	if err != nil {
		return "", false, err
	}
	item, err := found.Index(0)
	if err != nil || !Present(item) {
		return "", false, fault.New(fault.WriteFailed)
	}
	switch String(item, "state") {
	case "complete":
		return baseName(String(item, "filename")), true, nil
	case "interrupted":
		return "", true, interrupted(String(item, "error"))
	}
	return "", false, nil
}

// interrupted gives the browser's reason (downloads.InterruptReason) a code.
func interrupted(reason string) error {
	switch {
	case reason == "FILE_NO_SPACE":
		return fault.New(fault.DiskFull)
	case strings.HasPrefix(reason, "USER_"):
		return fault.New(fault.Cancelled)
	}
	return fault.Newf(fault.WriteFailed, "%s", reason)
}

func objectURL(f File) (string, error) {
	url, err := Get(Global(), "URL")
	if err != nil {
		return "", err
	}
	address, err := Call(url, "createObjectURL", f.v)
	if err != nil {
		return "", err
	}
	text, err := address.String()
	return text, faultOf(fault.Internal, err)
}

func revoke(address string) {
	if url, ok := Lookup("URL"); ok {
		_, _ = url.Call("revokeObjectURL", address)
	}
}

// baseName is the last part of a path of any system.
func baseName(path string) string {
	return path[strings.LastIndexAny(path, `/\`)+1:]
}
