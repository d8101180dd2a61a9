package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strings"

	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
)

// maxSmall is the longest challenge, in bytes.
const maxSmall = 64 << 10

// inspect reads an envelope's header.
func inspect(src io.Reader) (model.EnvelopeInfo, error) {
	info, err := envelope.Inspect(src)
	if err != nil {
		return model.EnvelopeInfo{}, err
	}
	out := model.EnvelopeInfo{
		HeaderSHA256:     hex.EncodeToString(info.HeaderSHA256[:]),
		Authenticated:    info.Authenticated,
		ContentAlgorithm: info.Content.Raw,
		AlgorithmName:    strings.ToUpper(string(info.Algorithm)),
	}
	for _, r := range info.Recipients {
		one := model.RecipientInfo{Issuer: r.Issuer, Serial: r.Serial, KeyID: r.SubjectKeyID, Mechanism: string(r.Mechanism)}
		if len(r.Info) <= protocol.MaxRecipientDER { // the host takes no longer one
			one.DER = r.Info
		}
		out.Recipients = append(out.Recipients, one)
	}
	return out, nil
}

// fileSum is the fingerprint of a whole file, which is closed.
func fileSum(src io.ReadCloser, h hash.Hash) (string, error) {
	defer src.Close()
	if _, err := io.Copy(h, src); err != nil {
		return "", fault.Wrap(fault.ReadFailed, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// prove opens a challenge and returns the SHA-256 of its plaintext, in hex,
// when that is prefix, 64 hex digits and a line feed. Every other plaintext,
// also somebody's pli, is fault.ProofForeign; an envelope that does not open
// keeps envelope.Open's fault (EnvelopeUnreadable is how a mechanism that the
// store does not know shows). key is wiped.
func prove(ctx context.Context, sealed, key []byte, prefix string) (string, error) {
	defer clear(key)
	if len(sealed) > maxSmall {
		return "", fault.New(fault.EnvelopeTooLarge)
	}
	var plain bytes.Buffer
	defer func() { clear(plain.Bytes()) }()
	_, err := envelope.Open(ctx, &plain, bytes.NewReader(sealed), envelope.OpenOptions{Unwrapper: &givenKey{key: key}})
	if err != nil {
		return "", err
	}
	if !isChallenge(plain.Bytes(), prefix) {
		return "", fault.New(fault.ProofForeign)
	}
	sum := sha256.Sum256(plain.Bytes())
	return hex.EncodeToString(sum[:]), nil
}

// isChallenge checks the form of architecture.md, "Registering a key".
func isChallenge(plain []byte, prefix string) bool {
	const digits = 64
	if prefix == "" || len(plain) != len(prefix)+digits+1 || !bytes.HasPrefix(plain, []byte(prefix)) || plain[len(plain)-1] != '\n' {
		return false
	}
	for _, c := range plain[len(prefix) : len(prefix)+digits] {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}
