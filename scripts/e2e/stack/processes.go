package stack

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Hosts returns the process ids of this world's running hosts.
func (w *World) Hosts() ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	want, err := filepath.EvalSymlinks(w.Host)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		exe, err := os.Readlink(filepath.Join("/proc", e.Name(), "exe"))
		if err == nil && exe == want && w.owns(pid) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// Processes are all that run with this world's home: browser, portal, hosts, and
// what they started.
func (w *World) Processes() ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && w.owns(pid) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// owns reports whether a process has this world's home.
func (w *World) owns(pid int) bool {
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return err == nil && bytes.Contains(append([]byte{0}, env...), []byte("\x00HOME="+w.Home+"\x00"))
}

// KillHosts ends every host of this world as a crash would.
func (w *World) KillHosts() error {
	pids, err := w.Hosts()
	if err != nil {
		return err
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
			return err
		}
	}
	return nil
}

// Sockets lists what the world's programs other than the portal listen on,
// one line of `ss -ltnp` each. Marionette's own port is none of ours.
func (w *World) Sockets() ([]string, error) {
	out, err := w.Run("ss", "-Hltnp")
	if err != nil {
		return nil, err
	}
	var open []string
	for line := range strings.Lines(out) {
		if w.debugging != 0 && strings.Contains(line, fmt.Sprintf("127.0.0.1:%d ", w.debugging)) {
			continue
		}
		for part := range strings.SplitSeq(line, "pid=") {
			digits, _, _ := strings.Cut(part, ",")
			pid, err := strconv.Atoi(digits)
			if err == nil && w.owns(pid) && (w.portal == nil || pid != w.portal.Process.Pid) {
				open = append(open, strings.TrimSpace(line))
			}
		}
	}
	return open, nil
}

// WaitHosts waits until as many hosts run.
func (w *World) WaitHosts(n int) error {
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		pids, err := w.Hosts()
		if err != nil || len(pids) == n {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d hosts run, want %d", len(pids), n)
		}
	}
}
