//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// sealedSize is the content of the envelopes below, in bytes: more than a
// refusal may take.
const sealedSize = 96 << 20

// TestRefusalsAtTheEnd: an envelope that shows only behind its content that it
// is bad is refused with less than 64 MiB above what the idle program needs,
// and nothing of the content stays anywhere, whatever it was opened to.
func TestRefusalsAtTheEnd(t *testing.T) {
	a := newAccount(t)
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Anne"})
	write(t, a, "cert.pem", pair.PEM())
	write(t, a, "key.pem", pair.KeyPEM(t))
	idle := a.measure("status", "--json").Peak
	before := names(t, a)
	path := filepath.Join(a.home, "late.p7m")
	for _, late := range lateRefusals() {
		t.Run(late.name, func(t *testing.T) {
			write(t, a, "late.p7m", late.spoil(sealed(t, pair, late.profile)))
			defer os.Remove(path)
			for _, to := range [][]string{{"--raw", "-o", "opened"}, {"--raw", "-o", "-"}, {"-o", "opened"}} {
				want := late.code
				if to[0] != "--raw" && late.profile == envelope.ProfileCBC {
					want = fault.PliNotOurs // it begins with zeros, and this is told first
				}
				got := a.measure(slices.Concat([]string{"open", "late.p7m", "--key", "key.pem", "--cert", "cert.pem"}, to)...)
				if got.Status != 1 || !strings.HasPrefix(got.Stderr, string(want)) {
					t.Errorf("%q: exit %d, %s; want %s", to, got.Status, got.Stderr, want)
				}
				if got.Peak-idle >= 64<<20 {
					t.Errorf("%q: needed %d MiB, %d more than idle", to, got.Peak>>20, (got.Peak-idle)>>20)
				}
			}
			os.Remove(path)
			if after := names(t, a); !slices.Equal(after, before) {
				t.Errorf("left behind: %q, before: %q", after, before)
			}
		})
	}
}

// lateRefusal is a way to spoil the end of an envelope.
type lateRefusal struct {
	name    string
	profile envelope.Profile
	spoil   func(b []byte) []byte
	code    fault.Code
}

func lateRefusals() []lateRefusal {
	text := func(b []byte) []byte {
		lines := base64.StdEncoding.EncodeToString(b)
		return []byte("MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\n" + lines[:len(lines)-4] + "*A==\n")
	}
	return []lateRefusal{
		{"a wrong tag", "", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }, fault.EnvelopeUnreadable},
		{"a changed content", "", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }, fault.EnvelopeUnreadable},
		{"cut in its tag", "", func(b []byte) []byte { return b[:len(b)-1] }, fault.EnvelopeMalformed},
		{"cut in its content", "", func(b []byte) []byte { return b[:len(b)-1000] }, fault.EnvelopeMalformed},
		{"something behind it", "", func(b []byte) []byte { return append(b, 0) }, fault.EnvelopeMalformed},
		{"text with a wrong character at its end", "", text, fault.EnvelopeMalformed},
		{"a wrong padding", envelope.ProfileCBC, func(b []byte) []byte { b[len(b)-17] ^= 0x80; return b }, fault.EnvelopeUnreadable},
		{"CBC, cut", envelope.ProfileCBC, func(b []byte) []byte { return b[:len(b)-16] }, fault.EnvelopeMalformed},
	}
}

// sealed is an envelope of zeros for pair.
func sealed(t *testing.T, pair *certtest.Pair, profile envelope.Profile) []byte {
	t.Helper()
	var out bytes.Buffer
	_, err := envelope.Seal(context.Background(), &out, bytes.NewReader(make([]byte, sealedSize)), envelope.SealOptions{
		Recipients: []envelope.Recipient{{Certificate: pair.DER}}, Profile: profile, Length: sealedSize,
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
