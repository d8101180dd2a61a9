//go:build js && wasm

package webcrypto

import (
	"context"

	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
)

// blockSize is that of AES.
const blockSize = 16

// Cipher returns the browser's cipher.
func Cipher() envelope.ContentCipher { return cipher{} }

type cipher struct{}

// handles reports whether SubtleCrypto can do a.
func handles(a envelope.ContentAlgorithm) bool {
	switch a {
	case envelope.AES128GCM, envelope.AES256GCM, envelope.AES128CBC, envelope.AES256CBC:
		_, ok := bridge.Lookup("crypto", "subtle")
		return ok
	}
	return false
}

// Encrypter is described at envelope.ContentCipher.
func (cipher) Encrypter(ctx context.Context, k envelope.ContentKey) (envelope.ContentEncrypter, error) {
	if !handles(k.Algorithm) {
		return envelope.Native().Encrypter(ctx, k)
	}
	g, c, err := newMode(ctx, k)
	switch {
	case err != nil:
		return nil, err
	case g != nil:
		return &gcmEncrypter{gcm: g}, nil
	}
	return &cbcEncrypter{cbc: c}, nil
}

// Decrypter is described at envelope.ContentCipher.
func (cipher) Decrypter(ctx context.Context, k envelope.ContentKey) (envelope.ContentDecrypter, error) {
	if !handles(k.Algorithm) {
		return envelope.Native().Decrypter(ctx, k)
	}
	g, c, err := newMode(ctx, k)
	switch {
	case err != nil:
		return nil, err
	case g != nil:
		return &gcmDecrypter{gcm: g}, nil
	}
	return &cbcDecrypter{cbc: c}, nil
}

// newMode is a gcm or a cbc, as the algorithm wants.
func newMode(ctx context.Context, k envelope.ContentKey) (g *gcm, c *cbc, err error) {
	if err := checkLengths(k); err != nil {
		return nil, nil, err
	}
	if k.Algorithm.Authenticated() {
		g, err = newGCM(ctx, k)
	} else {
		c, err = newCBC(ctx, k)
	}
	return g, c, err
}

func checkLengths(k envelope.ContentKey) error {
	iv := k.Algorithm.BlockSize()
	if iv == 0 {
		iv = envelope.NonceSize
	}
	if len(k.Key) != k.Algorithm.KeySize() || len(k.IV) != iv {
		return fault.Newf(fault.Internal, "%s key or IV length", k.Algorithm)
	}
	return nil
}

// algorithm is a Web Crypto AlgorithmIdentifier.
type algorithm = map[string]any

// subtleCrypto is crypto.subtle.
type subtleCrypto struct{ v bridge.Value }

func newSubtle() (subtleCrypto, error) {
	v, ok := bridge.Lookup("crypto", "subtle")
	if !ok {
		return subtleCrypto{}, fault.Newf(fault.Internal, "no SubtleCrypto")
	}
	return subtleCrypto{v}, nil
}

// startImport begins to hand a key over to the browser, which has a copy of it
// then. It cannot be taken out again.
func (s subtleCrypto) startImport(name string, key []byte, uses ...any) (*bridge.Promise, error) {
	raw, err := bridge.ToJS(key)
	if err != nil {
		return nil, err
	}
	defer bridge.Wipe(raw)
	return bridge.Start(s.v, fault.Internal, "importKey", "raw", raw, algorithm{"name": name}, false, uses)
}

// importKey is startImport to its end.
func (s subtleCrypto) importKey(ctx context.Context, name string, key []byte, uses ...any) (bridge.Value, error) {
	p, err := s.startImport(name, key, uses...)
	if err != nil {
		return bridge.Undefined(), err
	}
	return p.Wait(ctx)
}

// start begins "encrypt" or "decrypt" of data, a Uint8Array that may be reused
// as soon as start returns: SubtleCrypto works on a copy of it.
func (s subtleCrypto) start(verb string, a algorithm, key, data bridge.Value) (*bridge.Promise, error) {
	return bridge.Start(s.v, fault.Internal, verb, a, key, data)
}

// finish waits for the result, as a Uint8Array.
func finish(ctx context.Context, p *bridge.Promise) (bridge.Value, error) {
	buffer, err := p.Wait(ctx)
	if err != nil {
		return buffer, err
	}
	return bridge.View(buffer)
}

// scratch is a Uint8Array that carries chunks to JavaScript, made once for the
// length that comes again and again.
type scratch struct {
	array bridge.Value
	size  int
}

// resize gives an array of exactly n bytes.
func (s *scratch) resize(n int) error {
	if n == s.size && bridge.Present(s.array) {
		return nil
	}
	array, err := bridge.NewBytes(n)
	if err != nil {
		return err
	}
	s.wipe()
	s.array, s.size = array, n
	return nil
}

// load copies b into an array of exactly its length.
func (s *scratch) load(b []byte) (bridge.Value, error) {
	if err := s.resize(len(b)); err != nil {
		return bridge.Undefined(), err
	}
	return s.array, bridge.Fill(s.array, b)
}

func (s *scratch) wipe() {
	if bridge.Present(s.array) {
		bridge.Wipe(s.array)
	}
	s.array, s.size = bridge.Undefined(), 0
}

// appendArray appends the first n bytes of a Uint8Array to dst and gives the
// array's memory back.
func appendArray(dst []byte, array bridge.Value, n int) ([]byte, error) {
	defer bridge.Free(array)
	length, err := array.Length()
	if err != nil || n > length {
		return dst, fault.Newf(fault.Internal, "%d of %d bytes", n, length)
	}
	if n < length {
		if array, err = bridge.Call(array, "subarray", 0, n); err != nil {
			return dst, err
		}
	}
	start := len(dst)
	if cap(dst)-start < n {
		dst = append(dst, make([]byte, n)...)
	} else {
		dst = dst[:start+n]
	}
	return dst, bridge.Read(dst[start:], array)
}
