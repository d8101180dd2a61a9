package text

// rehearsalsTexts are the rehearsals of an opening.
func rehearsalsTexts() []entry {
	return []entry{
		{"rehearsal.title", "Répéter l’ouverture", "Rehearse the opening"},
		{"rehearsal.lead", "Un pli d’essai est scellé pour les clés de cette consultation, puis ouvert sur ce poste comme le jour de l’ouverture. Aucun pli reçu n’est demandé ni ouvert. Répétez quelques jours avant, sur chaque poste qui devra ouvrir.", "A test submission is sealed to the keys of this tender, then opened on this computer as on the day of the opening. No submission received is asked for or opened. Rehearse some days before, on each computer that will have to open."},
		{"rehearsal.start", "Répéter l’ouverture", "Rehearse the opening"},
		{"rehearsal.never", "Aucun poste n’a encore ouvert de pli d’essai pour cette consultation.", "No computer has opened a test submission for this tender yet."},
		{"rehearsal.caption", "Dernière répétition de chaque clé qui reçoit les plis", "Last rehearsal of each key that receives submissions"},
		{"rehearsal.key", "Clé", "Key"},
		{"rehearsal.result", "Dernier essai", "Last try"},
		{"rehearsal.when", "Date", "Date"},
		{"rehearsal.by", "Agent", "Agent"},
		{"rehearsal.versions", "Versions", "Versions"},
		{"rehearsal.versions.of", "extension %s, programme %s, portail %s", "extension %s, program %s, portal %s"},
		{"rehearsal.opened", "A ouvert le pli d’essai", "Opened the test submission"},
		{"rehearsal.failed", "N’a pas ouvert le pli d’essai", "Did not open the test submission"},
		{"rehearsal.untried", "Jamais essayée", "Never tried"},
		{"rehearsal.recovery", "secours", "recovery"},
	}
}
