package envelope

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdh"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scelle/shared/fault"
)

// wycheproof holds vectors of the public project C2SP/wycheproof; its origin
// and licence stand in testdata/README.md.
const wycheproof = "../../testdata/wycheproof"

// hexBytes is a hexadecimal string of a vector file.
type hexBytes []byte

// UnmarshalJSON decodes a hexadecimal string.
func (h *hexBytes) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	var err error
	*h, err = hex.DecodeString(s)
	return err
}

type vector struct {
	ID      int `json:"tcId"`
	Comment string
	Key     hexBytes
	IV      hexBytes
	AAD     hexBytes
	Msg     hexBytes
	CT      hexBytes
	Tag     hexBytes
	Label   hexBytes
	Public  hexBytes
	Private hexBytes
	Shared  hexBytes
	Result  string
}

type vectorGroup struct {
	IVSize  int
	TagSize int
	Sha     string
	MGFSha  string
	PKCS8   hexBytes `json:"privateKeyPkcs8"`
	Tests   []vector
}

// readVectors unpacks a vector file.
func readVectors(t *testing.T, name string) []vectorGroup {
	t.Helper()
	b, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	text, err := gzip.NewReader(b)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ TestGroups []vectorGroup }
	if err := json.NewDecoder(text).Decode(&file); err != nil {
		t.Fatal(err)
	}
	return file.TestGroups
}

// vectors runs every vector of the files whose names start with prefix through
// run, which reports whether it took the vector. It must take want of them.
func vectors(t *testing.T, prefix string, want int, run func(t *testing.T, g *vectorGroup, v *vector) bool) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(wycheproof, prefix+"_test.json.gz"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no %s_test.json.gz", prefix)
	}
	taken := 0
	for _, name := range names {
		for _, g := range readVectors(t, name) {
			for i := range g.Tests {
				if run(t, &g, &g.Tests[i]) {
					taken++
				}
			}
		}
	}
	if taken != want {
		t.Errorf("%s: %d vectors were used, not %d", prefix, taken, want)
	}
}

func (v *vector) valid() bool { return v.Result == "valid" }

func TestWycheproofGCM(t *testing.T) {
	ctx := context.Background()
	vectors(t, "aes_gcm", 316, func(t *testing.T, g *vectorGroup, v *vector) bool {
		a := map[int]ContentAlgorithm{16: AES128GCM, 24: AES192GCM, 32: AES256GCM}[len(v.Key)]
		dec, err := Native().Decrypter(ctx, ContentKey{a, v.Key, v.IV})
		if g.IVSize != 8*NonceSize {
			if err == nil {
				t.Errorf("%d: a nonce of %d bits was taken", v.ID, g.IVSize)
			}
			return true
		}
		if err != nil {
			t.Fatal(err)
		}
		defer dec.Close()
		var out []byte
		for rest := []byte(v.CT); len(rest) > 0; {
			n := min(32, len(rest))
			if out, err = dec.Decrypt(ctx, out, rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		out, err = dec.Finish(ctx, out, v.Tag, v.AAD)
		if (err == nil) != v.valid() || (v.valid() && !bytes.Equal(out, v.Msg)) {
			t.Errorf("%d %s: %v", v.ID, v.Comment, err)
		}
		return true
	})
}

func TestWycheproofCBC(t *testing.T) {
	ctx := context.Background()
	vectors(t, "aes_cbc_pkcs5", 216, func(t *testing.T, g *vectorGroup, v *vector) bool {
		a := map[int]ContentAlgorithm{16: AES128CBC, 24: AES192CBC, 32: AES256CBC}[len(v.Key)]
		dec, err := Native().Decrypter(ctx, ContentKey{a, v.Key, v.IV})
		if err != nil {
			t.Fatal(err)
		}
		defer dec.Close()
		out, err := dec.Decrypt(ctx, nil, v.CT)
		if err == nil {
			out, err = dec.Finish(ctx, out, nil, nil)
		}
		if (err == nil) != v.valid() || (v.valid() && !bytes.Equal(out, v.Msg)) {
			t.Errorf("%d %s: %v", v.ID, v.Comment, err)
		}
		if err != nil && err.Error() != string(fault.EnvelopeUnreadable) {
			t.Errorf("%d %s: the answer says too much: %v", v.ID, v.Comment, err)
		}
		return true
	})
}

func TestWycheproofKeyWrap(t *testing.T) {
	vectors(t, "aes_wrap", 162, func(t *testing.T, g *vectorGroup, v *vector) bool {
		if len(v.Msg) > maxKeySize {
			return false // no content key is that long
		}
		got, err := unwrapAES(v.Key, v.CT)
		if (err == nil) != v.valid() || (v.valid() && !bytes.Equal(got, v.Msg)) {
			// "acceptable" are 8-byte keys, which RFC 3394 has no wrap for.
			t.Errorf("%d %s: %v", v.ID, v.Comment, err)
		}
		if v.valid() {
			if wrapped, err := wrapAES(v.Key, v.Msg); err != nil || !bytes.Equal(wrapped, v.CT) {
				t.Errorf("%d %s: wrap: %v", v.ID, v.Comment, err)
			}
		}
		return true
	})
}

func TestWycheproofECDH(t *testing.T) {
	for _, c := range []struct {
		name  string
		curve ecdh.Curve
		want  int
	}{{"secp256r1", ecdh.P256(), 355}, {"secp384r1", ecdh.P384(), 790}, {"secp521r1", ecdh.P521(), 661}} {
		curve := c.curve
		vectors(t, "ecdh_"+c.name+"_ecpoint", c.want, func(t *testing.T, g *vectorGroup, v *vector) bool {
			size := map[ecdh.Curve]int{ecdh.P256(): 32, ecdh.P384(): 48, ecdh.P521(): 66}[curve]
			scalar := append(make([]byte, size), v.Private...)
			key, err := curve.NewPrivateKey(scalar[len(scalar)-size:])
			if err != nil {
				return false
			}
			z, err := memoryKey{ec: key}.Agree(context.Background(), v.Public)
			switch {
			case v.valid() && (err != nil || !bytes.Equal(z, v.Shared)):
				t.Errorf("%d %s: %v", v.ID, v.Comment, err)
			case v.Result == "invalid" && err == nil:
				t.Errorf("%d %s: accepted", v.ID, v.Comment)
			case err == nil && !bytes.Equal(z, v.Shared):
				t.Errorf("%d %s: another secret", v.ID, v.Comment)
			}
			return true
		})
	}
}

func rsaKey(t *testing.T, g *vectorGroup) memoryKey {
	t.Helper()
	key, err := x509.ParsePKCS8PrivateKey(g.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	private := key.(*rsa.PrivateKey)
	return memoryKey{rsa: private, public: &private.PublicKey}
}

func TestWycheproofOAEP(t *testing.T) {
	for hash, want := range map[string]int{"1": 29, "256": 87, "384": 28, "512": 86} {
		vectors(t, "rsa_oaep_*_sha"+hash+"_mgf1sha"+hash, want, tryOAEP)
	}
	// One file of every size of key with every pair of hashes.
	vectors(t, "rsa_oaep_misc", 63, func(t *testing.T, g *vectorGroup, v *vector) bool {
		return g.Sha == g.MGFSha && g.Sha != "SHA-224" && tryOAEP(t, g, v)
	})
}

// tryOAEP runs a vector without a label: one with a label is refused by name
// before it comes to a decryption.
func tryOAEP(t *testing.T, g *vectorGroup, v *vector) bool {
	if len(v.Label) != 0 {
		return false
	}
	m := Mechanism("rsa-oaep-sha" + strings.TrimPrefix(g.Sha, "SHA-"))
	got, err := unwrapOAEP(context.Background(), rsaKey(t, g), m, v.CT)
	if v.valid() != (err == nil) && v.Result != "acceptable" || v.valid() && !bytes.Equal(got, v.Msg) {
		t.Errorf("%d %s: %v", v.ID, v.Comment, err)
	}
	if err != nil && err.Error() != string(fault.EnvelopeUnreadable) {
		t.Errorf("%d %s: the answer says too much: %v", v.ID, v.Comment, err)
	}
	return true
}

func TestWycheproofPKCS1(t *testing.T) {
	vectors(t, "rsa_pkcs1_????", 201, func(t *testing.T, g *vectorGroup, v *vector) bool {
		key := rsaKey(t, g)
		if checkRSA(key, v.CT) != nil {
			if v.valid() {
				t.Errorf("%d %s: refused", v.ID, v.Comment)
			}
			return true
		}
		size := 32
		if v.valid() {
			size = len(v.Msg)
		}
		synthetic := bytes.Repeat([]byte{0xa5}, size)
		got := bytes.Clone(synthetic)
		err := key.DecryptSessionKey(context.Background(), v.CT, got)
		want := []byte(v.Msg)
		if !v.valid() {
			want = synthetic
		}
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d %s: %x, %v", v.ID, v.Comment, got, err)
		}
		return true
	})
}
