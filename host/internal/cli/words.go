package cli

import (
	"scelle/host/internal/keystore"
	"scelle/shared/keypair"
)

// storeStates says in which state a store is, in the assistant's words.
func storeStates() map[string]pair {
	return map[string]pair{
		string(keystore.Ready):    {"prêt", "ready"},
		string(keystore.ReadOnly): {"en lecture seule", "read only"},
		string(keystore.Locked):   {"verrouillé", "locked"},
		string(keystore.Failed):   {"inaccessible", "not accessible"},
	}
}

// warningTexts says what is to be known of a certificate that can receive
// plis.
func warningTexts() map[string]pair {
	return map[string]pair{
		string(keypair.AlsoSigns):     {"la clé sert aussi à signer ou à s’authentifier", "the key also signs or authenticates"},
		string(keypair.ExpiresIn90):   {"expire dans 90 jours ou moins", "expires in 90 days or less"},
		string(keypair.ExpiresIn30):   {"expire dans 30 jours ou moins", "expires in 30 days or less"},
		string(keypair.ExpiresIn7):    {"expire dans 7 jours ou moins", "expires in 7 days or less"},
		string(keypair.SelfSigned):    {"auto-signé", "self-signed"},
		string(keypair.SHA1Signature): {"signé par son émetteur avec un procédé ancien", "signed by its issuer with an old method"},
	}
}

// worded is a code in the person's words; itself when it has none.
func (c *command) worded(table map[string]pair, code string) string {
	t, known := table[code]
	switch {
	case !known:
		return code
	case c.lang == "fr":
		return t.fr
	}
	return t.en
}

// warnings are those of a certificate in the person's words.
func (c *command) warnings(codes []string) []string {
	out := make([]string, len(codes))
	for i, code := range codes {
		out[i] = c.worded(warningTexts(), code)
	}
	return out
}
