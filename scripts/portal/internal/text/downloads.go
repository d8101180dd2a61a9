package text

// downloadsTexts are the page to which « Afficher plus d’informations » leads.
func downloadsTexts() []entry {
	return []entry{
		{"downloads.title", "Installer l’assistant Scellé", "Install the Scellé assistant"},
		{"downloads.lead", "L’assistant a deux parties : une extension du navigateur et, pour les agents, un petit programme qui ouvre le magasin de certificats. Une entreprise n’a besoin que de l’extension.", "The assistant has two parts: a browser extension and, for agents, a small program that opens the certificate store. A company needs the extension only."},
		{"downloads.nothing", "Il n’y a rien à lancer à la connexion, aucun port n’est ouvert, aucun certificat racine n’est ajouté.", "There is nothing to launch at login, no port is opened and no root certificate is added."},
		{"downloads.program", "Le programme, pour les agents", "The program, for agents"},
		{"downloads.program.once", "Il s’installe une fois. Dès qu’il est là, l’état ci-dessus passe de lui-même à « en ligne ».", "It is installed once. As soon as it is there, the status above turns to “online” by itself."},
		{"downloads.system.windows", "Windows", "Windows"},
		{"downloads.system.macos", "macOS", "macOS"},
		{"downloads.system.linux", "Linux", "Linux"},
		{"downloads.this", "Votre système", "Your system"},
		{"downloads.none.windows", "Cette salle des marchés ne propose pas de programme pour Windows, votre système. Demandez-le à votre service informatique.", "This portal offers no program for Windows, your system. Ask your IT department for it."},
		{"downloads.none.macos", "Cette salle des marchés ne propose pas de programme pour macOS, votre système. Demandez-le à votre service informatique.", "This portal offers no program for macOS, your system. Ask your IT department for it."},
		{"downloads.none.linux", "Cette salle des marchés ne propose pas de programme pour Linux, votre système. Demandez-le à votre service informatique.", "This portal offers no program for Linux, your system. Ask your IT department for it."},
		{"downloads.none.", "Votre système n’a pas été reconnu. Le programme fonctionne sur un ordinateur, sous Windows, macOS ou Linux.", "Your system was not recognised. The program runs on a computer with Windows, macOS or Linux."},
		{"downloads.there", "Ce qui est proposé ici :", "What is offered here:"},
		{"downloads.nothing.here", "Aucun programme n’est proposé ici pour un autre système.", "No program is offered here for another system."},
		{"downloads.others", "Pour un autre ordinateur", "For another computer"},
		{"downloads.get", "Télécharger %s", "Download %s"},
		{"downloads.machine.amd64", "processeur Intel ou AMD 64 bits", "64-bit Intel or AMD processor"},
		{"downloads.machine.arm64", "processeur ARM 64 bits", "64-bit ARM processor"},
		{"downloads.sha256", "Empreinte SHA-256", "SHA-256 fingerprint"},
		{"downloads.copy", "Copier", "Copy"},

		{"downloads.form.setup", "Programme d’installation", "Setup program"},
		{"downloads.form.msi", "Paquet MSI pour le déploiement par un service informatique", "MSI package for deployment by an IT department"},
		{"downloads.form.pkg", "Paquet d’installation", "Installer package"},
		{"downloads.form.maczip", "Archive du programme", "Archive of the program"},
		{"downloads.form.deb", "Paquet pour Debian et Ubuntu", "Package for Debian and Ubuntu"},
		{"downloads.form.rpm", "Paquet pour Fedora, Red Hat et openSUSE", "Package for Fedora, Red Hat and openSUSE"},
		{"downloads.form.binary", "Programme seul, sans droits d’administrateur", "The program alone, without administrator rights"},
		{"downloads.form.chrome", "Extension pour Chrome, Chromium et Edge", "Extension for Chrome, Chromium and Edge"},
		{"downloads.form.firefox", "Extension pour Firefox", "Extension for Firefox"},

		{"downloads.steps.setup", "Ouvrez le fichier téléchargé et suivez les étapes. Vos navigateurs sont inscrits en même temps.", "Open the downloaded file and follow the steps. Your browsers are registered at the same time."},
		{"downloads.steps.msi", "Dans le dossier du fichier :", "In the file’s folder:"},
		{"downloads.steps.pkg", "Ouvrez le fichier téléchargé et suivez les étapes. Vos navigateurs sont inscrits en même temps.", "Open the downloaded file and follow the steps. Your browsers are registered at the same time."},
		{"downloads.steps.maczip", "Décompressez le fichier dans un dossier où le programme restera, et suivez le fichier d’instructions qu’il contient, ou exécutez « ./scelle install » dans le Terminal.", "Unpack the file into a folder where the program will stay, and follow the instructions in it, or run “./scelle install” in the Terminal."},
		{"downloads.steps.deb", "Dans le dossier du fichier :", "In the file’s folder:"},
		{"downloads.steps.rpm", "Dans le dossier du fichier :", "In the file’s folder:"},
		{"downloads.steps.binary", "Placez le fichier dans un dossier où il restera. Dans ce dossier, rendez-le exécutable et inscrivez-le auprès de vos navigateurs :", "Put the file into a folder where it will stay. In that folder, make it executable and register it with your browsers:"},
		{"downloads.steps.chrome", "Décompressez le fichier dans un dossier où il restera. Ouvrez la page des extensions, activez le « Mode développeur », puis choisissez ce dossier par « Charger l’extension non empaquetée » :", "Unpack the file into a folder where it will stay. Open the extensions page, turn on “Developer mode”, then choose that folder with “Load unpacked”:"},
		{"downloads.steps.firefox", "Ouvrez la page de débogage et choisissez le fichier par « Charger un module complémentaire temporaire » :", "Open the debugging page and choose the file with “Load Temporary Add-on”:"},

		{"downloads.extension", "L’extension", "The extension"},
		{"downloads.extension.none", "Cette salle des marchés ne propose pas l’extension. Demandez-la à votre service informatique, ou prenez-la dans le catalogue de votre navigateur.", "This portal does not offer the extension. Ask your IT department for it, or take it from your browser’s store."},
		{"downloads.allow", "Ensuite, sur cette salle des marchés, cliquez sur l’icône de Scellé, puis sur « Autoriser cette salle des marchés ». Sans cet accord la page ne voit pas l’extension.", "Then, on this portal, click on Scellé’s icon and on “Allow this portal”. Without this consent the page does not see the extension."},
		{"downloads.check", "Pour vérifier, ou pour transmettre un état à l’assistance :", "To check, or to send a report to the help desk:"},
	}
}
