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

// bridgeServer answers one content script, for the life of its document.
type bridgeServer struct {
	port      *bridge.Port
	digests   *webcrypto.Digests
	site      site
	running   map[string]context.CancelFunc
	vault     *vault.Vault // of sealed files; nil before the first one
	opening   chan struct{}
	exchanges bridge.Exchanges // with assistants
}

// serveBridge listens on the port that a content script gave.
func serveBridge(port *bridge.Port, digests *webcrypto.Digests, site site) error {
	s := &bridgeServer{port: port, digests: digests, site: site, running: map[string]context.CancelFunc{}, opening: make(chan struct{}, 1)}
	bridge.Go(func() error { return vault.Sweep(context.Background()) }, bridge.Log)
	return port.Listen(s.receive)
}

// receive takes the content script's messages: "request", "cancel", and the
// two halves of a hand-over between page and assistant, "file" and "expect".
func (s *bridgeServer) receive(data bridge.Value) {
	id := bridge.String(data, "id")
	switch bridge.String(data, "kind") {
	case string(protocol.KindRequest):
		s.start(id, data)
	case string(protocol.KindCancel):
		if cancel := s.running[id]; cancel != nil {
			cancel()
		}
	case "file":
		bridge.Go(func() error { return s.forward(data) }, bridge.Log)
	case "expect":
		bridge.Go(func() error { return s.expect(data) }, bridge.Log)
	}
}

// start runs a request. One id is one request at a time.
func (s *bridgeServer) start(id string, data bridge.Value) {
	if s.running[id] != nil {
		s.respond(id, nil, nil, fault.New(fault.Busy))
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.running[id] = cancel
	bridge.Go(func() error {
		defer delete(s.running, id)
		defer cancel()
		switch method := bridge.String(data, "method"); protocol.Method(method) {
		case protocol.PliSeal:
			return s.seal(ctx, id, data)
		case protocol.PliRecipients:
			return s.recipients(ctx, id, data)
		case protocol.PliRelease:
			return s.release(ctx, id, data)
		default:
			return fault.Newf(fault.UnknownMethod, "%s", method)
		}
	}, func(err error) { s.respond(id, nil, nil, err) })
}

// respond posts {kind: "response", id, ok, result | fault, file?}.
func (s *bridgeServer) respond(id string, result any, file *bridge.File, err error) {
	message := map[string]any{"kind": string(protocol.KindResponse), "id": id, "ok": err == nil}
	if err == nil {
		var text []byte
		if text, err = json.Marshal(result); err == nil {
			message["result"] = string(text)
		}
	}
	if err != nil {
		message["ok"], message["fault"] = false, faultValue(err)
	} else if file != nil {
		message["file"] = file.Value()
	}
	if err := s.port.Post(message); err != nil {
		bridge.Log(err)
	}
}

// params decodes a request's params, which come as JSON text.
func params[P any](data bridge.Value) (P, error) {
	var p P
	if err := json.Unmarshal([]byte(bridge.String(data, "params")), &p); err != nil {
		return p, fault.Wrap(fault.BadRequest, err)
	}
	return p, nil
}

// sealed is the vault of sealed files, made when it is first needed.
func (s *bridgeServer) sealed(ctx context.Context) (*vault.Vault, error) {
	s.opening <- struct{}{}
	defer func() { <-s.opening }()
	if s.vault == nil {
		v, err := vault.New(ctx)
		if err != nil {
			return nil, err
		}
		s.vault = v
	}
	return s.vault, nil
}

func (s *bridgeServer) seal(ctx context.Context, id string, data bridge.Value) error {
	p, err := params[protocol.SealParams](data)
	if err != nil {
		return err
	}
	files, err := browserFiles(bridge.List(data, "files"))
	if err != nil {
		return err
	}
	v, err := s.sealed(ctx)
	if err != nil {
		return err
	}
	handle := vault.RandomName()
	job := &sealing{
		params: p, site: s.site, files: files, cipher: webcrypto.Cipher(), newHash: s.digests.For(ctx, sizeOf(files)), now: time.Now, space: bridge.NeedSpace,
		mover:  moverFor(sizeOf(files)),
		create: func(ctx context.Context) (io.WriteCloser, error) { return v.Dir.Create(ctx, handle) },
		progress: func(done, total int64) {
			_ = s.port.Post(map[string]any{"kind": string(protocol.KindProgress), "id": id, "step": "seal", "done": float64(done), "total": float64(total)})
		},
	}
	result, err := job.run(ctx)
	if err != nil {
		s.discard(handle)
		return err
	}
	stored, err := v.Dir.Open(ctx, handle)
	if err != nil {
		return err
	}
	file, err := bridge.NewFile(stored, result.Name)
	if err != nil {
		return err
	}
	result.Handle = handle
	s.respond(id, result, &file, nil)
	return nil
}

// recipients answers who would receive a pli.
func (s *bridgeServer) recipients(ctx context.Context, id string, data bridge.Value) error {
	p, err := params[protocol.RecipientsParams](data)
	if err != nil {
		return err
	}
	result, err := s.site.preview(ctx, p, time.Now())
	if err != nil {
		return err
	}
	s.respond(id, result, nil, nil)
	return nil
}

// discard deletes what a failed sealing left, if it left anything.
func (s *bridgeServer) discard(handle string) {
	if err := s.vault.Dir.Remove(context.Background(), handle); err != nil && fault.CodeOf(err) != fault.ReadFailed {
		bridge.Log(err)
	}
}

// release deletes a sealed file. One that is gone already is no failure.
func (s *bridgeServer) release(ctx context.Context, id string, data bridge.Value) error {
	p, err := params[protocol.ReleaseParams](data)
	if err != nil {
		return err
	}
	if !vault.IsName(p.Handle) {
		return fault.Newf(fault.BadRequest, "handle")
	}
	v, err := s.sealed(ctx)
	if err != nil {
		return err
	}
	if err := v.Dir.Remove(ctx, p.Handle); err != nil && fault.CodeOf(err) != fault.ReadFailed {
		return err
	}
	s.respond(id, protocol.Empty{}, nil, nil)
	return nil
}

// forward gives the assistant the file that the page fetched.
func (s *bridgeServer) forward(data bridge.Value) error {
	file, err := fileIn(data)
	if err != nil {
		return err
	}
	session, call := bridge.String(data, "session"), bridge.String(data, "call")
	return s.exchanges.Offer(context.Background(), session, call, map[string]any{"file": file.Value()})
}

// expect takes the files that the assistant hands over and posts {kind:
// "files", session, call, files} to the content script; files is missing when
// none came.
func (s *bridgeServer) expect(data bridge.Value) error {
	session, call := bridge.String(data, "session"), bridge.String(data, "call")
	message := map[string]any{"kind": "files", "session": session, "call": call}
	take, err := s.exchanges.Take(session, call, "files")
	if err == nil {
		var files bridge.Value
		if files, err = take.Wait(context.Background()); err == nil {
			message["files"] = files
		}
	}
	if posted := s.port.Post(message); err == nil {
		err = posted
	}
	return err
}
