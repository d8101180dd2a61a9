// Package policy is the table of what an administrator may settle for Scellé
// and how the values are read. The browser hands the extension's part over as
// storage.managed; the host reads its own part from a place that only an
// administrator can write (package managed of the host). The extension's
// schema, the Windows templates, the examples and the documentation are made
// from this table by scripts/policy.
package policy

import (
	"encoding/hex"
	"path"
	"slices"
	"strings"

	"scelle/shared/fault"
)

// Kind is what values a setting takes.
type Kind string

// The kinds.
const (
	Texts  Kind = "texts"  // a list of texts
	Truth  Kind = "truth"  // true or false; 1 or 0 where there are no truth values
	Choice Kind = "choice" // one of Setting.Choices
	Folder Kind = "folder" // the https address of a folder, or NoFolder
)

// NoFolder is a Folder's value for none at all.
const NoFolder = "none"

// Reader says who obeys a setting.
type Reader string

// The readers.
const (
	Extension Reader = "extension" // through storage.managed
	Host      Reader = "host"      // through a place of the operating system
)

// Words is a text in both languages.
type Words struct{ French, English string }

// Option is one value of a Choice.
type Option struct {
	Value string
	Title Words
}

// Setting is one row of the table.
type Setting struct {
	Name    string // the same in JSON, registries and property lists
	Kind    Kind
	Reader  Reader
	Title   Words
	Text    Words    // what it does, and what holds without it
	Choices []Option // of a Choice
	Default any      // what holds without it: nil, a bool or a string
	Example any      // []string, bool or string
}

// The names of the settings.
const (
	AllowedPortals  = "allowedPortals"
	SaveOpenedPlis  = "saveOpenedPlis"
	Language        = "language"
	UpdateAddress   = "updateAddress"
	ListKeys        = "listKeys"
	UnsignedLists   = "unsignedLists"
	ForbiddenStores = "forbiddenStores"
	PKCS11Modules   = "pkcs11Modules"
	PINInAssistant  = "pinInAssistant"
)

// Settings returns the table.
func Settings() []Setting {
	return []Setting{
		{
			Name: AllowedPortals, Kind: Texts, Reader: Extension,
			Title: Words{"Salles des marchés permises", "Allowed portals"},
			Text: Words{
				"Origines (« https://hôte » ou « https://hôte:port ») des seules salles des marchés que Scellé sert. « https://*.exemple.fr » vaut pour tout hôte sous exemple.fr. Sans ce réglage, chaque personne autorise les siennes ; une liste vide n’en permet aucune.",
				"Origins (“https://host” or “https://host:port”) of the only portals that Scellé serves. “https://*.example.fr” stands for every host below example.fr. Without this setting each person allows her own; an empty list allows none.",
			},
			Example: []string{"https://marches.exemple.fr", "https://*.achats.exemple.fr"},
		},
		{
			Name: SaveOpenedPlis, Kind: Truth, Reader: Extension,
			Title: Words{"Enregistrer les plis ouverts sur l’ordinateur", "Save opened submissions on the computer"},
			Text: Words{
				"À « faux », les fichiers d’un pli ouvert ne peuvent être que remis à la salle des marchés, pas enregistrés sur l’ordinateur. Sans ce réglage, c’est permis.",
				"When false, the files of an opened submission can only be handed to the portal, not saved on the computer. Without this setting it is allowed.",
			},
			Default: true, Example: false,
		},
		{
			Name: Language, Kind: Choice, Reader: Extension,
			Title: Words{"Langue de l’assistant", "Language of the assistant"},
			Text: Words{
				"Langue des fenêtres de l’extension. Sans ce réglage, celle du navigateur.",
				"Language of the extension’s windows. Without this setting, the browser’s.",
			},
			Choices: []Option{
				{"fr", Words{"français", "French"}},
				{"en", Words{"anglais", "English"}},
			},
			Example: "fr",
		},
		{
			Name: UpdateAddress, Kind: Folder, Reader: Extension,
			Title: Words{"Adresse des mises à jour du programme", "Address of the program’s updates"},
			Text: Words{
				"Adresse https du dossier où l’extension cherche, une fois par jour, « update.json » et les paquets du programme, à la place de celle de l’éditeur ; la signature reste celle de l’éditeur. Le serveur répond avec l’en-tête « Access-Control-Allow-Origin: * ». « none » : l’extension ne cherche rien. Sans ce réglage, l’adresse inscrite dans l’extension à sa construction, s’il y en a une.",
				"https address of the folder in which the extension looks, once a day, for “update.json” and the program’s packages, in place of the publisher’s; the signature is still the publisher’s. The server answers with the header “Access-Control-Allow-Origin: *”. “none”: the extension looks for nothing. Without this setting, the address that the extension was built with, if any.",
			},
			Example: "https://deploiement.exemple.fr/scelle/",
		},
		{
			Name: ListKeys, Kind: Texts, Reader: Extension,
			Title: Words{"Clés qui signent les listes des salles des marchés", "Keys that sign the portals’ lists"},
			Text: Words{
				"Une ligne par clé : l’origine de la salle des marchés, une espace, l’empreinte SHA-256 de la clé publique (« SubjectPublicKeyInfo », 64 chiffres hexadécimaux). Pour une origine nommée ici, seules ces clés valent ; deux lignes couvrent un changement de clé. Pour les autres, Scellé retient la clé de la première liste.",
				"One line for each key: the portal’s origin, a space, the SHA-256 fingerprint of the public key (“SubjectPublicKeyInfo”, 64 hexadecimal digits). For an origin that is named here only these keys count; two lines cover a change of key. For others Scellé keeps the key of the first list.",
			},
			Example: []string{"https://marches.exemple.fr 3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"},
		},
		{
			Name: UnsignedLists, Kind: Choice, Reader: Extension,
			Title: Words{"Listes non signées", "Unsigned lists"},
			Text: Words{
				"Ce que fait Scellé quand une salle des marchés dont aucune clé n’est connue ne signe pas ses listes de destinataires et d’ouverture. Sans ce réglage, il avertit. Une salle des marchés dont une clé est connue doit toujours signer.",
				"What Scellé does when a portal of which no key is known does not sign its lists of recipients and openings. Without this setting it warns. A portal of which a key is known always has to sign.",
			},
			Choices: []Option{
				{"warn", Words{"avertir", "warn"}},
				{"refuse", Words{"refuser", "refuse"}},
			},
			Example: "refuse",
		},
		{
			Name: ForbiddenStores, Kind: Texts, Reader: Host,
			Title: Words{"Magasins de certificats interdits", "Forbidden certificate stores"},
			Text: Words{
				"Identifiants des magasins que le programme n’ouvre pas : « nss » (Linux), « firefox » (profils de Firefox sous Linux), « capi » (Windows), « keychain » (macOS), « pkcs11 » (cartes à puce). « scelle status --json » les nomme. Sans ce réglage, aucun n’est interdit.",
				"Identifiers of the stores that the program does not open: “nss” (Linux), “firefox” (Firefox profiles on Linux), “capi” (Windows), “keychain” (macOS), “pkcs11” (smart cards). “scelle status --json” names them. Without this setting none is forbidden.",
			},
			Example: []string{"nss"},
		},
		{
			Name: PKCS11Modules, Kind: Texts, Reader: Host,
			Title: Words{"Modules PKCS#11", "PKCS#11 modules"},
			Text: Words{
				"Chemins absolus des seuls modules PKCS#11 que le programme charge, pour les cartes à puce. Sans ce réglage, sous Linux, ceux que les paquets du système ou /etc/pkcs11/modules inscrivent auprès de p11-kit ; une liste vide n’en charge aucun.",
				"Absolute paths of the only PKCS#11 modules that the program loads, for smart cards. Without this setting, on Linux, those that the system’s packages or /etc/pkcs11/modules register with p11-kit; an empty list loads none.",
			},
			Example: []string{"/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so"},
		},
		{
			Name: PINInAssistant, Kind: Truth, Reader: Host,
			Title: Words{"Code PIN dans la fenêtre de l’assistant", "PIN in the assistant’s window"},
			Text: Words{
				"À « vrai », sous Linux, le code PIN d’une carte ou le mot de passe d’une base peut être saisi dans la fenêtre de l’assistant, quand ni pinentry, ni zenity, ni kdialog ne peuvent le demander. Protection plus faible : le code passe par le navigateur, dont la mémoire ne peut pas être effacée à coup sûr. Mieux vaut installer pinentry. Sans ce réglage, ce n’est pas permis.",
				"When true, on Linux, the PIN of a card or the password of a database may be typed in the assistant’s window, when neither pinentry nor zenity nor kdialog can ask for it. Weaker protection: the PIN passes through the browser, whose memory cannot be wiped for certain. Installing pinentry is better. Without this setting it is not allowed.",
			},
			Default: false, Example: true,
		},
	}
}

// Policy is what an administrator settled. The zero value is nothing.
type Policy struct {
	AllowedPortals  List   `json:"allowedPortals"`
	ForbidSaving    bool   `json:"forbidSaving"`  // saveOpenedPlis is set to false
	Language        string `json:"language"`      // "fr", "en" or "" for the browser's
	UpdateAddress   string `json:"updateAddress"` // with a slash at its end, NoFolder, or "" when it is not set
	ListKeys        List   `json:"listKeys"`      // "https://host 64 hex digits"
	UnsignedLists   string `json:"unsignedLists"` // "warn", "refuse" or "" for warn
	ForbiddenStores List   `json:"forbiddenStores"`
	PKCS11Modules   List   `json:"pkcs11Modules"`
	PINInAssistant  bool   `json:"pinInAssistant"`
}

// List is a list that may not be set, which differs from an empty one.
type List struct {
	Set    bool     `json:"set"`
	Values []string `json:"values"` // null when it is not set
}

// Has reports whether the list holds a value.
func (l List) Has(value string) bool { return slices.Contains(l.Values, value) }

// maxValues and maxText bound a list and each of its texts, in bytes.
const (
	maxValues = 1000
	maxText   = 4096
)

// Read reads the settings of one reader from values as encoding/json has them,
// or int64 for numbers from a registry or a property list. Other names are
// passed over: an older program meets newer settings. A value of the wrong
// kind is fault.BadRequest with the setting's name; the caller must then not
// go on as if nothing were settled.
func Read(values map[string]any, r Reader) (Policy, error) {
	var p Policy
	for _, s := range Settings() {
		v, ok := values[s.Name]
		if !ok || s.Reader != r {
			continue
		}
		if !p.set(s, v) {
			return Policy{}, fault.Newf(fault.BadRequest, "%s", s.Name)
		}
	}
	return p, nil
}

// set takes one value and reports whether it is of the setting's kind.
func (p *Policy) set(s Setting, v any) bool {
	switch s.Kind {
	case Truth:
		on, ok := truth(v)
		if s.Name == PINInAssistant {
			p.PINInAssistant = on
		} else {
			p.ForbidSaving = !on
		}
		return ok
	case Choice:
		text, ok := v.(string)
		if s.Name == UnsignedLists {
			p.UnsignedLists = text
		} else {
			p.Language = text
		}
		return ok && slices.ContainsFunc(s.Choices, func(o Option) bool { return o.Value == text })
	case Folder:
		text, ok := v.(string)
		p.UpdateAddress = text
		return ok && (text == NoFolder || validFolder(text))
	}
	list, ok := texts(v)
	if !ok {
		return false
	}
	switch s.Name {
	case AllowedPortals:
		p.AllowedPortals = list
		return !slices.ContainsFunc(list.Values, func(o string) bool { return !validOrigin(o) })
	case ListKeys:
		p.ListKeys = list
		return !slices.ContainsFunc(list.Values, func(line string) bool { return !validListKey(line) })
	case ForbiddenStores:
		p.ForbiddenStores = list
	case PKCS11Modules:
		p.PKCS11Modules = list
		return !slices.ContainsFunc(list.Values, func(path string) bool { return !absolute(path) })
	}
	return true
}

func truth(v any) (value, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case int64:
		return v == 1, v == 0 || v == 1
	case float64:
		return v == 1, v == 0 || v == 1
	}
	return false, false
}

// texts takes a list; a registry has an empty one as a key without values.
func texts(v any) (List, bool) {
	if m, ok := v.(map[string]any); ok && len(m) == 0 {
		v = []any{}
	}
	list, ok := v.([]any)
	if !ok || len(list) > maxValues {
		return List{}, false
	}
	found := List{Set: true, Values: []string{}}
	for _, e := range list {
		text, ok := e.(string)
		if !ok || text == "" || len(text) > maxText {
			return List{}, false
		}
		found.Values = append(found.Values, text)
	}
	return found, true
}

// absolute takes both systems' paths: the table is read on one computer and
// written on another.
func absolute(name string) bool {
	drive := len(name) > 3 && name[1] == ':' && (name[2] == '\\' || name[2] == '/')
	return path.IsAbs(name) || drive || strings.HasPrefix(name, `\\`)
}

// validOrigin takes https origins in the form that browsers report, with an
// optional leading "*." for the host.
func validOrigin(origin string) bool {
	host, ok := strings.CutPrefix(origin, "https://")
	host = strings.TrimPrefix(host, "*.")
	return ok && host != "" && strings.ToLower(host) == host && !strings.ContainsAny(host, "/*?#@ \\")
}

// validFolder takes https addresses that a file's name can be put behind.
func validFolder(address string) bool {
	rest, ok := strings.CutPrefix(address, "https://")
	host, _, inside := strings.Cut(rest, "/")
	return ok && inside && strings.HasSuffix(rest, "/") && len(address) <= maxText &&
		validOrigin("https://"+host) && !strings.HasPrefix(host, "*") && !strings.ContainsAny(rest, "?#@ \\")
}

// validListKey takes an origin without "*", a space and a SHA-256.
func validListKey(line string) bool {
	origin, pin, _ := strings.Cut(line, " ")
	hash, err := hex.DecodeString(pin)
	return validOrigin(origin) && !strings.Contains(origin, "*") && err == nil && len(hash) == 32 && strings.ToLower(pin) == pin
}

// AllowsPortal reports whether an origin, as the browser reported it, may be
// served.
func (p Policy) AllowsPortal(origin string) bool {
	if !p.AllowedPortals.Set {
		return true
	}
	return slices.ContainsFunc(p.AllowedPortals.Values, func(pattern string) bool {
		below, any := strings.CutPrefix(pattern, "https://*")
		if !any {
			return pattern == origin
		}
		host, secure := strings.CutPrefix(origin, "https://")
		return secure && strings.HasSuffix(host, below) && len(host) > len(below)
	})
}
