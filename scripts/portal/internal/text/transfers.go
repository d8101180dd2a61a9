package text

// transfersTexts are « Transférer les plis à une autre clé ».
func transfersTexts() []entry {
	return []entry{
		{"transfer.title", "Transférer les plis à une autre clé", "Transfer submissions to another key"},
		{"transfer.short", "Un agent part, une clé est renouvelée ?", "An agent leaves, a key is renewed?"},
		{"transfer.go", "Transférer les plis à une autre clé", "Transfer the submissions to another key"},
		{"transfer.lead", "Pour un agent qui part ou dont la clé est renouvelée, avant ou après la date limite. Personne ne voit de contenu : seule la clé de chaque pli est remise à la nouvelle, sur le poste qui porte l’ancienne. Avant la date limite, le contenu chiffré ne quitte pas le portail.", "For an agent who leaves or whose key is renewed, before or after the deadline. Nobody sees any content: only the key of each submission is handed to the new one, on the computer that holds the old one. Before the deadline the encrypted content does not leave the portal."},
		{"transfer.from", "Ancienne clé", "Old key"},
		{"transfer.from.note", "Elle n’ouvrira plus les plis transférés. Les autres clés de chaque pli, dont celles de secours, restent.", "It will not open the transferred submissions any more. The other keys of each submission, the recovery keys included, stay."},
		{"transfer.key.one", "%d pli", "%d submission"},
		{"transfer.key.many", "%d plis", "%d submissions"},
		{"transfer.expired", "expirée", "expired"},
		{"transfer.deleted", "supprimée", "deleted"},
		{"transfer.to", "Nouvelles clés", "New keys"},
		{"transfer.to.none", "Aucune clé active et valable dans ce service : ajoutez-en une.", "No active, valid key in this department: add one."},
		{"transfer.recovery", "secours", "recovery"},
		{"transfer.tender", "Consultations", "Tenders"},
		{"transfer.tender.all", "Toutes les consultations du service", "All tenders of the department"},
		{"transfer.start", "Transférer les plis", "Transfer the submissions"},
		{"transfer.none", "Aucun pli de ce service n’est scellé pour une clé connue du portail.", "No submission of this department is sealed to a key that the portal knows."},
		{"transfer.done", "Transferts faits", "Transfers made"},
		{"transfer.done.none", "Aucun transfert pour le moment.", "No transfer so far."},
		{"transfer.when", "Date", "Date"},
		{"transfer.by", "Agent", "Agent"},
		{"transfer.keys", "De, vers", "From, to"},
		{"transfer.plis", "Plis", "Submissions"},
		{"transfer.checked", "clé essayée sur le contenu : %d sur %d", "key tried on the content: %d of %d"},
		{"transfer.unchecked", "Avant la date limite, la clé est prise dans l’en-tête du pli sans être essayée sur le contenu, qui ne quitte pas le portail. Le portail garde l’ancien en-tête.", "Before the deadline the key is taken from the submission’s header without being tried on the content, which does not leave the portal. The portal keeps the old header."},
		{"transfer.prints", "Empreintes avant et après", "Fingerprints before and after"},
		{"transfer.same", "Le portail a relu chaque nouveau fichier avant de remplacer l’ancien : même contenu chiffré, même algorithme, seules les clés changent.", "The portal read each new file again before it replaced the old one: same encrypted content, same algorithm, only the keys change."},
		{"receipt.rewrapped", "L’acheteur a changé les clés de ce pli après le dépôt. Le contenu chiffré est le même.", "The buyer changed the keys of this submission after it was deposited. The encrypted content is the same."},
	}
}
