// Package dom describes a page as values and, in the browser, makes a document
// look like them.
//
// A [Node] is built by [El] from attributes ([Set]), events ([On]) and
// children. Natively it is written out by [Node.HTML], which the golden tests
// of package view read. In the browser a Mount patches the document: the file
// mount_js.go is the only one of Scellé that touches it, with createElement,
// setAttribute and text nodes. Nothing is ever parsed as HTML, so a
// certificate's name cannot become markup; and because elements and
// attributes come from a short list, a view cannot write a script, a style or
// an address with another scheme even by mistake.
package dom

// Event is what a handler may know about an event; no DOM object reaches a
// view.
type Event struct {
	Value   string // of the input, select or textarea that it happened in
	Checked bool   // of the checkbox or radio button
	Key     string // of a key event, as KeyboardEvent.key
	Trusted bool   // a person did it, not a script (Event.isTrusted)
}

// Handler turns an event into a message for the model; nil is no message.
type Handler func(Event) any

// Node is an element or a text, with everything below it. The zero Node is
// nothing.
type Node struct{ *node }

type node struct {
	tag      string // "" for a text
	text     string
	key      string
	attrs    []attr
	handlers []handler
	children []Node
	refused  []string // what El was given and left out
}

type attr struct {
	name, value string
	flag        bool // a boolean attribute: present or not, no value
}

type handler struct {
	event string
	call  Handler
}

// Part is what an element is made of: attributes, events, children.
//
// The functions that make parts are not inlined, and a Node is one pointer:
// a screen has hundreds of them, and each call site counts in the module's
// size.
type Part interface{ add(*node) }

type part func(*node)

func (p part) add(n *node) { p(n) }

// add makes a node a child. The zero Node and an empty text add nothing.
func (n Node) add(parent *node) {
	if n.node == nil || n.tag == "" && n.text == "" {
		return
	}
	parent.children = append(parent.children, n)
}

// El is an element. A tag or attribute outside the lists of allow.go is left
// out and reported by [Node.Refused].
//
//go:noinline
func El(tag string, parts ...Part) Node {
	n := &node{tag: tag}
	if !allowedTag(tag) {
		n.tag = "span"
		n.refused = append(n.refused, "<"+tag+">")
	}
	for _, p := range parts {
		if p != nil {
			p.add(n)
		}
	}
	return Node{n}
}

// Text is a text node.
//
//go:noinline
func Text(s string) Node { return Node{&node{text: s}} }

// Set gives the element an attribute. An empty value is left out.
//
//go:noinline
func Set(name, value string) Part {
	return part(func(n *node) {
		switch {
		case !allowedAttr(name, value):
			n.refused = append(n.refused, name+"="+value)
		case value != "":
			n.attrs = append(n.attrs, attr{name: name, value: value})
		}
	})
}

// Value is the value of an input; unlike Set it may be empty, which empties
// the input.
//
//go:noinline
func Value(s string) Part {
	return part(func(n *node) { n.attrs = append(n.attrs, attr{name: "value", value: s}) })
}

// Flag gives the element a boolean attribute (disabled, checked, required,
// open, hidden, multiple) when on is true.
//
//go:noinline
func Flag(name string, on bool) Part {
	return part(func(n *node) {
		switch {
		case !isFlag(name):
			n.refused = append(n.refused, name)
		case on:
			n.attrs = append(n.attrs, attr{name: name, flag: true})
		}
	})
}

// On calls h at an event of this element or of those inside it: click, input,
// change, submit, keydown or toggle. The default action of submit is stopped.
//
//go:noinline
func On(event string, h Handler) Part {
	return part(func(n *node) {
		if !allowedEvent(event) {
			n.refused = append(n.refused, "on "+event)
			return
		}
		n.handlers = append(n.handlers, handler{event, h})
	})
}

// Send is the handler that sends always the same message.
//
//go:noinline
func Send(msg any) Handler { return func(Event) any { return msg } }

// Key names an element among its siblings, so that it is the same element
// after others were added, removed or moved.
//
//go:noinline
func Key(key string) Part { return part(func(n *node) { n.key = key }) }

// Parts are several parts as one.
//
//go:noinline
func Parts(parts ...Part) Part {
	return part(func(n *node) {
		for _, p := range parts {
			if p != nil {
				p.add(n)
			}
		}
	})
}

// If is the parts when on is true, otherwise nothing. All are evaluated.
//
//go:noinline
func If(on bool, parts ...Part) Part {
	if !on {
		return nil
	}
	return Parts(parts...)
}

// Each is one part for each value.
func Each[T any](values []T, f func(int, T) Part) Part {
	return each(len(values), func(i int) Part { return f(i, values[i]) })
}

// each is Each for values of any type.
func each(length int, f func(int) Part) Part {
	return part(func(n *node) {
		for i := range length {
			if p := f(i); p != nil {
				p.add(n)
			}
		}
	})
}

// Refused lists what El left out in this node and below it; tests want none.
func (n Node) Refused() []string {
	if n.node == nil {
		return nil
	}
	out := append([]string(nil), n.refused...)
	for _, c := range n.children {
		out = append(out, c.Refused()...)
	}
	return out
}

// handle returns the handler of an event.
func (n *node) handle(event string) Handler {
	for _, h := range n.handlers {
		if h.event == event {
			return h.call
		}
	}
	return nil
}
