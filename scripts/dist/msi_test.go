package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestSettleAnyTime: a time may hold bytes that are letters of UTF-8 together.
func TestSettleAnyTime(t *testing.T) {
	code := "{" + strings.Repeat("0", 8) + "-AAAA-BBBB-CCCC-" + strings.Repeat("D", 12) + "}"
	for _, times := range []string{"\x00\x01\x02\x03\x04\x05\x06\x07", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8"} {
		path := filepath.Join(t.TempDir(), "a.msi")
		msi := "before\x1e\x00\x00\x00\x27\x00\x00\x00" + code + "\x00\x00\x40\x00\x00\x00" + times + "\x40\x00\x00\x00" + times + "after"
		if err := os.WriteFile(path, []byte(msi), 0o600); err != nil {
			t.Fatal(err)
		}
		b := build{epoch: time.Unix(1_700_000_000, 0)}
		if err := b.settle(path); err != nil {
			t.Errorf("%x: %v", times, err)
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		settled := binary.LittleEndian.AppendUint64(nil, fileTime(b.epoch))
		if bytes.Count(data, settled) != 2 || bytes.Contains(data, []byte(code)) || len(data) != len(msi) {
			t.Errorf("%x: %q", times, data)
		}
	}
}
