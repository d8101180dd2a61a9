package cli

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"

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
  scelle COMMANDE --help                      ce que fait une commande

« -o - » écrit sur la sortie standard. Sans clé indiquée, « open » et « rewrap » prennent celle
du magasin. Un fichier existant n’est remplacé qu’avec --force. « --system » enregistre pour tout
l’ordinateur ; « --copy » range d’abord le programme dans un dossier à lui.
Codes de retour : 0 fait, 1 refusé (« code : texte » sur la sortie d’erreur), 2 mauvais usage.
`

const usageEnglish = `Scellé: this computer's certificate store, for the browser and for you.

Keys
  scelle list [--json] [--verify]             certificates of this computer (Windows: read a second time)
  scelle check CERT [--json]                  can this certificate receive submissions?
  scelle import FILE.p12 [--password-file F] [--name NAME] [--check]
  scelle generate --cn NAME [--name NAME]     makes a key on this computer
Submissions (sealed)
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
  scelle COMMAND --help                       what one command does

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

func (c *command) help(_ context.Context, args []string) error {
	if len(args) == 1 && purposes()[args[0]].fr != "" {
		return helpWanted(args[0])
	}
	c.usage(c.Out)
	return nil
}

// helpWanted asks for the help of one command, instead of what it does.
type helpWanted string

func (h helpWanted) Error() string { return "help of " + string(h) }

// purposes says of each command what it is for.
func purposes() map[string]pair {
	return map[string]pair{
		"list":      {"Liste les certificats de cet ordinateur : clé privée présente ou non, expiration, magasin.", "Lists this computer’s certificates: with a private key or not, expiry, store."},
		"check":     {"Dit si un certificat (fichier PEM ou DER) peut recevoir des plis et, sinon, pourquoi.", "Tells whether a certificate (a PEM or DER file) can receive submissions and, if not, why."},
		"import":    {"Importe une clé et son certificat d’un fichier PKCS#12, puis l’essaie. Le mot de passe est demandé, ou lu dans la première ligne d’un fichier. --check essaie sans importer.", "Imports a key and its certificate from a PKCS#12 file and tests it. The password is asked for, or read from the first line of a file. --check tests without importing."},
		"generate":  {"Crée un bi-clé dans le magasin de cet ordinateur, puis l’essaie.", "Makes a key pair in this computer’s store and tests it."},
		"seal":      {"Scelle des fichiers en un pli que chacun des certificats donnés peut ouvrir. --raw chiffre un seul fichier tel quel ; --profile cbc écrit l’ancien format, sans contrôle d’intégrité.", "Seals files into one submission that each of the given certificates can open. --raw encrypts a single file as it is; --profile cbc writes the older format, without an integrity check."},
		"open":      {"Ouvre un pli dans un dossier, sans rien y remplacer. --record écrit le procès-verbal d’ouverture, en JSON.", "Opens a submission into a folder, where nothing is replaced. --record writes the record of the opening, as JSON."},
		"inspect":   {"Montre d’un pli ce qui se lit sans clé : destinataires, chiffrement, empreintes.", "Shows what can be read of a submission without a key: recipients, encryption, fingerprints."},
		"rewrap":    {"Donne un pli à d’autres clés sans le déchiffrer : --to ajoute un destinataire, --drop en retire un, --replace ne garde que ceux de --to.", "Gives a submission to other keys without decrypting it: --to adds a recipient, --drop removes one, --replace keeps only those of --to."},
		"install":   {"Enregistre ce programme pour les navigateurs de ce compte : l’extension le trouve alors.", "Registers this program for the browsers of this account: the extension finds it then."},
		"uninstall": {"Retire cet enregistrement. Clés, certificats et journal restent.", "Takes that registration away. Keys, certificates and the journal stay."},
		"status":    {"Dit quels navigateurs trouvent ce programme, ce qui le cache, et l’état des magasins.", "Tells which browsers find this program, what hides it, and how the stores are."},
		"doctor":    {"Cherche ce qui ne va pas sur ce poste : chaque constat a sa cause et son remède. --prove essaie en plus chaque magasin avec des clés jetables.", "Looks for what is wrong on this computer: each finding has its cause and remedy. --prove also tries every store with throw-away keys."},
		"journal":   {"Contrôle ou écrit le journal des utilisations de clés de ce compte.", "Checks or writes out this account’s journal of key uses."},
		"serve":     {"Répond comme à un navigateur, sur l’entrée et la sortie standard.", "Answers as it does to a browser, on standard input and output."},
		"version":   {"Dit la version du programme et de son protocole.", "Tells the version of the program and of its protocol."},
	}
}

// helpOf writes what one command is for and how it is called: the command's
// lines of the usage, and what is said below all of them.
func (c *command) helpOf(name string) {
	all, purpose := usageEnglish, purposes()[name].en
	if c.lang == "fr" {
		all, purpose = usageFrench, purposes()[name].fr
	}
	table, notes, _ := strings.Cut(all[strings.Index(all, "\n\n")+2:], "\n\n")
	fmt.Fprintf(c.Out, "%s\n\n", purpose)
	within := false
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "      ") { // goes on with the line before
			words := strings.Fields(line)
			within = len(words) > 1 && words[0] == "scelle" && words[1] == name
		}
		if within {
			fmt.Fprint(c.Out, line)
		}
	}
	fmt.Fprintf(c.Out, "\n%s", notes)
}

func (c *command) version(_ context.Context, args []string) error {
	if _, err := c.flags("version").parse(args, 0, 0); err != nil {
		return err
	}
	fmt.Fprintln(c.Out, c.text(txtVersion, version.Version, version.Protocol, runtime.GOOS, runtime.GOARCH, runtime.Version()))
	return nil
}
