package keyhealth

import (
	"strconv"
	"strings"

	"scelle/shared/checkup"
)

// entry is one finding with its level and its words: what is so, and what to
// do about it. {days} and {tender} are filled in; a text that ends in what asks
// for a date is followed by the finding's. The table is read only.
type entry struct {
	code     Code
	level    checkup.Level
	fr       string
	frRemedy string
	en       string
	enRemedy string
}

var table = []entry{
	{
		Expired, checkup.Bad,
		"Expirée depuis le",
		"Elle ouvre toujours les plis déjà reçus, et aucun nouveau pli n’est scellé pour elle. Gardez-la jusqu’à leur ouverture, et enregistrez une nouvelle clé.",
		"Expired since",
		"It still opens the submissions that were received, and no new one is sealed to it. Keep it until they are opened, and register a new key.",
	},
	{
		ExpiresIn7, checkup.Bad,
		"Expire dans {days}, le",
		"Enregistrez dès maintenant une nouvelle clé. Gardez l’ancienne jusqu’à l’ouverture des plis déjà reçus.",
		"Expires in {days}, on",
		"Register a new key now. Keep the old one until the submissions that were received are opened.",
	},
	{
		ExpiresIn30, checkup.Warning,
		"Expire dans {days}, le",
		"Demandez ou créez une nouvelle clé, et enregistrez-la avant cette date.",
		"Expires in {days}, on",
		"Ask for or make a new key, and register it before that date.",
	},
	{
		ExpiresIn90, checkup.Note,
		"Expire dans {days}, le",
		"Prévoyez son renouvellement.",
		"Expires in {days}, on",
		"Plan its renewal.",
	},
	{
		BeforeOpening, checkup.Warning,
		"Expire avant l’ouverture de la consultation {tender}, le",
		"Après son expiration, les réponses ne seront plus scellées pour elle. Enregistrez une nouvelle clé, et choisissez-la pour cette consultation.",
		"Expires before the opening of the tender {tender}, on",
		"After its expiry answers are no longer sealed to it. Register a new key, and choose it for this tender.",
	},
	{
		HereYes, checkup.Good,
		"Clé privée sur ce poste.",
		"Rien à faire.",
		"Private key on this computer.",
		"Nothing to do.",
	},
	{
		HereNo, checkup.Note,
		"Clé privée absente de ce poste.",
		"Si elle est sur une carte, branchez le lecteur et insérez la carte. Sinon, ses plis s’ouvrent sur le poste où elle se trouve.",
		"Private key not on this computer.",
		"If it is on a card, connect the reader and insert the card. Otherwise its submissions open on the computer where it is.",
	},
	{
		HereUnknown, checkup.Note,
		"Clé enregistrée depuis un autre poste ou un autre navigateur.",
		"Pour savoir si elle est aussi sur ce poste, cliquez sur « Vérifier mes clés » dans la salle des marchés.",
		"Key registered from another computer or browser.",
		"To learn whether it is on this computer too, click “Verify my keys” in the portal.",
	},
	{
		Proven, checkup.Good,
		"Dernière preuve de possession :",
		"Rien à faire.",
		"Last proof of possession:",
		"Nothing to do.",
	},
	{
		ProofOld, checkup.Note,
		"Aucune preuve de possession depuis plus de six mois. La dernière :",
		"Cliquez sur « Vérifier mes clés » dans la salle des marchés, depuis le poste où la clé se trouve.",
		"No proof of possession for more than six months. The last one:",
		"Click “Verify my keys” in the portal, on the computer where the key is.",
	},
	{
		NeverProven, checkup.Warning,
		"Aucune preuve de possession connue.",
		"Cliquez sur « Vérifier mes clés » dans la salle des marchés, depuis le poste où la clé se trouve.",
		"No proof of possession is known.",
		"Click “Verify my keys” in the portal, on the computer where the key is.",
	},
	{
		AlsoSigns, checkup.Note,
		"La clé sert aussi à signer ou à s’authentifier.",
		"Une clé réservée aux plis est plus sûre : elle peut être gardée en double et confiée à un collègue, une clé de signature jamais.",
		"The key also signs or authenticates.",
		"A key kept for submissions is safer: it may have a copy and be lent to a colleague, a signing key never.",
	},
	{
		ServerMade, checkup.Note,
		"Clé générée par la salle des marchés.",
		"Elle a existé ailleurs que sur ce poste, le temps de sa création. Une clé créée sur ce poste ou sur une carte est plus sûre.",
		"Key made by the portal.",
		"It existed elsewhere than on this computer while it was made. A key made on this computer or on a card is safer.",
	},
}

// Codes lists every finding, in the order of the documentation.
func Codes() []Code {
	all := make([]Code, len(table))
	for i, e := range table {
		all[i] = e.code
	}
	return all
}

func (c Code) entry() entry {
	for _, e := range table {
		if e.code == c {
			return e
		}
	}
	return entry{code: c, level: checkup.Note, fr: string(c), en: string(c)}
}

// Level is how much a finding matters; a code that is not known is a Note.
func (c Code) Level() checkup.Level { return c.entry().level }

// Remedy says what to do about it, in "fr" or else in English.
func (c Code) Remedy(lang string) string {
	if lang == "fr" {
		return typeset(c.entry().frRemedy)
	}
	return c.entry().enRemedy
}

// Title says what a code means without the values of one key, in "fr" or else
// in English: the guide's heading.
func (c Code) Title(lang string) string {
	return Finding{Code: c, Tender: "…", Days: ladder[c]}.Heading(lang)
}

// Heading is Text without what asks for a date.
func (f Finding) Heading(lang string) string {
	s := f.Text(lang)
	for _, end := range []string{", le", ", on", " depuis le", " since", " le", "\u00a0:", ":", " La dernière", " The last one"} {
		s = strings.TrimSuffix(s, end)
	}
	return s
}

// ladder is where the rungs begin, in days.
var ladder = map[Code]int{ExpiresIn7: 7, ExpiresIn30: 30, ExpiresIn90: 90}

// Text says what is so, in "fr" or else in English. Where At is set, it is to
// be followed by that date.
func (f Finding) Text(lang string) string {
	s := f.Code.entry().en
	if lang == "fr" {
		s = typeset(f.Code.entry().fr)
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "{days}", days(f.Days, lang)), "{tender}", f.Tender)
}

// Remedy says what to do about it, in "fr" or else in English.
func (f Finding) Remedy(lang string) string { return f.Code.Remedy(lang) }

func days(n int, lang string) string {
	switch {
	case lang == "fr" && n == 0:
		return "moins d’un jour"
	case lang == "fr" && n == 1:
		return "un jour"
	case lang == "fr":
		return strconv.Itoa(n) + "\u00a0jours"
	case n == 0:
		return "less than a day"
	case n == 1:
		return "one day"
	}
	return strconv.Itoa(n) + " days"
}

// typeset gives French punctuation its no-break spaces.
func typeset(s string) string {
	for _, mark := range [...][2]string{{" :", "\u00a0:"}, {"« ", "«\u00a0"}, {" »", "\u00a0»"}} {
		s = strings.ReplaceAll(s, mark[0], mark[1])
	}
	return s
}
