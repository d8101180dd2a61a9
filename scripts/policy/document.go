package main

import (
	"fmt"
	"strings"

	"scelle/shared/policy"
	"scelle/shared/protocol"
)

// documents makes the kit's README.md, French first.
func documents() ([]file, error) {
	var b strings.Builder
	b.WriteString("<!-- Made by `go run ./scripts/policy` from shared/policy. -->\n")
	fmt.Fprintf(&b, french, protocol.ChromeID, protocol.FirefoxID, protocol.HostName)
	table(&b, "| réglage | valeur | qui l’applique | effet | exemple |", func(w policy.Words) string { return w.French })
	b.WriteString(frenchPlaces)
	fmt.Fprintf(&b, english, protocol.ChromeID, protocol.FirefoxID, protocol.HostName)
	table(&b, "| setting | value | obeyed by | effect | example |", func(w policy.Words) string { return w.English })
	b.WriteString(englishPlaces)
	return []file{{Path: kit + "README.md", Data: []byte(b.String())}}, nil
}

func table(b *strings.Builder, head string, in func(policy.Words) string) {
	kinds := map[policy.Kind]policy.Words{
		policy.Texts:  {French: "liste de textes", English: "list of texts"},
		policy.Truth:  {French: "vrai ou faux", English: "true or false"},
		policy.Choice: {French: "un choix", English: "a choice"},
		policy.Folder: {French: "adresse https finissant par « / », ou `none`", English: "https address that ends in “/”, or `none`"},
	}
	readers := map[policy.Reader]policy.Words{
		policy.Extension: {French: "extension", English: "extension"},
		policy.Host:      {French: "programme", English: "program"},
	}
	b.WriteString("\n" + head + "\n|---|---|---|---|---|\n")
	for _, s := range policy.Settings() {
		kind := in(kinds[s.Kind])
		for i, o := range s.Choices {
			if i == 0 {
				kind = ""
			}
			kind += fmt.Sprintf("`%s` ", o.Value)
		}
		example, err := indented(s.Example)
		if err != nil {
			continue // every example is a text, a truth value or a list of texts
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | **%s.** %s | `%s` |\n", s.Name, strings.TrimSpace(kind), in(readers[s.Reader]), in(s.Title), in(s.Text), strings.Join(strings.Fields(string(example)), " "))
	}
}

const french = `
# Déployer Scellé par stratégie

[English below](#deploying-scellé-by-policy)

Ce dossier contient de quoi installer l’extension, lui permettre de lancer le programme et poser ses réglages. L’extension est « %s » (Chrome, Edge, Chromium) et « %s » (Firefox) ; le programme est « %s ». Les adresses en exemple.fr sont à remplacer.

## Réglages
`

const frenchPlaces = `
## Où les poser

| système | extension | programme |
|---|---|---|
| Windows | ` + "`windows/scelle.admx` et `windows/fr-FR/scelle.adml` dans `PolicyDefinitions` (ou le magasin central), puis « Modèles d’administration > Scellé »" + ` | le même modèle ; clé ` + "`HKLM\\Software\\Policies\\Scelle`" + ` |
| Linux | ` + "`linux/etc/…` : un fichier par navigateur" + ` | ` + "`/etc/scelle/policy.json`" + `, à root, non modifiable par d’autres |
| macOS | ` + "`macos/scelle.mobileconfig`, par votre outil de gestion" + ` | le même profil ; domaine ` + "`fr.scelle`" + ` |

- Sous Windows, enregistrez le programme pour tout l’ordinateur (paquet MSI) : une stratégie ` + "`NativeMessagingUserLevelHosts`" + ` à faux cache les enregistrements d’un seul compte, et un enregistrement de compte (HKCU) passe avant celui de l’ordinateur (HKLM). ` + "`scelle status`" + ` dit lequel sert et quelle stratégie cache quoi.
- Des réglages du programme illisibles, ou que d’autres que l’administrateur pourraient écrire, ferment tous les magasins de certificats plutôt que d’être ignorés.
- Chrome et Edge n’installent de force une extension hébergée ailleurs que dans leur magasin que sur un ordinateur administré (domaine, Intune, profil).
- ` + "`extension/gen/managed-schema.json`" + ` est le schéma que Chrome et Edge lisent dans l’extension ; ` + "`chrome://policy`" + ` et ` + "`about:policies`" + ` montrent ce que le navigateur a retenu.
`

const english = `
# Deploying Scellé by policy

This folder holds what installs the extension, lets it start the program and makes its settings. The extension is “%s” (Chrome, Edge, Chromium) and “%s” (Firefox); the program is “%s”. Replace the addresses in exemple.fr.

## Settings
`

const englishPlaces = `
## Where they go

| system | extension | program |
|---|---|---|
| Windows | ` + "`windows/scelle.admx` and `windows/en-US/scelle.adml` into `PolicyDefinitions` (or the central store), then “Administrative Templates > Scellé”" + ` | the same template; key ` + "`HKLM\\Software\\Policies\\Scelle`" + ` |
| Linux | ` + "`linux/etc/…`: one file for each browser" + ` | ` + "`/etc/scelle/policy.json`" + `, root’s, not writable by others |
| macOS | ` + "`macos/scelle.mobileconfig`, by your management tool" + ` | the same profile; domain ` + "`fr.scelle`" + ` |

- On Windows, register the program for the whole computer (MSI package): a policy ` + "`NativeMessagingUserLevelHosts`" + ` set to false hides registrations of one account, and an account’s registration (HKCU) goes before the computer’s (HKLM). ` + "`scelle status`" + ` tells which one is used and which policy hides what.
- Settings of the program that cannot be read, or that others than an administrator could write, close all certificate stores rather than being passed over.
- Chrome and Edge force-install an extension that is not in their store only on a managed computer (domain, Intune, profile).
- ` + "`extension/gen/managed-schema.json`" + ` is the schema that Chrome and Edge read in the extension; ` + "`chrome://policy`" + ` and ` + "`about:policies`" + ` show what the browser made of it.
`
