//go:build js && wasm

package verifier

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/pli"
	"scelle/shared/protocol"
	"scelle/shared/signeddata"
	"scelle/shared/signeddata/lists"
	"scelle/wasm/internal/bridge"
)

// These tests need a browser: go test ./scripts/e2e/wasmtest runs them, with
// the real verify.wasm beside the page and scripts/e2e/wasmtest/unfenced as
// verify.wasm in the folder unfenced.
func inBrowser(t *testing.T) {
	t.Helper()
	if _, ok := bridge.Lookup("Worker"); !ok {
		t.Skip("needs a browser: run go test ./scripts/e2e/wasmtest")
	}
}

func good(t *testing.T) (der []byte, pin string) {
	t.Helper()
	now := time.Now()
	p := certtest.SelfSigned(t, certtest.Options{Curve: elliptic.P256(), KeyUsage: x509.KeyUsageDigitalSignature})
	list := &lists.Opening{Origin: "https://marches.example", Tender: "T", NotBefore: now, Issued: now,
		Plis: []lists.Pli{{ID: "1", SHA256: strings.Repeat("ab", 32), Kind: pli.Offre}}}
	der, err := signeddata.Sign(list, p.Key, p.DER)
	if err != nil {
		t.Fatal(err)
	}
	pin, err = signeddata.Pin(p.DER)
	if err != nil {
		t.Fatal(err)
	}
	return der, pin
}

// TestVerify: a good list, then hostile ones, then the good one again: each
// has a Worker of its own.
func TestVerify(t *testing.T) {
	inBrowser(t)
	ctx := context.Background()
	der, pin := good(t)
	changed := bytes.Replace(der, []byte(`"offre"`), []byte(`"offrE"`), 1)
	for range 2 {
		signed, err := Verify(ctx, der)
		if err != nil || signed.Pin != pin || !bytes.Contains(signed.JSON, []byte(`"tender":"T"`)) {
			t.Fatalf("%+v, %v", signed, err)
		}
		for name, bad := range map[string][]byte{
			"changed": changed, "cut off": der[:len(der)/2], "nested": nested(), "too large": make([]byte, protocol.MaxSignedList+1), "nothing like it": []byte("liste"),
		} {
			if signed, err := Verify(ctx, bad); signed != nil || fault.CodeOf(err) != fault.ListForged {
				t.Errorf("%s: %+v, %v", name, signed, err)
			}
		}
	}
	if signed, err := Verify(ctx, nil); signed != nil || err != nil {
		t.Errorf("no list: %+v, %v", signed, err)
	}
}

// nested is what go.mozilla.org/pkcs7 follows down to the end of the stack.
func nested() []byte { return bytes.Repeat([]byte("\x30\x80"), protocol.MaxSignedList/2) }

// TestHostileWorker: what stops the module, or keeps it busy for ever, is a
// refusal, here without the fence that keeps such lists from pkcs7.
func TestHostileWorker(t *testing.T) {
	inBrowser(t)
	ctx := context.Background()
	for name, c := range map[string]struct {
		list     []byte
		patience time.Duration
		detail   string
	}{
		"stack overflow in pkcs7": {nested(), 20 * time.Second, "crash"},
		"panic":                   {[]byte("P"), 20 * time.Second, "crash"},
		"endless loop":            {[]byte("H"), 2 * time.Second, "no answer in 2s"},
	} {
		signed, err := verify(ctx, c.list, "unfenced/"+script, c.patience)
		if f := fault.Of(err); signed != nil || f == nil || f.Code != fault.ListForged || f.Detail != c.detail {
			t.Errorf("%s: %+v, %v", name, signed, err)
		}
	}
	if signed, err := verify(ctx, []byte("x"), "unfenced/none.js", 20*time.Second); signed != nil || fault.CodeOf(err) != fault.Internal {
		t.Errorf("no script: %+v, %v", signed, err)
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	if signed, err := verify(stopped, []byte("H"), "unfenced/"+script, time.Minute); signed != nil || fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("cancelled: %+v, %v", signed, err)
	}
	der, pin := good(t)
	if signed, err := Verify(ctx, der); err != nil || signed.Pin != pin {
		t.Errorf("afterwards: %+v, %v", signed, err)
	}
}
