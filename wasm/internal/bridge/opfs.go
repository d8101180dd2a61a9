//go:build js && wasm

package bridge

import (
	"context"

	"scelle/shared/fault"
)

// Dir is a directory that a person chose, or one of the origin private file
// system: files of the extension's own origin, on this computer's disk, that no
// page and no other program's file dialog shows.
type Dir struct{ v Value }

// storage is navigator.storage.
func storage() (Value, error) {
	s, ok := Lookup("navigator", "storage")
	if !ok {
		return s, fault.Newf(fault.Internal, "no storage")
	}
	return s, nil
}

// RootDir opens the top directory.
func RootDir(ctx context.Context) (Dir, error) {
	s, err := storage()
	if err != nil {
		return Dir{}, err
	}
	v, err := Run(ctx, s, fault.WriteFailed, "getDirectory")
	return Dir{v}, err
}

// Sub opens a directory in d and makes it if need be.
func (d Dir) Sub(ctx context.Context, name string) (Dir, error) {
	v, err := Run(ctx, d.v, fault.WriteFailed, "getDirectoryHandle", name, map[string]any{"create": true})
	return Dir{v}, err
}

// Remove deletes a file, or a directory with everything in it.
func (d Dir) Remove(ctx context.Context, name string) error {
	_, err := Run(ctx, d.v, fault.WriteFailed, "removeEntry", name, map[string]any{"recursive": true})
	return err
}

// RemoveEmpty deletes a directory that has nothing in it.
func (d Dir) RemoveEmpty(ctx context.Context, name string) error {
	_, err := Run(ctx, d.v, fault.WriteFailed, "removeEntry", name)
	return err
}

// RemoveSoon starts to delete and does not wait: for a document that is being
// closed.
func (d Dir) RemoveSoon(name string) {
	_, _ = Start(d.v, fault.WriteFailed, "removeEntry", name, map[string]any{"recursive": true})
}

// Names lists what is in d.
func (d Dir) Names(ctx context.Context) ([]string, error) {
	keys, err := Call(d.v, "keys")
	if err != nil {
		return nil, err
	}
	var names []string
	for {
		step, err := Run(ctx, keys, fault.ReadFailed, "next")
		if err != nil || Bool(step, "done") {
			return names, err
		}
		names = append(names, String(step, "value"))
	}
}

// Open gives a file by reference. The File is valid until the file changes or
// is removed.
func (d Dir) Open(ctx context.Context, name string) (File, error) {
	handle, err := Run(ctx, d.v, fault.ReadFailed, "getFileHandle", name)
	if err != nil {
		return File{}, err
	}
	return fileOf(ctx, handle)
}

func fileOf(ctx context.Context, handle Value) (File, error) {
	v, err := Run(ctx, handle, fault.ReadFailed, "getFile")
	return File{v: v}, err
}

// Create makes an empty file to write to, or empties the one that is there.
// Only a dedicated Worker has the handle that it needs.
func (d Dir) Create(ctx context.Context, name string) (*SyncFile, error) {
	handle, err := Run(ctx, d.v, fault.WriteFailed, "getFileHandle", name, map[string]any{"create": true})
	if err != nil {
		return nil, err
	}
	access, err := Run(ctx, handle, fault.WriteFailed, "createSyncAccessHandle")
	if err != nil {
		return nil, err
	}
	f := &SyncFile{handle: handle, access: access, scratch: Undefined()}
	if _, err := Call(access, "truncate", 0); err != nil {
		f.Close()
		return nil, fault.Wrap(fault.WriteFailed, err)
	}
	return f, nil
}

// SyncFile is a file that is being written, as an io.WriteCloser.
type SyncFile struct {
	handle  Value
	access  Value
	scratch Value // Uint8Array, as long as the longest write so far
	room    int
	at      int64
	closed  bool
}

// Write appends b. Errors: fault.DiskFull, fault.WriteFailed.
func (f *SyncFile) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	array, err := f.borrow(len(b))
	if err == nil {
		err = Fill(array, b)
	}
	if err == nil {
		var out Value
		out, err = f.access.Call("write", array, map[string]any{"at": float64(f.at)})
		err = f.wrote(out, err, len(b))
	}
	if err != nil {
		return 0, err
	}
	return len(b), nil
}

// WriteChunks appends n bytes of c from an offset on. Errors are those of Write.
func (f *SyncFile) WriteChunks(c Chunks, from, n int) error {
	if from < 0 || n < 0 || from+n > c.n {
		return fault.Newf(fault.Internal, "%d bytes at %d of %d", n, from, c.n)
	}
	out, err := c.v.Call("write", f.access, from, n, float64(f.at))
	return f.wrote(out, err, n)
}

// wrote counts the n bytes that a write was for.
func (f *SyncFile) wrote(out Value, err error, n int) error {
	if err != nil {
		return faultOf(fault.WriteFailed, err)
	}
	written, err := out.Int()
	if err != nil || written != n {
		return fault.Newf(fault.DiskFull, "%d of %d bytes", written, n)
	}
	f.at += int64(n)
	return nil
}

// borrow gives n bytes of the scratch array.
func (f *SyncFile) borrow(n int) (Value, error) {
	if n > f.room {
		array, err := NewBytes(n)
		if err != nil {
			return array, err
		}
		f.scratch, f.room = array, n
	}
	if n == f.room {
		return f.scratch, nil
	}
	return Call(f.scratch, "subarray", 0, n)
}

// File is what was written, by reference, after Close; see [Dir.Open].
func (f *SyncFile) File(ctx context.Context) (File, error) { return fileOf(ctx, f.handle) }

// Size is how many bytes were written.
func (f *SyncFile) Size() int64 { return f.at }

// Close ends the writing; the scratch bytes, which may be plaintext, are
// zeroed. A second Close does nothing.
func (f *SyncFile) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	Wipe(f.scratch)
	f.scratch = Undefined()
	if _, err := f.access.Call("close"); err != nil {
		return faultOf(fault.WriteFailed, err)
	}
	return nil
}

// NeedSpace fails with fault.DiskFull when the browser would not store need
// more bytes. Browsers guess high: a write can fail later.
func NeedSpace(ctx context.Context, need int64) error {
	free, err := FreeSpace(ctx)
	if err == nil && need > free {
		err = fault.Newf(fault.DiskFull, "%d MB", (need+999_999)/1_000_000)
	}
	return err
}
