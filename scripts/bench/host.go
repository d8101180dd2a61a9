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
	home := filepath.Join(dir, "home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return err
	}
	if out, err := inHome(home, host, "generate", "--cn", "Banc de mesure", "--name", "bench").CombinedOutput(); err != nil {
		return fmt.Errorf("making a key: %w: %s", err, out)
	}
	nothing, err := goPeer(dir)
	if err != nil {
		return err
	}
	goStart, err := median(n, func() (float64, error) { return elapsed(exec.Command(nothing)) })
	if err != nil {
		return err
	}
	peers := []peer{{"Go program that only starts", goStart}}
	if jvm, err := jvmPeer(dir, n); err == nil {
		peers = append(peers, peer{"JVM that only starts", jvm})
	} else {
		fmt.Println("no JVM to compare with:", err)
	}
	var rss float64
	status, err := median(n, func() (float64, error) {
		ms, kib, err := askStatus(home, host)
		rss = max(rss, kib)
		return ms, err
	})
	if err != nil {
		return err
	}
	row("host: start, hello, status with key, end", "ms", status, peers...)
	list, err := median(n, func() (float64, error) { return elapsed(inHome(home, host, "list")) })
	if err != nil {
		return err
	}
	row("host: scelle list, whole process", "ms", list, peers...)
	fmt.Printf("%-46s %9.1f MiB\n", "host: peak resident memory after status", rss/1024)
	return sizes(host, nothing)
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

// jvmPeer is the start of a Java virtual machine that does nothing.
func jvmPeer(dir string, n int) (float64, error) {
	src := filepath.Join(dir, "Nothing.java")
	code := "class Nothing { public static void main(String[] a) {} }\n"
	if err := os.WriteFile(src, []byte(code), 0o600); err != nil {
		return 0, err
	}
	if b, err := exec.Command("javac", "-d", dir, src).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("javac: %w: %s", err, b)
	}
	return median(n, func() (float64, error) { return elapsed(exec.Command("java", "-cp", dir, "Nothing")) })
}

// askStatus starts the host as Chromium does, asks hello and status, and ends
// it. It returns milliseconds and the peak resident memory in KiB.
func askStatus(home, host string) (ms, kib float64, err error) {
	cmd := inHome(home, host, "chrome-extension://"+protocol.ChromeID+"/")
	in, err := cmd.StdinPipe()
	if err != nil {
		return 0, 0, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, 0, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	hello, _ := json.Marshal(protocol.HelloParams{Version: version.Version, Protocol: version.Protocol})
	err = errors.Join(
		exchange(in, out, protocol.Request{ID: "1", Method: protocol.HostHello, Params: hello}),
		exchange(in, out, protocol.Request{ID: "2", Method: protocol.HostStatus}))
	kib = peak(cmd.Process.Pid)
	err = errors.Join(err, in.Close(), cmd.Wait())
	return float64(time.Since(start).Microseconds()) / 1000, kib, err
}

func exchange(in io.Writer, out io.Reader, q protocol.Request) error {
	body, err := json.Marshal(q)
	if err != nil {
		return err
	}
	frame := append(binary.NativeEndian.AppendUint32(nil, uint32(len(body))), body...)
	if _, err := in.Write(frame); err != nil {
		return err
	}
	var n uint32
	if err := binary.Read(out, binary.NativeEndian, &n); err != nil {
		return err
	}
	body = make([]byte, n)
	if _, err := io.ReadFull(out, body); err != nil {
		return err
	}
	var r protocol.Response
	if err := json.Unmarshal(body, &r); err != nil {
		return err
	}
	if !r.OK {
		return fmt.Errorf("%s: %v", q.Method, r.Fault.Err())
	}
	return nil
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
