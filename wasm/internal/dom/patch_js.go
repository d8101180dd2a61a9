//go:build js && wasm

package dom

import "github.com/hack-pad/safejs"

// patchChildren makes the children of parent look like nodes and returns
// them. Even on an error the result describes what is in the document.
func (m *Mount) patchChildren(parent safejs.Value, up *element, old []*element, nodes []Node) ([]*element, error) {
	before := make([]Node, len(old))
	for i, e := range old {
		before[i] = e.node
	}
	plan := match(before, nodes)
	kept := make([]bool, len(old))
	for _, j := range plan {
		if j >= 0 {
			kept[j] = true
		}
	}
	for j, e := range old {
		if !kept[j] {
			if err := m.remove(parent, e); err != nil {
				return old, err
			}
		}
	}
	out := make([]*element, 0, len(nodes))
	for i := range nodes {
		var was *element
		if plan[i] >= 0 {
			was = old[plan[i]]
		}
		e, err := m.patch(was, nodes[i])
		if err != nil {
			return out, err
		}
		e.parent = up
		out = append(out, e)
		if err := m.place(parent, i, e); err != nil {
			return out, err
		}
	}
	return out, nil
}

// place puts an element at an index, unless it is there.
func (m *Mount) place(parent safejs.Value, index int, e *element) error {
	list, err := parent.Get("childNodes")
	if err != nil {
		return err
	}
	at, err := list.Call("item", index)
	if err != nil || at.Equal(e.dom) {
		return err
	}
	_, err = parent.Call("insertBefore", e.dom, at)
	return err
}

// patch makes an element look like node, or makes a new one when was is nil.
func (m *Mount) patch(was *element, node Node) (*element, error) {
	if was == nil {
		return m.create(node)
	}
	before := was.node
	was.node = node
	if node.tag == "" {
		if before.text == node.text {
			return was, nil
		}
		return was, was.dom.Set("data", node.text)
	}
	var err error
	if was.children, err = m.patchChildren(was.dom, was, was.children, node.children); err != nil {
		return was, err
	}
	return was, m.setAttributes(was.dom, before, node)
}

func (m *Mount) create(node Node) (*element, error) {
	e := &element{node: node}
	var err error
	if node.tag == "" {
		e.dom, err = m.document.Call("createTextNode", node.text)
		return e, err
	}
	if e.dom, err = m.document.Call("createElement", node.tag); err != nil {
		return e, err
	}
	m.lastID++
	e.id = m.lastID
	m.byID[e.id] = e
	if err = e.dom.Set(idProperty, e.id); err != nil {
		return e, err
	}
	if e.children, err = m.patchChildren(e.dom, e, nil, node.children); err != nil {
		return e, err
	}
	return e, m.setAttributes(e.dom, Text(""), node)
}

func (m *Mount) remove(parent safejs.Value, e *element) error {
	m.forget(e)
	_, err := parent.Call("removeChild", e.dom)
	return err
}

func (m *Mount) forget(e *element) {
	delete(m.byID, e.id)
	for _, c := range e.children {
		m.forget(c)
	}
}

// setAttributes turns the attributes of before into those of after.
func (m *Mount) setAttributes(v safejs.Value, before, after Node) error {
	for _, a := range before.attrs {
		if _, still := after.attribute(a.name); still || isState(a.name) {
			continue
		}
		if _, err := v.Call("removeAttribute", a.name); err != nil {
			return err
		}
	}
	for _, a := range after.attrs {
		if isState(a.name) {
			continue
		}
		if err := set(v, before, a); err != nil {
			return err
		}
	}
	for _, name := range states {
		if err := m.setState(v, before, after, name); err != nil {
			return err
		}
	}
	return nil
}

// states are the flags that a person or the browser changes behind the
// attribute's back.
var states = [...]string{"checked", "open"}

func isState(name string) bool { return name == states[0] || name == states[1] }

// setState sets a flag that the screen changes. What only the document
// changed is taken back once the browser told of it: until then the person's
// click is still on its way, since a radio button is checked before its click is
// heard. One that is found unchecked after its click tells nothing at all.
func (m *Mount) setState(v safejs.Value, before, after Node, name string) error {
	_, was := before.attribute(name)
	_, on := after.attribute(name)
	field := name == states[0] && after.tag == "input" // one without the flag is unchecked; a details without it is the person's
	if was == on && (!m.told || !on && !field) {
		return nil
	}
	now, err := v.Get(name)
	if err != nil || isTrue(now) == on {
		return err
	}
	return v.Set(name, on)
}

func set(v safejs.Value, before Node, a attr) error {
	if a.name == "value" {
		if typed, err := setValue(v, a.value); typed || err != nil {
			return err
		}
	}
	if was, ok := before.attribute(a.name); ok && was == a {
		return nil
	}
	_, err := v.Call("setAttribute", a.name, a.value)
	return err
}

// setValue writes the value of what people type in, only when it differs:
// writing it moves the caret to the end and disturbs an input method. It
// returns false for elements whose value is no text (progress, li).
func setValue(v safejs.Value, value string) (bool, error) {
	now, err := v.Get("value")
	if err != nil || now.Type() != safejs.TypeString {
		return false, err
	}
	if s, err := now.String(); err != nil || s == value {
		return true, err
	}
	return true, v.Set("value", value)
}

// attribute returns the value of an attribute and whether it is there.
func (n *node) attribute(name string) (attr, bool) {
	for _, a := range n.attrs {
		if a.name == name {
			return a, true
		}
	}
	return attr{}, false
}
