package protocol

import (
	"time"

	"scelle/shared/checkup"
	"scelle/shared/envelope/mechanism"
	"scelle/shared/keyhealth"
)

// ServiceKey is a registered key of a service, as its portal knows it. Only
// Thumbprint is needed, and ID to verify the key: what is left out is not
// judged.
type ServiceKey struct {
	ID         string `json:"id,omitempty"` // of the registration, at the portal
	Thumbprint string `json:"thumbprint"`
	Name       string `json:"name,omitempty"`
	// Certificate (DER) tells the rest of a key that is not on this computer.
	Certificate []byte            `json:"certificate,omitempty"`
	State       RegistrationState `json:"state,omitempty"`    // a date of the proof is expected of an active key
	Mode        Mode              `json:"mode,omitempty"`     // where the pair came from
	Proven      *time.Time        `json:"proven,omitempty"`   // its last proof of possession
	Openings    []KeyOpening      `json:"openings,omitempty"` // of the consultations that count on it, those to come, at most MaxOpenings
}

// KeyOpening is when a consultation that counts on a key is opened.
type KeyOpening struct {
	Tender string    `json:"tender"`
	At     time.Time `json:"at"`
}

// HealthParams asks how at most MaxPresent keys stand.
type HealthParams struct {
	Keys []ServiceKey `json:"keys"`
}

// HostHealthParams is HealthParams with those of the thumbprints that the
// asking site registered: nothing on this computer is looked at for the others.
// Language is that of the texts, "fr" or "en".
type HostHealthParams struct {
	Keys       []ServiceKey `json:"keys"`
	Registered []string     `json:"registered"`
	Language   string       `json:"language"`
}

// HealthResult is how keys stand, in the order asked. Fault is that of a store
// that could not be read: keys that nobody found may be in it.
type HealthResult struct {
	Keys  []KeyHealth `json:"keys"`
	Fault *Fault      `json:"fault,omitempty"`
}

// KeyHealth is how one key stands. Level is that of the finding that matters
// most.
type KeyHealth struct {
	Thumbprint string         `json:"thumbprint"`
	Here       keyhealth.Here `json:"here,omitempty"`
	NotAfter   *time.Time     `json:"notAfter,omitempty"` // the certificate's, where it is known
	Level      checkup.Level  `json:"level"`
	Findings   []KeyFinding   `json:"findings"` // what matters most first
}

// KeyFinding is one thing to know about a key, in words. Where At is set, Text
// is to be followed by that date.
type KeyFinding struct {
	Code   keyhealth.Code `json:"code"`
	Level  checkup.Level  `json:"level"`
	Text   string         `json:"text"`
	Remedy string         `json:"remedy"`
	At     *time.Time     `json:"at,omitempty"`
	Tender string         `json:"tender,omitempty"`
}

// Facts is what the portal says of a key, for package keyhealth.
func (k ServiceKey) Facts() keyhealth.Key {
	facts := keyhealth.Key{Server: k.Mode == ModeServer, Active: k.State == Active}
	if k.Proven != nil {
		facts.Proven = *k.Proven
	}
	for _, o := range k.Openings {
		facts.Openings = append(facts.Openings, keyhealth.Opening{Tender: o.Tender, At: o.At})
	}
	return facts
}

// Findings puts findings into words, in "fr" or else in English.
func Findings(found []keyhealth.Finding, lang string) []KeyFinding {
	out := make([]KeyFinding, len(found))
	for i, f := range found {
		out[i] = KeyFinding{Code: f.Code, Level: f.Level, Text: f.Text(lang), Remedy: f.Remedy(lang), Tender: f.Tender}
		if !f.At.IsZero() {
			out[i].At = &f.At
		}
	}
	return out
}

// VerifyKeysParams opens the assistant to prove again that this computer has the
// private keys of a service: of those among Keys, at most MaxPresent, that it
// has.
type VerifyKeysParams struct {
	Service string       `json:"service,omitempty"` // the service's name, for the screen
	Keys    []ServiceKey `json:"keys"`
}

// VerifyKeysResult tells the page the outcome of each key, in the order asked.
type VerifyKeysResult struct {
	Keys []VerifiedKey `json:"keys"`
}

// VerifyOutcome is what came of verifying one key.
type VerifyOutcome string

// The outcomes. A key that this origin did not register from this browser is
// proven, or nothing is said about it.
const (
	KeyProven  VerifyOutcome = "proven"
	KeyFailed  VerifyOutcome = "failed" // it is here, and Fault says why it did not prove itself
	KeyAbsent  VerifyOutcome = "absent" // its private key is not on this computer
	KeyUnknown VerifyOutcome = "unknown"
)

// VerifiedKey is the outcome of one key.
type VerifiedKey struct {
	ID         string              `json:"id"`
	Thumbprint string              `json:"thumbprint"`
	Outcome    VerifyOutcome       `json:"outcome"`
	Mechanism  mechanism.Mechanism `json:"mechanism,omitempty"` // what it was proven with
	Fault      *Fault              `json:"fault,omitempty"`
}
