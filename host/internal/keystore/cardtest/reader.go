//go:build linux

// Package cardtest is a smart-card reader for tests: the real PC/SC daemon
// (Debian packages pcscd and vsmartcard-vpcd) with a virtual reader, and an
// emulated PIV card in it (NIST SP 800-73-4), so that the real OpenSC module
// does the work between them and us. It is imported by tests only.
package cardtest

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// firstPort is where the first virtual reader listens; the second is next to it.
const firstPort = 35963

// Daemon is a running PC/SC daemon with two virtual readers.
type Daemon struct {
	process *os.Process
	Readers [2]*Reader
}

// Start starts the daemon. Call it where Alone is true: the daemon listens on
// every interface of its network, and has the only socket below /run.
func Start(t *testing.T) *Daemon {
	t.Helper()
	if os.Getenv(aloneVariable) == "" {
		t.Fatal("not alone")
	}
	driver, err := filepath.Glob("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
	if err != nil || len(driver) == 0 {
		t.Fatal("libifdvpcd.so is not installed (Debian package vsmartcard-vpcd)")
	}
	config := filepath.Join(t.TempDir(), "reader.conf")
	text := "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME /dev/null:0x8C7B\nLIBPATH " + driver[0] + "\nCHANNELID 0x8C7B\n"
	if err := errors.Join(os.WriteFile(config, []byte(text), 0o600), os.MkdirAll("/run/pcscd", 0o755)); err != nil {
		t.Fatal(err)
	}
	daemon := exec.Command("/usr/sbin/pcscd", "--foreground", "--config", config)
	var said output
	daemon.Stdout, daemon.Stderr = &said, &said
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	d := &Daemon{process: daemon.Process}
	t.Cleanup(func() {
		d.Thaw()
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
		if t.Failed() {
			t.Logf("pcscd: %s", said.String())
		}
	})
	for i := range d.Readers {
		d.Readers[i] = &Reader{t: t, port: firstPort + i}
		t.Cleanup(d.Readers[i].Remove)
	}
	for range 500 {
		if _, err := os.Stat("/run/pcscd/pcscd.comm"); err == nil {
			return d
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("pcscd does not answer: %s", said.String())
	return nil
}

// Freeze stops the daemon in the middle of what it does: whoever asks it waits.
func (d *Daemon) Freeze() { _ = d.process.Signal(syscall.SIGSTOP) }

// Thaw lets it go on.
func (d *Daemon) Thaw() { _ = d.process.Signal(syscall.SIGCONT) }

// output collects what a process says, from any goroutine.
type output struct {
	mu   sync.Mutex
	text []byte
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p...)
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}

// Reader is one virtual reader.
type Reader struct {
	t    *testing.T
	port int
	conn *net.TCPConn
	done chan struct{}
}

// Insert puts the card into the reader, which must be empty. Programs see it a
// little later: the daemon looks at its readers a few times a second.
func (r *Reader) Insert(c *Card) {
	r.t.Helper()
	var err error
	for range 500 {
		var conn net.Conn
		if conn, err = net.Dial("tcp", (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: r.port}).String()); err == nil {
			r.conn, r.done = conn.(*net.TCPConn), make(chan struct{})
			go r.serve(c, r.conn, r.done)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	r.t.Fatal(err)
}

// Remove pulls the card out, if there is one, and waits until the daemon has
// looked again. OpenSC 0.23 locks itself up for good when it asks a card that
// is gone how many tries its PIN has left, and the daemon knows that it is gone
// only up to 400 ms later.
func (r *Reader) Remove() {
	if r.conn != nil {
		r.Pull()
		<-r.done
		r.conn = nil
		time.Sleep(500 * time.Millisecond)
	}
}

// Pull is Remove for the card's own goroutine: it waits for nothing.
func (r *Reader) Pull() { _ = r.conn.Close() }

// serve speaks vpcd's protocol: two bytes of length, then one byte of control
// or a command for the card.
func (r *Reader) serve(c *Card, conn *net.TCPConn, done chan<- struct{}) {
	defer close(done)
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	for {
		// vpcd writes length and command apart; without this the kernel lets
		// it wait 40 ms for an acknowledgement in between.
		_ = raw.Control(func(fd uintptr) {
			_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
		})
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		command := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, command); err != nil {
			return
		}
		answer := c.receive(command)
		if answer == nil {
			continue
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}
