package keystore

import "context"

// Token is a card or a cryptographic USB key that is there now.
type Token struct {
	Label string // for people; often somebody's name
	PIN   PINState
}

// PINState is what a token says of its PIN. PKCS#11 has no counter of tries.
type PINState string

// The states of a PIN, the most pressing that a token tells.
const (
	PINSet      PINState = "pin-set"       // nothing to say
	PINMissing  PINState = "pin-missing"   // none was chosen yet
	PINToChange PINState = "pin-to-change" // must be changed before anything else
	PINFew      PINState = "pin-few-tries" // somebody mistyped it
	PINFinalTry PINState = "pin-final-try" // the next mistake locks it
	PINLocked   PINState = "pin-locked"    // needs the PUK
)

// TokenLister is a store of tokens.
type TokenLister interface {
	// Tokens lists those that are there now; it logs in nowhere and prompts
	// for nothing.
	Tokens(ctx context.Context) ([]Token, error)
}
