//go:build js && wasm

package bridge

import (
	"context"
	"strings"

	"scelle/shared/fault"
)

// Save stores a file in the browser's download folder under path, which may
// hold folders ("consultation/offre.pdf"). It waits until the file is complete
// and returns the name that it got: an existing file is never replaced.
//
// Errors: fault.DiskFull, fault.Cancelled when the person stopped it,
// fault.WriteFailed with the browser's reason.
func Save(ctx context.Context, f File, path string) (string, error) {
	downloads, err := api("downloads")
	if err != nil {
		return "", err
	}
	address, err := objectURL(f)
	if err != nil {
		return "", err
	}
	defer revoke(address)
	own := 0.0 // its number, once that is known
	changes, stop, err := watchDownloads(downloads, func(id float64) bool { return own == 0 || id == own })
	if err != nil {
		return "", err
	}
	defer stop()
	id, err := startDownload(ctx, downloads, address, path)
	if plain := Plain(path); err != nil && plain != path {
		// Chromium refuses accents where the system's locale is not UTF-8.
		id, err = startDownload(ctx, downloads, address, plain)
	}
	if err != nil {
		return "", err
	}
	own, _ = id.Float()
	for {
		name, done, err := downloadState(ctx, downloads, id)
		if done || err != nil {
			return name, err
		}
		select {
		case <-changes:
		case <-ctx.Done():
			_, _ = downloads.Call("cancel", id)
			return "", Ended(ctx)
		}
	}
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

// watchDownloads reports that the state of a download changed which is ours by
// its number.
func watchDownloads(downloads Value, ours func(id float64) bool) (<-chan struct{}, func(), error) {
	changes := make(chan struct{}, 1)
	listener, err := NewFunc(func(args []Value) {
		delta := first(args)
		if state, err := Get(delta, "state"); err == nil && Present(state) && ours(Number(delta, "id")) {
			notify(changes)
		}
	})
	if err != nil {
		return nil, nil, err
	}
	event, err := Get(downloads, "onChanged")
	if err == nil {
		_, err = Call(event, "addListener", listener)
	}
	if err != nil {
		listener.Release()
		return nil, nil, err
	}
	return changes, func() {
		_, _ = event.Call("removeListener", listener)
		listener.Release()
	}, nil
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
