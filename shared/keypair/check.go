package keypair

import (
	"slices"
	"time"

	"scelle/shared/fault"
)

// Warning names something that does not keep a certificate from receiving
// plis but that its owner should know. The values are part of the protocol.
type Warning string

// The warnings.
const (
	AlsoSigns     Warning = "also-signs"     // the key may sign or authenticate too: a separate key is safer
	ExpiresIn90   Warning = "expires-in-90"  // 31 to 90 days left
	ExpiresIn30   Warning = "expires-in-30"  // 8 to 30 days left
	ExpiresIn7    Warning = "expires-in-7"   // 7 days or fewer left
	SelfSigned    Warning = "self-signed"    // no authority vouches for it
	SHA1Signature Warning = "sha1-signature" // the authority signed with SHA-1 or MD5
)

// Verdict says whether a certificate can receive plis.
type Verdict struct {
	Reasons  []fault.Code // why not, most decisive first; empty when it can
	Warnings []Warning    // what else to know
	DaysLeft int          // whole days until NotAfter, negative after it, 0 on the last day
}

// OK reports whether the certificate can receive plis.
func (v Verdict) OK() bool { return len(v.Reasons) == 0 }

// Err returns the first reason as a *fault.Fault, nil when there is none.
func (v Verdict) Err() error {
	if v.OK() {
		return nil
	}
	return fault.New(v.Reasons[0])
}

const day = 24 * time.Hour

// Check judges a certificate at the time now. It cannot know whether the
// private key is at hand, nor whether the certificate was revoked.
func Check(c *Certificate, now time.Time) Verdict {
	var v Verdict
	if c.Odd {
		v.Reasons = append(v.Reasons, fault.CertificateBad)
	}
	for _, code := range KeyReasons(c) {
		if !slices.Contains(v.Reasons, code) {
			v.Reasons = append(v.Reasons, code)
		}
	}
	if !mayReceive(c) {
		v.Reasons = append(v.Reasons, fault.CertificateUsage)
	}
	switch {
	case c.NotBefore.IsZero() || c.NotAfter.IsZero():
	case now.After(c.NotAfter):
		v.Reasons = append(v.Reasons, fault.CertificateExpired)
	case now.Before(c.NotBefore):
		v.Reasons = append(v.Reasons, fault.CertificateNotYet)
	}
	v.DaysLeft = daysLeft(c.NotAfter, now)
	v.Warnings = warnings(c, v)
	return v
}

// KeyReasons judges the public key alone: fault.CertificateKeyKind,
// CertificateWeak, CertificateExponent or CertificateBad.
func KeyReasons(c *Certificate) []fault.Code {
	var reasons []fault.Code
	switch c.Kind {
	case RSA:
		if c.Bits < MinRSABits {
			reasons = append(reasons, fault.CertificateWeak)
		}
		if c.Exponent < MinRSAExponent {
			reasons = append(reasons, fault.CertificateExponent)
		}
	case EC:
		if !SupportedCurve(c.Curve) {
			return []fault.Code{fault.CertificateKeyKind}
		}
	default:
		return []fault.Code{fault.CertificateKeyKind}
	}
	if _, err := c.PublicKey(); err != nil {
		if code := fault.CodeOf(err); !slices.Contains(reasons, code) {
			reasons = append(reasons, code)
		}
	}
	return reasons
}

// mayReceive applies RFC 5280 4.2.1.3: without the extension a key may do
// everything; with it RSA needs keyEncipherment and EC keyAgreement.
func mayReceive(c *Certificate) bool {
	switch {
	case !c.HasKeyUsage:
		return true
	case c.Kind == EC:
		return c.KeyUsage&KeyAgreement != 0
	default:
		return c.KeyUsage&KeyEncipherment != 0
	}
}

// AlsoSigns reports whether the certificate lets the key sign or authenticate.
func (c *Certificate) AlsoSigns() bool { return c.KeyUsage&(DigitalSignature|NonRepudiation) != 0 }

func daysLeft(until, now time.Time) int {
	left := until.Sub(now)
	days := int(left / day)
	if left < 0 {
		days--
	}
	return days
}

func warnings(c *Certificate, v Verdict) []Warning {
	var w []Warning
	if c.AlsoSigns() {
		w = append(w, AlsoSigns)
	}
	switch {
	case c.NotAfter.IsZero() || v.DaysLeft < 0 || v.DaysLeft > 90:
	case v.DaysLeft <= 7:
		w = append(w, ExpiresIn7)
	case v.DaysLeft <= 30:
		w = append(w, ExpiresIn30)
	default:
		w = append(w, ExpiresIn90)
	}
	if c.SelfIssued {
		w = append(w, SelfSigned)
	}
	if c.Signature == "SHA-1" || c.Signature == "MD5" {
		w = append(w, SHA1Signature)
	}
	return w
}
