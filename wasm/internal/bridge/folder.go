//go:build js && wasm

package bridge

import (
	"context"
	"strings"

	"scelle/shared/fault"
)

// maxNumber is how often a taken name is numbered before that is given up.
const maxNumber = 10_000

// HasFolders reports whether the browser lets a person choose a folder.
func HasFolders() bool {
	_, ok := Lookup("showDirectoryPicker")
	return ok
}

// PickFolder opens the browser's dialog for a folder to write to, inside the
// event of a click; [AsDir] takes what it promises. Errors: fault.Cancelled
// when the person chose none, fault.WriteFailed when the browser refuses.
func PickFolder() (*Promise, error) {
	return Start(Global(), fault.WriteFailed, "showDirectoryPicker",
		map[string]any{"id": "scelle", "mode": "readwrite", "startIn": "downloads"})
}

// AsDir takes a directory handle; anything else is fault.BadRequest.
func AsDir(v Value) (Dir, error) {
	if !Present(v) || !Is(v, "FileSystemDirectoryHandle") {
		return Dir{}, fault.Newf(fault.BadRequest, "folder expected")
	}
	return Dir{v}, nil
}

// Name is the directory's own name.
func (d Dir) Name() string { return String(d.v, "name") }

// Existing opens a directory in d that may be there already, and New one that
// was not there. Where the name is taken the next free number is added, and "_"
// where the browser allows no such name: [Dir.Name] is what it got.
func (d Dir) Existing(ctx context.Context, name string) (Dir, error) { return d.place(ctx, name, true) }

// New is described at Existing. Of several documents that ask at once each gets
// a directory of its own.
func (d Dir) New(ctx context.Context, name string) (Dir, error) {
	lock, err := d.naming(ctx)
	if err != nil {
		return Dir{}, err
	}
	defer lock.Release()
	return d.place(ctx, name, false)
}

// naming is held while a free name in d is looked for and taken. A folder has
// one name in all documents, and handles have nothing else to tell them by: a
// drive that hangs keeps those waiting who save to a folder of that name.
func (d Dir) naming(ctx context.Context) (*Lock, error) {
	return WaitLock(ctx, "scelle-naming "+strings.ToLower(d.Name()))
}

func (d Dir) place(ctx context.Context, name string, existing bool) (Dir, error) {
	ending := ""
	for n := 1; n < maxNumber; n++ {
		numbered := Numbered(name, ending, n)
		v, err := Run(ctx, d.v, fault.WriteFailed, "getDirectoryHandle", numbered)
		switch exception, _ := Rejection(err); {
		case err == nil && existing:
			return Dir{v}, nil
		case exception == "TypeError" && ending == "":
			ending, n = "_", 0
		case isFree(err):
			sub, err := d.Sub(ctx, numbered)
			return sub, storing(ctx, err)
		case !isTaken(err):
			return Dir{}, storing(ctx, err)
		}
	}
	return Dir{}, fault.New(fault.WriteFailed)
}

// Store writes a copy of a file under a name that nothing in d has: the next
// free number is added where need be, and ".download" where the browser allows
// no such name. It returns the name. After an error nothing of it is left.
// Errors: fault.DiskFull, fault.Cancelled, fault.WriteFailed.
//
// It is for a folder of the caller's own: see [Dir.StoreBeside].
func (d Dir) Store(ctx context.Context, f File, name string) (string, error) {
	name, handle, err := d.claim(ctx, name)
	return d.filled(ctx, f, name, handle, err)
}

// StoreBeside is Store for a folder that other documents may store in, too: of
// several that ask at once for one name each gets a file of its own.
func (d Dir) StoreBeside(ctx context.Context, f File, name string) (string, error) {
	lock, err := d.naming(ctx)
	if err != nil {
		return "", err
	}
	name, handle, err := d.claim(ctx, name)
	lock.Release()
	return d.filled(ctx, f, name, handle, err)
}

// claim makes an empty file of a free name.
func (d Dir) claim(ctx context.Context, name string) (string, Value, error) {
	name, err := d.freeName(ctx, name)
	if err != nil {
		return "", Undefined(), err
	}
	handle, err := Run(ctx, d.v, fault.WriteFailed, "getFileHandle", name, map[string]any{"create": true})
	return name, handle, err
}

// filled stores a file in the one that was claimed.
func (d Dir) filled(ctx context.Context, f File, name string, handle Value, err error) (string, error) {
	if err != nil {
		return "", storing(ctx, err)
	}
	if err := fill(ctx, handle, f); err != nil {
		_ = d.Remove(context.WithoutCancel(ctx), name)
		return "", storing(ctx, err)
	}
	return name, nil
}

// freeName adds to a name what makes it free and allowed.
func (d Dir) freeName(ctx context.Context, name string) (string, error) {
	stem, ending := splitName(name)
	for n := 1; n < maxNumber; n++ {
		numbered := Numbered(stem, ending, n)
		_, err := Run(ctx, d.v, fault.WriteFailed, "getFileHandle", numbered)
		switch exception, _ := Rejection(err); {
		case isFree(err):
			return numbered, nil
		case exception == "TypeError" && ending != downloadEnding:
			stem, ending, n = name, downloadEnding, 0
		case !isTaken(err):
			return "", err
		}
	}
	return "", fault.New(fault.WriteFailed)
}

// downloadEnding is what Chromium gives downloads of names that it does not
// allow, such as those of shortcuts.
const downloadEnding = ".download"

// isFree reports that nothing has a name, isTaken that a file or a folder has.
func isFree(err error) bool {
	exception, _ := Rejection(err)
	return exception == "NotFoundError"
}

func isTaken(err error) bool {
	exception, _ := Rejection(err)
	return err == nil || exception == "TypeMismatchError"
}

// fill writes a file's bytes; they get their place when all of them are there.
func fill(ctx context.Context, handle Value, f File) error {
	out, err := Run(ctx, handle, fault.WriteFailed, "createWritable")
	if err != nil {
		return err
	}
	if _, err := Run(ctx, out, fault.WriteFailed, "write", f.v); err != nil {
		_, _ = Run(context.WithoutCancel(ctx), out, fault.WriteFailed, "abort")
		return err
	}
	_, err = Run(ctx, out, fault.WriteFailed, "close")
	return err
}

// storing keeps the faults that a person can do something about: a folder that
// is gone cannot be written to, whatever the browser calls that.
func storing(ctx context.Context, err error) error {
	if err == nil || fault.CodeOf(err) == fault.DiskFull {
		return err
	}
	if ended := Ended(ctx); ended != nil {
		return ended
	}
	return fault.Recode(fault.WriteFailed, err)
}
