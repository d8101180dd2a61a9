package main

import (
	"crypto/sha256"
	"hash"
)

// newHash makes the SHA-256 of every fingerprint. It is the one seam through
// which hashing can leave this thread: a hash.Hash whose Write hands bytes to
// another Worker fits here, since Sum may wait.
func newHash() hash.Hash { return sha256.New() }
