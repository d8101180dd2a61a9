package cli

import (
	"strings"

	"scelle/host/internal/install"
	"scelle/shared/protocol"
)

// problemText is a problem's cause and remedy. In both, BROWSERS, PLACE and
// DETAIL stand for the problem's own, INSTALL and UNINSTALL for the command
// that would put it right, HOST and ID for the names that policies use.
type problemText struct{ cause, remedy pair }

// explain gives a problem's cause and remedy.
func explain(p install.Problem) (text, remedy inBoth) {
	t := problemTexts()[p.Code]
	fill := replacer(p).Replace
	return inBoth{fill(t.cause.fr), fill(t.cause.en)}, inBoth{fill(t.remedy.fr), fill(t.remedy.en)}
}

func replacer(p install.Problem) *strings.Replacer {
	options := ""
	for _, name := range p.Browsers {
		options += " --browser " + name
	}
	if p.System {
		options += " --system"
	}
	id := protocol.ChromeID
	if len(p.Browsers) > 0 && p.Browsers[0] == "firefox" {
		id = protocol.FirefoxID
	}
	return strings.NewReplacer(
		"BROWSERS", titles(p.Browsers), "PLACE", p.Place, "DETAIL", p.Detail,
		"UNINSTALL", "scelle uninstall"+options, "INSTALL", "scelle install"+options,
		"HOST", protocol.HostName, "ID", id,
	)
}

// problemTexts is the table.
func problemTexts() map[install.ProblemCode]problemText {
	texts := entryTexts()
	for code, t := range policyTexts() {
		texts[code] = t
	}
	for code, t := range sandboxTexts() {
		texts[code] = t
	}
	return texts
}

func entryTexts() map[install.ProblemCode]problemText {
	again := pair{"Lancer : INSTALL", "Run: INSTALL"}
	return map[install.ProblemCode]problemText{
		install.NotRegistered: {
			pair{"BROWSERS : Scellé n’y est pas enregistré.", "BROWSERS: Scellé is not registered there."},
			again,
		},
		install.ProblemCode(install.ManifestGone): {
			pair{"BROWSERS : la clé de registre PLACE nomme un fichier qui n’existe plus (DETAIL).", "BROWSERS: the registry key PLACE names a file that is gone (DETAIL)."},
			again,
		},
		install.ProblemCode(install.ManifestUnread): {
			pair{"BROWSERS : le manifeste PLACE ne peut pas être lu.", "BROWSERS: the manifest PLACE cannot be read."},
			again,
		},
		install.ProblemCode(install.ManifestForeign): {
			pair{"BROWSERS : le fichier PLACE porte le nom du manifeste de Scellé mais en décrit un autre.", "BROWSERS: the file PLACE has the name of Scellé’s manifest but describes another program."},
			again,
		},
		install.ProblemCode(install.ExecutableGone): {
			pair{"BROWSERS : le manifeste PLACE nomme un programme qui n’est plus là (DETAIL).", "BROWSERS: the manifest PLACE names a program that is not there any more (DETAIL)."},
			again,
		},
		install.ProblemCode(install.ExecutableOther): {
			pair{"BROWSERS : le manifeste PLACE lance un autre exemplaire de Scellé (DETAIL).", "BROWSERS: the manifest PLACE starts another copy of Scellé (DETAIL)."},
			pair{"Rien à faire si c’est voulu ; pour utiliser cet exemplaire-ci : INSTALL", "Nothing to do if that is wanted; to use this copy: INSTALL"},
		},
		install.ProblemCode(install.ExtensionsDiffer): {
			pair{"BROWSERS : le manifeste PLACE n’est pas pour l’extension Scellé (DETAIL).", "BROWSERS: the manifest PLACE is not for Scellé’s extension (DETAIL)."},
			again,
		},
		install.Shadowed: {
			pair{"BROWSERS : l’enregistrement de ce compte (PLACE) passe avant celui de l’ordinateur, qui diffère (DETAIL).", "BROWSERS: the registration of this account (PLACE) goes before the computer’s, which differs (DETAIL)."},
			pair{"Pour que celui de l’ordinateur serve : UNINSTALL", "To use the computer’s: UNINSTALL"},
		},
	}
}

func policyTexts() map[install.ProblemCode]problemText {
	return map[install.ProblemCode]problemText{
		install.Exposed: {
			pair{"BROWSERS : le programme enregistré pour tout l’ordinateur (DETAIL) peut être remplacé par quelqu’un d’autre que l’administrateur.", "BROWSERS: the program registered for the whole computer (DETAIL) can be replaced by somebody else than the administrator."},
			pair{"En administrateur, le ranger où lui seul écrit : INSTALL --copy", "As an administrator, put it where only they write: INSTALL --copy"},
		},
		install.PolicyUserHosts: {
			pair{"BROWSERS : la stratégie DETAIL (PLACE) fait ignorer les programmes enregistrés pour un seul compte.", "BROWSERS: the policy DETAIL (PLACE) makes it ignore programs that are registered for one account only."},
			pair{"En administrateur, enregistrer pour tout l’ordinateur : INSTALL (Windows : le paquet MSI), ou ôter cette stratégie.", "As an administrator, register for the whole computer: INSTALL (Windows: the MSI package), or remove that policy."},
		},
		install.PolicyHost: {
			pair{"BROWSERS : la stratégie DETAIL (PLACE) interdit le programme Scellé.", "BROWSERS: the policy DETAIL (PLACE) forbids Scellé’s program."},
			pair{"Demander à l’administrateur d’ajouter « HOST » à la stratégie NativeMessagingAllowlist.", "Ask the administrator to add “HOST” to the policy NativeMessagingAllowlist."},
		},
		install.PolicyPermission: {
			pair{"BROWSERS : la stratégie DETAIL (PLACE) refuse à l’extension l’autorisation « nativeMessaging ».", "BROWSERS: the policy DETAIL (PLACE) denies the extension the permission “nativeMessaging”."},
			pair{"Demander à l’administrateur d’ajouter à DETAIL, pour ID, \"allowed_permissions\": [\"nativeMessaging\"].", "Ask the administrator to add to DETAIL, for ID, \"allowed_permissions\": [\"nativeMessaging\"]."},
		},
		install.PolicyExtension: {
			pair{"BROWSERS : la stratégie DETAIL (PLACE) interdit l’extension Scellé.", "BROWSERS: the policy DETAIL (PLACE) forbids Scellé’s extension."},
			pair{"Demander à l’administrateur d’autoriser ID : \"installation_mode\": \"allowed\" ou \"force_installed\" dans ExtensionSettings.", "Ask the administrator to allow ID: \"installation_mode\": \"allowed\" or \"force_installed\" in ExtensionSettings."},
		},
		install.PolicyUnread: {
			pair{"BROWSERS : les stratégies de PLACE ne peuvent pas être lues ; elles peuvent cacher Scellé.", "BROWSERS: the policies in PLACE cannot be read; they may hide Scellé."},
			pair{"Faire vérifier ce fichier par l’administrateur ; le navigateur montre ce qu’il en retient dans chrome://policy ou about:policies.", "Have the administrator check that file; the browser shows what it makes of it in chrome://policy or about:policies."},
		},
	}
}

func sandboxTexts() map[install.ProblemCode]problemText {
	return map[install.ProblemCode]problemText{
		install.SandboxNone: {
			pair{"BROWSERS : l’exemplaire DETAIL (PLACE) ne peut lancer aucun programme de l’ordinateur.", "BROWSERS: the DETAIL copy (PLACE) cannot start any program of the computer."},
			pair{"Installer BROWSERS par le paquet de son éditeur ou de la distribution (.deb, .rpm), ou utiliser Firefox.", "Install BROWSERS from its maker’s or the distribution’s package (.deb, .rpm), or use Firefox."},
		},
		install.SandboxPortal: {
			pair{"BROWSERS : l’exemplaire DETAIL (PLACE) passe par le portail du bureau, présent sous Ubuntu.", "BROWSERS: the DETAIL copy (PLACE) goes through the desktop’s portal, which Ubuntu has."},
			pair{"L’enregistrement ordinaire suffit ; accepter quand le bureau demande si l’extension peut lancer Scellé. Ailleurs que sous Ubuntu, installer le paquet .deb ou .rpm.", "The usual registration is enough; accept when the desktop asks whether the extension may start Scellé. Outside Ubuntu, install the .deb or .rpm package."},
		},
		install.SandboxProxy: {
			pair{"BROWSERS : l’exemplaire DETAIL (PLACE) n’atteint Scellé que par xdg-native-messaging-proxy, à partir de Firefox 157.", "BROWSERS: the DETAIL copy (PLACE) reaches Scellé only through xdg-native-messaging-proxy, from Firefox 157 on."},
			pair{"Installer ce service, puis : flatpak override --user --talk-name=org.freedesktop.NativeMessagingProxy org.mozilla.firefox et mettre widget.use-xdg-desktop-portal.native-messaging-proxy à 1 dans about:config ; ou installer Firefox par le paquet de la distribution.", "Install that service, then: flatpak override --user --talk-name=org.freedesktop.NativeMessagingProxy org.mozilla.firefox and set widget.use-xdg-desktop-portal.native-messaging-proxy to 1 in about:config; or install Firefox from the distribution’s package."},
		},
	}
}
