// Package journey walks through the product as people do, in a real browser:
// the demo shows it, the end-to-end tests hold it.
package journey

import (
	"fmt"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/stack"
)

// Logins of the demonstration, as its login page shows them.
const (
	Agent   = "agent@demo"
	Company = "entreprise@demo"
)

var passwords = map[string]string{Agent: "agent-demo", Company: "entreprise-demo"}

// Paths of the portal.
const (
	keysPath   = "/administration/service/cles"
	tenderPath = "/consultations/pont-2027"
)

// Walk is one walk through a world. Page is the tab that shows the portal.
type Walk struct {
	World   *stack.World
	Browser browser.Browser
	Camera  *Camera
	Page    browser.Page
	Slow    int // how often a wait for sealed or opened plis may run out before it fails
}

// New prepares a walk; camera may be nil.
func New(w *stack.World, c browser.Browser, camera *Camera) *Walk {
	if camera == nil {
		camera = &Camera{}
	}
	return &Walk{World: w, Browser: c, Camera: camera}
}

// step is one thing to do.
type step func() error

// inOrder runs steps until one fails.
func inOrder(steps ...step) error {
	for _, s := range steps {
		if err := s(); err != nil {
			return err
		}
	}
	return nil
}

// slowly waits again, w.Slow times, for what takes long with large files.
func (w *Walk) slowly(wait step) step {
	return func() error {
		err := wait()
		for again := 0; err != nil && again < w.Slow; again++ {
			err = wait()
		}
		return err
	}
}

// photo is the step of taking a picture of the portal's page.
func (w *Walk) photo(caption string) step {
	return func() error { return w.Camera.Take(w.Page, caption) }
}

// All is the whole demonstration.
func All(w *Walk) error {
	file, err := w.sampleFile("offre technique.txt", "Offre technique de Bâti-Loire SARL.\n")
	if err != nil {
		return err
	}
	return inOrder(
		func() error { return w.Login(Agent) },
		func() error { return w.GoKeys() },
		w.photo("L'agent ouvre « Clés de chiffrement » : le site n'est pas encore autorisé, la page dit quoi faire."),
		func() error { return w.Installers() },
		w.photo("« Afficher plus d'informations » mène aux installateurs, celui de ce système d'abord."),
		func() error { return w.GoKeys() },
		func() error { return w.Allow() },
		func() error { return w.Online() },
		w.photo("Après l'autorisation, l'assistant est en ligne, sans recharger la page."),
		func() error { return w.AddLocal("Clé de Camille Lefort", false) },
		w.photo("La clé créée sur ce poste est active : la salle des marchés a vérifié que ce poste détient la clé privée."),
		func() error { return w.AddServer("Secours de la voirie", "Clé de secours - voirie", true) },
		func() error { return w.Page.Visible(HealthOf("Secours de la voirie", "key-server-made")) },
		w.photo("La clé de secours, faite par la salle des marchés, est importée dans le magasin ; la liste rappelle d'où elle vient."),
		func() error { return w.MakeCertificate("Certificat de Camille Lefort") },
		func() error { return w.AddExisting("Certificat déjà présent", "Certificat de Camille Lefort") },
		w.photo("Un certificat qui était déjà dans le magasin est enregistré à son tour."),
		func() error { return w.VerifyKeys(3) },
		func() error { return w.Page.Says("#message.good", "3 clés vérifiées") },
		w.photo("« Vérifier mes clés » : les trois clés ont prouvé qu'elles sont sur ce poste, et la liste en donne la date."),
		func() error {
			return w.Popup("La fenêtre de l'extension : état, site autorisé, clés de cet ordinateur.")
		},
		func() error { return w.Login(Company) },
		func() error { return w.Recipients() },
		w.photo("L'entreprise voit à qui son pli sera scellé, d'après la liste que la salle des marchés a signée."),
		func() error { return w.Deposit(file) },
		w.photo("L'entreprise a scellé et déposé son pli : l'accusé de réception porte les deux empreintes."),
		func() error { return w.Login(Agent) },
		func() error { return w.CloseTender() },
		w.photo("La date limite est passée : les plis peuvent être ouverts."),
		func() error { return w.OpenPlis(true) },
		w.photo("Le pli est ouvert, ses fichiers sont remis à la salle des marchés, avec leurs empreintes."),
	)
}

// Login logs somebody in, and whoever was there out.
func (w *Walk) Login(who string) error {
	if w.Page == nil {
		p, err := w.Browser.Open(w.World.Origin)
		if err != nil {
			return err
		}
		w.Page = p
	}
	p := w.Page
	return inOrder(
		func() error {
			return p.Eval(`document.querySelector('form[action="/deconnexion"] button')?.click()`, nil)
		},
		func() error { return p.Until(`!document.querySelector('form[action="/deconnexion"]')`) },
		func() error { return p.Goto(w.World.Origin + "/connexion") },
		func() error { return p.Fill("#login", who) },
		func() error { return p.Fill("#password", passwords[who]) },
		func() error { return p.Click("form[action=\"/connexion\"] button") },
		func() error { return p.Visible(`form[action="/deconnexion"]`) },
	)
}

// GoKeys opens « Administration > Service > Clés de chiffrement ».
func (w *Walk) GoKeys() error {
	return inOrder(
		func() error { return w.Page.Goto(w.World.Origin + keysPath) },
		func() error { return w.Page.Until(`document.querySelector("#assistant").dataset.state !== "checking"`) },
	)
}

// Installers follows « Afficher plus d'informations » of the status block.
func (w *Walk) Installers() error {
	var address string
	return inOrder(
		func() error { return w.Page.Visible("[data-status-more] a") },
		func() error { return w.Page.Eval(`document.querySelector("[data-status-more] a").href`, &address) },
		func() error { return w.Page.Goto(address) },
		func() error { return w.Page.Visible(`[data-page="downloads"] #assistant[data-state="offline"]`) },
	)
}

// Online waits until the page says that the assistant is online.
func (w *Walk) Online() error {
	return w.Page.Until(`document.querySelector("#assistant").dataset.state === "online"`)
}

// Allow allows the portal from the extension's popup, unless it is allowed: a
// restarted Firefox remembers, an unpacked extension in Chromium does not.
func (w *Walk) Allow() error {
	if err := w.Browser.Grant(w.World.Origin); err != nil {
		return err
	}
	// A popup closes when anything else takes the focus; people open it again.
	err := w.AllowInPopup()
	if err != nil {
		err = w.AllowInPopup()
	}
	return err
}

// AllowInPopup is Allow where the browser's permission is there, as it is for
// every port of a host that has it.
func (w *Walk) AllowInPopup() error {
	popup, err := w.Browser.Popup(w.Page)
	if err != nil {
		return err
	}
	var allowed bool
	return inOrder(
		func() error { return popup.Until(`document.querySelector("#allow, #forget")`) },
		func() error { return popup.Eval(`Boolean(document.querySelector("#forget"))`, &allowed) },
		func() error {
			if allowed {
				return nil
			}
			return inOrder(
				func() error {
					return w.Camera.Take(popup, "Un clic sur l'icône de l'extension : « Autoriser cette salle des marchés ».")
				},
				func() error { return popup.Click("#allow") },
			)
		},
		func() error { return popup.Visible("#forget") },
		func() error { return popup.Shut() },
	)
}

// Forget takes the allowance back in the extension's popup.
func (w *Walk) Forget() error {
	popup, err := w.Browser.Popup(w.Page)
	if err != nil {
		return err
	}
	return inOrder(
		func() error { return popup.Click("#forget") },
		func() error { return popup.Visible("#allow") },
		func() error { return popup.Shut() },
	)
}

// Popup takes a picture of the popup as it is now.
func (w *Walk) Popup(caption string) error {
	popup, err := w.Browser.Popup(w.Page)
	if err != nil {
		return err
	}
	return inOrder(
		func() error {
			return popup.Until(`document.querySelector("ul.keys")`)
		},
		func() error { return w.Camera.Take(popup, caption) },
		func() error { return popup.Shut() },
	)
}

// sampleFile writes a file that a company could deposit.
func (w *Walk) sampleFile(name, content string) (string, error) {
	return WriteFile(w.World.Home, name, []byte(content))
}

// HealthOf is the selector of a remark about a key in the portal's list, by its
// code, with its way to the guide.
func HealthOf(name, code string) string {
	return fmt.Sprintf(`%s + tr.health [data-code=%q] a[href$="#%s"]`, RowOf(name), code, code)
}

// RowOf is the selector of a key's row in the portal's list.
func RowOf(name string) string { return fmt.Sprintf("tr[data-name=%q]", name) }
