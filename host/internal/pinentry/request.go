// Package pinentry asks the person at a Linux computer for the PIN of a smart
// card or the password of a certificate store, through the pinentry programs
// that GnuPG made common: they own the window, so that a PIN passes through no
// page and no browser. The client speaks Assuan, a line protocol over the
// program's standard streams. Where no pinentry is installed, zenity or kdialog
// ask.
package pinentry

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"unicode"
)

// Prompt asks the person at the computer for a secret; *Asker is one.
type Prompt interface {
	// PIN returns what was typed, which the caller clears. Errors:
	// fault.PINCancelled, PINPromptMissing, and those of an ended context.
	PIN(ctx context.Context, r Request) ([]byte, error)
	// Available says, without asking, whether there is a way to ask.
	Available() bool
}

// Request is what the person is told about the PIN that they are asked for.
type Request struct {
	Origin string // who asked, "" when unknown
	Action string // what the key is for: "open", "prove", "rewrap", "rehearse" or "import", else shown as it is; "" when unknown
	Token  string // label of the card or token
	Tries  int    // tries left before the token locks; 0 when it does not say
	Few    bool   // a wrong PIN was given since the last right one
	Min    int    // shortest PIN, in bytes; 0 when unknown
	Max    int    // longest PIN, in bytes; 0 when unknown

	Password bool // asks for the password of the store named Token instead
	Wrong    bool // the password that was just given is not right
}

// Final says whether a wrong PIN now would lock the token.
func (r Request) Final() bool { return r.Tries == 1 }

// words are the texts in one language.
type words struct {
	title, prompt, ok, cancel string
	token, origin, action     string
	actions                   map[string]string // by verb of the protocol
	final, few, tries, wrong  string
}

// words are the texts for a request.
func (r Request) words(lang string) words {
	w := wordsOf(lang)
	switch {
	case !r.Password:
	case lang == "en":
		w.title, w.prompt = "Scellé: password", "Password:"
		w.token = "Enter the password of the certificate store “%s”. It is often the browser’s primary password."
	default:
		w.title, w.prompt = "Scellé : mot de passe", "Mot de passe :"
		w.token = "Saisissez le mot de passe du magasin de certificats « %s ». C’est souvent le mot de passe principal du navigateur."
	}
	return w
}

func wordsOf(lang string) words {
	if lang == "en" {
		return words{
			title: "Scellé: PIN", prompt: "PIN:", ok: "Confirm", cancel: "Cancel",
			token: "Enter the PIN of the card or token “%s”.", origin: "Asked for by: %s", action: "To: %s",
			final: "Last try: a wrong PIN now locks the card.",
			few:   "A wrong PIN was entered before. After a few more the card locks.",
			tries: "Tries left: %d.",
			wrong: "This password is not right. Check the keyboard layout and Caps Lock.",
			actions: map[string]string{
				"open": "open a submission", "prove": "prove to the portal that your key is here",
				"rewrap": "give a submission other recipients", "rehearse": "rehearse an opening",
				"import": "store a new key",
			},
		}
	}
	return words{
		title: "Scellé : code PIN", prompt: "Code PIN :", ok: "Valider", cancel: "Annuler",
		token: "Saisissez le code PIN de la carte ou clé « %s ».", origin: "Demandé par : %s", action: "Pour : %s",
		final: "Dernier essai : un code faux bloque la carte.",
		few:   "Un code faux a été saisi auparavant. Après quelques autres, la carte se bloque.",
		tries: "Essais restants : %d.",
		wrong: "Ce mot de passe n’est pas le bon. Vérifiez la disposition du clavier et le verrouillage des majuscules.",
		actions: map[string]string{
			"open": "ouvrir un pli", "prove": "prouver au portail que votre clé est ici",
			"rewrap": "confier un pli à d’autres destinataires", "rehearse": "répéter une ouverture",
			"import": "enregistrer une nouvelle clé",
		},
	}
}

// description is the window's text.
func (r Request) description(w words) string {
	lines := []string{fmt.Sprintf(w.token, visible(r.Token, maxToken))}
	if r.Origin != "" {
		lines = append(lines, fmt.Sprintf(w.origin, visible(r.Origin, maxPurpose)))
	}
	if r.Action != "" {
		lines = append(lines, fmt.Sprintf(w.action, visible(cmp.Or(w.actions[r.Action], r.Action), maxPurpose)))
	}
	if r.Tries > 1 {
		lines = append(lines, fmt.Sprintf(w.tries, r.Tries))
	}
	return strings.Join(lines, "\n")
}

// warning stands out in the window; "" when there is nothing to warn of.
func (r Request) warning(w words) string {
	switch {
	case r.Wrong:
		return w.wrong
	case r.Final():
		return w.final
	case r.Few:
		return w.few
	}
	return ""
}

// Bounds of what a page or a card may write into the window, in bytes as they
// are sent: an Assuan line has at most 1000.
const (
	maxToken   = 96
	maxPurpose = 240
)

// visible takes out what could forge other lines of the window or turn its
// text around (control and format characters), and bounds the rest.
func visible(s string, limit int) string {
	var b strings.Builder
	size := 0
	for _, r := range s {
		if !unicode.IsPrint(r) {
			r = '\uFFFD'
		}
		if size += len(escape(string(r))); size > limit {
			b.WriteString("…")
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

// escape writes a text as the argument of an Assuan command.
func escape(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}
