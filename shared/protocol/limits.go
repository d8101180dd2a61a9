package protocol

// Limits of messages. Browsers end a native-messaging port at a longer message
// from the host (Chromium and Firefox: exactly 1,048,576 bytes pass).
const (
	MaxFrame        = 1 << 20 // bytes of JSON in one native message, each way
	MaxPresent      = 64      // thumbprints in one keys.present
	MaxOpenings     = 16      // consultations of one key in keys.health
	MaxPlis         = 500     // plis in one pli.open, envelopes in one batch
	MaxRecipients   = 100     // recipients in one pli.seal
	MaxFiles        = 10_000  // files in one pli
	MaxName         = 120     // characters (runes) of a key's name or common name
	MaxList         = 100     // certificates in one page of host.keys.list
	MaxSealedKey    = 512 << 10
	MaxRecipientDER = 16 << 10

	TransportSeconds  = 600 // life of a one-time certificate
	UnwrapsPerMinute  = 60  // proofs of possession a minute and connection; every other key operation needs a batch
	UnwrapsPerPli     = 2   // key operations for one envelope of a batch
	BatchSeconds      = 3600
	ConsentArmMillis  = 500
	MaxPIN            = 255 // bytes of a PIN or a password that the assistant asks for
	PendingDays       = 7   // a registration that is not finished by then is discarded
	ServerKeyYears    = 3
	GeneratedKeyYears = 3
	GeneratedKeyBits  = 3072
)

// HostName is the name under which browsers find the native-messaging host.
const HostName = "fr.scelle.host"

// ProofPrefix begins the plaintext of every proof of possession.
const ProofPrefix = "scelle-proof/1"
