package main

import (
	"bytes"
	"crypto/sha256"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// challenge seals a plaintext as a portal does.
func challenge(t *testing.T, plain string) (sealed, key []byte) {
	t.Helper()
	pair := certtest.NewCA(t, "CA").Issue(t, certtest.Options{CommonName: "Agent"})
	var out bytes.Buffer
	_, err := envelope.Seal(t.Context(), &out, strings.NewReader(plain), envelope.SealOptions{
		Recipients: []envelope.Recipient{{Certificate: pair.DER}}, Length: int64(len(plain)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), contentKey(t, out.Bytes(), pair)
}

const testPrefix = "scelle-proof/1\nhttps://marches.example.fr\n0123\n"

func TestProve(t *testing.T) {
	digits := strings.Repeat("0123456789abcdef", 4)
	plain := testPrefix + digits + "\n"
	sealed, key := challenge(t, plain)
	proof, err := prove(t.Context(), sealed, key, testPrefix)
	if err != nil || proof != sum([]byte(plain)) {
		t.Errorf("%s, %v", proof, err)
	}
	if !bytes.Equal(key, make([]byte, len(key))) {
		t.Error("the content key was not wiped")
	}
	for name, plain := range map[string]string{
		"other origin": strings.Replace(plain, "marches", "autre", 1),
		"no line end":  plain[:len(plain)-1],
		"two":          plain + "\n",
		"capitals":     testPrefix + strings.ToUpper(digits) + "\n",
		"no digits":    testPrefix + strings.Repeat("g", 64) + "\n",
		"short":        testPrefix + digits[:63] + "\n",
		"nothing":      "",
		"a pli":        "PK\x03\x04 and so on",
	} {
		sealed, key := challenge(t, plain)
		if proof, err := prove(t.Context(), sealed, key, testPrefix); fault.CodeOf(err) != fault.ProofForeign || proof != "" {
			t.Errorf("%s: %s, %v", name, proof, err)
		}
	}
}

func TestProveUnreadable(t *testing.T) {
	sealed, key := challenge(t, testPrefix+strings.Repeat("0", 64)+"\n")
	key[0] ^= 1
	if _, err := prove(t.Context(), sealed, key, testPrefix); fault.CodeOf(err) != fault.EnvelopeUnreadable {
		t.Errorf("another key: %v", err)
	}
	if _, err := prove(t.Context(), make([]byte, maxSmall+1), make([]byte, 32), testPrefix); fault.CodeOf(err) != fault.EnvelopeTooLarge {
		t.Errorf("too long: %v", err)
	}
	sealed, key = challenge(t, strings.Repeat("0", 64)+"\n")
	if _, err := prove(t.Context(), sealed, key, ""); fault.CodeOf(err) != fault.ProofForeign {
		t.Errorf("no prefix: %v", err)
	}
}

func TestInspect(t *testing.T) {
	sealed, _ := challenge(t, "x")
	info, err := inspect(bytes.NewReader(sealed))
	if err != nil {
		t.Fatal(err)
	}
	if info.AlgorithmName != "AES-256-GCM" || !info.Authenticated || len(info.HeaderSHA256) != 64 || len(info.ContentAlgorithm) == 0 {
		t.Errorf("%+v", info)
	}
	if len(info.Recipients) != 1 {
		t.Fatalf("%d recipients", len(info.Recipients))
	}
	r := info.Recipients[0]
	if r.Mechanism != string(envelope.RSAOAEPSHA256) || len(r.DER) == 0 || len(r.Issuer) == 0 || len(r.Serial) == 0 || r.KeyID != nil {
		t.Errorf("%+v", r)
	}
	if _, err := inspect(strings.NewReader("no envelope")); fault.CodeOf(err) != fault.EnvelopeMalformed {
		t.Errorf("%v", err)
	}
}

// TestFileSum: a list may name a pli by its whole file only.
func TestFileSum(t *testing.T) {
	file := memFile{data: bytes.Repeat([]byte("pli "), 100_000)}
	if got, err := fileSum(file.Open(t.Context()), sha256.New()); err != nil || got != sum(file.data) {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := fileSum(io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF)), sha256.New()); fault.CodeOf(err) != fault.ReadFailed {
		t.Errorf("got %v", err)
	}
}
