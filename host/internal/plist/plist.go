// Package plist reads Apple's property lists, in XML and in their binary form,
// as far as macOS writes them for managed preferences: the values that a
// configuration profile sets, which lie in /Library/Managed Preferences.
//
// A list is returned as encoding/json would: map[string]any, []any, string,
// bool, int64, float64; data as []byte and a date as its number of seconds
// since 2001 or its text. Formats: the DTD at
// www.apple.com/DTDs/PropertyList-1.0.dtd and CFBinaryPList.c of Apple's
// CoreFoundation.
package plist

import (
	"bytes"

	"scelle/shared/fault"
)

// maxDepth and maxValues bound what a list may hold: an unfriendly one ends in
// an error, not in an exhausted stack or memory.
const (
	maxDepth  = 32
	maxValues = 100_000
)

// Parse reads a property list in either form. fault.ReadFailed.
func Parse(data []byte) (any, error) {
	if bytes.HasPrefix(data, []byte(binaryMagic)) {
		return parseBinary(data)
	}
	return parseXML(data)
}

func bad(what string) error { return fault.Newf(fault.ReadFailed, "plist: %s", what) }
