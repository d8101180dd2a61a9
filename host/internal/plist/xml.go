package plist

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"io"
	"strconv"
	"strings"
)

// parser reads elements one by one; it expands no entity but XML's own.
type parser struct {
	d      *xml.Decoder
	values int
}

func parseXML(data []byte) (any, error) {
	p := &parser{d: xml.NewDecoder(bytes.NewReader(data))}
	start, err := p.next()
	if err != nil || start == nil || start.Name.Local != "plist" {
		return nil, bad("no plist element")
	}
	first, err := p.next()
	if err != nil || first == nil {
		return nil, bad("empty")
	}
	v, err := p.value(first, 0)
	if err != nil {
		return nil, err
	}
	if end, err := p.next(); err != nil || end != nil {
		return nil, bad("more than one value")
	}
	return v, nil
}

// next is the next element that begins, nil when the one around it ends.
func (p *parser) next() (*xml.StartElement, error) {
	for {
		token, err := p.d.Token()
		if err != nil {
			return nil, bad("XML")
		}
		switch t := token.(type) {
		case xml.StartElement:
			return &t, nil
		case xml.EndElement:
			return nil, nil
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, bad("text between elements")
			}
		}
	}
}

// text is what stands in an element that holds no other.
func (p *parser) text() (string, error) {
	var b strings.Builder
	for {
		token, err := p.d.Token()
		if err == io.EOF || err != nil {
			return "", bad("XML")
		}
		switch t := token.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.EndElement:
			return b.String(), nil
		case xml.StartElement:
			return "", bad("element in text")
		}
	}
}

func (p *parser) value(start *xml.StartElement, depth int) (any, error) {
	p.values++
	if depth > maxDepth || p.values > maxValues {
		return nil, bad("too deep or too large")
	}
	switch start.Name.Local {
	case "dict":
		return p.dict(depth)
	case "array":
		return p.array(depth)
	}
	text, err := p.text()
	if err != nil {
		return nil, err
	}
	return scalar(start.Name.Local, text)
}

func scalar(kind, text string) (any, error) {
	var v any
	var err error
	switch kind {
	case "string", "date":
		v = text
	case "true", "false":
		v = kind == "true"
	case "integer":
		v, err = strconv.ParseInt(strings.TrimSpace(text), 0, 64)
	case "real":
		v, err = strconv.ParseFloat(strings.TrimSpace(text), 64)
	case "data":
		v, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	default:
		return nil, bad("element")
	}
	if err != nil {
		return nil, bad(kind)
	}
	return v, nil
}

func (p *parser) array(depth int) (any, error) {
	list := []any{}
	for {
		start, err := p.next()
		if err != nil || start == nil {
			return list, err
		}
		v, err := p.value(start, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
}

func (p *parser) dict(depth int) (any, error) {
	dict := map[string]any{}
	for {
		key, err := p.next()
		if err != nil || key == nil {
			return dict, err
		}
		if key.Name.Local != "key" {
			return nil, bad("no key")
		}
		name, err := p.text()
		if err != nil {
			return nil, err
		}
		start, err := p.next()
		if err != nil || start == nil {
			return nil, bad("key without a value")
		}
		if dict[name], err = p.value(start, depth+1); err != nil {
			return nil, err
		}
	}
}
