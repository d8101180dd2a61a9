package main

import (
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
	"scelle/wasm/internal/trust"
)

// TestVerify takes a portal's list through this module and the decision that
// follows outside.
func TestVerify(t *testing.T) {
	now := time.Now()
	p := certtest.SelfSigned(t, certtest.Options{Curve: elliptic.P256(), KeyUsage: x509.KeyUsageDigitalSignature})
	list := &lists.Opening{Origin: "https://marches.example", Tender: "T", NotBefore: now, Issued: now,
		Plis: []lists.Pli{{ID: "1", SHA256: strings.Repeat("ab", 32), Kind: pli.Offre}}}
	der, err := signeddata.Sign(list, p.Key, p.DER)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := verify(der, now)
	if err != nil {
		t.Fatal(err)
	}
	if pin, err := signeddata.Pin(p.DER); err != nil || signed.Pin != pin {
		t.Errorf("pin %s, %v", signed.Pin, err)
	}
	if check, err := trust.Settle(protocol.TrustResult{Pins: []string{signed.Pin}}, signed); err != nil || !check.Signed || check.First {
		t.Errorf("%+v, %v", check, err)
	}
	if got, err := trust.Opening(signed, lists.Expected{Origin: "https://marches.example", Tender: "T", Now: now}); err != nil || got.Plis[0].ID != "1" {
		t.Errorf("%+v, %v", got, err)
	}
	for name, bad := range map[string][]byte{
		"cut off": der[:len(der)-1], "one byte more": append(der[:len(der):len(der)], 0),
		"nested": []byte(strings.Repeat("\x30\x80", protocol.MaxSignedList/2)), "too large": make([]byte, protocol.MaxSignedList+1),
	} {
		if _, err := verify(bad, now); fault.CodeOf(err) != fault.ListForged {
			t.Errorf("%s: %v", name, err)
		}
	}
	if signeddata.MaxSize != protocol.MaxSignedList {
		t.Errorf("%d and %d bytes", signeddata.MaxSize, protocol.MaxSignedList)
	}
}
