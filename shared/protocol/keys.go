package protocol

import (
	"time"

	"scelle/shared/envelope/mechanism"
	"scelle/shared/fault"
)

// Empty is the params or result of a method that has none.
type Empty struct{}

// PresentParams asks about certificates by thumbprint: lower-case hex SHA-256
// of their DER, at most MaxPresent.
type PresentParams struct {
	Thumbprints []string `json:"thumbprints"`
}

// PresentResult answers a page. Unknown holds the keys that this origin never
// registered with this browser: nothing is said about them.
type PresentResult struct {
	Present []string `json:"present"`
	Absent  []string `json:"absent"`
	Unknown []string `json:"unknown"`
}

// HostPresentResult lists those of the asked certificates whose private key
// is in a store.
type HostPresentResult struct {
	Present []string `json:"present"`
}

// Mode is where a key pair comes from.
type Mode string

// The modes. ModeLocal is the recommended one.
const (
	ModeExisting Mode = "existing" // a certificate that is already in the store
	ModeServer   Mode = "server"   // the portal makes the pair, the host imports it
	ModeLocal    Mode = "local"    // the host makes the pair
)

// AddParams opens the assistant. All fields are optional wishes that the
// person can change, except Resume, which goes on with a pending registration.
type AddParams struct {
	Name       string        `json:"name,omitempty"`
	Recovery   bool          `json:"recovery,omitempty"`
	CommonName string        `json:"commonName,omitempty"`
	Mode       Mode          `json:"mode,omitempty"`
	Service    string        `json:"service,omitempty"` // the service's name, for the screen
	Resume     *Registration `json:"resume,omitempty"`
}

// RegistrationState is where a registration stands at the portal.
type RegistrationState string

// The states; only an active key is ever a recipient.
const (
	AwaitingImport RegistrationState = "awaiting-import"
	AwaitingProof  RegistrationState = "awaiting-proof"
	Active         RegistrationState = "active"
	Discarded      RegistrationState = "discarded"
)

// Registration is a key pair's entry at the portal. ID is the portal's.
type Registration struct {
	ID         string            `json:"id"`
	State      RegistrationState `json:"state"`
	Thumbprint string            `json:"thumbprint"`
}

// AddResult is what the page learns about the outcome.
type AddResult struct {
	Registration Registration        `json:"registration"`
	Mode         Mode                `json:"mode,omitempty"`
	Mechanism    mechanism.Mechanism `json:"mechanism,omitempty"`
}

// SubmitCertificateArgs is the argument of the page's submitCertificate. The
// portal answers with a Registration, the same one when the same certificate
// comes twice.
type SubmitCertificateArgs struct {
	Name        string `json:"name"`
	Recovery    bool   `json:"recovery"`
	Mode        Mode   `json:"mode"`
	Certificate []byte `json:"certificate"` // DER, base64 in JSON
	Thumbprint  string `json:"thumbprint"`
}

// RequestServerKeyArgs is the argument of the page's requestServerKey.
type RequestServerKeyArgs struct {
	Name               string `json:"name"`
	Recovery           bool   `json:"recovery"`
	CommonName         string `json:"commonName"`
	OneTimeCertificate []byte `json:"oneTimeCertificate"` // DER
}

// ServerKey is the portal's answer: the pair in a PKCS#12 whose password is
// the lower-case hex SHA-256 of the one-time certificate's DER, sealed as a
// CMS envelope to that certificate.
type ServerKey struct {
	Registration Registration `json:"registration"`
	Envelope     []byte       `json:"envelope"`
}

// RequestChallengeArgs asks the portal for a proof-of-possession challenge.
// Refused lists the mechanisms that this key's store could not do; the portal
// answers with the next one it would accept. Asking moves a registration from
// awaiting-import to awaiting-proof.
type RequestChallengeArgs struct {
	ID      string                `json:"id"`
	Refused []mechanism.Mechanism `json:"refused"`
}

// Challenge is a CMS envelope to the new certificate whose plaintext is
// exactly ProofPrefix, the origin, the hex thumbprint and 64 random hex
// digits, one a line, each line ended by \n.
type Challenge struct {
	Mechanism mechanism.Mechanism `json:"mechanism"`
	Envelope  []byte              `json:"envelope"`
}

// SubmitProofArgs carries the lower-case hex SHA-256 of a challenge's
// plaintext. The portal answers with the Registration.
type SubmitProofArgs struct {
	ID        string              `json:"id"`
	Mechanism mechanism.Mechanism `json:"mechanism"`
	Proof     string              `json:"proof"`
}

// DiscardArgs gives up a registration.
type DiscardArgs struct {
	ID string `json:"id"`
}

// Certificate is one certificate of this computer, as the assistant shows it.
// It never goes to a page.
type Certificate struct {
	URI        string       `json:"uri"`
	Places     []string     `json:"places"` // names of the stores that hold it
	Name       string       `json:"name"`
	CommonName string       `json:"commonName"`
	Issuer     string       `json:"issuer"`
	NotBefore  time.Time    `json:"notBefore"`
	NotAfter   time.Time    `json:"notAfter"`
	Thumbprint string       `json:"thumbprint"`
	KeyKind    string       `json:"keyKind"` // "rsa", "ec" or what else it is
	Bits       int          `json:"bits"`
	Curve      string       `json:"curve,omitempty"`
	HasKey     bool         `json:"hasKey"`
	Usable     bool         `json:"usable"`   // can receive plis, and this computer can open them
	Reasons    []fault.Code `json:"reasons"`  // why not
	Warnings   []string     `json:"warnings"` // codes of package keypair
	SelfSigned bool         `json:"selfSigned"`
}

// ListParams asks for one page of certificates. Cursor is empty for the first.
type ListParams struct {
	Cursor  string `json:"cursor,omitempty"`
	Limit   int    `json:"limit,omitempty"` // 1 to MaxList, 0 for MaxList
	KeyOnly bool   `json:"keyOnly,omitempty"`
}

// ListResult is one page; Next is empty on the last. Failed names the stores
// that could not be read: a list with a hole says so.
type ListResult struct {
	Certificates []Certificate `json:"certificates"`
	Next         string        `json:"next,omitempty"`
	Failed       []StoreStatus `json:"failed,omitempty"`
}

// CertificateParams names a certificate by its thumbprint.
type CertificateParams struct {
	Thumbprint string `json:"thumbprint"`
}

// CertificateResult is one certificate with its bytes.
type CertificateResult struct {
	Certificate Certificate `json:"certificate"`
	DER         []byte      `json:"der"`
}

// GenerateParams asks for a new pair, RSA GeneratedKeyBits, self-signed, valid
// GeneratedKeyYears. Name is the friendly name in the store. Backup asks for
// the one protected copy that can ever be made.
type GenerateParams struct {
	CommonName string `json:"commonName"`
	Name       string `json:"name"`
	Backup     bool   `json:"backup,omitempty"`
}

// KeyResult is a pair that was just made or imported, and passed its
// self-test: a nonce sealed to it was opened through the store. Backup is there
// when it was asked for.
type KeyResult struct {
	Certificate Certificate `json:"certificate"`
	DER         []byte      `json:"der"`
	Backup      *Backup     `json:"backup,omitempty"`
}

// TransportResult is a one-time certificate. It serves one import, once,
// within TransportSeconds, on this connection.
type TransportResult struct {
	ID          string    `json:"id"`
	Certificate []byte    `json:"certificate"` // DER
	Expires     time.Time `json:"expires"`
}

// ImportParams hands over a ServerKey's envelope. Thumbprint is that of its
// registration: a pair with another certificate is refused before anything
// reaches a store. "" takes any.
type ImportParams struct {
	Transport  string `json:"transport"`
	Envelope   []byte `json:"envelope"`
	Name       string `json:"name"`
	Thumbprint string `json:"thumbprint,omitempty"`
	Backup     bool   `json:"backup,omitempty"` // as in GenerateParams
}
