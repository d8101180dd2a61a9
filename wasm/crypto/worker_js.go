//go:build js && wasm

package main

import (
	"context"
	"encoding/json"
	"hash"
	"io"
	"strconv"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/vault"
	"scelle/wasm/internal/webcrypto"
)

// maxKey is the longest content key, in bytes.
const maxKey = 32

// runWorker serves one assistant, or one bridge, until the Worker is ended.
func runWorker() error {
	own := bridge.Own()
	w := &cryptoWorker{own: own, digests: webcrypto.NewDigests(), running: map[int]context.CancelFunc{}, vaults: map[string]bridge.Dir{}, desk: &desk{own: own, waiting: map[int]chan bridge.Value{}}}
	seam, ok := bridge.Lookup("scelleWorker")
	if !ok {
		return fault.Newf(fault.Internal, "no crypto-worker.js")
	}
	listener, err := bridge.NewFunc(func(args []bridge.Value) {
		for _, data := range args {
			w.receive(data)
		}
	})
	if err != nil {
		return err
	}
	if _, err := bridge.Call(seam, "listen", listener); err != nil {
		return err
	}
	select {}
}

// cryptoWorker does what an assistant asks; see the verbs in receive.
type cryptoWorker struct {
	own     *bridge.Port
	digests *webcrypto.Digests
	running map[int]context.CancelFunc
	desk    *desk
	opened  int                   // plis
	free    int64                 // bytes that the browser would still store, by its last word
	vaults  map[string]bridge.Dir // of the assistant, once it named them
	summer  *webcrypto.Summer     // nil before the first pli that wants one
}

// receive takes {id, verb, ...}: "inspect", "open", "test", "rewrap", "prove" and
// "cancel" from an assistant, or the one "serve" of a bridge and its answers, "settled".
func (w *cryptoWorker) receive(data bridge.Value) {
	id := int(bridge.Number(data, "id"))
	switch bridge.String(data, "verb") {
	case "serve":
		port, err := bridge.Get(data, "port")
		if err == nil {
			err = serveBridge(bridge.NewPort(port), w.digests, w.desk.site(bridge.String(data, "origin")))
		}
		if err != nil {
			bridge.Log(err)
		}
	case "settled":
		w.desk.receive(id, data)
	case "inspect":
		w.start(id, func(ctx context.Context) error { return w.inspect(ctx, id, data) })
	case "open":
		w.start(id, func(ctx context.Context) error { return w.open(ctx, id, data) })
	case "test":
		w.start(id, func(ctx context.Context) error { return w.test(ctx, id, data) })
	case "rewrap":
		w.start(id, func(ctx context.Context) error { return w.rewrap(ctx, id, data) })
	case "prove":
		w.start(id, func(ctx context.Context) error { return w.prove(ctx, id, data) })
	case "cancel":
		if cancel := w.running[id]; cancel != nil {
			cancel()
		}
	}
}

// start runs one request; an error is its answer.
func (w *cryptoWorker) start(id int, work func(ctx context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	w.running[id] = cancel
	bridge.Go(func() error {
		defer delete(w.running, id)
		defer cancel()
		return work(ctx)
	}, func(err error) { w.answer(id, nil, nil, err) })
}

// answer posts {id, ok, result | fault, files?}.
func (w *cryptoWorker) answer(id int, result any, files []any, err error) {
	message := map[string]any{"id": id, "ok": err == nil}
	if err == nil {
		var text []byte
		if text, err = json.Marshal(result); err == nil {
			message["result"], message["files"] = string(text), files
		}
	}
	if err != nil {
		message["ok"], message["fault"] = false, faultValue(err)
	}
	if err := w.own.Post(message); err != nil {
		bridge.Log(err)
	}
}

// faultValue is an error as {code, detail}.
func faultValue(err error) map[string]any {
	f := protocol.FaultOf(err)
	return map[string]any{"code": string(f.Code), "detail": f.Detail}
}

func fileIn(data bridge.Value) (bridge.File, error) {
	v, err := bridge.Get(data, "file")
	if err != nil {
		return bridge.File{}, err
	}
	return bridge.AsFile(v)
}

func (w *cryptoWorker) inspect(ctx context.Context, id int, data bridge.Value) error {
	file, err := fileIn(data)
	if err != nil {
		return err
	}
	reader := file.Reader(ctx)
	defer reader.Close()
	info, err := inspect(reader)
	if err == nil && bridge.Bool(data, "sum") {
		info.SHA256, err = fileSum(browserFile{file}.Open(ctx), w.digests.For(ctx, file.Size())())
	}
	if err != nil {
		return err
	}
	w.answer(id, info, []any{}, nil)
	return nil
}

// prove opens a challenge; the answer is the sum of what was in it.
func (w *cryptoWorker) prove(ctx context.Context, id int, data bridge.Value) error {
	key, err := keyIn(data)
	if err != nil {
		return err
	}
	array, err := bridge.Get(data, "envelope")
	if err != nil {
		clear(key)
		return err
	}
	sealed, err := bridge.ToGo(array, 2*maxSmall) // prove has the exact limit
	if err != nil {
		clear(key)
		return err
	}
	sum, err := prove(ctx, sealed, key, bridge.String(data, "prefix"))
	if err != nil {
		return err
	}
	w.answer(id, sum, []any{}, nil)
	return nil
}

// keyIn takes the content key out of a message.
func keyIn(data bridge.Value) ([]byte, error) {
	array, err := bridge.Get(data, "key")
	if err != nil {
		return nil, err
	}
	key, err := bridge.ToGo(array, maxKey)
	bridge.Wipe(array)
	return key, err
}

// open decrypts into the place that the assistant chose in its own vault.
func (w *cryptoWorker) open(ctx context.Context, id int, data bridge.Value) error {
	o, err := w.newOpening(ctx, id, data)
	if err != nil {
		return err
	}
	dir, err := w.place(ctx, o.file.Size(), bridge.String(data, "vault"), bridge.String(data, "place"))
	if err != nil {
		clear(o.key)
		return err
	}
	made := map[string]*bridge.SyncFile{}
	o.create = func(ctx context.Context, name string) (io.WriteCloser, error) {
		f, err := dir.Create(ctx, name)
		made[name] = f
		return f, err
	}
	opened, err := o.run(ctx)
	if err != nil {
		return err
	}
	files := make([]any, len(opened.Files))
	for i, f := range opened.Files {
		stored, err := made[strconv.Itoa(f.Handle)].File(ctx)
		if err != nil {
			return err
		}
		named, err := bridge.NewFile(stored, f.Name)
		if err != nil {
			return err
		}
		files[i] = named.Value()
	}
	w.answer(id, opened, files, nil)
	return nil
}

// place makes a directory for so many bytes in the assistant's vault.
func (w *cryptoWorker) place(ctx context.Context, size int64, name, sub string) (bridge.Dir, error) {
	if size > w.free/16 { // a small pli does not ask: the answer is a guess, and takes longer than the pli
		err := bridge.NeedSpace(ctx, size)
		if err == nil {
			w.free, err = bridge.FreeSpace(ctx)
		}
		if err != nil {
			return bridge.Dir{}, err
		}
	}
	w.free -= size
	v, known := w.vaults[name]
	if !known {
		var err error
		if v, err = vault.At(ctx, name); err != nil {
			return v, err
		}
		w.vaults[name] = v
	}
	return v.Sub(ctx, sub)
}

func (w *cryptoWorker) newOpening(ctx context.Context, id int, data bridge.Value) (*opening, error) {
	file, err := fileIn(data)
	if err != nil {
		return nil, err
	}
	key, err := keyIn(data)
	if err != nil {
		return nil, err
	}
	w.opened++
	size := w.worth(file.Size())
	return &opening{
		file:    browserFile{file},
		key:     key,
		tender:  bridge.String(data, "tender"),
		raw:     bridge.Bool(data, "raw"),
		cipher:  webcrypto.Cipher(),
		newHash: w.hashes(ctx, file.Size(), size),
		mover:   w.moverFor(size),
		now:     time.Now,
		progress: func(done, total int64) {
			_ = w.own.Post(map[string]any{"id": id, "progress": []any{float64(done), float64(total)}})
		},
	}, nil
}

// Small plis that follow each other are worth what one of them is not, from
// this many bytes and this many plis on.
const (
	worthBytes = 256 << 10
	worthPlis  = 3
)

// worth is the size that a pli counts for when what is worth while is decided.
func (w *cryptoWorker) worth(size int64) int64 {
	if size >= worthBytes && w.opened >= worthPlis {
		return max(size, webcrypto.WorthWorker)
	}
	return size
}

// hashes makes those of a pli that counts for worth bytes.
func (w *cryptoWorker) hashes(ctx context.Context, size, worth int64) func() hash.Hash {
	if size < worth {
		return w.digests.Whole(size)
	}
	return w.digests.For(ctx, worth)
}

// moverFor is moverFor with a summer that all openings share: making one takes
// longer than the sum of a small pli, and each use of it ends before another one
// can begin.
func (w *cryptoWorker) moverFor(size int64) mover {
	m, ok := moverFor(size).(browserMover)
	if !ok {
		return nil
	}
	if w.summer == nil {
		if s, err := webcrypto.NewSummer(); err == nil {
			w.summer = s
		}
	}
	m.summer = w.summer
	return m
}

// browserFile is a File as a source.
type browserFile struct{ bridge.File }

// Open reads the file from its start.
func (f browserFile) Open(ctx context.Context) io.ReadCloser { return f.File.Reader(ctx) }

// browserFiles takes an array of File objects.
func browserFiles(values []bridge.Value) ([]source, error) {
	var files []source
	for _, v := range values {
		f, err := bridge.AsFile(v)
		if err != nil {
			return nil, err
		}
		files = append(files, browserFile{f})
	}
	return files, nil
}

// sizeOf is the length of all files together, in bytes.
func sizeOf(files []source) (n int64) {
	for _, f := range files {
		n += f.Size()
	}
	return n
}
