package envelope_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	der "scelle/shared/cms/dertest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// TestCraftedOpens proves the crafted envelopes good, so that the refusals
// below have only the one cause that each names.
func TestCraftedOpens(t *testing.T) {
	pair := rsaPair(t, 0)
	u := unwrapper(t, pair)
	content := random(1000)
	for name, sealed := range map[string][]byte{
		"gcm":     craftGCM(t, pair, content).bytes(),
		"gcm ber": craftGCM(t, pair, content).indefinite(),
		"cbc":     craftCBC(t, pair, content).bytes(),
		"cbc ber": craftCBC(t, pair, content).indefinite(),
	} {
		t.Run(name, func(t *testing.T) { mustOpen(t, sealed, content, u) })
	}
	empty := craftGCM(t, pair, nil)
	mustOpen(t, empty.bytes(), nil, u)
}

// refusal is one way to spoil a good envelope.
type refusal struct {
	name  string
	base  func() *crafted
	spoil func(c *crafted)
	code  fault.Code
}

func TestRefusals(t *testing.T) {
	pair := rsaPair(t, 0)
	u := unwrapper(t, pair)
	plaintext := random(1024)
	gcmBase := func() *crafted { return craftGCM(t, pair, plaintext) }
	cbcBase := func() *crafted { return craftCBC(t, pair, plaintext) }
	var all []refusal
	all = append(all, tagRefusals(gcmBase)...)
	all = append(all, algorithmRefusals(gcmBase, cbcBase)...)
	all = append(all, structureRefusals(gcmBase, cbcBase)...)
	for _, r := range all {
		t.Run(r.name, func(t *testing.T) {
			c := r.base()
			r.spoil(c)
			for _, sealed := range [][]byte{c.bytes(), c.indefinite()} {
				_, report, err := open(sealed, u)
				wantCode(t, err, r.code)
				if report != nil {
					t.Fatal("a report beside an error")
				}
				if r.code == fault.EnvelopeUnreadable && err.Error() != string(fault.EnvelopeUnreadable) {
					t.Fatalf("the answer says more than it may: %v", err)
				}
			}
		})
	}
}

// tagRefusals: only a 16-byte tag that the parameters announce, under a
// 12-byte nonce.
func tagRefusals(base func() *crafted) []refusal {
	parameters := func(c *crafted, more ...[]byte) []byte {
		return der.Algorithm(oidAES256GCM, der.Seq(append([][]byte{der.Octets(c.iv)}, more...)...))
	}
	var all []refusal
	for n := range 33 {
		if n == 16 {
			continue
		}
		all = append(all, refusal{fmt.Sprintf("mac of %d bytes, ICVlen 16", n), base, func(c *crafted) {
			c.after[0] = der.Octets(append(append([]byte{}, c.tag...), make([]byte, 16)...)[:n])
		}, fault.EnvelopeMalformed})
		all = append(all, refusal{fmt.Sprintf("mac and ICVlen of %d", n), base, func(c *crafted) {
			c.algorithm = parameters(c, der.Int(int8(n)))
			c.after[0] = der.Octets(append(append([]byte{}, c.tag...), make([]byte, 16)...)[:n])
		}, fault.EnvelopeUnsupported})
		all = append(all, refusal{fmt.Sprintf("mac of 16 bytes, ICVlen %d", n), base, func(c *crafted) {
			c.algorithm = parameters(c, der.Int(int8(n)))
		}, fault.EnvelopeUnsupported})
		nonce := random(n)
		if n == 12 {
			continue
		}
		all = append(all, refusal{fmt.Sprintf("nonce of %d bytes", n), base, func(c *crafted) {
			c.algorithm = der.Algorithm(oidAES256GCM, der.Seq(der.Octets(nonce), der.Int(16)))
		}, fault.EnvelopeUnsupported})
	}
	return append(all,
		refusal{"ICVlen by default", base, func(c *crafted) { c.algorithm = parameters(c) }, fault.EnvelopeUnsupported},
		refusal{"mac and ICVlen by default", base, func(c *crafted) {
			c.algorithm, c.after[0] = parameters(c), der.Octets(c.tag[:12])
		}, fault.EnvelopeUnsupported},
		refusal{"no parameters", base, func(c *crafted) { c.algorithm = der.Algorithm(oidAES256GCM) }, fault.EnvelopeMalformed},
		refusal{"more parameters", base, func(c *crafted) { c.algorithm = parameters(c, der.Int(16), der.Null()) }, fault.EnvelopeMalformed},
		refusal{"bare nonce", base, func(c *crafted) { c.algorithm = der.Algorithm(oidAES256GCM, der.Octets(c.iv)) }, fault.EnvelopeMalformed},
		refusal{"wrong tag", base, func(c *crafted) { c.after[0][17] ^= 1 }, fault.EnvelopeUnreadable},
		refusal{"wrong nonce", base, func(c *crafted) { c.iv[0] ^= 1; c.algorithm = parameters(c, der.Int(16)) }, fault.EnvelopeUnreadable},
		refusal{"changed content", base, func(c *crafted) { c.content[500] ^= 1 }, fault.EnvelopeUnreadable},
		refusal{"shortened content", base, func(c *crafted) { c.content = der.TLV(0x80, c.ciphertext[:1000]) }, fault.EnvelopeUnreadable},
		refusal{"lengthened content", base, func(c *crafted) { c.content = der.TLV(0x80, c.ciphertext, []byte{0}) }, fault.EnvelopeUnreadable},
		refusal{"attributes nobody authenticated", base, func(c *crafted) {
			c.after = [][]byte{der.TLV(0xa1, der.Seq(der.OID(oidData), der.Set(der.Null()))), c.after[0]}
		}, fault.EnvelopeUnreadable},
	)
}

// algorithmRefusals: an AEAD only in AuthEnvelopedData and nothing else there,
// and only what is on the list.
func algorithmRefusals(gcmBase, cbcBase func() *crafted) []refusal {
	relabel := func(algorithm []byte) func(c *crafted) { return func(c *crafted) { c.algorithm = algorithm } }
	zeroMAC := func(c *crafted) {
		c.kind = der.OID(oidAuth)
		c.after = [][]byte{der.Octets(make([]byte, 16))}
	}
	all := []refusal{
		{"CBC in AuthEnvelopedData", cbcBase, zeroMAC, fault.EnvelopeMalformed},
		{"3DES in AuthEnvelopedData", cbcBase, func(c *crafted) {
			zeroMAC(c)
			c.algorithm = der.Algorithm("1.2.840.113549.3.7", der.Octets(make([]byte, 8)))
		}, fault.EnvelopeMalformed},
		{"OFB in AuthEnvelopedData", cbcBase, func(c *crafted) {
			zeroMAC(c)
			c.algorithm = der.Algorithm(oidAES256OFB, der.Octets(c.iv))
		}, fault.EnvelopeUnsupported},
		{"GCM in EnvelopedData", gcmBase, func(c *crafted) { c.kind, c.after = der.OID(oidEnveloped), nil }, fault.EnvelopeMalformed},
		{"GCM in EnvelopedData, tag appended", gcmBase, func(c *crafted) {
			c.kind, c.after = der.OID(oidEnveloped), nil
			c.content = der.TLV(0x80, c.ciphertext, c.tag)
		}, fault.EnvelopeMalformed},
		{"GCM relabelled as another key length", gcmBase, func(c *crafted) {
			c.algorithm = der.Algorithm("2.16.840.1.101.3.4.1.6", der.Seq(der.Octets(c.iv), der.Int(16)))
		}, fault.EnvelopeUnreadable},
		{"CBC with the IV of 3DES", cbcBase, relabel(der.Algorithm(oidAES256CBC, der.Octets(make([]byte, 8)))), fault.EnvelopeMalformed},
		{"CBC without IV", cbcBase, relabel(der.Algorithm(oidAES256CBC)), fault.EnvelopeMalformed},
		{"CBC with GCM's parameters", cbcBase, relabel(der.Algorithm(oidAES256CBC, der.Seq(der.Octets(make([]byte, 12))))), fault.EnvelopeMalformed},
		{"CBC content of 15 bytes", cbcBase, func(c *crafted) { c.content = der.TLV(0x80, make([]byte, 15)) }, fault.EnvelopeUnreadable},
		{"CBC content of no bytes", cbcBase, func(c *crafted) { c.content = der.TLV(0x80) }, fault.EnvelopeUnreadable},
		{"CBC with wrong padding", cbcBase, func(c *crafted) { c.content[len(c.content)-20] ^= 0x80 }, fault.EnvelopeUnreadable},
	}
	for oid := range weakAlgorithms() {
		all = append(all, refusal{oid, cbcBase, relabel(der.Algorithm(oid, der.Octets(make([]byte, 8)))), fault.EnvelopeUnsupported})
	}
	return all
}

// weakAlgorithms are refused, by these names.
func weakAlgorithms() map[string]string {
	return map[string]string{
		"1.2.840.113549.3.2":         "rc2-cbc",
		"1.2.840.113549.3.4":         "rc4",
		"1.2.840.113549.3.9":         "rc5-cbc",
		"1.3.14.3.2.7":               "des-cbc",
		"1.2.840.113533.7.66.10":     "cast5-cbc",
		"1.2.840.113549.1.9.16.3.18": "chacha20-poly1305",
		"2.16.840.1.101.3.4.1.41":    "aes-ecb",
		"2.16.840.1.101.3.4.1.43":    "aes-ofb",
		"2.16.840.1.101.3.4.1.44":    "aes-cfb",
		"2.16.840.1.101.3.4.1.47":    "aes-256-ccm",
		"1.3.6.1.4.1.99999.1":        "1.3.6.1.4.1.99999.1",
	}
}

func TestRefusedByName(t *testing.T) {
	pair := rsaPair(t, 0)
	for oid, name := range weakAlgorithms() {
		c := craftCBC(t, pair, random(100))
		c.algorithm = der.Algorithm(oid, der.Octets(make([]byte, 8)))
		_, _, err := open(c.bytes(), unwrapper(t, pair))
		wantCode(t, err, fault.EnvelopeUnsupported)
		if fault.Of(err).Detail != name {
			t.Errorf("%s: detail %q", oid, fault.Of(err).Detail)
		}
		info, err := envelope.Inspect(bytes.NewReader(c.bytes()))
		if err != nil || string(info.Algorithm) != name || info.Algorithm.Supported() || info.Authenticated {
			t.Errorf("inspect %s: %v", oid, err)
		}
	}
}

// structureRefusals: bytes that are not one whole message of these types.
func structureRefusals(gcmBase, cbcBase func() *crafted) []refusal {
	many := func(n int) func(c *crafted) {
		return func(c *crafted) {
			for len(c.recipients) < n {
				c.recipients = append(c.recipients, der.TLV(0xa4, der.OID(oidData)))
			}
		}
	}
	return []refusal{
		{"SignedData", cbcBase, func(c *crafted) { c.kind = der.OID(oidSigned) }, fault.EnvelopeMalformed},
		{"no recipients", gcmBase, func(c *crafted) { c.recipients = nil }, fault.EnvelopeMalformed},
		{"4,097 recipients", gcmBase, many(4097), fault.EnvelopeMalformed},
		{"5,000 recipients", gcmBase, many(5000), fault.EnvelopeMalformed},
		{"a header above 4 MiB", gcmBase, func(c *crafted) {
			c.recipients = append(c.recipients, der.TLV(0xa4, der.OID(oidData), der.Octets(make([]byte, 4<<20))))
		}, fault.EnvelopeMalformed},
		{"no encryptedContent", cbcBase, func(c *crafted) { c.content = nil }, fault.EnvelopeMalformed},
		{"content as OCTET STRING", cbcBase, func(c *crafted) { c.content = der.Octets(c.ciphertext) }, fault.EnvelopeMalformed},
		{"content in a SEQUENCE", cbcBase, func(c *crafted) { c.content = der.Indefinite(0xa0, der.Seq(der.Octets(c.ciphertext))) }, fault.EnvelopeMalformed},
		{"two contents", cbcBase, func(c *crafted) { c.content = append(c.content, c.content...) }, fault.EnvelopeMalformed},
		{"no mac", gcmBase, func(c *crafted) { c.after = nil }, fault.EnvelopeMalformed},
		{"two macs", gcmBase, func(c *crafted) { c.after = append(c.after, c.after[0]) }, fault.EnvelopeMalformed},
		{"mac in EnvelopedData", cbcBase, func(c *crafted) { c.after = [][]byte{der.Octets(make([]byte, 16))} }, fault.EnvelopeMalformed},
		{"attributes of the other type", cbcBase, func(c *crafted) { c.after = [][]byte{der.TLV(0xa2)} }, fault.EnvelopeMalformed},
		{"version 6", gcmBase, func(c *crafted) { c.version = der.Int(6) }, fault.EnvelopeMalformed},
		{"version -1", gcmBase, func(c *crafted) { c.version = der.Int(-1) }, fault.EnvelopeMalformed},
		{"recipient of an unknown kind", gcmBase, func(c *crafted) { c.recipients[0] = der.TLV(0xa5) }, fault.EnvelopeMalformed},
		{"recipient with more behind its key", gcmBase, func(c *crafted) { c.recipients[0] = der.Seq(c.recipients[0], der.Null()) }, fault.EnvelopeMalformed},
		{"100,000 empty segments", gcmBase, func(c *crafted) {
			c.content = der.Indefinite(0xa0, bytes.Repeat(der.Octets(nil), 100_000), der.Octets(c.ciphertext))
		}, fault.EnvelopeMalformed},
		{"content nested 200,000 deep", gcmBase, func(c *crafted) {
			c.content = der.Indefinite(0xa0, bytes.Repeat([]byte{0x24, 0x80}, 200_000))
		}, fault.EnvelopeMalformed},
		{"recipient nested 200,000 deep", gcmBase, func(c *crafted) {
			c.recipients[0] = append(bytes.Repeat([]byte{0x30, 0x80}, 200_000), make([]byte, 400_000)...)
		}, fault.EnvelopeMalformed},
		{"attributes nested 200,000 deep", gcmBase, func(c *crafted) {
			c.after = append(c.after, append([]byte{0xa2, 0x80}, bytes.Repeat([]byte{0x31, 0x80}, 200_000)...))
		}, fault.EnvelopeMalformed},
	}
}

// TestTruncatedAndExtended: no beginning of an envelope is one, and nothing
// may follow it.
func TestTruncatedAndExtended(t *testing.T) {
	pair := rsaPair(t, 0)
	u := unwrapper(t, pair)
	for _, c := range []*crafted{craftGCM(t, pair, random(100)), craftCBC(t, pair, random(100))} {
		segments := *c
		segments.content = der.Indefinite(0xa0, der.Octets(c.ciphertext[:64]), der.TLV(0x24, der.Octets(c.ciphertext[64:])))
		for _, sealed := range [][]byte{c.bytes(), c.indefinite(), segments.bytes(), segments.indefinite()} {
			mustOpen(t, sealed, random(100), u)
			for n := range sealed {
				_, _, err := open(sealed[:n], u)
				wantCode(t, err, fault.EnvelopeMalformed)
			}
			for _, more := range []string{"\x00", "\x00\x00", "\n", "0", string(sealed)} {
				_, _, err := open(append(bytes.Clone(sealed), more...), u)
				wantCode(t, err, fault.EnvelopeMalformed)
			}
		}
	}
}

// TestHugeLengths: what an envelope claims about its size costs nothing.
func TestHugeLengths(t *testing.T) {
	pair := rsaPair(t, 0)
	counting := &counted{key: pair.Key}
	u, err := envelope.NewIdentity(counting, pair.DER, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	c := craftGCM(t, pair, nil)
	for _, length := range []uint64{1<<36 - 31, 1 << 40, 1 << 61} {
		// Around the content everything is indefinite, so that only the
		// content's own length counts.
		c.content = der.Header(0x80, length)
		_, _, err := open(c.indefinite(), u)
		wantCode(t, err, fault.EnvelopeTooLarge)
	}
	for _, length := range []uint64{1<<62 + 1, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
		c.content = der.Header(0x80, length)
		_, _, err := open(c.indefinite(), u)
		wantCode(t, err, fault.EnvelopeMalformed)
		for _, tag := range []byte{0x30, 0x24} {
			_, _, err := open(der.Header(tag, length), u)
			wantCode(t, err, fault.EnvelopeMalformed)
		}
		broken := craftGCM(t, pair, nil)
		broken.recipients[0] = der.Header(0x30, length)
		_, _, err = open(broken.indefinite(), u)
		wantCode(t, err, fault.EnvelopeMalformed)
	}
	if counting.operations != 0 {
		t.Fatal("the key was used for an envelope that is refused")
	}
}

// TestRefusalsNeedLittleMemory holds the heap that a refusal takes under a
// bound, whatever the size of what is refused.
func TestRefusalsNeedLittleMemory(t *testing.T) {
	pair := rsaPair(t, 0)
	u := unwrapper(t, pair)
	bombs := map[string]func(c *crafted){
		"empty segments": func(c *crafted) { c.content = der.Indefinite(0xa0, bytes.Repeat(der.Octets(nil), 5_000_000)) },
		"nesting":        func(c *crafted) { c.content = der.Indefinite(0xa0, bytes.Repeat([]byte{0x24, 0x80}, 5_000_000)) },
		"recipients":     func(c *crafted) { c.recipients = [][]byte{bytes.Repeat(der.TLV(0xa4, der.OID(oidData)), 700_000)} },
		"one recipient":  func(c *crafted) { c.recipients = [][]byte{der.TLV(0xa4, make([]byte, 10<<20))} },
	}
	for name, spoil := range bombs {
		t.Run(name, func(t *testing.T) {
			c := craftGCM(t, pair, random(100))
			spoil(c)
			sealed := c.indefinite()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := open(sealed, u)
			runtime.ReadMemStats(&after)
			wantCode(t, err, fault.EnvelopeMalformed)
			if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 {
				t.Fatalf("%d bytes of memory for a refusal", used)
			}
		})
	}
}

// TestTextRefusals: PEM and S/MIME that is not quite.
func TestTextRefusals(t *testing.T) {
	pair := rsaPair(t, 0)
	u := unwrapper(t, pair)
	good := func() string {
		return base64Lines(craftGCM(t, pair, random(100)).bytes())
	}
	pem := func(label, body string) string {
		return "-----BEGIN " + label + "-----\n" + body + "-----END " + label + "-----\n"
	}
	mime := func(body string) string {
		return "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\n" + body
	}
	for name, text := range map[string]string{"pem": pem("CMS", good()), "pkcs7": pem("PKCS7", good()),
		"words before": "Bonjour\n\n" + pem("CMS", good()), "windows": strings.ReplaceAll(pem("CMS", good()), "\n", "\r\n"), "smime": mime(good())} {
		if _, _, err := open([]byte(text), u); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"empty":              "",
		"words":              "Bonjour\n",
		"a long line":        strings.Repeat("x", 1<<20),
		"long words":         strings.Repeat("Bonjour\n", 1<<17),
		"no header":          "\n" + good(),
		"not base64":         "MIME-Version: 1.0\r\n\r\n" + good(),
		"other block":        pem("CERTIFICATE", good()),
		"other end":          strings.Replace(pem("CMS", good()), "END CMS", "END PKCS7", 1),
		"no end":             "-----BEGIN CMS-----\n" + good(),
		"behind the end":     pem("CMS", good()) + "x",
		"a second block":     pem("CMS", good()) + pem("CMS", good()),
		"a wrong character":  pem("CMS", "*"+good()),
		"half a quantum":     pem("CMS", good()[:70]+"\n"),
		"padding inside":     mime("AAA=" + good()),
		"behind the padding": mime("MA==MA=="),
		"smime trailing":     mime(good() + "\r\n--boundary--"),
		"a zip":              "PK\x03\x04" + strings.Repeat("\x00", 100),
		"html":               "<!DOCTYPE html>\n<html></html>",
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := open([]byte(text), u)
			wantCode(t, err, fault.EnvelopeMalformed)
		})
	}
}

// TestCancelled: an ended context ends the work, with its own code.
func TestCancelled(t *testing.T) {
	pair := rsaPair(t, 0)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out bytes.Buffer
	_, err := envelope.Seal(ctx, &out, bytes.NewReader(random(10)), envelope.SealOptions{Recipients: to(pair), Length: 10})
	wantCode(t, err, fault.Cancelled)
	sealed := seal(t, random(10), envelope.SealOptions{Recipients: to(pair), Length: 10})
	_, err = envelope.Open(ctx, &out, bytes.NewReader(sealed), envelope.OpenOptions{Unwrapper: unwrapper(t, pair)})
	wantCode(t, err, fault.Cancelled)
}
