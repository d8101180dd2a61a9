package cli

import (
	"strings"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/protocol"
)

func TestGenerateAndList(t *testing.T) {
	p := sit(t)
	p.does("list")
	if !strings.Contains(p.out, "No certificate") {
		t.Errorf("%q", p.out)
	}
	p.does("generate", "--cn", "Service des marchés", "--name", "Clé 2027")
	p.does("list")
	if !strings.Contains(p.out, "Clé 2027") || !strings.Contains(p.out, "can receive submissions") {
		t.Errorf("%q", p.out)
	}
	p.does("list", "--json")
	var r protocol.ListResult
	p.json(&r)
	if len(r.Certificates) != 1 || r.Certificates[0].Name != "Clé 2027" || r.Certificates[0].CommonName != "Service des marchés" || !r.Certificates[0].Usable {
		t.Errorf("%+v", r)
	}
	p.refused("name-bad", "generate", "--cn", "a\x1bb")
	p.refused("name-bad", "generate")
	p.misused("generate", "Alice")
}

// TestImportCheck prints the fingerprint that openssl computes, and imports
// nothing.
func TestImportCheck(t *testing.T) {
	p := sit(t)
	alice := p.pair("alice", certtest.Options{})
	p.write("alice.p12", string(alice.P12(t, "é", certtest.Legacy)))
	p.write("password", "é")
	p.tool("sh", "-c", "openssl x509 -in alice.pem -noout -pubkey | openssl pkey -pubin -outform DER -out spki.der")
	sum, _, _ := strings.Cut(p.tool("sha256sum", "spki.der"), " ")
	p.does("import", "alice.p12", "--password-file", "password", "--check")
	if len(sum) != 64 || !strings.Contains(p.out, sum) || !strings.Contains(p.out, "can receive submissions") {
		t.Errorf("no %s in\n%s", sum, p.out)
	}
	if status := p.store.Status(t.Context()); status.Certificates != 0 {
		t.Error("something was imported")
	}
	p.write("wrong", "e\n")
	p.refused("p12-password", "import", "alice.p12", "--password-file", "wrong", "--check")
	p.refused("p12-damaged", "import", "alice.pem", "--password-file", "password")
	p.refused("read-failed", "import", "absent.p12", "--password-file", "password")
	expired := p.pair("vieux", certtest.Options{NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(-1, 0, 0)})
	p.write("vieux.p12", string(expired.P12(t, "é", certtest.Modern)))
	p.refused("certificate-expired", "import", "vieux.p12", "--password-file", "password", "--check")
	p.does("import", "vieux.p12", "--password-file", "password") // to open what was sealed to it
}

func TestCheck(t *testing.T) {
	p := sit(t)
	p.pair("alice", certtest.Options{})
	p.does("check", "alice.pem")
	p.does("check", "alice.pem", "--json")
	var c checked
	p.json(&c)
	if !c.Usable || c.CommonName != "alice" || c.Bits != 2048 || len(c.Thumbprint) != 64 {
		t.Errorf("%+v", c)
	}
	p.pair("faible", certtest.Options{Bits: 1024})
	p.refused("certificate-weak", "check", "faible.pem")
	p.refused("certificate-weak", "check", "faible.pem", "--json")
	c = checked{}
	p.json(&c)
	if c.Usable || len(c.Reasons) != 1 {
		t.Errorf("%+v", c)
	}
	p.in = strings.NewReader(p.read("alice.pem"))
	p.does("check", "-")
	p.refused("certificate-bad", "check", "alice.key")
	p.misused("check")
	p.misused("check", "alice.pem", "faible.pem")
}
