package text

// scriptTexts are what page scripts say. {0}, {1} are filled in by them.
func scriptTexts() []entry {
	return []entry{
		{"js.online", "Assistant : en ligne", "Assistant: online"},
		{"js.offline", "Assistant : hors ligne", "Assistant: offline"},
		{"js.versions", "Extension {0}, programme {1}", "Extension {0}, program {1}"},
		{"js.version.extension", "Extension {0}", "Extension {0}"},
		{"js.absent", "Extension absente ou site non autorisé", "Extension missing or site not allowed"},
		{"js.absent.remedy", "Cliquez sur l’icône de Scellé dans la barre du navigateur, puis sur « Autoriser cette salle des marchés ». Si l’icône n’y est pas, installez l’extension.", "Click on Scellé’s icon in the browser’s toolbar, then on “Allow this portal”. If there is no icon, install the extension."},
		{"js.copied", "Copié", "Copied"},
		{"js.here.yes", "oui", "yes"},
		{"js.here.no", "non", "no"},
		{"js.here.unknown", "inconnu", "unknown"},
		{"js.adding", "La fenêtre de l’assistant est ouverte : continuez dans celle-ci.", "The assistant’s window is open: go on there."},
		{"js.added", "Le bi-clé est actif.", "The key pair is active."},
		{"js.pending", "L’enregistrement n’est pas terminé. Il reste dans la liste : vous pouvez le terminer ou recommencer.", "The registration is not finished. It stays in the list: you can finish it or start again."},
		{"js.saved", "Les modifications sont enregistrées.", "The changes are saved."},
		{"js.deleted", "Le bi-clé est supprimé.", "The key pair was deleted."},
		{"js.dependent", "Suppression refusée : des plis non ouverts sont scellés pour ce bi-clé. Ouvrez-les d’abord.", "Not deleted: unopened submissions are sealed to this key pair. Open them first."},
		{"js.right", "Votre habilitation ne permet pas cette action.", "Your rights do not allow this."},
		{"js.login", "Votre session est terminée. Reconnectez-vous, puis recommencez.", "Your session has ended. Log in again and try again."},
		{"js.deadline", "La date limite ne le permet pas.", "The deadline does not allow this."},
		{"js.network", "Le portail ne répond pas. Vérifiez la connexion, puis recommencez.", "The portal does not answer. Check the connection and try again."},
		{"js.fingerprint", "Le pli est arrivé abîmé et n’a pas été gardé. Recommencez le dépôt.", "The submission arrived damaged and was not kept. Submit again."},
		{"js.failed", "L’opération n’a pas abouti.", "The operation did not succeed."},
		{"js.code", "Code : {0}", "Code: {0}"},
		{"js.sealing", "Scellement en cours", "Sealing"},
		{"js.uploading", "Envoi en cours", "Uploading"},
		{"js.cancelled", "Dépôt annulé. Rien n’a été envoyé.", "Submission cancelled. Nothing was sent."},
		{"js.nofile", "Choisissez au moins un fichier.", "Choose at least one file."},
		{"js.leftout", "Clé laissée de côté : {0}", "Key left out: {0}"},
		{"js.deposited", "Pli déposé. Voici l’accusé de réception.", "Submitted. Here is the receipt."},
		{"js.opening", "La fenêtre de l’assistant est ouverte : donnez-y votre accord.", "The assistant’s window is open: give your consent there."},
		{"js.opened", "Plis ouverts : {0} sur {1}.", "Submissions opened: {0} of {1}."},
		{"js.notopened", "{0} : {1}", "{0}: {1}"},
	}
}
