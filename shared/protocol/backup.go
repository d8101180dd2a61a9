package protocol

import "time"

// BackupWords is how many words open a protected copy.
const BackupWords = 12

// Backup is the protected copy of a key pair, made before the pair went into
// its store. The host forgets it with this answer; it never reaches a page.
type Backup struct {
	File  []byte `json:"file"`  // PKCS#12
	Words []byte `json:"words"` // its passphrase in ASCII: BackupWords words joined by "-"
}

// BackupTestParams asks whether a protected copy opens. Words is what the
// person typed, UTF-8; capitals, accents and what stands between words do not
// matter.
type BackupTestParams struct {
	File  []byte `json:"file"` // at most MaxSealedKey
	Words []byte `json:"words"`
}

// BackupTestResult is what came of it. Nothing was tried when Count is not
// BackupWords or a word is Unknown; otherwise the file opened, its key opened
// what was sealed to its certificate, and nothing was stored.
type BackupTestResult struct {
	Count       int          `json:"count"`                 // words typed
	Unknown     []int        `json:"unknown"`               // places of words that no copy has, from 1 on
	Certificate *Certificate `json:"certificate,omitempty"` // hasKey: the key is on this computer as well
	At          time.Time    `json:"at"`                    // UTC, to the second
}

// BackupRestoreParams brings a copy's key pair into this computer's store.
type BackupRestoreParams struct {
	File  []byte `json:"file"`
	Words []byte `json:"words"`
}
