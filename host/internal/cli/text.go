package cli

import "scelle/host/internal/confine"

// textKey names a text of the command line. Texts of faults are package
// fault's.
type textKey int

// The texts.
const (
	txtUnknownCommand textKey = iota
	txtSeeHelp
	txtBadOption
	txtUnknownOption
	txtNoValue
	txtBadValue
	txtTooFew
	txtTooMany
	txtPasswordPrompt
	txtNeedPasswordFile
	txtNoCertificate
	txtListHead
	txtReadersAgree
	txtOnlyOurs
	txtOnlyTheirs
	txtStoreFailed
	txtYes
	txtNo
	txtUsable
	txtSubject
	txtIssuer
	txtValid
	txtKey
	txtThumbprint
	txtSPKI
	txtProven
	txtNotImported
	txtImported
	txtGenerated
	txtKeyOptions
	txtNeedOutput
	txtRawOneFile
	txtStdinRaw
	txtNeedRecipients
	txtSealed
	txtSealedContent
	txtOpened
	txtUnauthenticated
	txtAuthenticated
	txtUnverified
	txtContent
	txtRecipients
	txtRecipient
	txtYours
	txtHeader
	txtBytes
	txtUnknownSize
	txtInstalled
	txtUnknownBrowser
	txtRemoved
	txtNothingRemoved
	txtPlaced
	txtStillRuns
	txtThisAccount
	txtThisComputer
	txtProblem
	txtNote
	txtSettled
	txtVersion
	txtStoreLine
	txtStoreCounts
	txtModuleLine
	txtModuleFault
	txtConfinement
	txtBrowserLine
	txtBrowserState
	txtBadKind
	txtBadProfile
	txtOneFileToStdout
	txtRecordFile
	txtJournalWhole
	txtCheckBad
	txtCheckWarning
	txtCheckNote
	txtChecksGood
	txtChecksSkipped
	txtChecksPassed
	txtStepPassed
	txtStepFailed
	txtStepSkipped
	txtProofGood
	txtProofBad
	textKeys // how many there are
)

// pair is a text in both languages, a format of package fmt.
type pair struct{ fr, en string }

// texts is the table.
func texts() [textKeys]pair {
	return [textKeys]pair{
		txtUnknownCommand:   {"commande inconnue : %s", "unknown command: %s"},
		txtSeeHelp:          {"Voir « %s ».", "See “%s”."},
		txtBadOption:        {"%s : %v", "%s: %v"},
		txtUnknownOption:    {"option inconnue : %s", "unknown option: %s"},
		txtNoValue:          {"il manque une valeur à l’option %s", "the option %s takes a value"},
		txtBadValue:         {"%s n’est pas une valeur de l’option %s", "%s is no value of the option %s"},
		txtTooFew:           {"%s : il manque un argument", "%s: an argument is missing"},
		txtTooMany:          {"%s : argument en trop : %s", "%s: one argument too many: %s"},
		txtPasswordPrompt:   {"Mot de passe du fichier : ", "Password of the file: "},
		txtNeedPasswordFile: {"pas de terminal pour demander le mot de passe : indiquez --password-file", "no terminal to ask for the password: give --password-file"},
		txtNoCertificate:    {"Aucun certificat sur cet ordinateur.", "No certificate on this computer."},
		txtReadersAgree:     {"Les deux lectures du magasin voient les mêmes certificats.", "Both readings of the store see the same certificates."},
		txtOnlyOurs:         {"vu par Scellé seul : %s", "seen by Scellé only: %s"},
		txtOnlyTheirs:       {"vu par la seconde lecture seule : %s", "seen by the second reading only: %s"},
		txtListHead:         {"NOM\tEXPIRE\tCLÉ PRIVÉE\tÉTAT\tMAGASINS\tÉMETTEUR\tEMPREINTE", "NAME\tEXPIRES\tPRIVATE KEY\tSTATE\tSTORES\tISSUER\tTHUMBPRINT"},
		txtStoreFailed:      {"Le magasin « %s » n’a pas pu être lu : %s", "The store “%s” could not be read: %s"},
		txtYes:              {"oui", "yes"},
		txtNo:               {"non", "no"},
		txtUsable:           {"peut recevoir des plis", "can receive submissions"},
		txtSubject:          {"Titulaire :   %s", "Subject:      %s"},
		txtIssuer:           {"Émetteur :    %s", "Issuer:       %s"},
		txtValid:            {"Validité :    du %s au %s", "Valid:        from %s to %s"},
		txtKey:              {"Clé :         %s", "Key:          %s"},
		txtThumbprint:       {"Empreinte :   %s", "Thumbprint:   %s"},
		txtSPKI:             {"Clé publique : SHA-256 %s", "Public key:   SHA-256 %s"},
		txtProven:           {"La clé du fichier a ouvert ce qui était scellé à son certificat (%s).", "The file’s key opened what was sealed to its certificate (%s)."},
		txtNotImported:      {"Vérification seule : rien n’a été importé.", "Only checked: nothing was imported."},
		txtImported:         {"Clé importée et vérifiée : %s", "Key imported and tested: %s"},
		txtGenerated:        {"Clé créée et vérifiée : %s", "Key made and tested: %s"},
		txtKeyOptions:       {"%s : donnez --key et --cert, ou --p12, ou rien pour le magasin de certificats", "%s: give --key and --cert, or --p12, or nothing for the certificate store"},
		txtNeedOutput:       {"%s : indiquez -o", "%s: give -o"},
		txtRawOneFile:       {"seal : --raw prend un seul fichier", "seal: --raw takes exactly one file"},
		txtStdinRaw:         {"seal : l’entrée standard ne peut être scellée qu’avec --raw", "seal: standard input can only be sealed with --raw"},
		txtNeedRecipients:   {"%s : indiquez au moins un --to", "%s: give at least one --to"},
		txtSealed:           {"%s : %s, SHA-256 %s", "%s: %s, SHA-256 %s"},
		txtSealedContent:    {"contenu chiffré : SHA-256 %s", "encrypted content: SHA-256 %s"},
		txtOpened:           {"%s : %s, SHA-256 %s", "%s: %s, SHA-256 %s"},
		txtUnauthenticated:  {"Attention : intégrité non vérifiable (contenu chiffré sans authentification).", "Warning: integrity cannot be verified (content encrypted without authentication)."},
		txtAuthenticated:    {"intégrité vérifiable", "integrity verifiable"},
		txtUnverified:       {"Le contenu a été recopié sans pouvoir être vérifié.", "The content was copied and could not be verified."},
		txtContent:          {"Contenu :      %s, %s, %s", "Content:      %s, %s, %s"},
		txtRecipients:       {"Destinataires : %d", "Recipients:   %d"},
		txtRecipient:        {"  %s\t%s\t%s", "  %s\t%s\t%s"},
		txtYours:            {"clé de cet ordinateur : %s", "key of this computer: %s"},
		txtHeader:           {"En-tête :      SHA-256 %s", "Header:       SHA-256 %s"},
		txtBytes:            {"%d octets", "%d bytes"},
		txtUnknownSize:      {"taille inconnue", "unknown size"},
		txtInstalled:        {"Enregistré pour %s : %s", "Registered for %s: %s"},
		txtUnknownBrowser:   {"navigateur inconnu : %s (connus : %s, all)", "unknown browser: %s (known: %s, all)"},
		txtRemoved:          {"Retiré : %s", "Removed: %s"},
		txtNothingRemoved:   {"Ce programme n’était enregistré nulle part.", "This program was not registered anywhere."},
		txtJournalWhole:     {"Journal entier et non modifié. Utilisations de clés : %d", "Journal complete and unchanged. Key uses: %d"},
		txtCheckBad:         {"PROBLÈME", "PROBLEM"},
		txtCheckWarning:     {"ATTENTION", "WARNING"},
		txtCheckNote:        {"À savoir", "Note"},
		txtChecksGood:       {"En ordre (%d) : %s", "In order (%d): %s"},
		txtChecksSkipped:    {"Sans objet ici (%d) : %s", "Nothing to look at here (%d): %s"},
		txtChecksPassed:     {"Rien n’empêche Scellé de fonctionner sur ce poste. Ce rapport ne contient aucune donnée personnelle.", "Nothing keeps Scellé from working on this computer. This report holds no personal data."},
		txtStepPassed:       {"réussi", "passed"},
		txtStepFailed:       {"ÉCHEC", "FAILED"},
		txtStepSkipped:      {"sans objet", "skipped"},
		txtProofGood:        {"Tout ce qui a été essayé fonctionne. Aucune clé d’essai n’est restée.", "Everything that was tried works. No throw-away key is left."},
		txtProofBad:         {"Quelque chose ne fonctionne pas : envoyez ce rapport au support.", "Something does not work: send this report to support."},
		txtVersion:          {"scelle %s (protocole %d), %s/%s, %s", "scelle %s (protocol %d), %s/%s, %s"},
		txtStoreLine:        {"Magasin « %s » (%s) : %s", "Store “%s” (%s): %s"},
		txtModuleLine:       {"  module %s : cartes et clés présentes : %d", "  module %s: cards and tokens present: %d"},
		txtModuleFault:      {"  module %s : %s : %s", "  module %s: %s: %s"},
		txtStoreCounts:      {"  %d certificats, %d clés privées", "  %d certificates, %d private keys"},
		txtConfinement:      {"Confinement (Landlock), quand un navigateur démarre le programme : %s", "Confinement (Landlock), when a browser starts the program: %s"},
		txtBrowserLine:      {"Navigateurs :", "Browsers:"},
		txtPlaced:           {"Programme copié : %s", "Program copied: %s"},
		txtStillRuns:        {"À supprimer à la main, car il est en cours : %s", "To be removed by hand, since it is running: %s"},
		txtThisAccount:      {"ce compte", "this account"},
		txtThisComputer:     {"tout l’ordinateur", "whole computer"},
		txtProblem:          {"Problème : %s", "Problem: %s"},
		txtSettled:          {"Réglages de l’administrateur (%s) : magasins interdits : %s ; modules PKCS#11 : %s", "Administrator’s settings (%s): forbidden stores: %s; PKCS#11 modules: %s"},
		txtNote:             {"À savoir : %s", "Note: %s"},
		txtBrowserState:     {"  %s\t%s\t%s\t%s", "  %s\t%s\t%s\t%s"},
		txtBadKind:          {"seal : --kind est « candidature » ou « offre »", "seal: --kind is “candidature” or “offre”"},
		txtBadProfile:       {"seal : --profile est « cbc » ou rien", "seal: --profile is “cbc” or nothing"},
		txtRecordFile:       {"open : --record attend un nom de fichier", "open: --record takes the name of a file"},
		txtOneFileToStdout:  {"open : ce pli contient %d fichiers ; indiquez un dossier avec -o", "open: this submission holds %d files; give a folder with -o"},
	}
}

// confinementTexts says how far this system confines the program.
func confinementTexts() map[confine.State]pair {
	return map[confine.State]pair{
		confine.Full:    {"fichiers et connexions TCP", "files and TCP connections"},
		confine.Partial: {"fichiers ; le noyau est trop ancien pour les connexions TCP", "files; the kernel is too old for TCP connections"},
		confine.None:    {"aucun ; le noyau n’en est pas capable", "none; the kernel is not capable of it"},
	}
}

// stateTexts says what stands at a browser's place.
func stateTexts() map[string]pair {
	return map[string]pair{
		"absent":  {"non enregistré", "not registered"},
		"current": {"enregistré", "registered"},
		"stale":   {"à réparer par « scelle install »", "to be repaired by “scelle install”"},
		"other":   {"un autre exemplaire du programme", "another copy of the program"},
		"broken":  {"fichier illisible", "unreadable file"},
	}
}
