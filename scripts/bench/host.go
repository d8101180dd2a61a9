package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"scelle/shared/protocol"
	"scelle/shared/version"
)

// benchHost measures the host's whole life: start, hello, status, end.
func benchHost(dir, build string, n int) error {
	host := filepath.Join(build, "scelle")
	home, err := homeWithKey(dir, host)
	if err != nil {
		return err
	}
	nothing, err := goPeer(dir)
	if err != nil {
		return err
	}
	starters := []starter{{"Go program that only starts", []string{nothing}, func() *exec.Cmd { return exec.Command(nothing) }}}
	if jvm, err := jvmPeer(dir); err == nil {
		starters = append(starters, jvm)
	} else {
		fmt.Println("no JVM to compare with:", err)
	}
	peers, err := startAll(n, starters, false)
	if err != nil {
		return err
	}
	var rss float64
	ask := func() (float64, error) {
		ms, kib, err := askStatus(home, host)
		rss = max(rss, kib)
		return ms, err
	}
	status, err := median(n, ask)
	if err != nil {
		return err
	}
	row("host: start, hello, status with key, end", "ms", status, peers...)
	coldPeers, err := startAll(n, starters, true)
	if err != nil {
		return err
	}
	cold, err := median(n, coldly(append(nssFiles(home), host), ask))
	if err != nil {
		return err
	}
	row("host: the same, files not in memory (cold)", "ms", cold, coldPeers...)
	list, err := median(n, func() (float64, error) { return elapsed(inHome(home, host, "list")) })
	if err != nil {
		return err
	}
	row("host: scelle list, whole process", "ms", list, peers...)
	if err := benchLists(dir, host, n); err != nil {
		return err
	}
	memory, err := waiters(dir)
	if err != nil {
		return err
	}
	row("host: peak resident memory after status", "MiB", rss/1024, memory...)
	return sizes(host, nothing)
}

// homeWithKey makes a home folder below dir with a key named bench.
func homeWithKey(dir, host string) (string, error) {
	home, err := os.MkdirTemp(dir, "home-")
	if err != nil {
		return "", err
	}
	if out, err := inHome(home, host, "generate", "--cn", "Banc de mesure", "--name", "bench").CombinedOutput(); err != nil {
		return "", fmt.Errorf("making a key: %w: %s", err, out)
	}
	return home, nil
}

func sizes(host, nothing string) error {
	h, err := os.Stat(host)
	if err != nil {
		return err
	}
	p, err := os.Stat(nothing)
	if err != nil {
		return err
	}
	row("host: size of the binary", "MB", float64(h.Size())/1e6, peer{"Go program that only starts", float64(p.Size()) / 1e6})
	return nil
}

func inHome(home, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_DATA_HOME=", "XDG_STATE_HOME=", "XDG_CONFIG_HOME=")
	return cmd
}

// goPeer builds a Go program that does nothing.
func goPeer(dir string) (string, error) {
	src := filepath.Join(dir, "nothing.go")
	out := filepath.Join(dir, "nothing")
	if err := os.WriteFile(src, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		return "", err
	}
	b, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", out, src).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, b)
	}
	return out, nil
}

// starter is a program that only starts, and the files that it reads for it.
type starter struct {
	name  string
	files []string
	cmd   func() *exec.Cmd
}

// startAll measures each starter, with its files forgotten first when cold.
func startAll(n int, all []starter, cold bool) ([]peer, error) {
	var peers []peer
	for _, s := range all {
		run := func() (float64, error) { return elapsed(s.cmd()) }
		if cold {
			run = coldly(s.files, run)
		}
		ms, err := median(n, run)
		if err != nil {
			return nil, err
		}
		peers = append(peers, peer{s.name, ms})
	}
	return peers, nil
}

// jvmPeer is a Java virtual machine that runs a program of nothing.
func jvmPeer(dir string) (starter, error) {
	src := filepath.Join(dir, "Nothing.java")
	code := "class Nothing { public static void main(String[] a) {} }\n"
	if err := os.WriteFile(src, []byte(code), 0o600); err != nil {
		return starter{}, err
	}
	if b, err := exec.Command("javac", "-d", dir, src).CombinedOutput(); err != nil {
		return starter{}, fmt.Errorf("javac: %w: %s", err, b)
	}
	return starter{"JVM that only starts", jvmFiles(), func() *exec.Cmd { return exec.Command("java", "-cp", dir, "Nothing") }}, nil
}

// askStatus starts the host as Chromium does, asks hello and status, and ends
// it. It returns milliseconds and the peak resident memory in KiB.
func askStatus(home, host string) (ms, kib float64, err error) {
	start := time.Now()
	cmd, in, out, err := startHost(home, host)
	if err != nil {
		return 0, 0, err
	}
	err = errors.Join(
		call(in, out, protocol.HostHello, protocol.HelloParams{Version: version.Version, Protocol: version.Protocol}, nil),
		call(in, out, protocol.HostStatus, protocol.Empty{}, nil))
	kib = peak(cmd.Process.Pid)
	err = errors.Join(err, in.Close(), cmd.Wait())
	return float64(time.Since(start).Microseconds()) / 1000, kib, err
}

// startHost starts the host as Chromium does.
func startHost(home, host string) (cmd *exec.Cmd, in io.WriteCloser, out io.ReadCloser, err error) {
	cmd = inHome(home, host, "chrome-extension://"+protocol.ChromeID+"/")
	if in, err = cmd.StdinPipe(); err != nil {
		return nil, nil, nil, err
	}
	if out, err = cmd.StdoutPipe(); err != nil {
		return nil, nil, nil, err
	}
	return cmd, in, out, cmd.Start()
}

// send writes a question to the host.
func send(in io.Writer, method protocol.Method, params any) error {
	body, err := json.Marshal(params)
	if err != nil {
		return err
	}
	if body, err = json.Marshal(protocol.Request{ID: "1", Method: method, Params: body}); err != nil {
		return err
	}
	_, err = in.Write(append(binary.NativeEndian.AppendUint32(nil, uint32(len(body))), body...))
	return err
}

// receive reads the host's next answer.
func receive(out io.Reader) (json.RawMessage, error) {
	var n uint32
	if err := binary.Read(out, binary.NativeEndian, &n); err != nil {
		return nil, err
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(out, body); err != nil {
		return nil, err
	}
	var r protocol.Response
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, err
	}
	return r.Result, r.Fault.Err()
}

// peak is VmHWM of a process in KiB, 0 where /proc has none.
func peak(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		if rest, ok := strings.CutPrefix(string(line), "VmHWM:"); ok {
			v, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			return v
		}
	}
	return 0
}
