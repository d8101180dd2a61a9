package serve

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"reflect"

	"scelle/host/internal/wire"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// handler answers one method; params and result are the struct types that it
// reads and returns, which a test compares with package protocol's table.
type handler struct {
	params, result reflect.Type
	call           func(*Service, context.Context, json.RawMessage) (json.RawMessage, error)
}

// handle makes a handler of a Service method.
func handle[P, R any](f func(*Service, context.Context, P) (R, error)) handler {
	return handler{
		params: reflect.TypeFor[P](),
		result: reflect.TypeFor[R](),
		call: func(s *Service, ctx context.Context, raw json.RawMessage) (json.RawMessage, error) {
			var params P
			if len(raw) == 0 || string(raw) == "null" {
				raw = json.RawMessage("{}")
			}
			if err := wire.Decode(raw, &params); err != nil {
				return nil, err
			}
			result, err := f(s, ctx, params)
			if err != nil {
				return nil, err
			}
			return encode(result)
		},
	}
}

// encode is a result's JSON. The one result that is a secret is written here
// and wiped: encoding/json would keep what it wrote in a buffer of its own.
func encode(result any) (json.RawMessage, error) {
	key, ok := result.(protocol.UnwrapResult)
	if !ok {
		out, err := json.Marshal(result)
		return out, fault.Wrap(fault.Internal, err)
	}
	defer clear(key.ContentKey)
	const before, after = `{"contentKey":"`, `"}`
	out := make(json.RawMessage, 0, len(before)+base64.StdEncoding.EncodedLen(len(key.ContentKey))+len(after))
	out = append(out, before...)
	out = base64.StdEncoding.AppendEncode(out, key.ContentKey)
	return append(out, after...), nil
}

// handlers is the table of this package. A method that is not in it does not
// exist for the host, whatever else the protocol declares.
func handlers() map[protocol.Method]handler {
	return map[protocol.Method]handler{
		protocol.HostHello:       handle((*Service).Hello),
		protocol.HostStatus:      handle((*Service).Status),
		protocol.HostDoctor:      handle((*Service).Doctor),
		protocol.HostList:        handle((*Service).List),
		protocol.HostCertificate: handle((*Service).Certificate),
		protocol.HostPresent:     handle((*Service).Present),
		protocol.HostGenerate:    handle((*Service).Generate),
		protocol.HostTransport:   handle((*Service).BeginTransport),
		protocol.HostImport:      handle((*Service).Import),
		protocol.HostUnwrap:      handle((*Service).Unwrap),
		protocol.HostBatchBegin:  handle((*Service).BeginBatch),
		protocol.HostBatchEnd:    handle((*Service).EndBatch),
		protocol.HostPINAwait:    handle((*Service).AwaitPIN),
		protocol.HostPINAnswer:   handle((*Service).AnswerPIN),
	}
}
