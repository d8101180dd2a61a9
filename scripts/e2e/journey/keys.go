package journey

import (
	"fmt"

	"scelle/scripts/e2e/browser"
)

// StartAdd clicks « Ajouter un bi-clé » and goes through step 1.
func (w *Walk) StartAdd(name string, recovery bool) (browser.Page, error) {
	if err := w.Page.Click("#add-key"); err != nil {
		return nil, err
	}
	a, err := w.Browser.Assistant()
	if err != nil {
		return nil, err
	}
	return a, inOrder(
		func() error { return a.Fill("#name", name) },
		func() error {
			if !recovery {
				return nil
			}
			return a.Click("#recovery")
		},
		func() error {
			return w.Camera.Take(a, "L'assistant, étape 1 : le nom de la clé, et si elle sert de secours.")
		},
		func() error { return a.Click("button[type=submit]") },
		func() error { return a.Visible("#mode-local") },
	)
}

// Finish presses the button that uses the key, waits for the end, closes the
// window and waits for the portal's list to show the key as active.
func (w *Walk) Finish(a browser.Page, name string) error {
	return inOrder(
		func() error { return a.Click("#use-key") },
		func() error { return a.Visible(".success") },
		func() error {
			return w.Camera.Take(a, "La clé est enregistrée : le magasin a ouvert le défi de la salle des marchés.")
		},
		func() error { return a.CloseBy(".actions .primary") },
		func() error { return w.Active(name) },
	)
}

// Active waits until the portal lists a key as active.
func (w *Walk) Active(name string) error {
	return w.Page.Visible(RowOf(name) + `[data-state="active"]`)
}

// AddLocal registers a key made on this computer.
func (w *Walk) AddLocal(name string, recovery bool) error {
	a, err := w.StartAdd(name, recovery)
	if err != nil {
		return err
	}
	return inOrder(
		func() error { return chooseMode(a, "local") },
		func() error { return a.Fill("#common-name", name) },
		func() error { return w.Camera.Take(a, "Étape 2 : créer la clé sur ce poste (recommandé).") },
		func() error { return w.Finish(a, name) },
	)
}

// chooseMode clicks one of the three modes.
func chooseMode(a browser.Page, mode string) error {
	return inOrder(
		func() error { return a.Click("#mode-" + mode) },
		func() error { return a.Until(fmt.Sprintf(`document.querySelector("#mode-%s").checked`, mode)) },
	)
}

// AddServer registers a key that the portal makes.
func (w *Walk) AddServer(name, commonName string, recovery bool) error {
	a, err := w.StartAdd(name, recovery)
	if err != nil {
		return err
	}
	return inOrder(
		func() error { return chooseMode(a, "server") },
		func() error { return a.Fill("#common-name", commonName) },
		func() error {
			return w.Camera.Take(a, "Étape 2 : la salle des marchés fait la clé ; elle arrive scellée à cet ordinateur.")
		},
		func() error { return w.Finish(a, name) },
	)
}

// VerifyKeys clicks « Vérifier mes clés » and agrees; so many keys have to be
// proven.
func (w *Walk) VerifyKeys(count int) error {
	if err := w.Page.Click("#verify-keys"); err != nil {
		return err
	}
	a, err := w.Browser.Assistant()
	if err != nil {
		return err
	}
	return inOrder(
		func() error { return a.Visible("#use-key") },
		func() error {
			return w.Camera.Take(a, "« Vérifier mes clés » : une question, un code PIN par carte, et chaque clé a son résultat.")
		},
		func() error { return a.Click("#use-key") },
		func() error { return a.Visible(".results") },
		func() error { return none(a, ".result.bad") },
		func() error {
			return a.Until(fmt.Sprintf(`document.querySelectorAll(".result:not(.hint)").length === %d`, count))
		},
		func() error {
			return w.Camera.Take(a, "Chaque clé est vérifiée : la salle des marchés note la date.")
		},
		func() error { return a.CloseBy(".actions .primary") },
	)
}

// MakeCertificate puts a certificate into the store, as an earlier year or
// another program would have.
func (w *Walk) MakeCertificate(commonName string) error {
	_, err := w.World.Run(w.World.Host, "generate", "--cn", commonName, "--name", commonName)
	return err
}

// AddExisting registers a certificate that is already in the store.
func (w *Walk) AddExisting(name, commonName string) error {
	a, err := w.StartAdd(name, false)
	if err != nil {
		return err
	}
	return inOrder(
		func() error { return w.Choose(a, commonName) },
		func() error {
			return w.Camera.Take(a, "Étape 2 : les certificats du magasin de cet ordinateur ; la page ne voit que celui qui est choisi.")
		},
		func() error { return w.Finish(a, name) },
	)
}

// Choose takes the mode of the existing certificate and the one with this
// common name.
func (w *Walk) Choose(a browser.Page, commonName string) error {
	find := fmt.Sprintf(`[...document.querySelectorAll(".certificate")].find(e => e.innerText.includes(%q))?.querySelector("input").id ?? ""`, commonName)
	var id string
	return inOrder(
		func() error { return chooseMode(a, "existing") },
		func() error { return a.Says(".certificate", commonName) },
		func() error { return a.Eval(find, &id) },
		func() error { return a.Click("#" + id) },
	)
}
