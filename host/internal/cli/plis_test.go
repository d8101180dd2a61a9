package cli

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scelle/host/internal/keystore"
	"scelle/shared/certtest"
)

// TestAPliThatAnyoneCanOpen: sealed by us, opened with openssl and unzip.
func TestAPliThatAnyoneCanOpen(t *testing.T) {
	p := sit(t)
	p.pair("alice", certtest.Options{})
	p.pair("secours", certtest.Options{Key: 1})
	p.write("mémoire technique.pdf", strings.Repeat("offre ", 100_000))
	p.write("prix.csv", "1;2;3\n")
	p.does("seal", "mémoire technique.pdf", "prix.csv", "--to", "alice.pem", "--to", "secours.pem", "-o", "pli.p7m",
		"--tender", "2026-017", "--lot", "2", "--kind", "offre", "--depositor", "Entreprise Durand")
	for _, who := range []string{"alice", "secours"} {
		p.tool("openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", "pli.p7m", "-inkey", who+".key", "-recip", who+".pem", "-out", "pli.zip")
		p.tool("unzip", "-q", "pli.zip", "-d", who)
		if p.read(who+"/mémoire technique.pdf") != p.read("mémoire technique.pdf") || p.read(who+"/prix.csv") != "1;2;3\n" {
			t.Errorf("%s reads other files", who)
		}
		if manifest := p.read(who + "/pli.json"); !strings.Contains(manifest, `"2026-017"`) || !strings.Contains(manifest, "Entreprise Durand") {
			t.Errorf("pli.json is %s", manifest)
		}
		os.Remove("pli.zip")
	}
}

// TestWhatOpenSSLSeals: AES-CBC and AES-GCM, every RSA padding, elliptic
// curves, DER, streamed BER, PEM and S/MIME.
func TestWhatOpenSSLSeals(t *testing.T) {
	p := sit(t)
	p.pair("alice", certtest.Options{})
	p.pair("eve", certtest.Options{Curve: elliptic.P256()})
	content := strings.Repeat("contenu de l’offre\n", 5000)
	p.write("offre.txt", content)
	oaep := []string{"-keyopt", "rsa_padding_mode:oaep"}
	for name, c := range map[string]struct {
		to   string
		args []string
		cbc  bool
	}{
		"CBC, PKCS#1 v1.5":   {"alice", []string{"-aes-256-cbc", "-outform", "DER"}, true},
		"CBC 128":            {"alice", []string{"-aes-128-cbc", "-outform", "DER"}, true},
		"3DES":               {"alice", []string{"-des3", "-outform", "DER"}, true},
		"CBC, OAEP SHA-1":    {"alice", append([]string{"-aes-256-cbc", "-outform", "DER"}, oaep...), true},
		"CBC, streamed BER":  {"alice", []string{"-aes-256-cbc", "-outform", "DER", "-stream"}, true},
		"CBC, PEM":           {"alice", []string{"-aes-256-cbc", "-outform", "PEM"}, true},
		"CBC, S/MIME":        {"alice", []string{"-aes-256-cbc", "-outform", "SMIME"}, true},
		"GCM, PKCS#1 v1.5":   {"alice", []string{"-aes-256-gcm", "-outform", "DER"}, false},
		"GCM 128, OAEP":      {"alice", append([]string{"-aes-128-gcm", "-outform", "DER"}, append(oaep, "-keyopt", "rsa_oaep_md:sha256")...), false},
		"GCM, elliptic, KDF": {"eve", []string{"-aes-256-gcm", "-outform", "DER"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := *p
			p.t = t
			args := append([]string{"cms", "-encrypt", "-binary", "-in", "offre.txt", "-out", "offre.p7m"}, c.args...)
			recip := []string{"-recip", c.to + ".pem"}
			if i := indexOf(args, "-keyopt"); i >= 0 { // a key option follows its recipient
				args = append(args[:i:i], append(recip, args[i:]...)...)
			} else {
				args = append(args, recip...)
			}
			p.tool("openssl", args...)
			p.does("open", "offre.p7m", "--key", c.to+".key", "--cert", c.to+".pem", "--raw", "-o", "ouvert.txt")
			if p.read("ouvert.txt") != content {
				t.Error("other content came out")
			}
			if warned := strings.Contains(p.err, "integrity cannot be verified"); warned != c.cbc {
				t.Errorf("warned %v: %s", warned, p.err)
			}
			// The same without --raw is no pli, and leaves nothing.
			p.refused("pli-not-ours", "open", "offre.p7m", "--key", c.to+".key", "--cert", c.to+".pem", "-o", "dossier")
			if _, err := os.Stat("dossier"); err == nil {
				t.Error("a folder was made")
			}
			os.Remove("ouvert.txt")
			os.Remove("offre.p7m")
		})
	}
}

func indexOf(list []string, s string) int {
	for i := range list {
		if list[i] == s {
			return i
		}
	}
	return -1
}

// TestOpenWithEveryKindOfKey: files, a PKCS#12, and the store.
func TestOpenWithEveryKindOfKey(t *testing.T) {
	p := sit(t)
	alice := p.pair("alice", certtest.Options{})
	p.write("alice.p12", string(alice.P12(t, "mot de passe", certtest.Modern)))
	p.write("password", "mot de passe\r\n")
	p.write("offre.txt", "offre\n")
	p.does("seal", "offre.txt", "--to", "alice.pem")
	p.refused("envelope-not-for-you", "open", "offre.txt.p7m", "-o", "store")
	p.does("import", "alice.p12", "--password-file", "password", "--name", "Clé d’Alice")
	for name, key := range map[string][]string{
		"files": {"--key", "alice.key", "--cert", "alice.pem"},
		"p12":   {"--p12", "alice.p12", "--password-file", "password"},
		"store": nil,
	} {
		p.does(append([]string{"open", "offre.txt.p7m", "-o", name, "--json"}, key...)...)
		var report openedReport
		p.json(&report)
		sum := sha256.Sum256([]byte("offre\n"))
		if p.read(name+"/offre.txt") != "offre\n" || !report.Authenticated || len(report.Files) != 1 ||
			report.Files[0].SHA256 != hex.EncodeToString(sum[:]) || report.Files[0].Path != filepath.Join(name, "offre.txt") || report.Kind != "offre" {
			t.Errorf("%s: %+v", name, report)
		}
	}
	p.misused("open", "offre.txt.p7m", "-o", "x", "--key", "alice.key")
	p.misused("open", "offre.txt.p7m", "-o", "x", "--key", "alice.key", "--cert", "alice.pem", "--p12", "alice.p12")
	p.misused("open", "offre.txt.p7m", "-o", "x", "--password-file", "password")
	p.refused("p12-password", "open", "offre.txt.p7m", "-o", "x", "--p12", "alice.p12", "--password-file", "alice.pem")
	p.refused("p12-no-key", "open", "offre.txt.p7m", "-o", "x", "--key", "alice.pem", "--cert", "alice.pem")
}

// TestRawThroughPipes: standard input to standard output and back.
func TestRawThroughPipes(t *testing.T) {
	p := sit(t)
	p.pair("alice", certtest.Options{})
	content := strings.Repeat("x", 3_000_000)
	p.in = strings.NewReader(content)
	p.does("seal", "-", "--raw", "--to", "alice.pem", "-o", "-")
	if !strings.Contains(p.err, "SHA-256") {
		t.Errorf("the receipt is missing: %q", p.err)
	}
	sealed := p.out
	p.in = strings.NewReader(sealed)
	p.does("open", "-", "--raw", "--key", "alice.key", "--cert", "alice.pem", "-o", "-")
	if p.out != content {
		t.Errorf("%d bytes came out", len(p.out))
	}
	p.in = strings.NewReader(sealed[:len(sealed)-1])
	if p.run("open", "-", "--raw", "--key", "alice.key", "--cert", "alice.pem", "-o", "-"); p.out != "" {
		t.Errorf("%d bytes of an envelope that is not whole reached standard output", len(p.out))
	}
	p.write("un.txt", "un")
	p.write("deux.txt", "deux")
	p.does("seal", "un.txt", "--to", "alice.pem", "-o", "un.p7m")
	p.does("open", "un.p7m", "--key", "alice.key", "--cert", "alice.pem", "-o", "-")
	if p.out != "un" {
		t.Errorf("%q", p.out)
	}
	p.does("seal", "un.txt", "deux.txt", "--to", "alice.pem", "-o", "deux.p7m")
	p.misused("open", "deux.p7m", "--key", "alice.key", "--cert", "alice.pem", "-o", "-")
	p.has("alice.key", "alice.pem", "un.txt", "deux.txt", "un.p7m", "deux.p7m")
}

// TestNothingIsEverReplaced without --force.
func TestNothingIsEverReplaced(t *testing.T) {
	p := sit(t)
	p.pair("alice", certtest.Options{})
	key := []string{"--key", "alice.key", "--cert", "alice.pem"}
	p.write("a.txt", "nouveau")
	p.write("a.txt.p7m", "important")
	p.refused("file-exists", "seal", "a.txt", "--to", "alice.pem")
	if p.read("a.txt.p7m") != "important" {
		t.Error("the file was replaced")
	}
	p.does("seal", "a.txt", "--to", "alice.pem", "--force")
	p.write("a.txt", "ancien")
	p.refused("file-exists", append([]string{"open", "a.txt.p7m", "-o", "."}, key...)...)
	if p.read("a.txt") != "ancien" {
		t.Error("the file was replaced")
	}
	p.does(append([]string{"open", "a.txt.p7m", "-o", ".", "--force"}, key...)...)
	if p.read("a.txt") != "nouveau" {
		t.Error("--force replaced nothing")
	}
	p.refused("file-exists", append([]string{"open", "a.txt.p7m", "-o", "a.txt"}, key...)...)
	p.has("a.txt", "a.txt.p7m", "alice.key", "alice.pem")
	os.Mkdir("dossier", 0o755)
	p.refused("file-exists", "seal", "a.txt", "--to", "alice.pem", "-o", "dossier", "--force")
}

// TestARefusedEnvelopeLeavesNothing, wherever it breaks.
func TestARefusedEnvelopeLeavesNothing(t *testing.T) {
	p := sit(t)
	p.pair("alice", certtest.Options{})
	p.write("a.txt", strings.Repeat("a", 2_000_000))
	p.does("seal", "a.txt", "--to", "alice.pem", "-o", "bon.p7m")
	good := []byte(p.read("bon.p7m"))
	os.Remove("a.txt")
	for name, bad := range map[string][]byte{
		"last byte":     flip(good, len(good)-1),
		"content":       flip(good, len(good)/2),
		"cut":           good[:len(good)-100],
		"cut early":     good[:700],
		"more after":    append(bytes.Clone(good), 0),
		"empty":         nil,
		"no envelope":   []byte("bonjour"),
		"pli, unsealed": append([]byte("PK\x03\x04"), good...),
	} {
		p.write("mauvais.p7m", string(bad))
		for _, raw := range [][]string{nil, {"--raw"}} {
			args := append([]string{"open", "mauvais.p7m", "--key", "alice.key", "--cert", "alice.pem", "-o", "sortie"}, raw...)
			if code := p.run(args...); code != Refused {
				t.Errorf("%s %q: exit %d", name, raw, code)
			}
			p.has("alice.key", "alice.pem", "bon.p7m", "mauvais.p7m")
		}
	}
}

func flip(b []byte, at int) []byte {
	c := bytes.Clone(b)
	c[at] ^= 1
	return c
}

// TestAnInterruptedSealLeavesNothing, even while it waits for input.
func TestAnInterruptedSealLeavesNothing(t *testing.T) {
	p := sit(t)
	p.pair("alice", certtest.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	p.ctx = ctx
	in, feed := io.Pipe()
	defer feed.Close()
	p.in = in
	go func() {
		feed.Write(make([]byte, 1<<20))
		for { // until the temporary file is there
			if names, _ := filepath.Glob(filepath.Join(p.dir, ".*.part")); len(names) > 0 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	p.refused("cancelled", "seal", "-", "--raw", "--to", "alice.pem", "-o", "out.p7m")
	p.has("alice.key", "alice.pem")
}

// TestRewrap: Bob gets access, Alice keeps hers or loses it, and the content's
// fingerprint stays.
func TestRewrap(t *testing.T) {
	p := sit(t)
	alice := p.pair("alice", certtest.Options{})
	p.pair("bob", certtest.Options{Key: 1})
	p.pair("carole", certtest.Options{Key: 2})
	p.write("a.txt", "offre")
	p.does("seal", "a.txt", "--to", "alice.pem", "-o", "a.p7m", "--json")
	var sealed, r receipt
	p.json(&sealed)
	opens := func(envelope, who string, want bool) {
		t.Helper()
		out := envelope + "-" + who
		code := p.run("open", envelope, "--key", who+".key", "--cert", who+".pem", "-o", out)
		if (code == Done) != want {
			t.Errorf("%s opens %s: exit %d\n%s", who, envelope, code, p.err)
		}
	}
	if _, err := p.store.Import(t.Context(), keystore.Pair{Key: alice.Key, Certificate: alice.DER, Name: "alice"}); err != nil {
		t.Fatal(err)
	}
	p.does("rewrap", "a.p7m", "--to", "bob.pem", "-o", "b.p7m", "--json") // with the store's key
	p.json(&r)
	if r.ContentSHA256 != sealed.ContentSHA256 || r.SHA256 == sealed.SHA256 || r.Recipients != 2 || r.Verified == nil || !*r.Verified {
		t.Errorf("%+v after %+v", r, sealed)
	}
	opens("b.p7m", "alice", true)
	opens("b.p7m", "bob", true)
	p.does("rewrap", "b.p7m", "--drop", "alice.pem", "-o", "c.p7m")
	opens("c.p7m", "alice", false)
	opens("c.p7m", "bob", true)
	p.does("rewrap", "c.p7m", "--to", "carole.pem", "--replace", "--key", "bob.key", "--cert", "bob.pem", "-o", "d.p7m")
	opens("d.p7m", "bob", false)
	opens("d.p7m", "carole", true)
	p.refused("no-recipient", "rewrap", "c.p7m", "--drop", "bob.pem", "-o", "e.p7m")
	p.refused("envelope-not-for-you", "rewrap", "c.p7m", "--to", "carole.pem", "--key", "alice.key", "--cert", "alice.pem", "-o", "e.p7m")
	p.misused("rewrap", "c.p7m", "--to", "carole.pem")
	p.misused("rewrap", "c.p7m", "-o", "e.p7m")
	if _, err := os.Stat("e.p7m"); err == nil {
		t.Error("a refused rewrap left a file")
	}
}

func TestInspect(t *testing.T) {
	p := sit(t)
	alice := p.pair("alice", certtest.Options{})
	p.pair("bob", certtest.Options{Key: 1})
	if _, err := p.store.Import(t.Context(), keystore.Pair{Key: alice.Key, Certificate: alice.DER, Name: "Clé d’Alice"}); err != nil {
		t.Fatal(err)
	}
	p.write("a.txt", "offre")
	p.does("seal", "a.txt", "--to", "alice.pem", "--to", "bob.pem", "-o", "a.p7m")
	p.does("inspect", "a.p7m")
	for _, want := range []string{"aes-256-gcm", "rsa-oaep-sha256", "Clé d’Alice"} {
		if !strings.Contains(p.out, want) {
			t.Errorf("%s is not in\n%s", want, p.out)
		}
	}
	p.does("inspect", "a.p7m", "--json")
	var r inspected
	p.json(&r)
	if !r.Authenticated || r.Encoding != "binary" || len(r.Recipients) != 2 || len(r.Recipients[0].Here) != 1 || len(r.Recipients[1].Here) != 0 || r.ContentLength == nil {
		t.Errorf("%+v", r)
	}
	p.does("seal", "a.txt", "--to", "alice.pem", "-o", "b.p7m", "--profile", "cbc", "--raw")
	p.does("inspect", "b.p7m", "--json")
	r = inspected{}
	p.json(&r)
	if r.Authenticated || r.Recipients[0].Mechanism != "rsa-pkcs1" {
		t.Errorf("%+v", r)
	}
	p.refused("envelope-malformed", "inspect", "a.txt")
}

// TestSealRefuses keys that cannot receive plis, and command lines that make
// no sense, before anything is written.
func TestSealRefuses(t *testing.T) {
	p := sit(t)
	p.pair("alice", certtest.Options{})
	p.pair("vieux", certtest.Options{NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(-1, 0, 0)})
	p.write("a.txt", "offre")
	p.refused("certificate-expired", "seal", "a.txt", "--to", "alice.pem", "--to", "vieux.pem")
	p.refused("certificate-bad", "seal", "a.txt", "--to", "a.txt")
	p.refused("read-failed", "seal", "absent.txt", "--to", "alice.pem")
	p.refused("read-failed", "seal", ".", "--to", "alice.pem", "-o", "x.p7m")
	p.misused("seal", "a.txt")
	p.misused("seal", "--to", "alice.pem")
	p.misused("seal", "a.txt", "alice.pem", "--to", "alice.pem")
	p.misused("seal", "a.txt", "alice.pem", "--raw", "--to", "alice.pem", "-o", "x")
	p.misused("seal", "-", "--to", "alice.pem", "-o", "x")
	p.misused("seal", "a.txt", "--to", "alice.pem", "--kind", "devis")
	p.misused("seal", "a.txt", "--to", "alice.pem", "--profile", "des")
	p.misused("seal", "a.txt", "--to", "alice.pem", "--unknown")
	p.has("a.txt", "alice.key", "alice.pem", "vieux.key", "vieux.pem")
}
