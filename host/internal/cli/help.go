package cli

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"scelle/shared/version"
)

const usageFrench = `Scellé : le magasin de certificats de cet ordinateur, pour le navigateur et pour vous.

Clés
  scelle list [--json] [--verify]             certificats de cet ordinateur (Windows : relus par un second lecteur)
  scelle check CERT [--json]                  ce certificat peut-il recevoir des plis ?
  scelle import FICHIER.p12 [--password-file F] [--name NOM] [--check]
  scelle generate --cn NOM [--name NOM]       crée une clé sur cet ordinateur
Plis
  scelle seal FICHIER... --to CERT.pem [--to CERT.pem ...] [-o SORTIE] [--raw] [--force]
              [--tender REF] [--lot LOT] [--kind offre|candidature] [--depositor NOM]
              [--profile cbc] [--json]
  scelle open PLI [--key CLE.pem --cert CERT.pem | --p12 F --password-file F]
              [-o SORTIE] [--raw] [--json] [--force] [--record PV.json]
  scelle inspect PLI [--json]
  scelle rewrap PLI [--to CERT.pem ...] [--drop CERT.pem ...] [--replace] -o SORTIE [--force]
              [--key CLE.pem --cert CERT.pem | --p12 F --password-file F] [--json]
Navigateurs
  scelle install [--browser NOM|all] [--user-data-dir DOSSIER] [--system] [--copy]
  scelle uninstall [--browser NOM|all] [--user-data-dir DOSSIER] [--system]
  scelle status [--json]                      ce qui est enregistré, ce qui le cache, état des magasins
  scelle doctor [--json]                      ce qui ne va pas sur ce poste, et que faire
  scelle doctor --prove [--json]              essaie tout sur des clés jetables ; rapport à envoyer
  scelle journal verify [--json]              le journal des utilisations de clés est-il entier ?
  scelle journal export [--json] [-o SORTIE] [--force]    une page à lire, ou du JSON
  scelle serve --caller ORIGINE               pour les développeurs : joue le navigateur
  scelle version | help

« -o - » écrit sur la sortie standard. Sans clé indiquée, « open » et « rewrap » prennent celle
du magasin. Un fichier existant n’est remplacé qu’avec --force. « --system » enregistre pour tout
l’ordinateur ; « --copy » range d’abord le programme dans un dossier à lui.
Codes de retour : 0 fait, 1 refusé (« code : texte » sur la sortie d’erreur), 2 mauvais usage.
`

const usageEnglish = `Scellé: this computer's certificate store, for the browser and for you.

Keys
  scelle list [--json] [--verify]             certificates of this computer (Windows: read a second time)
  scelle check CERT [--json]                  can this certificate receive plis?
  scelle import FILE.p12 [--password-file F] [--name NAME] [--check]
  scelle generate --cn NAME [--name NAME]     makes a key on this computer
Plis (sealed submissions)
  scelle seal FILE... --to CERT.pem [--to CERT.pem ...] [-o OUT] [--raw] [--force]
              [--tender REF] [--lot LOT] [--kind offre|candidature] [--depositor NAME]
              [--profile cbc] [--json]
  scelle open ENVELOPE [--key KEY.pem --cert CERT.pem | --p12 F --password-file F]
              [-o OUT] [--raw] [--json] [--force] [--record RECORD.json]
  scelle inspect ENVELOPE [--json]
  scelle rewrap ENVELOPE [--to CERT.pem ...] [--drop CERT.pem ...] [--replace] -o OUT [--force]
              [--key KEY.pem --cert CERT.pem | --p12 F --password-file F] [--json]
Browsers
  scelle install [--browser NAME|all] [--user-data-dir DIR] [--system] [--copy]
  scelle uninstall [--browser NAME|all] [--user-data-dir DIR] [--system]
  scelle status [--json]                      what is registered, what hides it, state of the stores
  scelle doctor [--json]                      what is wrong on this computer, and what to do
  scelle doctor --prove [--json]              tries everything on throw-away keys; a report to send
  scelle journal verify [--json]              is the journal of key uses complete?
  scelle journal export [--json] [-o OUT] [--force]       a page to read, or JSON
  scelle serve --caller ORIGIN                for developers: plays the browser
  scelle version | help

“-o -” writes to standard output. Without a key, “open” and “rewrap” take one of the store.
An existing file is replaced only with --force. “--system” registers for the whole computer;
“--copy” first puts the program into a folder of its own.
Exit codes: 0 done, 1 refused (“code: text” on standard error), 2 wrong usage.
`

func (c *command) usage(w io.Writer) {
	if c.lang == "fr" {
		io.WriteString(w, usageFrench)
		return
	}
	io.WriteString(w, usageEnglish)
}

func (c *command) help(context.Context, []string) error {
	c.usage(c.Out)
	return nil
}

func (c *command) version(_ context.Context, args []string) error {
	if _, err := c.flags("version").parse(args, 0, 0); err != nil {
		return err
	}
	fmt.Fprintln(c.Out, c.text(txtVersion, version.Version, version.Protocol, runtime.GOOS, runtime.GOARCH, runtime.Version()))
	return nil
}
