package text

// helpTexts are the page to which « Afficher plus d’informations » leads.
func helpTexts() []entry {
	return []entry{
		{"help.title", "Installer l’assistant Scellé", "Install the Scellé assistant"},
		{"help.lead", "L’assistant a deux parties : une extension du navigateur et, pour les agents, un petit programme qui ouvre le magasin de certificats. Une entreprise n’a besoin que de l’extension.", "The assistant has two parts: a browser extension and, for agents, a small program that opens the certificate store. A company needs the extension only."},
		{"help.nothing", "Il n’y a rien à lancer à la connexion, aucun port n’est ouvert, aucun certificat racine n’est ajouté.", "There is nothing to launch at login, no port is opened and no root certificate is added."},
		{"help.extension", "L’extension", "The extension"},
		{"help.extension.install", "Demandez l’extension Scellé à votre service informatique. Depuis les sources, « make build » la place dans build/extension, à charger dans la page des extensions du navigateur.", "Ask your IT department for the Scellé extension. From the sources, “make build” puts it into build/extension, to be loaded on the browser’s extensions page."},
		{"help.extension.allow", "Ouvrez cette salle des marchés, cliquez sur l’icône de Scellé, puis sur « Autoriser cette salle des marchés ». Sans cet accord la page ne voit pas l’extension.", "Open this portal, click on Scellé’s icon, then on “Allow this portal”. Without this consent the page does not see the extension."},
		{"help.host", "Le programme, pour les agents", "The program, for agents"},
		{"help.this", "Votre système", "Your system"},
		{"help.linux", "Linux", "Linux"},
		{"help.linux.1", "Installez le programme scelle fourni par votre service informatique, ou compilez-le depuis ses sources.", "Install the scelle program that your IT department provides, or build it from its sources."},
		{"help.linux.2", "Inscrivez-le auprès de vos navigateurs :", "Register it with your browsers:"},
		{"help.windows", "Windows", "Windows"},
		{"help.windows.1", "Copiez scelle.exe dans un dossier durable, par exemple celui fourni par votre service informatique.", "Copy scelle.exe to a lasting folder, for example the one that your IT department provides."},
		{"help.windows.2", "Inscrivez-le auprès de vos navigateurs :", "Register it with your browsers:"},
		{"help.macos", "macOS", "macOS"},
		{"help.macos.1", "Copiez le programme scelle dans un dossier durable.", "Copy the scelle program to a lasting folder."},
		{"help.macos.2", "Inscrivez-le auprès de vos navigateurs :", "Register it with your browsers:"},
		{"help.check", "Pour vérifier, ou pour transmettre un état à l’assistance :", "To check, or to send a report to the help desk:"},
	}
}
