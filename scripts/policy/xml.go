package main

import (
	"bytes"
	"encoding/xml"
	"strings"
)

// node is an XML element: attributes as name, value, name, value and so on,
// and either text or elements inside.
type node struct {
	name  string
	attrs []string
	text  string
	kids  []node
}

func element(name string, attrs []string, kids ...node) node {
	return node{name: name, attrs: attrs, kids: kids}
}

func textElement(name string, attrs []string, text string) node {
	return node{name: name, attrs: attrs, text: text}
}

func attrs(pairs ...string) []string { return pairs }

// document is an XML file; doctype may be empty.
func document(doctype string, root node) []byte {
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" + doctype)
	root.write(&b, "")
	return b.Bytes()
}

func (n node) write(b *bytes.Buffer, indent string) {
	b.WriteString(indent + "<" + n.name)
	for i := 0; i+1 < len(n.attrs); i += 2 {
		b.WriteString(" " + n.attrs[i] + `="` + escape(n.attrs[i+1]) + `"`)
	}
	switch {
	case n.text != "":
		b.WriteString(">" + escape(n.text) + "</" + n.name + ">\n")
	case len(n.kids) == 0:
		b.WriteString("/>\n")
	default:
		b.WriteString(">\n")
		for _, kid := range n.kids {
			kid.write(b, indent+"  ")
		}
		b.WriteString(indent + "</" + n.name + ">\n")
	}
}

func escape(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // a strings.Builder never fails
	return b.String()
}
