//go:build linux

package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"scelle/host/internal/confine"
	"scelle/shared/checkup"
	"scelle/shared/envelope"
	"scelle/shared/protocol"
)

// traced is a host that a browser started, under strace.
type traced struct {
	browser
	log string
}

// trace starts the host as a browser does, under an administrator's settings
// when there are any, and writes down every call that opens or uses a socket,
// limits the process or starts another.
func (a account) trace(settings string) traced {
	a.t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		a.t.Fatal(err)
	}
	log := filepath.Join(a.t.TempDir(), "calls")
	program := []string{strace, "-f", "-qq", "-o", log, "-e", "trace=%network,prctl,setrlimit,prlimit64,execve,landlock_restrict_self", "-e", "signal=none",
		binaryPath, protocol.ChromeOrigin}
	cmd := exec.Command(program[0], program[1:]...)
	cmd.Dir, cmd.Env = a.home, a.env()
	if settings != "" {
		cmd = a.settled(settings, "644", program...)
	}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		a.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		a.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return traced{browser{cmd, in, out}, log}
}

// asks sends a request that must succeed and decodes its result.
func asks[R any](t *testing.T, b browser, method protocol.Method, params any) R {
	t.Helper()
	request, err := json.Marshal(map[string]any{"id": string(method), "method": method, "params": params})
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		OK     bool
		Result R
	}
	text := b.ask(t, string(request))
	if err := json.Unmarshal([]byte(text), &answer); err != nil || !answer.OK {
		t.Fatalf("%s: %s", method, text)
	}
	return answer.Result
}

// TestTheConfinedHost answers what a browser asks of it (hello, status, a key
// made in a new database, the list, a content key) while the kernel keeps it
// to its own files. It opens no socket at all, lets no core be dumped, and
// starts no other program.
func TestTheConfinedHost(t *testing.T) {
	for name, settings := range map[string]string{"no cards": `{"pkcs11Modules":[]}`, "with this computer's card modules": ""} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t)
			if out, err := a.under("{}", "644", "version"); settings != "" && err != nil {
				t.Skipf("this system lets nobody make a mount namespace with an overlay: %v\n%s", err, out)
			}
			usedConfined(t, a, a.trace(settings))
		})
	}
}

func usedConfined(t *testing.T, a account, b traced) {
	t.Helper()
	asks[protocol.HelloResult](t, b.browser, protocol.HostHello, protocol.HelloParams{Version: "0.1.0", Protocol: 1})
	status := asks[protocol.HostStatusResult](t, b.browser, protocol.HostStatus, protocol.Empty{})
	if status.Confined != string(confine.Possible()) {
		t.Errorf("confined %q, this system can do %q", status.Confined, confine.Possible())
	}
	if said := a.does("status", "--json"); !strings.Contains(said, `"confinement": "`+string(confine.Possible())+`"`) {
		t.Errorf("scelle status: %s", said)
	}
	for _, s := range status.Stores { // as without confinement
		for _, m := range s.Modules {
			if m.Fault != nil {
				t.Errorf("module %s: %+v", m.Path, m.Fault)
			}
		}
	}
	key := asks[protocol.KeyResult](t, b.browser, protocol.HostGenerate, protocol.GenerateParams{CommonName: "Service achats", Name: "Service achats"})
	list := asks[protocol.ListResult](t, b.browser, protocol.HostList, protocol.ListParams{KeyOnly: true})
	if len(list.Certificates) != 1 {
		t.Fatalf("%+v", list)
	}
	unwraps(t, b.browser, key)
	sameFindings(t, a, asks[protocol.DoctorResult](t, b.browser, protocol.HostDoctor, protocol.Empty{}))
	b.in.Close()
	if err := b.Wait(); err != nil {
		t.Errorf("the end of the port: %v", err)
	}
	checkCalls(t, b.log)
}

// sameFindings compares an examination of the computer by the confined host
// with that of one that nobody confined: what the limits hide is skipped, and
// never taken for good.
func sameFindings(t *testing.T, a account, confined protocol.DoctorResult) {
	t.Helper()
	free := a.browse("serve", "--caller", protocol.ChromeOrigin)
	asks[protocol.HelloResult](t, free, protocol.HostHello, protocol.HelloParams{Version: "0.1.0", Protocol: 1})
	all := asks[protocol.DoctorResult](t, free, protocol.HostDoctor, protocol.Empty{})
	if len(all.Findings) < 20 || len(all.Findings) != len(confined.Findings) {
		t.Fatalf("%d findings, confined %d", len(all.Findings), len(confined.Findings))
	}
	for i, f := range all.Findings {
		if f.Check == checkup.BrowserRegistration {
			continue // a host that a browser has started is registered somewhere
		}
		if got := confined.Findings[i]; got.Check != f.Check || got.Level != f.Level && got.Level != checkup.Skipped {
			t.Errorf("%s: %s (%s), confined %s (%s)", f.Check, f.Level, f.Detail, got.Level, got.Detail)
		}
	}
}

func TestDisplayPorts(t *testing.T) {
	for display, want := range map[string]string{
		"": "[]", ":0": "[]", ":1.0": "[]", "unix:0": "[]", "localhost:10.0": "[6010]", "10.0.0.3:0": "[6000]", "localhost": "[]", "localhost:x": "[]", "localhost:99999": "[]",
	} {
		if got := fmt.Sprint(displayPorts(display)); got != want {
			t.Errorf("%q: %s, want %s", display, got, want)
		}
	}
}

// unwraps seals to the key and asks the host for the content key.
func unwraps(t *testing.T, b browser, key protocol.KeyResult) {
	t.Helper()
	var sealed bytes.Buffer
	content := "12 345,67 €"
	options := envelope.SealOptions{Recipients: []envelope.Recipient{{Certificate: key.DER}}, Length: int64(len(content))}
	if _, err := envelope.Seal(t.Context(), &sealed, strings.NewReader(content), options); err != nil {
		t.Fatal(err)
	}
	info, err := envelope.Inspect(&sealed)
	if err != nil {
		t.Fatal(err)
	}
	name := hex.EncodeToString(info.HeaderSHA256[:])
	batch := asks[protocol.BatchResult](t, b, protocol.HostBatchBegin, protocol.BatchParams{Origin: "https://marches.example", Tender: "T", Envelopes: []string{name}})
	answer := asks[protocol.UnwrapResult](t, b, protocol.HostUnwrap, protocol.UnwrapParams{Thumbprint: key.Certificate.Thumbprint, RecipientInfo: info.Recipients[0].Info,
		ContentAlgorithm: info.Content.Raw, Origin: "https://marches.example", Envelope: name, Batch: batch.ID, Verb: protocol.VerbOpen})
	if len(answer.ContentKey) != 32 {
		t.Errorf("a content key of %d bytes", len(answer.ContentKey))
	}
}

// checkCalls reads what strace saw.
func checkCalls(t *testing.T, log string) {
	t.Helper()
	raw, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	call := regexp.MustCompile(`^\d+ +(\w+)\(`)
	for line := range strings.Lines(string(raw)) {
		m := call.FindStringSubmatch(line)
		if m == nil {
			continue // the end of a call that was interrupted
		}
		seen[m[1]]++
		switch m[1] {
		case "socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "sendto", "sendmsg", "recvfrom", "recvmsg":
			t.Errorf("the host uses a socket: %s", line)
		}
	}
	if seen["execve"] != 1 {
		t.Errorf("%d programs were started, want the host alone", seen["execve"])
	}
	for _, want := range []string{`prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE) = 0`, `RLIMIT_CORE, {rlim_cur=0, rlim_max=0}`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("no %s in\n%s", want, raw)
		}
	}
	if confine.Possible() != confine.None && seen["landlock_restrict_self"] == 0 {
		t.Errorf("the host did not confine itself:\n%s", raw)
	}
}
