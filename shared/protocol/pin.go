package protocol

// PINQuestion is what the person at the computer is told about a PIN that the
// host needs, or about the password of a store (Password). It is asked in the
// assistant's window only where the administrator allows that and no program
// of the computer can ask.
type PINQuestion struct {
	ID     string `json:"id"`     // of the question: 32 hex digits
	Origin string `json:"origin"` // for whom the key is used, "" when for nobody
	Action string `json:"action"` // what for: "open", "prove", "rewrap", "rehearse", "import" or ""
	Token  string `json:"token"`  // label of the card, or name of the store
	Tries  int    `json:"tries"`  // left before the card locks; 0 when it does not say
	Few    bool   `json:"few"`    // a wrong PIN was given since the last right one
	Wrong  bool   `json:"wrong"`  // the password that was just given is not right
	Min    int    `json:"min"`    // shortest PIN, in bytes; 0 when unknown
	Max    int    `json:"max"`    // longest PIN, in bytes; 0 when unknown
	// Seconds is how long the question waits for its answer.
	Seconds int `json:"seconds"`
	// Password asks for the password of the store named Token, not for a PIN.
	Password bool `json:"password"`
}

// PINAnswerParams answers a question. PIN is the UTF-8 of what was typed; it
// stands in this message only, and both sides wipe what they can of it.
type PINAnswerParams struct {
	Question  string `json:"question"`
	PIN       []byte `json:"pin,omitempty"`
	Cancelled bool   `json:"cancelled,omitempty"`
}
