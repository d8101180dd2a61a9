package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"strings"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/cms"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

func newRewrapping(file, key []byte, to ...*certtest.Pair) *rewrapping {
	r := &rewrapping{file: memFile{name: "p.p7m", data: file}, key: bytes.Clone(key), cipher: envelope.Native(), newHash: sha256.New, now: time.Now, progress: func(int64, int64) {}}
	for _, pair := range to {
		r.to = append(r.to, protocol.SealRecipient{Certificate: pair.DER})
	}
	return r
}

// headOf is the segmented form of an envelope's header.
func headerBytes(t *testing.T, sealed []byte) []byte {
	t.Helper()
	info, err := envelope.Inspect(bytes.NewReader(sealed))
	if err != nil {
		t.Fatal(err)
	}
	head, err := cms.MarshalHeader(info.Header, cms.UnknownLength, 0)
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// TestRewrap: from the header alone, or with the key tried on the content, the
// new recipients get the key that opens it; the key is wiped.
func TestRewrap(t *testing.T) {
	sealed, key := sealOne(t, twoFiles(), nil)
	ca := certtest.NewCA(t, "CA")
	next, backup := ca.Issue(t, certtest.Options{CommonName: "Suite", Key: 1}), ca.Issue(t, certtest.Options{CommonName: "Coffre", Key: 2})
	for name, file := range map[string][]byte{"whole": sealed, "header": headerBytes(t, sealed)} {
		r := newRewrapping(file, key, next, backup)
		wrapped, err := r.run(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if wrapped.Verified != (name == "whole") || (wrapped.ContentSHA256 != "") != wrapped.Verified || len(wrapped.Recipients) != 2 || !bytes.Equal(r.key, make([]byte, len(key))) {
			t.Errorf("%s: %+v", name, wrapped)
		}
		for i, pair := range []*certtest.Pair{next, backup} {
			info, err := cms.ParseRecipientInfo(wrapped.Recipients[i].RecipientInfo)
			if err != nil || wrapped.Recipients[i].Thumbprint != keypair.Thumbprint(pair.DER) {
				t.Fatalf("%s: %v", name, err)
			}
			var again bytes.Buffer
			if _, err := envelope.Rewrap(t.Context(), &again, bytes.NewReader(sealed), envelope.RewrapOptions{Keep: func(*cms.RecipientInfo) bool { return false }, Ready: []cms.RecipientInfo{info}}); err != nil {
				t.Fatal(err)
			}
			if got := contentKey(t, again.Bytes(), pair); !bytes.Equal(got, key) {
				t.Errorf("%s: %s has another key", name, pair.X509.Subject.CommonName)
			}
		}
	}
}

// TestRewrapRefuses: a key that is not the content's is not handed on where the
// content is there, and nothing is wrapped to a key that may receive nothing.
func TestRewrapRefuses(t *testing.T) {
	sealed, key := sealOne(t, twoFiles(), nil)
	ca := certtest.NewCA(t, "CA")
	next := ca.Issue(t, certtest.Options{CommonName: "Suite", Key: 1})
	old := ca.Issue(t, certtest.Options{CommonName: "Ancien", Key: 1, NotAfter: time.Now().Add(-time.Hour)})
	changed := bytes.Clone(sealed)
	changed[len(changed)/2] ^= 1
	for name, c := range map[string]struct {
		r    *rewrapping
		want fault.Code
	}{
		"another key":   {newRewrapping(sealed, make([]byte, len(key)), next), fault.EnvelopeUnreadable},
		"other content": {newRewrapping(changed, key, next), fault.EnvelopeUnreadable},
		"cut off":       {newRewrapping(sealed[:len(sealed)-20], key, next), fault.EnvelopeMalformed},
		"expired":       {newRewrapping(sealed, key, old), fault.CertificateExpired},
		"nobody":        {newRewrapping(sealed, key), fault.NoRecipient},
		"no envelope":   {newRewrapping([]byte("x"), key, next), fault.EnvelopeMalformed},
	} {
		if wrapped, err := c.r.run(t.Context()); fault.CodeOf(err) != c.want || len(wrapped.Recipients) > 0 || !bytes.Equal(c.r.key, make([]byte, len(key))) {
			t.Errorf("%s: %+v, %v", name, wrapped, err)
		}
	}
}

// TestTestPli: what a rehearsal seals opens like a bidder's, and no two are the
// same.
func TestTestPli(t *testing.T) {
	agent := certtest.NewCA(t, "CA").Issue(t, certtest.Options{CommonName: "Agent"})
	seal := func() ([]byte, protocol.SealResult) {
		dir := newDir()
		s := newSealing(dir, []source{testFile()})
		s.params, s.site = testParams("2026-07", []protocol.SealRecipient{{Certificate: agent.DER}}), agreed()
		result, err := s.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return dir.files["sealed"].Bytes(), result
	}
	sealed, result := seal()
	_, other := seal()
	opened, err := newOpening(newDir(), sealed, contentKey(t, sealed, agent)).run(t.Context())
	if err != nil || opened.Tender != "2026-07" || len(opened.Details) != 1 || opened.Details[0].SHA256 != result.Files[0].SHA256 || result.Files[0].SHA256 == other.Files[0].SHA256 {
		t.Errorf("%+v, %v", opened, err)
	}
	text, err := io.ReadAll(testFile().Open(context.Background()))
	if err != nil || !strings.Contains(string(text), "pli d’essai") {
		t.Errorf("%q, %v", text, err)
	}
}
