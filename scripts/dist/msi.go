package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// summary matches the head of what wixl makes anew each time in an MSI's summary
// information ([MS-OLEPS]): a text of 39 bytes, the package code, before the
// times of creation and of the last change. These are bytes of any value, which
// a regular expression would take for letters of UTF-8 now and then.
var summary = regexp.MustCompile(`\x1e\x00{3}\x27\x00{3}(\{[0-9A-F-]{36}\})\x00{2}\x40\x00{3}`)

// filetimeHead stands before the second time.
const filetimeHead = "\x40\x00\x00\x00"

// times are where the two times stand behind the head of the summary, which
// ends at end.
func times(data []byte, end int) ([]int, bool) {
	second := end + 8 + len(filetimeHead)
	ok := len(data) >= second+8 && string(data[end+8:second]) == filetimeHead
	return []int{end, second}, ok
}

// inUTF8 says in the MSI that its texts are UTF-8, which wixl writes without
// saying so. 65001 is the code page of UTF-8.
func (b *build) inUTF8(path string) error {
	table, err := b.temporary("_ForceCodepage.idt", []byte("\r\n\r\n65001\t_ForceCodepage\r\n"), 0o644)
	if err != nil {
		return err
	}
	return b.commandIn(b.work, nil, "msibuild", path, "-i", filepath.Base(table))
}

// settle replaces the package code and times of an MSI by ones that are the
// same for the same contents.
func (b *build) settle(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	found := summary.FindAllSubmatchIndex(data, -1)
	if len(found) != 1 {
		return fmt.Errorf("the MSI has %d summaries of the expected form", len(found))
	}
	at := found[0]
	places, ok := times(data, at[1])
	if !ok {
		return errors.New("the MSI's summary has no times")
	}
	for _, place := range places {
		binary.LittleEndian.PutUint64(data[place:], fileTime(b.epoch))
	}
	// Packages that differ must differ in their code. The cabinet holds the
	// program, so that other contents with the same version do.
	blank := "{00000000-0000-0000-0000-000000000000}"
	copy(data[at[2]:at[3]], blank)
	copy(data[at[2]:at[3]], "{"+b.guid("package "+string(data))+"}")
	return os.WriteFile(path, data, 0o644)
}

// fileTime is Windows' form of a time: 100 ns since 1601.
func fileTime(t time.Time) uint64 {
	const from1601 = 11644473600 // seconds to 1970
	return uint64(t.Unix()+from1601) * 10_000_000
}
