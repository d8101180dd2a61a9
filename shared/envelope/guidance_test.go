package envelope

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"os"
	"strings"
	"testing"

	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// guidance is a vector of draft-irtf-cfrg-rsa-guidance, as OpenSSL's tests
// have it.
type guidance struct {
	comment    string
	key        memoryKey
	ciphertext []byte
	good       bool   // the padding is right
	message    []byte // what is in it; of bad padding what the draft makes up
}

// readGuidance parses testdata/rsa-guidance/vectors.txt.
func readGuidance(t *testing.T) []guidance {
	t.Helper()
	b, err := os.ReadFile("../../testdata/rsa-guidance/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]memoryKey{}
	var all []guidance
	var v guidance
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " =")
		value = strings.TrimPrefix(value, " ")
		switch {
		case strings.HasPrefix(name, "# "):
			v.comment = strings.TrimSpace(v.comment + name[1:])
		case name == "PrivateKey":
			keys[value] = guidanceKey(t, b, value)
		case name == "Decrypt":
			v.key = keys[value]
		case name == "Input":
			v.ciphertext = unhex(t, value)
		case name == "Output":
			if v.good = strings.HasPrefix(value, `"`); v.good {
				v.message = []byte(strings.Trim(value, `"`))
			} else {
				v.message = unhex(t, value)
			}
			all, v = append(all, v), guidance{}
		}
	}
	return all
}

// guidanceKey is the private key that stands in PEM under its name.
func guidanceKey(t *testing.T, file []byte, name string) memoryKey {
	t.Helper()
	_, rest, _ := bytes.Cut(file, []byte("PrivateKey = "+name+"\n"))
	block, _ := pem.Decode(rest)
	if block == nil {
		t.Fatalf("no key %s", name)
	}
	private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return memoryKey{rsa: private, public: &private.PublicKey}
}

// TestGuidanceVectors: what the draft calls good is opened, what it calls bad
// is answered like everything bad. Which bytes then take the message's place is
// ours to choose: the draft derives them from the private key, which no store
// shows, and with a length of their own, which a content key cannot have; they
// are an HMAC here. Ciphertexts that the draft's implementers wrote without
// their leading zeros have not the modulus's length (RFC 8017, 7.2.2, step 1)
// and are refused before the key is touched.
func TestGuidanceVectors(t *testing.T) {
	ctx := context.Background()
	good, bad, short := 0, 0, 0
	for _, v := range readGuidance(t) {
		if len(v.ciphertext) != v.key.rsa.Size() {
			short++
			if err := checkRSA(v.key, v.ciphertext); err == nil || err.Error() != string(fault.EnvelopeUnreadable) {
				t.Errorf("%s: %v", v.comment, err)
			}
			continue
		}
		if v.good {
			good++
		} else {
			bad++
		}
		got := bytes.Repeat([]byte{0xa5}, len(v.message))
		want := bytes.Clone(got)
		if v.good {
			want = v.message
		}
		if err := v.key.DecryptSessionKey(ctx, v.ciphertext, got); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %x, %v", v.comment, got, err)
		}
	}
	if good != 12 || bad != 28 || short != 8 {
		t.Errorf("%d good vectors, %d bad ones, %d without their zeros", good, bad, short)
	}
}

// TestGuidanceVectorsAsContentKeys: none of the vectors holds 32 bytes, so all
// of them get the synthetic key of their ciphertext, bad padding and good.
func TestGuidanceVectorsAsContentKeys(t *testing.T) {
	secret := bytes.Repeat([]byte{9}, minSecret)
	for _, v := range readGuidance(t) {
		cert := &keypair.Certificate{SPKI: x509.MarshalPKCS1PublicKey(&v.key.rsa.PublicKey)}
		got, err := unwrapPKCS1(context.Background(), v.key, cert, v.ciphertext, 32, secret)
		if len(v.ciphertext) != v.key.rsa.Size() {
			if fault.CodeOf(err) != fault.EnvelopeUnreadable {
				t.Errorf("%s: %v", v.comment, err)
			}
			continue
		}
		mac := hmac.New(sha256.New, secret)
		mac.Write(cert.SPKI)
		mac.Write(v.ciphertext)
		if err != nil || !bytes.Equal(got, mac.Sum(nil)) {
			t.Errorf("%s: %x, %v", v.comment, got, err)
		}
	}
}
