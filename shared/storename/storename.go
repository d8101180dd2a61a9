// Package storename holds what the certificate stores are called for people.
// The host names them in French, on the wire too, where a name also says which
// store is meant; who shows one asks [In] for the person's language. Names that
// people or vendors gave, of profiles and of cards, stand as they are.
package storename

// The names, in French.
const (
	NSS     = "Base NSS partagée"
	Windows = "Magasin de certificats Windows"
	MacOS   = "Trousseau macOS"
	Cards   = "Cartes à puce et clés USB"
)

var english = map[string]string{
	NSS:     "Shared NSS database",
	Windows: "Windows certificate store",
	MacOS:   "macOS keychain",
	Cards:   "Smart cards and USB tokens",
}

// In is a store's name in the language "fr" or "en".
func In(lang, name string) string {
	if translated, ok := english[name]; ok && lang != "fr" {
		return translated
	}
	return name
}

// AllIn is In for several names.
func AllIn(lang string, names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = In(lang, name)
	}
	return out
}
