package journey

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"scelle/scripts/e2e/browser"
)

// WriteFile writes a file below a folder and returns its path.
func WriteFile(dir, name string, content []byte) (string, error) {
	path := filepath.Join(dir, name)
	return path, os.WriteFile(path, content, 0o600)
}

// GoTender opens the consultation's page.
func (w *Walk) GoTender() error { return w.Page.Goto(w.World.Origin + tenderPath) }

// Recipients looks to whom a pli would be sealed, by the portal's signed list.
func (w *Walk) Recipients() error {
	return inOrder(
		w.GoTender,
		func() error { return w.Page.Until(`document.querySelector("#assistant").dataset.state === "online"`) },
		func() error { return w.Page.Click("#to summary") },
		func() error {
			return w.Page.Visible(`#to-list[data-signed=true] [data-recipient=receives]`)
		},
	)
}

// Deposit seals files in the page and deposits the pli.
func (w *Walk) Deposit(files ...string) error {
	p := w.Page
	return inOrder(
		w.GoTender,
		func() error { return p.Visible("#files") },
		func() error { return p.Until(`document.querySelector("#assistant").dataset.state === "online"`) },
		func() error { return p.Upload("#files", files...) },
		w.photo("L'entreprise choisit ses fichiers dans la page de la salle des marchés."),
		w.DepositChosen,
	)
}

// DepositChosen deposits the files that the page shows as chosen.
func (w *Walk) DepositChosen() error {
	return inOrder(
		func() error { return w.Page.Click("#deposit") },
		w.slowly(func() error { return w.Page.Visible("#content-sha256") }),
	)
}

// CloseTender moves the deadline to now.
func (w *Walk) CloseTender() error {
	return inOrder(
		w.GoTender,
		w.photo("L'agent voit les plis déposés ; avant la date limite, personne ne peut les ouvrir."),
		func() error { return w.Page.Click(`form[action$="/cloture"] button`) },
		func() error { return w.Page.Visible("#open-form") },
	)
}

// StartOpen asks for the plis to be opened and returns the consent window.
func (w *Walk) StartOpen(handOver bool) (browser.Page, error) {
	if err := w.Online(); err != nil {
		return nil, err
	}
	if handOver {
		if err := w.Page.Click(`#open-form input[name=handover]`); err != nil {
			return nil, err
		}
	}
	if err := w.Page.Click(`#open-form button`); err != nil {
		return nil, err
	}
	return w.Browser.Assistant()
}

// OpenPlis opens the consultation's plis, to the portal or to the downloads.
func (w *Walk) OpenPlis(handOver bool) error {
	a, err := w.StartOpen(handOver)
	if err != nil {
		return err
	}
	if err := w.slowly(func() error { return a.Visible("#use-key") })(); err != nil {
		return err
	}
	if handOver {
		if err := a.Click("#deliver-portal"); err != nil {
			return err
		}
	}
	return inOrder(
		func() error {
			return w.Camera.Take(a, "L'assistant demande une fois : qui, quelles clés, quels plis, où vont les fichiers.")
		},
		func() error { return a.Click("#use-key") },
		w.slowly(func() error { return a.Visible(".results") }),
		func() error { return none(a, ".result.bad") },
		func() error { return w.Camera.Take(a, "Chaque pli a son résultat, avec ses empreintes.") },
		func() error { return a.CloseBy(".actions .primary") },
		func() error { return w.Page.Visible(`.pli[data-opened="yes"]`) },
	)
}

// none fails with the words of the first element that should not be there.
func none(p browser.Page, selector string) error {
	var words string
	err := p.Eval(fmt.Sprintf(`document.querySelector(%q)?.innerText ?? ""`, selector), &words)
	if err == nil && words != "" {
		err = errors.New(words)
	}
	return err
}
