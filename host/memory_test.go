//go:build linux

package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"scelle/host/internal/keystore/cardtest"
	"scelle/shared/envelope"
	"scelle/shared/protocol"
	"scelle/shared/version"
)

// piece is a mapping of a process with what is in it.
type piece struct {
	name  string // as /proc/PID/maps tells it
	bytes []byte
}

// pieces are a process's memory.
type pieces []piece

// lookFor fails the test for every form of a secret that is in the memory, and
// says where it is and what surrounds it.
func (all pieces) lookFor(t *testing.T, what string, forms map[string]string) {
	t.Helper()
	for name, form := range forms {
		for _, p := range all {
			if at := bytes.Index(p.bytes, []byte(form)); at >= 0 {
				around := p.bytes[max(at-64, 0):min(at+len(form)+64, len(p.bytes))]
				t.Errorf("%s is in the host's memory as %s, at %#x of %s:\n%s", what, name, at, p.name, hex.Dump(around))
			}
		}
	}
}

func (all pieces) contain(text string) bool {
	return slices.ContainsFunc(all, func(p piece) bool { return bytes.Contains(p.bytes, []byte(text)) })
}

// writableMemory reads what a process can write: stacks, heaps, libraries' data.
func writableMemory(t *testing.T, pid int) pieces {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if os.IsPermission(err) {
		t.Skip("this kernel lets nobody read a child's memory")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	var all pieces
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil || !strings.HasPrefix(mode, "rw") || to < 0 || to-from > 1<<30 {
			continue
		}
		content := make([]byte, to-from)
		n, _ := mem.ReadAt(content, from) // parts of a mapping may be unreadable
		all = append(all, piece{strings.TrimSpace(line), content[:n]})
	}
	return all
}

// sealedFor seals a file to a certificate of the account's store and returns
// the question that opens its content key.
func (a account) sealedFor(name string) protocol.UnwrapParams {
	a.t.Helper()
	write(a.t, a, "to.pem", []byte(a.tool("certutil", "-L", "-n", name, "-a", "-d", a.database())))
	write(a.t, a, "offre.txt", []byte("offre"))
	a.does("seal", "offre.txt", "--to", "to.pem", "--force")
	sealed, err := os.Open(filepath.Join(a.home, "offre.txt.p7m"))
	if err != nil {
		a.t.Fatal(err)
	}
	defer sealed.Close()
	info, err := envelope.Inspect(sealed)
	if err != nil {
		a.t.Fatal(err)
	}
	var list protocol.ListResult
	if err := json.Unmarshal([]byte(a.does("list", "--json")), &list); err != nil || len(list.Certificates) != 1 {
		a.t.Fatalf("%+v, %v", list, err)
	}
	return protocol.UnwrapParams{
		Thumbprint: list.Certificates[0].Thumbprint, RecipientInfo: info.Recipients[0].Info, ContentAlgorithm: info.Content.Raw,
		Origin: "https://marches.example", Envelope: hex.EncodeToString(info.HeaderSHA256[:]), Verb: protocol.VerbProve,
	}
}

func request(t *testing.T, id string, m protocol.Method, params any) string {
	t.Helper()
	raw, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(protocol.Request{ID: id, Method: m, Params: raw})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestTheHostForgetsContentKeys: a host that has answered holds the content key
// nowhere any more, in no form. The same search finds what must be there.
func TestTheHostForgetsContentKeys(t *testing.T) {
	a := newAccount(t)
	a.does("generate", "--cn", "Service des marches", "--name", "Cle du service")
	question := a.sealedFor("Cle du service")
	b := a.browse(protocol.ChromeOrigin)
	b.ask(t, hello)
	var keys [][]byte
	for i := range 20 {
		var r protocol.Response
		var result protocol.UnwrapResult
		answer := b.ask(t, request(t, fmt.Sprint(i), protocol.HostUnwrap, question))
		if err := json.Unmarshal([]byte(answer), &r); err != nil || json.Unmarshal(r.Result, &result) != nil || len(result.ContentKey) != 32 {
			t.Fatalf("%s, %v", answer, err)
		}
		keys = append(keys, result.ContentKey)
	}
	all := writableMemory(t, b.Process.Pid)
	all.lookFor(t, "the content key", map[string]string{
		"bytes": string(keys[0]), "its first half": string(keys[0][:16]), "its second half": string(keys[0][16:]),
		"base64": base64.StdEncoding.EncodeToString(keys[0]), "hexadecimal": hex.EncodeToString(keys[0]),
	})
	if !all.contain(question.Thumbprint) {
		t.Error("the search does not even find what is there")
	}
}

// TestTheHostForgetsPasswords: the password of a database, which a script in
// place of pinentry types (a mock), is nowhere in a host that has used it.
func TestTheHostForgetsPasswords(t *testing.T) {
	if !cardtest.Alone(t) {
		return
	}
	a := newAccount(t)
	password := "typed-" + rand.Text()
	a.does("generate", "--cn", "Service des marches", "--name", "Cle du service")
	question := a.sealedFor("Cle du service")
	write(t, a, "none", []byte("\n"))
	write(t, a, "typed", []byte(password+"\n"))
	a.tool("certutil", "-W", "-d", a.database(), "-f", filepath.Join(a.home, "none"), "-@", filepath.Join(a.home, "typed"))
	programs := t.TempDir()
	pinentry := "#!/bin/sh\necho OK\nwhile read -r l; do case \"$l\" in GETPIN) echo asked >>'" + a.home + "/asked'; echo \"D $(cat '" + a.home + "/typed')\"; echo OK;; *) echo OK;; esac; done\n"
	if err := os.WriteFile(filepath.Join(programs, "pinentry-gnome3"), []byte(pinentry), 0o755); err != nil {
		t.Fatal(err)
	}
	over(t, programs, "pinentry-gnome3")
	served := a.command(protocol.ChromeOrigin)
	served.Env = append(served.Env, "DISPLAY=:99")
	b := a.start(served)
	b.ask(t, hello)
	for i := range 5 {
		var r protocol.Response
		answer := b.ask(t, request(t, fmt.Sprint(i), protocol.HostUnwrap, question))
		if err := json.Unmarshal([]byte(answer), &r); err != nil || !r.OK {
			t.Fatalf("%s, %v", answer, err)
		}
	}
	if asked, err := os.ReadFile(filepath.Join(a.home, "asked")); err != nil || string(asked) != "asked\n" {
		t.Errorf("asked %q, %v", asked, err)
	}
	all := writableMemory(t, b.Process.Pid)
	all.lookFor(t, "the password", map[string]string{
		"text": password, "its second half": password[len(password)/2:], "base64": base64.StdEncoding.EncodeToString([]byte(password)), "hexadecimal": hex.EncodeToString([]byte(password)),
	})
	if !all.contain(question.Thumbprint) {
		t.Error("the search does not even find what is there")
	}
}

// TestTheMakefileLinksTheHostAsTheTestsDo: without these flags the two tests
// above fail once in a while only.
func TestTheMakefileLinksTheHostAsTheTestsDo(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil || !bytes.Contains(makefile, []byte(" "+version.HostLinkFlags+"\n")) {
		t.Errorf("%v; the Makefile lacks %s", err, version.HostLinkFlags)
	}
	host, err := os.ReadFile(binaryPath)
	_, setting, _ := strings.Cut(version.HostLinkFlags, "godebugDefault=")
	if err != nil || !bytes.Contains(host, []byte(setting)) {
		t.Errorf("%v; the host that was linked with %s lacks %s", err, version.HostLinkFlags, setting)
	}
}
