//go:build js && wasm

package dom

import (
	"errors"
	"slices"

	"github.com/hack-pad/safejs"
)

// Mount shows nodes in an element of a document. Its methods are for one
// goroutine and for event callbacks, which never run at the same time.
type Mount struct {
	document safejs.Value
	root     safejs.Value
	live     safejs.Value
	send     func(msg any)
	report   func(error)

	shown   []*element
	byID    map[int]*element // by the number that a DOM element carries in idProperty
	lastID  int
	said    string
	titled  [2]string // title and language of the document
	focusID string
	told    bool // of a change by a person, since the last Show
	listen  safejs.Func
}

// element is a node that is in the document.
type element struct {
	node     Node
	dom      safejs.Value
	id       int
	children []*element
	parent   *element
}

// idProperty is the property by which an event's target is found again.
const idProperty = "scelleNode"

// NewMount takes over the element with the id root, and the live region with
// the id live for announcements. Messages of handlers go to send, inside the
// browser's own event, so that what needs a person's click still counts as
// one. What goes wrong, panics of handlers included, goes to report.
func NewMount(root, live string, send func(msg any), report func(error)) (*Mount, error) {
	m := &Mount{send: send, report: report, byID: map[int]*element{}}
	var err error
	if m.document, err = safejs.Global().Get("document"); err != nil {
		return nil, err
	}
	if m.root, err = m.find(root); err != nil {
		return nil, err
	}
	if m.live, err = m.find(live); err != nil {
		return nil, err
	}
	return m, m.startListening()
}

func (m *Mount) find(id string) (safejs.Value, error) {
	v, err := m.document.Call("getElementById", id)
	if err == nil && v.IsNull() {
		err = errors.New("dom: no element with id " + id)
	}
	return v, err
}

// Show makes the document look like the nodes, changing only what differs.
// The first call replaces the static skeleton.
func (m *Mount) Show(nodes ...Node) error {
	if m.shown == nil {
		if _, err := m.root.Call("replaceChildren"); err != nil {
			return err
		}
		m.shown = []*element{}
	}
	nodes = slices.DeleteFunc(slices.Clone(nodes), func(n Node) bool { return n.node == nil })
	keep := m.rememberFocus()
	shown, err := m.patchChildren(m.root, nil, m.shown, nodes)
	m.shown = shown
	if err != nil {
		return err
	}
	m.told = false
	keep()
	return m.moveFocus()
}

// Title sets the document's title and language, where they change: the browser
// lays everything out anew for either.
func (m *Mount) Title(title, lang string) error {
	titled := [2]string{title, lang}
	if m.titled == titled {
		return nil
	}
	if err := m.document.Set("title", title); err != nil {
		return err
	}
	html, err := m.document.Get("documentElement")
	if err != nil {
		return err
	}
	if err := html.Set("lang", lang); err != nil {
		return err
	}
	m.titled = titled
	return nil
}

// Announce has a screen reader say the text, unless it was the last one said.
func (m *Mount) Announce(s string) error {
	if s == m.said {
		return nil
	}
	m.said = s
	return m.live.Set("textContent", s)
}

// Focus moves the keyboard focus to the element with this id after the next
// Show.
func (m *Mount) Focus(id string) { m.focusID = id }

func (m *Mount) moveFocus() error {
	id := m.focusID
	if id == "" {
		return nil
	}
	m.focusID = ""
	v, err := m.document.Call("getElementById", id)
	if err != nil || v.IsNull() {
		return err
	}
	_, err = v.Call("focus")
	return err
}

// rememberFocus returns what gives the focus back to the element that has it
// now: moving an element in the document takes the focus away.
func (m *Mount) rememberFocus() func() {
	active, err := m.document.Get("activeElement")
	if err != nil || active.IsNull() {
		return func() {}
	}
	start, _ := active.Get("selectionStart")
	end, _ := active.Get("selectionEnd")
	return func() {
		now, err := m.document.Get("activeElement")
		if err != nil || now.Equal(active) {
			return
		}
		if connected, _ := active.Get("isConnected"); !isTrue(connected) {
			return
		}
		if id, _ := active.Get(idProperty); id.Type() != safejs.TypeNumber {
			return
		}
		m.check(active.Call("focus"))
		if start.Type() == safejs.TypeNumber {
			m.check(active.Call("setSelectionRange", start, end))
		}
	}
}

func (m *Mount) check(_ safejs.Value, err error) {
	if err != nil {
		m.report(err)
	}
}

func isTrue(v safejs.Value) bool {
	b, err := v.Truthy()
	return err == nil && b
}
