package protocol

import "time"

// RehearseParams asks for the rehearsal of an opening: a pli of the
// extension's own making is sealed to the keys of a tender, as SealParams says,
// and opened with those of them that are on this computer.
type RehearseParams struct {
	Recipients    []SealRecipient `json:"recipients,omitempty"`
	RecipientList []byte          `json:"recipientList,omitempty"` // signed
	Tender        string          `json:"tender"`
	Lot           string          `json:"lot,omitempty"` // that the list was made for
	Title         string          `json:"title,omitempty"`
}

// RehearseResult is what a rehearsal showed: for each key of the tender
// whether it opened its pli. No other pli is ever part of it.
type RehearseResult struct {
	Tender    string         `json:"tender"`
	Started   time.Time      `json:"started"`  // when the person consented, UTC
	Finished  time.Time      `json:"finished"` // UTC
	Extension string         `json:"extension"`
	Host      string         `json:"host"`
	List      ListCheck      `json:"list"`
	Keys      []RehearsedKey `json:"keys"` // all of the list, in its order
}

// RehearsedKey is one key of a rehearsal. Fault says why it did not open, or
// why nothing is sealed to it.
type RehearsedKey struct {
	Thumbprint string    `json:"thumbprint"`
	Label      string    `json:"label,omitempty"`
	Recovery   bool      `json:"recovery,omitempty"`
	State      Rehearsed `json:"state"`
	Fault      *Fault    `json:"fault,omitempty"`
}

// Rehearsed is what a rehearsal showed of one key.
type Rehearsed string

// What a rehearsal can show.
const (
	RehearsedOpened    Rehearsed = "opened"    // it opened the test pli on this computer
	RehearsedFailed    Rehearsed = "failed"    // it is on this computer and did not open it
	RehearsedElsewhere Rehearsed = "elsewhere" // its private key is not on this computer
	RehearsedLeftOut   Rehearsed = "left-out"  // nothing is sealed to it: expired or withdrawn
)
