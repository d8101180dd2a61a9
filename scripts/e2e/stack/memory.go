package stack

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"
)

// Secret is something that must not be where it is looked for, in every form
// that it could have there.
type Secret struct {
	Name  string
	forms [][]byte
}

// NewSecret is a secret text or key: as it is, in UTF-16, in hexadecimal and
// in base64.
func NewSecret(name string, value []byte) Secret {
	var wide []byte
	for _, u := range utf16.Encode([]rune(string(value))) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	return Secret{name, [][]byte{value, wide, []byte(hex.EncodeToString(value)), []byte(base64.StdEncoding.EncodeToString(value))}}
}

// In reports whether the secret is in some bytes.
func (s Secret) In(b []byte) bool {
	for _, form := range s.forms {
		if bytes.Contains(b, form) {
			return true
		}
	}
	return false
}

// longest is more than any form of a secret takes, in bytes.
const longest = 1024

// Seen are the secrets that a stream holds.
func Seen(r io.Reader, secrets []Secret) (map[string]bool, error) {
	seen := map[string]bool{}
	b := make([]byte, 0, 4<<20+longest)
	for {
		n, err := io.ReadFull(r, b[len(b):cap(b)])
		b = b[:len(b)+n]
		for _, s := range secrets {
			seen[s.Name] = seen[s.Name] || s.In(b)
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return seen, nil
		}
		if err != nil {
			return seen, err
		}
		b = b[:copy(b, b[max(0, len(b)-longest):])]
	}
}

// SeenInMemory looks through every writable mapping of a process, which must
// be one that this one may trace.
func SeenInMemory(pid int, secrets []Secret) (map[string]bool, error) {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return nil, err
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return nil, err
	}
	defer mem.Close()
	pages, err := os.Open(fmt.Sprintf("/proc/%d/pagemap", pid))
	if err != nil {
		return nil, err
	}
	defer pages.Close()
	var runs []io.Reader
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil || !strings.HasPrefix(mode, "rw") || to < 0 {
			continue
		}
		for ; from < to; from += window {
			for _, run := range resident(pages, from, min(to, from+window)) {
				runs = append(runs, forgiving{io.NewSectionReader(mem, run[0], run[1]-run[0])})
			}
		}
	}
	return Seen(io.MultiReader(runs...), secrets)
}

// forgiving ends where reading fails: parts of a mapping may be unreadable, and
// what comes before them counts.
type forgiving struct{ r io.Reader }

func (f forgiving) Read(b []byte) (int, error) {
	n, err := f.r.Read(b)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

// window is how much of a mapping is looked at in one go, in bytes.
const window = 1 << 30

// resident are the runs of a mapping's pages that are there: browsers reserve
// far more than they touch. Each page has eight bytes in pagemap, whose top
// bits say that it is in memory or swapped out (proc_pid_pagemap(5)).
func resident(pagemap io.ReaderAt, from, to int64) (runs [][2]int64) {
	size := int64(os.Getpagesize())
	entries := make([]byte, (to-from)/size*8)
	n, _ := pagemap.ReadAt(entries, from/size*8)
	for i := 0; i+8 <= n; i += 8 {
		if entries[i+7]&0xc0 == 0 {
			continue
		}
		at := from + int64(i/8)*size
		if last := len(runs) - 1; last >= 0 && runs[last][1] == at {
			runs[last][1] += size
		} else {
			runs = append(runs, [2]int64{at, at + size})
		}
	}
	return runs
}

// SeenInFiles looks through every file below a folder.
func SeenInFiles(dir string, secrets []Secret) (map[string]bool, error) {
	all := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return ignoreGone(err)
		}
		f, err := os.Open(path)
		if err != nil {
			return ignoreGone(err)
		}
		defer f.Close()
		seen, err := Seen(f, secrets)
		for name, yes := range seen {
			all[name] = all[name] || yes
		}
		return err
	})
	return all, err
}

// ignoreGone lets files go between being listed and being read.
func ignoreGone(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}
