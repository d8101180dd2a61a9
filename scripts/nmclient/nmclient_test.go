package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

var hostPath string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "scelle-nmclient-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	hostPath = filepath.Join(dir, "scelle")
	build := exec.Command("go", "build", "-trimpath", "-o", hostPath, "../../host")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// hostCommand is the real host on an account of its own.
func hostCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	home := t.TempDir()
	cmd := exec.Command(hostPath, args...)
	cmd.Env = []string{"HOME=" + home, "XDG_DATA_HOME=" + home + "/data", "XDG_STATE_HOME=" + home + "/state", "PATH=" + os.Getenv("PATH")}
	cmd.Stderr = os.Stderr
	return cmd
}

// connection is a greeted client of the real host.
type connection struct {
	*client
	t *testing.T
}

func connect(t *testing.T, firefox bool) connection {
	t.Helper()
	c, err := start(hostCommand(t, arguments(firefox)...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.cmd.Process.Kill(); c.close() })
	if r, err := c.hello(); err != nil || !r.OK {
		t.Fatalf("hello: %+v, %v", r.Fault, err)
	}
	return connection{c, t}
}

// ask makes a call that must succeed and decodes its result.
func ask[R any](c connection, m protocol.Method, params any) R {
	c.t.Helper()
	var result R
	r := c.try(m, params)
	if !r.OK {
		c.t.Fatalf("%s: %+v", m, r.Fault)
	}
	if err := json.Unmarshal(r.Result, &result); err != nil {
		c.t.Fatal(err)
	}
	return result
}

func (c connection) try(m protocol.Method, params any) protocol.Response {
	c.t.Helper()
	raw, err := json.Marshal(params)
	if err != nil {
		c.t.Fatal(err)
	}
	r, err := c.call(m, raw)
	if err != nil {
		c.t.Fatalf("%s: %v", m, err)
	}
	return r
}

// TestTheWholeProtocol walks through every method with the real host, the real
// store, and a client that shares no framing code with them.
func TestTheWholeProtocol(t *testing.T) {
	for _, firefox := range []bool{false, true} {
		c := connect(t, firefox)
		status := ask[protocol.HostStatusResult](c, protocol.HostStatus, protocol.Empty{})
		if len(status.Stores) == 0 || status.Stores[0].State != "ready" {
			t.Fatalf("%+v", status)
		}
		local := ask[protocol.KeyResult](c, protocol.HostGenerate, protocol.GenerateParams{CommonName: "Service des marchés", Name: "Clé 2027"})
		ticket := ask[protocol.TransportResult](c, protocol.HostTransport, protocol.Empty{})
		made := certtest.NewCA(t, "AC du portail").Issue(t, certtest.Options{CommonName: "Clé du portail"})
		server := ask[protocol.KeyResult](c, protocol.HostImport, protocol.ImportParams{
			Transport: ticket.ID, Name: "Clé de secours",
			Envelope: seal(t, made.P12(t, keypair.Thumbprint(ticket.Certificate), certtest.Modern), ticket.Certificate, envelope.RSAPKCS1),
		})
		if !bytes.Equal(server.DER, made.DER) {
			t.Error("another certificate was imported")
		}
		list := ask[protocol.ListResult](c, protocol.HostList, protocol.ListParams{KeyOnly: true})
		if len(list.Certificates) != 2 || len(list.Failed) != 0 {
			t.Errorf("%+v", list)
		}
		prints := []string{local.Certificate.Thumbprint, server.Certificate.Thumbprint}
		if here := ask[protocol.HostPresentResult](c, protocol.HostPresent, protocol.PresentParams{Thumbprints: append(prints, strings.Repeat("0", 64))}); len(here.Present) != 2 {
			t.Errorf("%+v", here)
		}
		one := ask[protocol.CertificateResult](c, protocol.HostCertificate, protocol.CertificateParams{Thumbprint: prints[0]})
		if !bytes.Equal(one.DER, local.DER) {
			t.Error("another certificate came back")
		}
		for _, der := range [][]byte{local.DER, server.DER} {
			for _, m := range []envelope.Mechanism{envelope.RSAOAEPSHA256, envelope.RSAOAEPSHA1, envelope.RSAPKCS1} {
				openThrough(c, der, m)
			}
		}
		if err := c.close(); err != nil {
			t.Errorf("the end: %v", err)
		}
	}
}

func seal(t *testing.T, content, to []byte, m envelope.Mechanism) []byte {
	t.Helper()
	var sealed bytes.Buffer
	_, err := envelope.Seal(t.Context(), &sealed, bytes.NewReader(content), envelope.SealOptions{
		Recipients: []envelope.Recipient{{Certificate: to, Mechanism: m}}, Length: int64(len(content)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return sealed.Bytes()
}

// openThrough opens an envelope with a content key that the host gives under
// a consent.
func openThrough(c connection, der []byte, m envelope.Mechanism) {
	c.t.Helper()
	sealed := seal(c.t, []byte("offre"), der, m)
	info, err := envelope.Inspect(bytes.NewReader(sealed))
	if err != nil {
		c.t.Fatal(err)
	}
	header := hex.EncodeToString(info.HeaderSHA256[:])
	batch := ask[protocol.BatchResult](c, protocol.HostBatchBegin, protocol.BatchParams{Origin: "https://marches.example", Tender: "2026-017", Envelopes: []string{header}})
	question := protocol.UnwrapParams{
		Thumbprint: keypair.Thumbprint(der), RecipientInfo: info.Recipients[0].Info, ContentAlgorithm: info.Content.Raw,
		Origin: "https://marches.example", Envelope: header, Batch: batch.ID, Verb: protocol.VerbOpen,
	}
	key := ask[protocol.UnwrapResult](c, protocol.HostUnwrap, question).ContentKey
	start := info.ContentOffset
	d, err := envelope.Native().Decrypter(c.t.Context(), envelope.ContentKey{Algorithm: info.Algorithm, Key: key, IV: nonce(info)})
	if err != nil {
		c.t.Fatal(err)
	}
	defer d.Close()
	plain, err := d.Decrypt(context.Background(), nil, sealed[start:start+info.ContentLength])
	if err == nil {
		var rest []byte
		rest, err = d.Finish(context.Background(), nil, sealed[len(sealed)-16:], nil)
		plain = append(plain, rest...)
	}
	if err != nil || string(plain) != "offre" {
		c.t.Errorf("%s: %q, %v", m, plain, err)
	}
	ask[protocol.Empty](c, protocol.HostBatchEnd, protocol.BatchEndParams{ID: batch.ID})
	if r := c.try(protocol.HostUnwrap, question); r.OK || r.Fault.Code != "consent-refused" {
		c.t.Errorf("after the consent: %+v", r)
	}
}

// nonce is the 12 bytes in GCMParameters (RFC 5084, 3.2), which begin them.
func nonce(info *envelope.Info) []byte {
	return info.Content.Parameters[4:16]
}

// TestFlood sends requests without waiting and gets an answer to each.
func TestFlood(t *testing.T) {
	c := connect(t, false)
	const asked = 200
	go func() {
		for range asked {
			if _, err := c.send(protocol.HostStatus, nil); err != nil {
				return
			}
		}
	}()
	seen := map[string]bool{}
	for range asked {
		r, ok := <-c.answers
		if !ok || !r.OK {
			t.Fatalf("after %d answers: %+v", len(seen), r)
		}
		seen[r.ID] = true
	}
	if len(seen) != asked {
		t.Errorf("%d different answers", len(seen))
	}
}

// TestNoHiddenMessage: what the library would take for a second message in
// the tail of a frame, the host refuses as a whole.
func TestNoHiddenMessage(t *testing.T) {
	c := connect(t, false)
	payload := `{"id":"9","method":"host.status"}` + strings.Repeat(" ", 600) + `{"id":"10","method":"host.status"}`
	if err := c.library.PostMessage(c.in, json.RawMessage(`"`+strings.Repeat("x", 10)+`"`)); err != nil {
		t.Fatal(err)
	}
	if r := <-c.answers; r.OK || r.Fault.Code != "bad-request" {
		t.Errorf("a string: %+v", r)
	}
	frame := make([]byte, 4)
	c.library.ByteOrder.PutUint32(frame, uint32(len(payload)))
	if _, err := c.in.Write(append(frame, payload...)); err != nil {
		t.Fatal(err)
	}
	if r := <-c.answers; r.OK || r.ID != "" || r.Fault.Code != "bad-request" {
		t.Errorf("two messages in one frame: %+v", r)
	}
	if r := c.try(protocol.HostStatus, protocol.Empty{}); !r.OK {
		t.Errorf("afterwards: %+v", r.Fault)
	}
}

// TestStrangersAreRefused: the process ends with 1 before it says anything.
func TestStrangersAreRefused(t *testing.T) {
	for _, args := range [][]string{
		{"chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/"},
		{"/usr/lib/mozilla/native-messaging-hosts/fr.scelle.host.json", "other@example.org"},
		{"serve"},
	} {
		cmd := hostCommand(t, args...)
		var message bytes.Buffer
		cmd.Stderr = &message
		c, err := start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := c.hello(); err == nil {
			t.Errorf("%q: greeted with %+v", args, r)
		}
		if c.close(); cmd.ProcessState.ExitCode() != 1 || !strings.HasPrefix(message.String(), "host-forbidden: ") {
			t.Errorf("%q: exit %d, %s", args, cmd.ProcessState.ExitCode(), message.String())
		}
	}
}

// TestCommandLine is this program as a developer uses it.
func TestCommandLine(t *testing.T) {
	var out bytes.Buffer
	good, err := run(hostCommand(t, protocol.ChromeOrigin), []string{"host.status", "host.keys.list", `{"limit":1}`}, &out)
	if err != nil || !good || !strings.Contains(out.String(), `"stores"`) || !strings.Contains(out.String(), `"certificates"`) {
		t.Errorf("%v, %v\n%s", good, err, out.String())
	}
	out.Reset()
	if good, err = run(hostCommand(t, protocol.ChromeOrigin), []string{"host.nothing"}, &out); good || err != nil || !strings.Contains(out.String(), "unknown-method") {
		t.Errorf("%v, %v\n%s", good, err, out.String())
	}
	if _, err = run(exec.Command(filepath.Join(t.TempDir(), "absent")), nil, &out); err == nil {
		t.Error("a host that is not there")
	}
}
