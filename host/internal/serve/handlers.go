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

// encode is a result's JSON. What is secret in a result is written here and
// wiped: encoding/json would keep what it wrote in a buffer of its own.
func encode(result any) (json.RawMessage, error) {
	switch r := result.(type) {
	case protocol.UnwrapResult:
		return withSecret([]byte("{}"), "contentKey", r.ContentKey), nil
	case protocol.KeyResult:
		if r.Backup == nil {
			break
		}
		copied := *r.Backup
		words := copied.Words
		copied.Words, r.Backup = nil, nil
		key, err := json.Marshal(r)
		if err != nil {
			return nil, fault.Wrap(fault.Internal, err)
		}
		file, err := json.Marshal(map[string][]byte{"file": copied.File})
		if err != nil {
			return nil, fault.Wrap(fault.Internal, err)
		}
		return within(key, "backup", withSecret(file, "words", words)), nil
	}
	out, err := json.Marshal(result)
	return out, fault.Wrap(fault.Internal, err)
}

// withSecret adds a member with a secret to a JSON object, and wipes the secret.
func withSecret(object []byte, name string, secret []byte) json.RawMessage {
	defer clear(secret)
	value := make([]byte, 0, 2+base64.StdEncoding.EncodedLen(len(secret)))
	value = append(value, '"')
	value = base64.StdEncoding.AppendEncode(value, secret)
	return within(object, name, append(value, '"'))
}

// within adds a member to a JSON object, and wipes what it was made of.
func within(object []byte, name string, value []byte) json.RawMessage {
	defer clear(value)
	defer clear(object)
	out := make(json.RawMessage, 0, len(object)+len(name)+len(value)+4)
	out = append(out, object[:len(object)-1]...)
	if len(object) > len("{}") {
		out = append(out, ',')
	}
	out = append(append(append(append(out, '"'), name...), '"', ':'), value...)
	return append(out, '}')
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
		protocol.HostHealth:      handle((*Service).Health),
		protocol.HostGenerate:    handle((*Service).Generate),
		protocol.HostTransport:   handle((*Service).BeginTransport),
		protocol.HostImport:      handle((*Service).Import),
		protocol.HostBackupTest:  handle((*Service).BackupTest),
		protocol.HostRestore:     handle((*Service).Restore),
		protocol.HostUnwrap:      handle((*Service).Unwrap),
		protocol.HostBatchBegin:  handle((*Service).BeginBatch),
		protocol.HostBatchEnd:    handle((*Service).EndBatch),
		protocol.HostPINAwait:    handle((*Service).AwaitPIN),
		protocol.HostPINAnswer:   handle((*Service).AnswerPIN),
	}
}
