package text

// shellTexts are the frame of every page, the login and the error page.
func shellTexts() []entry {
	return []entry{
		{"site", "Salle des marchés de référence", "Reference procurement portal"},
		{"site.by", "Portail d’exemple de Scellé", "Scellé’s example portal"},
		{"skip", "Aller au contenu", "Skip to content"},
		{"nav", "Navigation principale", "Main navigation"},
		{"nav.tenders", "Consultations", "Tenders"},
		{"nav.keys", "Clés de chiffrement", "Encryption keys"},
		{"nav.downloads", "Installer l’assistant", "Install the assistant"},
		{"demo", "Démonstration : les données sont fictives et les mots de passe publics.", "Demonstration: the data are made up and the passwords are public."},
		{"lang.switch", "Langue", "Language"},
		{"logout", "Se déconnecter", "Log out"},
		{"footer", "Rien n’est à lancer à l’ouverture de session : Scellé s’ouvre avec le navigateur.", "There is nothing to launch at login: Scellé comes with the browser."},
		{"cancel", "Annuler", "Cancel"},
		{"noscript", "Cette page a besoin de JavaScript pour parler à l’assistant.", "This page needs JavaScript to talk to the assistant."},

		{"login.title", "Connexion", "Log in"},
		{"login.lead", "Déposez une réponse scellée dans votre navigateur, ouvrez les plis après la date limite.", "Submit answers sealed in your browser; open them after the deadline."},
		{"login.login", "Identifiant", "Login"},
		{"login.password", "Mot de passe", "Password"},
		{"login.submit", "Se connecter", "Log in"},
		{"login.failed", "Identifiant ou mot de passe incorrect. Vérifiez la saisie, puis recommencez.", "Wrong login or password. Check what you typed and try again."},
		{"login.demo", "Comptes de démonstration", "Demonstration accounts"},
		{"login.role", "Rôle", "Role"},
		{"role.agent", "Agent, gère les clés et ouvre les plis", "Agent: manages keys and opens submissions"},
		{"role.reader", "Agent, consulte seulement les clés", "Agent: may only look at keys"},
		{"role.company", "Entreprise, dépose des réponses", "Company: submits answers"},

		{"error.title", "La demande n’a pas abouti", "The request did not succeed"},
		{"error.back", "Revenir aux consultations", "Back to the tenders"},
		{"error.not-found", "Cette page n’existe pas, ou n’existe plus.", "This page does not exist, or no longer does."},
		{"error.right", "Votre habilitation ne permet pas cette action dans ce service. L’administrateur du service peut l’accorder.", "Your rights do not allow this in this department. Its administrator can grant them."},
		{"error.token", "La page était ouverte depuis trop longtemps. Rechargez-la, puis recommencez.", "The page was open for too long. Reload it and try again."},
		{"error.deadline", "La date limite de remise des plis ne le permet pas.", "The submission deadline does not allow this."},
		{"error.demo", "Cette action n’existe que dans la démonstration.", "This action exists in the demonstration only."},
	}
}
