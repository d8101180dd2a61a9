package fault

// Code names one failure. Codes are part of the wire protocol: their values
// are never changed or reused, only added.
type Code string

// Group says who can put a failure right, in the order in which a support
// desk would ask.
type Group string

// The groups of codes.
const (
	Setup     Group = "setup"     // something has to be installed, allowed or updated
	Store     Group = "store"     // the certificate store of this computer
	Key       Group = "key"       // the certificate, the key or the file that holds it
	Envelope  Group = "envelope"  // the pli
	Flow      Group = "flow"      // what was going on: cancelled, lost, refused
	Developer Group = "developer" // a mistake in a page or in Scellé itself
)

// The codes, by group.
const (
	ExtensionMissing  Code = "extension-missing"
	ExtensionOutdated Code = "extension-outdated"
	SiteNotAllowed    Code = "site-not-allowed"
	SiteNotSecure     Code = "site-not-secure"
	SiteForbidden     Code = "site-forbidden"
	HostMissing       Code = "host-missing"
	HostForbidden     Code = "host-forbidden"
	HostOutdated      Code = "host-outdated"
	HostStopped       Code = "host-stopped"
	HostUnreachable   Code = "host-unreachable"
	PolicyUnreadable  Code = "policy-unreadable"
	ComputerUnfit     Code = "computer-unfit"
	UpdateUnavailable Code = "update-unavailable"
	UpdateUnreadable  Code = "update-unreadable"
	UpdateUnsigned    Code = "update-unsigned"
	UpdateExpired     Code = "update-expired"
	UpdateOld         Code = "update-old"
	UpdateDamaged     Code = "update-damaged"
	UpdateNone        Code = "update-none"
	UpdateRequired    Code = "update-required"

	StoreMissing       Code = "store-missing"
	StoreLibrary       Code = "store-library-missing"
	StoreBusy          Code = "store-busy"
	StoreReadOnly      Code = "store-read-only"
	StoreDamaged       Code = "store-damaged"
	StoreLocked        Code = "store-locked"
	StorePassword      Code = "store-password"
	StoreNewerNSS      Code = "store-newer-nss"
	StoreLegacy        Code = "store-legacy"
	StoreUnsupported   Code = "store-unsupported"
	StoreForbidden     Code = "store-forbidden"
	StoreFailed        Code = "store-failed"
	StoreSelfTest      Code = "store-self-test"
	MechanismMissing   Code = "mechanism-missing"
	TokenRemoved       Code = "token-removed"
	PINIncorrect       Code = "pin-incorrect"
	PINLocked          Code = "pin-locked"
	PINCancelled       Code = "pin-cancelled"
	PINPromptMissing   Code = "pin-prompt-missing"
	TokenNotResponding Code = "token-not-responding"
	JournalFailed      Code = "journal-failed"
	JournalDamaged     Code = "journal-damaged"

	KeyNotFound         Code = "key-not-found"
	KeyNotGranted       Code = "key-not-granted"
	CertificateBad      Code = "certificate-bad"
	CertificateExpired  Code = "certificate-expired"
	CertificateRevoked  Code = "certificate-revoked"
	CertificateNotYet   Code = "certificate-not-yet-valid"
	CertificateUsage    Code = "certificate-usage"
	CertificateWeak     Code = "certificate-weak"
	CertificateKeyKind  Code = "certificate-key-kind"
	CertificateExponent Code = "certificate-exponent"
	NameBad             Code = "name-bad"
	P12TooLarge         Code = "p12-too-large"
	P12Damaged          Code = "p12-damaged"
	P12Password         Code = "p12-password"
	P12NoMAC            Code = "p12-no-mac"
	P12Iterations       Code = "p12-iterations"
	P12NoKey            Code = "p12-no-key"
	P12SeveralKeys      Code = "p12-several-keys"
	P12NoCertificate    Code = "p12-no-certificate"
	P12Mismatch         Code = "p12-mismatch"
	P12Unsupported      Code = "p12-unsupported"

	EnvelopeUnreadable  Code = "envelope-unreadable"
	EnvelopeMalformed   Code = "envelope-malformed"
	EnvelopeUnsupported Code = "envelope-unsupported"
	EnvelopeNotForYou   Code = "envelope-not-for-you"
	EnvelopeTooLarge    Code = "envelope-too-large"
	PliMalformed        Code = "pli-malformed"
	PliNotOurs          Code = "pli-not-ours"
	PliOtherTender      Code = "pli-other-tender"
	NoRecipient         Code = "no-recipient"
	NoFile              Code = "no-file"

	Cancelled           Code = "cancelled"
	ConsentRefused      Code = "consent-refused"
	ConsentExpired      Code = "consent-expired"
	Timeout             Code = "timeout"
	Busy                Code = "busy"
	SessionLost         Code = "session-lost"
	PortalRefused       Code = "portal-refused"
	PortalFailed        Code = "portal-failed"
	RegistrationUnknown Code = "registration-unknown"
	ProofFailed         Code = "proof-failed"
	ProofForeign        Code = "proof-foreign"
	ListUnsigned        Code = "list-unsigned"
	ListForged          Code = "list-forged"
	ListSigner          Code = "list-signer"
	ListExpired         Code = "list-expired"
	ListOther           Code = "list-other"
	ListRecipients      Code = "list-recipients"
	ListPli             Code = "list-pli"
	OpeningEarly        Code = "opening-early"
	RehearsalNoKey      Code = "rehearsal-no-key"
	RehearsalDiffers    Code = "rehearsal-differs"
	TransferNoKey       Code = "transfer-no-key"
	TransferChanged     Code = "transfer-changed"
	DeadlinePassed      Code = "deadline-passed"
	TransportExpired    Code = "transport-expired"
	TransportFailed     Code = "transport-failed"
	RateLimited         Code = "rate-limited"
	DiskFull            Code = "disk-full"
	WriteFailed         Code = "write-failed"
	ReadFailed          Code = "read-failed"
	FileExists          Code = "file-exists"
	SavingForbidden     Code = "saving-forbidden"

	BadRequest      Code = "bad-request"
	UnknownMethod   Code = "unknown-method"
	NotPermitted    Code = "not-permitted"
	MessageTooLarge Code = "message-too-large"
	Internal        Code = "internal"
)
