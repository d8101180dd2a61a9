package envelope_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"scelle/shared/certtest"
	der "scelle/shared/cms/dertest"
	"scelle/shared/envelope"
)

// castle runs Bouncy Castle (testdata/Peer.java). Commands are collected and
// given to one Java machine, whose start costs more than all of them.
type castle struct {
	dir      string
	commands []string
	checks   []func(t *testing.T, answer string)
	names    []string
}

// jars are Debian's, as the package libbcpkix-java puts them.
func jars() []string {
	return []string{"/usr/share/java/bcpkix.jar", "/usr/share/java/bcprov.jar", "/usr/share/java/bcutil.jar"}
}

// newCastle looks for the peer. It is part of the tests, so its absence is a
// failure.
func newCastle(t *testing.T) *castle {
	t.Helper()
	for _, jar := range jars() {
		if _, err := os.Stat(jar); err != nil {
			t.Fatalf("Bouncy Castle is not installed (%v): apt-get install libbcpkix-java", err)
		}
	}
	if _, err := exec.LookPath("javac"); err != nil {
		t.Fatal("no Java compiler: apt-get install default-jdk-headless")
	}
	return &castle{dir: t.TempDir()}
}

// peer compiles and runs the peer, in one machine on few processors: its quick
// start matters, not its best code.
func peer(t *testing.T, stdin []byte) []byte {
	t.Helper()
	cmd := exec.Command("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", strings.Join(jars(), ":"), filepath.Join("testdata", "Peer.java"))
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("java: %v: %s", err, stderr.String())
	}
	return out
}

// path is a new place for a file of the peer's.
func (c *castle) path() string { return filepath.Join(c.dir, fmt.Sprint("file", len(c.commands))) }

// put writes a file for the peer.
func (c *castle) put(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(c.dir, name)
	write(t, path, content)
	return path
}

// add queues a command; check gets its answer when run has run it.
func (c *castle) add(name string, check func(*testing.T, string), words ...string) {
	c.commands = append(c.commands, strings.Join(words, "\t"))
	c.checks = append(c.checks, check)
	c.names = append(c.names, name)
}

// run has all commands worked off and each answer checked.
func (c *castle) run(t *testing.T) {
	t.Helper()
	stdin := []byte(strings.Join(c.commands, "\n") + "\n")
	answers := strings.Split(strings.TrimSuffix(string(peer(t, stdin)), "\n"), "\n")
	if len(answers) != len(c.commands) || len(answers) == 0 {
		t.Fatalf("%d answers to %d commands", len(answers), len(c.commands))
	}
	for i, check := range c.checks {
		t.Run(c.names[i], func(t *testing.T) { check(t, answers[i]) })
	}
}

// castlePair is a recipient with its files.
type castlePair struct {
	*certtest.Pair
	certificate, key string
	mechanisms       []envelope.Mechanism
}

func (c *castle) pair(t *testing.T, name string, p *certtest.Pair, mechanisms ...envelope.Mechanism) castlePair {
	t.Helper()
	pkcs8, err := x509.MarshalPKCS8PrivateKey(p.Key)
	if err != nil {
		t.Fatal(err)
	}
	return castlePair{p, c.put(t, name+".cert", p.DER), c.put(t, name+".key", pkcs8), mechanisms}
}

func (c *castle) pairs(t *testing.T) map[string]castlePair {
	t.Helper()
	rsa := []envelope.Mechanism{envelope.RSAPKCS1, envelope.RSAOAEPSHA1, envelope.RSAOAEPSHA256}
	return map[string]castlePair{
		"rsa":   c.pair(t, "rsa", rsaPair(t, 0), rsa...),
		"p-256": c.pair(t, "p-256", ecPair(t, elliptic.P256()), envelope.ECDH),
		"p-384": c.pair(t, "p-384", ecPair(t, elliptic.P384()), envelope.ECDH),
		"p-521": c.pair(t, "p-521", ecPair(t, elliptic.P521()), envelope.ECDH),
	}
}

// opens queues that the peer opens sealed and finds content.
func (c *castle) opens(t *testing.T, name string, sealed, content []byte, p castlePair) {
	t.Helper()
	in, out := c.put(t, fmt.Sprint("sealed", len(c.commands)), sealed), c.path()
	c.add(name, func(t *testing.T, answer string) {
		got, err := os.ReadFile(out)
		if answer != "ok" || err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%s; %d bytes that are not the %d sealed, %v", answer, len(got), len(content), err)
		}
	}, "open", in, p.certificate, p.key, out)
}

// TestBouncyCastleOpensOurs: every mechanism, both profiles, DER and BER.
func TestBouncyCastleOpensOurs(t *testing.T) {
	c := newCastle(t)
	pairs := c.pairs(t)
	for kind, p := range pairs {
		for _, m := range p.mechanisms {
			for _, profile := range []envelope.Profile{envelope.ProfileDefault, envelope.ProfileCBC} {
				for i, size := range []int{1, 16, 70_001, envelope.ChunkSize + 17} {
					o := envelope.SealOptions{
						Recipients: []envelope.Recipient{{Certificate: p.DER, Mechanism: m}},
						Profile:    profile, Length: int64(size),
					}
					if i%2 == 1 {
						o.Length = envelope.UnknownLength
					}
					content := random(size)
					c.opens(t, fmt.Sprintf("%s/%s/%s/%d", kind, m, profile, size), seal(t, content, o), content, p)
				}
			}
		}
	}
	content := random(5000)
	all := to(pairs["rsa"].Pair, pairs["p-256"].Pair, pairs["p-521"].Pair)
	sealed := seal(t, content, envelope.SealOptions{Recipients: all, Length: 5000})
	for _, kind := range []string{"rsa", "p-256", "p-521"} {
		c.opens(t, "together/"+kind, sealed, content, pairs[kind])
	}
	byKeyID := craftGCM(t, pairs["rsa"].Pair, content)
	keyID := der.TLV(0x80, certificate(t, pairs["rsa"].Pair).SubjectKeyID)
	byKeyID.recipients = [][]byte{keyTrans(keyID, oaepSHA256(), oaep(t, pairs["rsa"].Pair, byKeyID.cek))}
	c.opens(t, "keyid", byKeyID.bytes(), content, pairs["rsa"])

	// The peer does look at what it opens: a changed tag is refused.
	sealed[len(sealed)-1] ^= 1
	in := c.put(t, "changed", sealed)
	for _, kind := range []string{"rsa", "p-256"} {
		c.add("changed/"+kind, func(t *testing.T, answer string) {
			if !strings.HasPrefix(answer, "error ") {
				t.Errorf("a wrong tag: %s", answer)
			}
		}, "open", in, pairs[kind].certificate, pairs[kind].key, c.path())
	}
	c.run(t)
}

// TestWeOpenBouncyCastle: what the peer writes, over content algorithms,
// mechanisms, both ways to name a recipient, in one piece and streamed.
func TestWeOpenBouncyCastle(t *testing.T) {
	c := newCastle(t)
	pairs := c.pairs(t)
	content := random(70_001)
	plain := c.put(t, "content", content)
	algorithms := []envelope.ContentAlgorithm{
		envelope.AES128CBC, envelope.AES192CBC, envelope.AES256CBC, envelope.DESEDE3,
		envelope.AES128GCM, envelope.AES192GCM, envelope.AES256GCM,
	}
	for kind, p := range pairs {
		for _, m := range p.mechanisms {
			for _, a := range algorithms {
				forms := []string{"whole", "stream"}
				if a.Authenticated() {
					forms = forms[:1] // this peer has no other for AuthEnvelopedData
				}
				for _, form := range forms {
					for _, naming := range []string{"issuer", "keyid"} {
						name := strings.Join([]string{kind, string(m), string(a), form, naming}, "/")
						c.seals(name, plain, content, a, form, []castlePair{p}, []string{p.certificate, string(m), naming})
					}
				}
			}
		}
	}
	rsa, ec := pairs["rsa"], pairs["p-256"]
	c.seals("together", plain, content, envelope.AES256GCM, "whole", []castlePair{rsa, ec},
		[]string{rsa.certificate, string(envelope.RSAOAEPSHA256), "issuer", ec.certificate, string(envelope.ECDH), "keyid"})
	c.run(t)
}

// seals queues that the peer seals content, and that all of to open it.
func (c *castle) seals(name, plain string, content []byte, a envelope.ContentAlgorithm, form string, to []castlePair, recipients []string) {
	out := c.path()
	words := append([]string{"seal", plain, out, string(a), form}, recipients...)
	c.add(name, func(t *testing.T, answer string) {
		sealed, err := os.ReadFile(out)
		if answer != "ok" || err != nil {
			t.Fatalf("%s, %v", answer, err)
		}
		for i, p := range to {
			report := mustOpen(t, sealed, content, unwrapper(t, p.Pair))
			at := slices.IndexFunc(report.Info.Recipients, func(a envelope.Addressee) bool { return a.Matches(certificate(t, p.Pair)) })
			r := report.Info.Recipients[at] // a SET OF: the peer puts it in order
			if report.Info.Algorithm != a || report.Authenticated != a.Authenticated() || string(r.Mechanism) != recipients[3*i+1] ||
				(r.Issuer == nil) != (recipients[3*i+2] == "keyid") {
				t.Errorf("report: %s, authenticated %v, %s", report.Info.Algorithm, report.Authenticated, r.Mechanism)
			}
		}
	}, words...)
}
