package main

import (
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// guid is the same identifier for the same name (RFC 9562, version 5, in the
// namespace of addresses), in the capitals that Windows Installer wants.
func (b *build) guid(name string) string {
	namespace := []byte{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}
	h := sha1.Sum(append(namespace, homepage+name...))
	h[6] = h[6]&0x0f | 0x50
	h[8] = h[8]&0x3f | 0x80
	return strings.ToUpper(fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16]))
}

// sums writes SHA256SUMS of all that was made, as sha256sum -c reads it.
func (b *build) sums() error {
	names := slices.Sorted(slices.Values(b.made))
	var text strings.Builder
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(b.out, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%x  %s\n", sha256.Sum256(data), name)
	}
	return os.WriteFile(b.output("SHA256SUMS"), []byte(text.String()), 0o644)
}
