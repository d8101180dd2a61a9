package dom

import "strings"

// HTML writes the node as indented HTML, for tests and for looking at a
// screen without a browser. Handlers are not written, so that a golden file
// shows what a reader of the page sees.
func (n Node) HTML() string {
	var b strings.Builder
	if n.node != nil {
		n.write(&b, 0)
	}
	return b.String()
}

func (n Node) write(b *strings.Builder, depth int) {
	indent := strings.Repeat("  ", depth)
	if n.tag == "" {
		b.WriteString(indent + escape(n.text) + "\n")
		return
	}
	b.WriteString(indent)
	n.writeOpen(b)
	switch {
	case void(n.tag):
	case n.inline():
		n.writeInline(b)
	default:
		b.WriteString("\n")
		for _, c := range n.children {
			c.write(b, depth+1)
		}
		b.WriteString(indent + "</" + n.tag + ">")
	}
	b.WriteString("\n")
}

// inline reports whether white space inside the element would be seen: it
// has a text among its children, or none at all.
func (n Node) inline() bool {
	for _, c := range n.children {
		if c.tag == "" {
			return true
		}
	}
	return len(n.children) == 0
}

// writeInline writes what follows the opening tag, on one line.
func (n Node) writeInline(b *strings.Builder) {
	for _, c := range n.children {
		if c.tag == "" {
			b.WriteString(escape(c.text))
			continue
		}
		c.writeOpen(b)
		if !void(c.tag) {
			c.writeInline(b)
		}
	}
	b.WriteString("</" + n.tag + ">")
}

func (n Node) writeOpen(b *strings.Builder) {
	b.WriteString("<" + n.tag)
	for _, a := range n.attrs {
		b.WriteString(" " + a.name)
		if !a.flag {
			b.WriteString(`="` + escape(a.value) + `"`)
		}
	}
	b.WriteString(">")
}

func void(tag string) bool { return tag == "input" || tag == "img" }

// escape makes a text safe between tags and inside double quotes.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch r {
		case '&':
			b.WriteString("&amp;")
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '"':
			b.WriteString("&quot;")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
