//go:build js && wasm

package main

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/vault"
	"scelle/wasm/internal/webcrypto"
)

// test seals a test pli into the place that the assistant chose in its vault.
func (w *cryptoWorker) test(ctx context.Context, id int, data bridge.Value) error {
	var recipients []protocol.SealRecipient
	if err := json.Unmarshal([]byte(bridge.String(data, "recipients")), &recipients); err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	dir, err := vault.At(ctx, bridge.String(data, "vault"), bridge.String(data, "place"))
	if err != nil {
		return err
	}
	const name = "0"
	file := testFile()
	job := &sealing{
		params: testParams(bridge.String(data, "tender"), recipients), site: agreed(), files: []source{file},
		cipher: webcrypto.Cipher(), newHash: w.digests.For(ctx, file.Size()), now: time.Now, space: bridge.NeedSpace, mover: moverFor(file.Size()),
		create:   func(ctx context.Context) (io.WriteCloser, error) { return dir.Create(ctx, name) },
		progress: func(int64, int64) {},
	}
	result, err := job.run(ctx)
	if err != nil {
		return err
	}
	sealed, err := dir.Open(ctx, name)
	if err != nil {
		return err
	}
	w.answer(id, result, []any{sealed.Value()}, nil)
	return nil
}

// rewrap wraps a content key to other recipients.
func (w *cryptoWorker) rewrap(ctx context.Context, id int, data bridge.Value) error {
	file, err := fileIn(data)
	if err != nil {
		return err
	}
	key, err := keyIn(data)
	if err != nil {
		return err
	}
	r := &rewrapping{file: browserFile{file}, key: key, cipher: webcrypto.Cipher(), newHash: w.digests.For(ctx, file.Size()), now: time.Now,
		progress: func(done, total int64) {
			_ = w.own.Post(map[string]any{"id": id, "progress": []any{float64(done), float64(total)}})
		}}
	if err := json.Unmarshal([]byte(bridge.String(data, "recipients")), &r.to); err != nil {
		clear(key)
		return fault.Wrap(fault.Internal, err)
	}
	wrapped, err := r.run(ctx)
	if err != nil {
		return err
	}
	w.answer(id, wrapped, []any{}, nil)
	return nil
}
