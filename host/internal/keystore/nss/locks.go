//go:build linux && cgo

package nss

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// lock is what another process holds on a database.
type lock int

// The locks of SQLite that matter: while another program prepares to write,
// which readers need not mind, and while it writes. The byte ranges are those
// of sqlite.org/lockingv3.html: pending, reserved, and 510 bytes shared.
const (
	unlocked lock = iota
	reserved
	exclusive
)

const firstShared = 0x40000000 + 2

// lockedElsewhere says what another process holds on the database. SQLite
// reports a lock and a broken file by the same error through softoken, and
// only after a second; this tells them apart at once. The kernel's list is
// read, proc_locks(5), since asking with fcntl would need the file to be
// opened and closed.
func (s *store) lockedElsewhere() lock {
	held := unlocked
	inodes := s.inodes()
	f, err := os.Open("/proc/locks")
	if err != nil {
		return unlocked
	}
	defer f.Close()
	own := strconv.Itoa(os.Getpid())
	for lines := bufio.NewScanner(f); lines.Scan(); {
		// 1: POSIX  ADVISORY  WRITE 1234 fe:01:12345 1073741824 1073741825
		field := strings.Fields(lines.Text())
		if len(field) < 8 || field[3] != "WRITE" || field[4] == own {
			continue
		}
		inode := field[5][strings.LastIndexByte(field[5], ':')+1:]
		if !inodes[inode] {
			continue
		}
		held = max(held, reserved)
		if end, err := strconv.ParseInt(field[7], 10, 64); err != nil || end >= firstShared { // or "EOF"
			held = exclusive
		}
	}
	return held
}

func (s *store) inodes() map[string]bool {
	inodes := make(map[string]bool)
	for _, name := range databaseFiles() {
		var st syscall.Stat_t
		if syscall.Stat(filepath.Join(s.path, name), &st) == nil {
			inodes[strconv.FormatUint(st.Ino, 10)] = true
		}
	}
	return inodes
}
