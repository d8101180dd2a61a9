package browser

import (
	"errors"
	"fmt"

	"github.com/chromedp/chromedp/kb"
)

// Keyboard is a Chromium that is used without a mouse: what the journeys click
// is reached by Tab, or by the arrows within a group of radio buttons, and
// pressed by Space or Enter. What cannot be reached, what shows no focus, and
// a screen of the extension that loses the focus is an error.
type Keyboard struct{ *Chromium }

// First is Browser's.
func (k Keyboard) First() Page { return &keyPage{tab: k.Chromium.First().(*tab)} }

// Open is Browser's.
func (k Keyboard) Open(url string) (Page, error) { return byKeyboard(k.Chromium.Open(url)) }

// Assistant is Browser's.
func (k Keyboard) Assistant() (Page, error) { return byKeyboard(k.Chromium.Assistant()) }

// Popup is Browser's. The icon itself is the browser's own to reach.
func (k Keyboard) Popup(over Page) (Page, error) {
	if p, ok := over.(*keyPage); ok {
		over = p.tab
	}
	return byKeyboard(k.Chromium.Popup(over))
}

// keyPage is a tab without a mouse.
type keyPage struct {
	*tab
	pressed bool // something, since which the focus must be somewhere
}

func byKeyboard(p Page, err error) (Page, error) {
	if err != nil {
		return nil, err
	}
	k := &keyPage{tab: p.(*tab)}
	return k, k.listen()
}

// most is how many presses of Tab lead around any of our pages.
const most = 150

// listen keeps what the page's live region says, for [Said].
func (p *keyPage) listen() error {
	return p.Eval(`(() => {
		const live = document.querySelector("#live");
		globalThis.heard = [];
		if (live) new MutationObserver(() => heard.push(live.textContent)).observe(live, { childList: true, characterData: true, subtree: true });
	})()`, nil)
}

// Said is what the live region of an extension's page has said to a screen
// reader, for pages of a [Keyboard].
func Said(p Page) ([]string, error) {
	var heard []string
	err := p.Eval(`globalThis.heard`, &heard)
	return heard, err
}

// standing is where the focus is, seen from an element that is looked for.
type standing struct {
	At, Group, Lost, Hidden bool
	Kind                    string // of the element that is looked for
	Where                   string
}

func (p *keyPage) standing(selector string) (standing, error) {
	var s standing
	err := p.Eval(fmt.Sprintf(`(() => {
		const want = document.querySelector(%q), at = document.activeElement;
		const radio = (e) => e?.type === "radio";
		const ring = getComputedStyle(at);
		return {
			At: at === want, Group: radio(want) && radio(at) && at.name === want.name, Lost: at === document.body,
			Hidden: at !== document.body && at.matches(":focus-visible") && ring.outlineStyle === "none" && at.tabIndex >= 0,
			Kind: want?.localName === "a" || want?.type === "submit" ? "enter" : radio(want) ? "radio" : "space",
			Where: at.outerHTML.slice(0, 120),
		};
	})()`, selector), &s)
	return s, err
}

// reach moves the focus to an element.
func (p *keyPage) reach(selector string) (standing, error) {
	if err := p.Until(working(selector)); err != nil {
		return standing{}, err
	}
	for n := range most {
		s, err := p.standing(selector)
		switch {
		case err != nil:
			return s, err
		case s.At:
			return s, nil
		case s.Hidden:
			return s, p.Explain("tabbing to "+selector, fmt.Errorf("no focus is shown on %s", s.Where))
		case s.Lost && n == 0 && p.pressed && p.id != "":
			return s, p.Explain("tabbing to "+selector, errors.New("the focus was lost"))
		}
		key := kb.Tab
		if s.Group {
			key = kb.ArrowDown
		}
		if err := p.Keys(key); err != nil {
			return s, err
		}
	}
	return standing{}, p.Explain("tabbing to "+selector, errors.New("it cannot be reached"))
}

// press reaches an element and presses it.
func (p *keyPage) press(selector string) error {
	s, err := p.reach(selector)
	if err != nil {
		return err
	}
	p.c.clicks.Add(1)
	p.pressed = true
	var checked bool
	if s.Kind == "radio" { // arrows have chosen it already
		if err := p.Eval(fmt.Sprintf(`document.querySelector(%q).checked`, selector), &checked); err != nil || checked {
			return err
		}
	}
	if s.Kind == "enter" {
		return p.Keys(kb.Enter)
	}
	return p.Keys(" ")
}

// Click is Page's, with the keyboard.
func (p *keyPage) Click(selector string) error {
	return p.Explain("pressing "+selector, p.press(selector))
}

// Fill is Page's, with the keyboard.
func (p *keyPage) Fill(selector, text string) error {
	if _, err := p.reach(selector); err != nil {
		return err
	}
	return p.tab.Fill(selector, text)
}

// CloseBy is Page's, with the keyboard.
func (p *keyPage) CloseBy(selector string) error {
	if err := p.Visible(selector); err != nil {
		return err
	}
	pressErr := p.press(selector)
	if err := p.waitGone(); err != nil {
		return errors.Join(pressErr, err)
	}
	return nil
}

// Goto is Page's: a new page has the focus nowhere yet.
func (p *keyPage) Goto(url string) error {
	p.pressed = false
	return p.tab.Goto(url)
}
