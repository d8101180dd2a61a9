package envelope_test

import (
	"bytes"
	"crypto/elliptic"
	"path/filepath"
	"strings"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
)

// sizes are the contents that go both ways: empty, around a block, around a
// chunk of ours (512 KiB) and of OpenSSL's stream mode.
func sizes() []int {
	return []int{1, 15, 16, 17, 4096, 100_000, envelope.ChunkSize - 1, envelope.ChunkSize, envelope.ChunkSize + 17}
}

// kinds are the recipients that everything is tried with.
func kinds(t *testing.T) map[string]*certtest.Pair {
	return map[string]*certtest.Pair{
		"rsa":   rsaPair(t, 0),
		"p-256": ecPair(t, elliptic.P256()),
		"p-384": ecPair(t, elliptic.P384()),
		"p-521": ecPair(t, elliptic.P521()),
	}
}

func TestOpenSSLOpensOurs(t *testing.T) {
	for kind, pair := range kinds(t) {
		cert, key := files(t, pair)
		mechanisms := []envelope.Mechanism{""}
		if kind == "rsa" {
			mechanisms = []envelope.Mechanism{envelope.RSAOAEPSHA256, envelope.RSAOAEPSHA1, envelope.RSAOAEPSHA384, envelope.RSAOAEPSHA512, envelope.RSAPKCS1}
		}
		for _, m := range mechanisms {
			for _, profile := range []envelope.Profile{envelope.ProfileDefault, envelope.ProfileCBC} {
				for _, known := range []bool{true, false} {
					name := strings.Join([]string{kind, string(m), string(profile), map[bool]string{true: "der", false: "ber"}[known]}, "/")
					t.Run(name, func(t *testing.T) {
						for _, size := range sizes() {
							openWithOpenSSL(t, cert, key, random(size), envelope.SealOptions{
								Recipients: []envelope.Recipient{{Certificate: pair.DER, Mechanism: m}},
								Profile:    profile,
								Length:     map[bool]int64{true: int64(size), false: envelope.UnknownLength}[known],
							})
							if m != envelope.RSAOAEPSHA256 && size > 100 {
								break // the content's path is the same for every key
							}
						}
					})
				}
			}
		}
	}
}

func openWithOpenSSL(t *testing.T, cert, key string, content []byte, o envelope.SealOptions) {
	t.Helper()
	sealed := seal(t, content, o)
	path := filepath.Join(t.TempDir(), "sealed")
	write(t, path, sealed)
	got := openssl(t, "cms", "-decrypt", "-binary", "-inform", "DER", "-in", path, "-recip", cert, "-inkey", key)
	if !bytes.Equal(got, content) {
		t.Fatalf("openssl read %d bytes that are not the %d sealed", len(got), len(content))
	}
}

// TestWeOpenOpenSSL opens what openssl cms -encrypt writes, over algorithms,
// kinds of recipients, forms of the file and stream modes.
func TestWeOpenOpenSSL(t *testing.T) {
	type variant struct {
		kind          string
		name          string
		args          []string
		mechanism     envelope.Mechanism
		algorithm     envelope.ContentAlgorithm
		authenticated bool
	}
	var all []variant
	ciphers := []envelope.ContentAlgorithm{
		envelope.AES128CBC, envelope.AES192CBC, envelope.AES256CBC, envelope.DESEDE3,
		envelope.AES128GCM, envelope.AES192GCM, envelope.AES256GCM,
	}
	for _, c := range ciphers {
		flag := "-" + string(c)
		if c == envelope.DESEDE3 {
			flag = "-des3"
		}
		all = append(all, variant{"rsa", "pkcs1", []string{flag}, envelope.RSAPKCS1, c, c.Authenticated()})
		all = append(all, variant{"rsa", "keyid", []string{flag, "-keyid"}, envelope.RSAPKCS1, c, c.Authenticated()})
		if c != envelope.DESEDE3 { // openssl wraps with 3DES then, which is refused by name
			for _, curve := range []string{"p-256", "p-384", "p-521"} {
				all = append(all, variant{curve, "ecdh", []string{flag}, envelope.ECDH, c, c.Authenticated()})
			}
		}
	}
	for _, hash := range []string{"sha1", "sha256", "sha384", "sha512"} {
		all = append(all, variant{"rsa", "oaep", []string{"-aes-256-gcm", "-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:" + hash},
			envelope.Mechanism("rsa-oaep-" + hash), envelope.AES256GCM, true})
	}
	for _, hash := range []string{"sha1", "sha224", "sha256", "sha384", "sha512"} {
		all = append(all, variant{"p-256", "kdf", []string{"-aes-128-cbc", "-keyopt", "ecdh_kdf_md:" + hash}, envelope.ECDH, envelope.AES128CBC, false})
	}
	all = append(all, variant{"p-384", "cofactor", []string{"-aes-256-cbc", "-keyopt", "ecdh_cofactor_mode:1"}, envelope.ECDH, envelope.AES256CBC, false})
	all = append(all, variant{"p-256", "keyid", []string{"-aes-256-gcm", "-keyid"}, envelope.ECDH, envelope.AES256GCM, true})

	pairs := kinds(t)
	forms := []struct {
		encoding envelope.Encoding
		args     []string
	}{
		{envelope.Binary, []string{"-outform", "DER"}},
		{envelope.Binary, []string{"-outform", "DER", "-stream", "-indef"}},
		{envelope.PEM, []string{"-outform", "PEM"}},
		{envelope.SMIME, []string{"-outform", "SMIME"}},
		{envelope.SMIME, []string{"-outform", "SMIME", "-stream", "-to", "acheteur@example.fr", "-subject", "Pli"}},
	}
	content := random(70_001)
	path := filepath.Join(t.TempDir(), "content")
	write(t, path, content)
	for _, v := range all {
		cert, _ := files(t, pairs[v.kind])
		u := unwrapper(t, pairs[v.kind])
		for _, f := range forms {
			t.Run(strings.Join([]string{v.kind, v.name, strings.Join(v.args, ""), strings.Join(f.args, "")}, "/"), func(t *testing.T) {
				args := append([]string{"cms", "-encrypt", "-binary", "-in", path}, f.args...)
				args = append(args, "-recip", cert)
				for i := 0; i < len(v.args); i++ { // -keyopt belongs behind its recipient
					args = append(args, v.args[i])
				}
				report := mustOpen(t, openssl(t, args...), content, u)
				if report.Authenticated != v.authenticated || report.Info.Algorithm != v.algorithm ||
					report.Info.Encoding != f.encoding || report.Info.Recipients[0].Mechanism != v.mechanism {
					t.Fatalf("report: authenticated %v, %s, %s, %s", report.Authenticated, report.Info.Algorithm,
						report.Info.Encoding, report.Info.Recipients[0].Mechanism)
				}
			})
		}
	}
}

// TestOpenSSLManyRecipients opens one envelope with each of its keys, both
// ways.
func TestOpenSSLManyRecipients(t *testing.T) {
	pairs := []*certtest.Pair{rsaPair(t, 0), rsaPair(t, 1), ecPair(t, elliptic.P256()), ecPair(t, elliptic.P521())}
	content := random(5000)
	sealed := seal(t, content, envelope.SealOptions{Recipients: to(pairs...), Length: 5000})
	path := filepath.Join(t.TempDir(), "content")
	write(t, path, content)
	args := []string{"cms", "-encrypt", "-binary", "-aes-256-gcm", "-outform", "DER", "-in", path}
	for _, p := range pairs {
		cert, key := files(t, p)
		args = append(args, "-recip", cert)
		in := filepath.Join(t.TempDir(), "sealed")
		write(t, in, sealed)
		got := openssl(t, "cms", "-decrypt", "-binary", "-inform", "DER", "-in", in, "-recip", cert, "-inkey", key)
		if !bytes.Equal(got, content) {
			t.Fatal("openssl read something else")
		}
	}
	theirs := openssl(t, args...)
	for _, p := range pairs {
		report := mustOpen(t, theirs, content, unwrapper(t, p))
		if len(report.Info.Recipients) != len(pairs) {
			t.Fatalf("%d recipients", len(report.Info.Recipients))
		}
	}
}

// TestOpenSSLRefusedByName: algorithms that are not opened are named.
func TestOpenSSLRefusedByName(t *testing.T) {
	pair := rsaPair(t, 0)
	cert, _ := files(t, pair)
	path := filepath.Join(t.TempDir(), "content")
	write(t, path, random(100))
	for flag, name := range map[string]string{
		"-camellia256": "1.2.392.200011.61.1.1.1.4",
		"-aes-256-ofb": "aes-ofb",
		"-aes-256-cfb": "aes-cfb",
	} {
		sealed, err := tryOpenSSL(t, "cms", "-encrypt", "-binary", flag, "-outform", "DER", "-in", path, "-recip", cert)
		if err != nil {
			t.Errorf("%s: %v", flag, err)
			continue
		}
		_, _, err = open(sealed, unwrapper(t, pair))
		if err == nil || err.Error() != "envelope-unsupported ("+name+")" {
			t.Errorf("%s: %v", flag, err)
		}
	}
}
