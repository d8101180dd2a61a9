package envelope_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"scelle/shared/certtest"
	der "scelle/shared/cms/dertest"
	"scelle/shared/envelope"
	"scelle/shared/envelope/ghash"
	"scelle/shared/fault"
)

// prefix stands for the first 68 bytes of every pli.
func prefix() []byte { return []byte(strings.Repeat("PK\x03\x04", 17)) }

// TestPrefix: content that does not start as asked gets no byte out.
func TestPrefix(t *testing.T) {
	pair := rsaPair(t, 0)
	for _, profile := range []envelope.Profile{envelope.ProfileDefault, envelope.ProfileCBC} {
		for _, chunk := range []int{16, 64, 80, 4096} {
			for name, c := range map[string]struct {
				content []byte
				code    fault.Code
			}{
				"the prefix and more": {append(prefix(), random(100)...), ""},
				"one wrong byte":      {append(append(prefix()[:67:67], 0), random(100)...), fault.PliNotOurs},
				"the first byte":      {append([]byte{0}, append(prefix()[1:], random(100)...)...), fault.PliNotOurs},
				"too short":           {prefix()[:67], fault.PliNotOurs},
				"nothing":             {nil, fault.PliNotOurs},
			} {
				t.Run(fmt.Sprintf("%s/%s/%d", name, profile, chunk), func(t *testing.T) {
					sealed := seal(t, c.content, envelope.SealOptions{Recipients: to(pair), Profile: profile, Length: int64(len(c.content))})
					var out bytes.Buffer
					_, err := envelope.Open(context.Background(), &out, bytes.NewReader(sealed),
						envelope.OpenOptions{Unwrapper: unwrapper(t, pair), Prefix: prefix(), ChunkSize: chunk})
					if c.code == "" {
						if err != nil || !bytes.Equal(out.Bytes(), c.content) {
							t.Fatal(err)
						}
						return
					}
					wantCode(t, err, c.code)
					if out.Len() != 0 {
						t.Fatalf("%d bytes came out", out.Len())
					}
				})
			}
		}
	}
}

// TestPrefixAndTag: a damaged pli is unreadable, not somebody else's; and
// with AES-CBC a wrong start is told without a word about the padding.
func TestPrefixAndTag(t *testing.T) {
	pair := rsaPair(t, 0)
	o := envelope.OpenOptions{Unwrapper: unwrapper(t, pair), Prefix: prefix()}
	content := append(prefix(), random(1000)...)
	damaged := craftGCM(t, pair, content)
	damaged.content[10] ^= 1
	var out bytes.Buffer
	_, err := envelope.Open(context.Background(), &out, bytes.NewReader(damaged.bytes()), o)
	wantCode(t, err, fault.EnvelopeUnreadable)
	if out.Len() != 0 {
		t.Fatal("bytes came out")
	}
	answers := map[string]bool{}
	for _, broken := range []bool{false, true} {
		for _, size := range []int{0, 10, 60, 70, 1000} {
			c := craftCBC(t, pair, random(size))
			if broken {
				c.iv[15] ^= 0x40
				c.algorithm = der.Algorithm(oidAES256CBC, der.Octets(c.iv))
				if len(c.ciphertext) > 16 {
					c.content[len(c.content)-17] ^= 0x40
				}
			}
			_, err := envelope.Open(context.Background(), &out, bytes.NewReader(c.bytes()), o)
			wantCode(t, err, fault.PliNotOurs)
			answers[err.Error()] = true
		}
	}
	if len(answers) != 1 || out.Len() != 0 {
		t.Fatal("the padding shows")
	}
}

// TestDowngrade: an AES-GCM content relabelled as AES-CBC (RFC 9709) gives
// nothing out when the content must be a pli.
func TestDowngrade(t *testing.T) {
	pair := rsaPair(t, 0)
	for i := range 50 {
		c := craftGCM(t, pair, append(prefix(), random(1000+i)...))
		c.kind, c.after = der.OID(oidEnveloped), nil
		c.algorithm = der.Algorithm(oidAES256CBC, der.Octets(random(16)))
		c.content = der.TLV(0x80, c.ciphertext[:64], random(64))
		var out bytes.Buffer
		report, err := envelope.Open(context.Background(), &out, bytes.NewReader(c.bytes()),
			envelope.OpenOptions{Unwrapper: unwrapper(t, pair), Prefix: prefix()})
		wantCode(t, err, fault.PliNotOurs)
		if out.Len() != 0 || report != nil {
			t.Fatal("bytes came out")
		}
	}
}

// twoFaced is one ciphertext and tag that AES-GCM accepts under two keys
// (an "invisible salamander"). Block `free` is chosen so that both tags agree:
// GHASH is linear, so one equation in GF(2^128) is to be solved.
func twoFaced(t *testing.T, key1, key2, nonce, ciphertext []byte, free int) (tag []byte) {
	t.Helper()
	type face struct{ h, mask ghash.Element }
	var faces [2]face
	for i, key := range [][]byte{key1, key2} {
		block, err := aes.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		h, mask := make([]byte, 16), append(bytes.Clone(nonce), 0, 0, 0, 1)
		block.Encrypt(h, h)
		block.Encrypt(mask, mask)
		faces[i] = face{ghash.FromBytes(h), ghash.FromBytes(mask)}
	}
	clear(ciphertext[16*free : 16*free+16])
	var lengths [16]byte
	binary.BigEndian.PutUint64(lengths[8:], uint64(len(ciphertext))*8)
	blocks := uint64(len(ciphertext) / 16)
	tagOf := func(f face) ghash.Element {
		return ghash.Hash(f.h, append(bytes.Clone(ciphertext), lengths[:]...)).Add(f.mask)
	}
	exponent := blocks - uint64(free) + 1
	factor := faces[0].h.Pow(exponent).Add(faces[1].h.Pow(exponent))
	solution := tagOf(faces[0]).Add(tagOf(faces[1])).Mul(factor.Inverse()).Bytes()
	copy(ciphertext[16*free:], solution[:])
	sum := tagOf(faces[0]).Bytes()
	return sum[:]
}

// TestKeyCommitment builds an envelope that opens to one content with the
// agent's key and to another with the recovery key, and shows that the fixed
// start of a pli stops it.
func TestKeyCommitment(t *testing.T) {
	agent, recovery := rsaPair(t, 0), rsaPair(t, 1)
	sealed := twoFacedEnvelope(t, agent, recovery)
	got := map[string]bool{}
	for _, p := range []*certtest.Pair{agent, recovery} {
		content, report, err := open(sealed, unwrapper(t, p))
		if err != nil || !report.Authenticated {
			t.Fatalf("the trick does not work, so the test shows nothing: %v", err)
		}
		got[string(content)] = true
	}
	if len(got) != 2 {
		t.Fatal("both keys open to the same content")
	}
	opened := 0
	for _, p := range []*certtest.Pair{agent, recovery} {
		var out bytes.Buffer
		_, err := envelope.Open(context.Background(), &out, bytes.NewReader(sealed), envelope.OpenOptions{Unwrapper: unwrapper(t, p), Prefix: prefix()})
		if err == nil {
			opened++
			continue
		}
		wantCode(t, err, fault.PliNotOurs)
		if out.Len() != 0 {
			t.Fatal("bytes came out")
		}
	}
	if opened != 1 {
		t.Fatalf("%d contents passed for a pli, want the one that is", opened)
	}
}

// twoFacedEnvelope starts with the prefix under the agent's key.
func twoFacedEnvelope(t *testing.T, agent, recovery *certtest.Pair) []byte {
	t.Helper()
	c := craftGCM(t, agent, nil)
	key2 := random(64)[32:]
	plaintext := append(prefix(), make([]byte, 12+160)...)
	c.ciphertext = bytes.Clone(plaintext)
	block, err := aes.NewCipher(c.cek)
	if err != nil {
		t.Fatal(err)
	}
	cipher.NewCTR(block, append(bytes.Clone(c.iv), 0, 0, 0, 2)).XORKeyStream(c.ciphertext, plaintext)
	tag := twoFaced(t, c.cek, key2, c.iv, c.ciphertext, 10)
	c.content = der.TLV(0x80, c.ciphertext)
	c.after = [][]byte{der.Octets(tag)}
	c.recipients = append(c.recipients, keyTrans(issuerAndSerial(t, recovery), oaepSHA256(), oaep(t, recovery, key2)))
	return c.bytes()
}
