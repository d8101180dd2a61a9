//go:build linux

package main

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/cms"
	der "scelle/shared/cms/dertest"
	"scelle/shared/envelope"
	"scelle/shared/envelope/paddingtest"
	"scelle/shared/fault"
)

// measuring is set in the copy of this test program that runs the host and
// says what it took. The kernel counts a process's peak from before it became
// the host, so it must be started by something small.
const measuring = "SCELLE_TEST_MEASURING"

// taken is what one run took.
type taken struct {
	CPU    time.Duration
	Peak   int64 // resident, bytes
	Status int
	Stderr string
}

func init() {
	if os.Getenv(measuring) == "" {
		return
	}
	cmd := exec.Command(os.Args[1], os.Args[2:]...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.Run()
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(taken{
		cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), usage.Maxrss << 10, cmd.ProcessState.ExitCode(), stderr.String(),
	})
	os.Exit(0)
}

// measure runs the host to its end.
func (a account) measure(args ...string) taken {
	a.t.Helper()
	self, err := os.Executable()
	if err != nil {
		a.t.Fatal(err)
	}
	cmd := exec.Command(self, append([]string{binaryPath}, args...)...)
	cmd.Dir, cmd.Env = a.home, append(a.env(), measuring+"=1")
	out, err := cmd.Output()
	var t taken
	if err == nil {
		err = json.Unmarshal(out, &t)
	}
	if err != nil || t.Peak == 0 {
		a.t.Fatalf("%v: %s", err, out)
	}
	return t
}

// hostile is a file that costs its sender nothing: a beginning, a hole, an end.
type hostile struct {
	name       string
	start, end []byte
	code       fault.Code
}

// hole is the size of the hole in each file, in bytes.
const hole = 1 << 30

// TestRefusalsOfAGigabyte: a hostile gigabyte is refused with the code that
// fits, in less than a second of the processor's time and with less than
// 64 MiB above what the idle program needs, and leaves no file. Processor
// time, not time of day: the machine may have other things to do.
func TestRefusalsOfAGigabyte(t *testing.T) {
	a := newAccount(t)
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Anne"})
	write(t, a, "cert.pem", pair.PEM())
	write(t, a, "key.pem", pair.KeyPEM(t))
	idle := a.measure("status", "--json").Peak
	before := names(t, a)
	for _, h := range hostiles(t, pair) {
		t.Run(h.name, func(t *testing.T) {
			path := filepath.Join(a.home, "hostile.p7m")
			sparse(t, path, h)
			defer os.Remove(path)
			for _, args := range [][]string{
				{"open", "hostile.p7m", "--key", "key.pem", "--cert", "cert.pem", "-o", "opened"},
				{"open", "hostile.p7m", "--key", "key.pem", "--cert", "cert.pem", "-o", "opened", "--raw"},
			} {
				if slices.Contains(args, "--raw") && h.code == fault.PliNotOurs {
					continue // raw content may begin as it likes
				}
				got := a.measure(args...)
				if got.Status != 1 || !strings.HasPrefix(got.Stderr, string(h.code)) {
					t.Errorf("exit %d, %s; want %s", got.Status, got.Stderr, h.code)
				}
				if got.CPU >= time.Second {
					t.Errorf("took %v of the processor", got.CPU)
				}
				if got.Peak-idle >= 64<<20 {
					t.Errorf("needed %d MiB, %d more than idle", got.Peak>>20, (got.Peak-idle)>>20)
				}
			}
			os.Remove(path)
			if after := names(t, a); !slices.Equal(after, before) {
				t.Errorf("left behind: %q, before: %q", after, before)
			}
		})
	}
}

func names(t *testing.T, a account) []string {
	t.Helper()
	entries, err := os.ReadDir(a.home)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func sparse(t *testing.T, path string, h hostile) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, err = f.Write(h.start)
	if err == nil {
		err = f.Truncate(int64(len(h.start)) + hole + int64(len(h.end)))
	}
	if err == nil {
		_, err = f.WriteAt(h.end, int64(len(h.start))+hole)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// hostiles are the files. Recipients are by RSA PKCS#1 v1.5, whose answer is
// always a key.
func hostiles(t *testing.T, pair *certtest.Pair) []hostile {
	t.Helper()
	public := pair.Key.Public().(*rsa.PublicKey)
	wrapped, err := envelope.WrapKey(envelope.Recipient{Certificate: pair.DER, Mechanism: envelope.RSAPKCS1}, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	ours := wrapped.Raw
	malformed := bytes.Clone(ours)
	copy(malformed[len(malformed)-public.Size():], paddingtest.Encrypt(public, paddingtest.PKCS1(public.Size())[0].EM))
	stranger := certtest.SelfSigned(t, certtest.Options{CommonName: "Bob", Key: 1})
	other, err := envelope.WrapKey(envelope.Recipient{Certificate: stranger.DER}, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	cbc := der.Algorithm("2.16.840.1.101.3.4.1.42", der.Octets(make([]byte, 16)))
	gcm := func(tag int8) []byte {
		return der.Algorithm("2.16.840.1.101.3.4.1.46", der.Seq(der.Octets(make([]byte, 12)), der.Int(tag)))
	}
	mac := der.Octets(make([]byte, 16))
	ori := der.TLV(0xa4, der.OID("1.2.3"))
	begin := []byte{0x30, 0x80}
	return []hostile{
		{"zeros", nil, nil, fault.EnvelopeMalformed},
		{"text", []byte("Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\n"), nil, fault.EnvelopeMalformed},
		{"PEM", []byte("-----BEGIN CMS-----\n"), nil, fault.EnvelopeMalformed},
		{"a header of a gigabyte", append(slices.Clone(begin), der.Header(6, hole)...), nil, fault.EnvelopeMalformed},
		{"a length near 2^63", der.Header(0x30, 1<<63-1), nil, fault.EnvelopeMalformed},
		{"depth 200,000", bytes.Repeat(begin, 200_000), nil, fault.EnvelopeMalformed},
		{"5,000 recipients", message(oidEnveloped, bytes.Repeat(ori, 5000), cbc, nil), nil, fault.EnvelopeMalformed},
		{"a recipient of a gigabyte", message(oidEnveloped, der.Header(0xa4, hole), cbc, nil)[:60], nil, fault.EnvelopeMalformed},
		{"not for us", message(oidAuth, other.Raw, gcm(16), mac), mac, fault.EnvelopeNotForYou},
		{"RC2", message(oidEnveloped, ours, der.Algorithm("1.2.840.113549.3.2", der.Octets(make([]byte, 8))), nil), nil, fault.EnvelopeUnsupported},
		{"a short tag", message(oidAuth, ours, gcm(4), der.Octets(make([]byte, 4))), der.Octets(make([]byte, 4)), fault.EnvelopeUnsupported},
		{"CBC as AuthEnvelopedData", message(oidAuth, ours, cbc, mac), mac, fault.EnvelopeMalformed},
		{"GCM as EnvelopedData", message(oidEnveloped, ours, gcm(16), nil), nil, fault.EnvelopeMalformed},
		{"100,000 empty chunks", segments(ours, gcm(16), bytes.Repeat(der.Octets(nil), 100_000)), nil, fault.EnvelopeMalformed},
		{"CBC of zeros", message(oidEnveloped, ours, cbc, nil), nil, fault.PliNotOurs},
		{"a malformed padding", message(oidEnveloped, malformed, cbc, nil), nil, fault.PliNotOurs},
	}
}

const (
	oidEnveloped = "1.2.840.113549.1.7.3"
	oidAuth      = "1.2.840.113549.1.9.16.1.23"
)

// message is an envelope in DER up to its content, which is the hole; trailer
// is what will follow.
func message(kind string, recipients, algorithm, trailer []byte) []byte {
	head := append(der.OID("1.2.840.113549.1.7.1"), algorithm...)
	head = append(head, der.Header(0x80, hole)...)
	info := append(der.Header(0x30, uint64(len(head)+hole)), head...)
	body := slices.Concat(der.Int(0), der.Set(recipients), info)
	body = append(der.Header(0x30, uint64(len(body)+hole+len(trailer))), body...)
	body = append(der.Header(0xa0, uint64(len(body)+hole+len(trailer))), body...)
	body = append(der.OID(kind), body...)
	return append(der.Header(0x30, uint64(len(body)+hole+len(trailer))), body...)
}

// segments is an AuthEnvelopedData in BER with these segments before the one
// that is the hole.
func segments(recipients, algorithm, before []byte) []byte {
	var b []byte
	for _, part := range [][]byte{
		{0x30, 0x80}, der.OID(oidAuth), {0xa0, 0x80, 0x30, 0x80}, der.Int(0), der.Set(recipients),
		{0x30, 0x80}, der.OID("1.2.840.113549.1.7.1"), algorithm, {0xa0, 0x80}, before, cms.AppendSegmentHeader(nil, hole),
	} {
		b = append(b, part...)
	}
	return b
}
