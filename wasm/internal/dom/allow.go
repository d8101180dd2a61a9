package dom

import "strings"

// allowedTag lists the elements that a view may use: text, lists, tables,
// forms and their labels. No script, style, frame, object, link or meta.
func allowedTag(tag string) bool {
	switch tag {
	case "a", "article", "b", "button", "caption", "code", "dd", "details", "div", "dl", "dt", "em",
		"fieldset", "footer", "form", "h1", "h2", "h3", "header", "img", "input", "label", "legend",
		"li", "nav", "ol", "option", "p", "progress", "section", "select", "small", "span", "strong",
		"summary", "table", "tbody", "td", "th", "thead", "time", "tr", "ul":
		return true
	}
	return false
}

// allowedAttr lists the attributes that a view may use. Handlers go through
// On only; href leads to https or inside the extension; src to the
// extension's own icons.
func allowedAttr(name, value string) bool {
	switch name {
	case "id", "class", "type", "name", "value", "for", "role", "lang", "dir", "title", "tabindex",
		"min", "max", "maxlength", "autocomplete", "spellcheck", "inputmode", "alt", "width", "height",
		"datetime", "scope", "accept", "translate":
		return true
	case "href":
		return allowedURL(value)
	case "target":
		return value == "_blank"
	case "rel":
		return value == "noopener"
	case "src":
		return strings.HasPrefix(value, "../icons/") && !strings.Contains(value[3:], "..")
	}
	return strings.HasPrefix(name, "aria-") && onlyLetters(name[5:])
}

func onlyLetters(s string) bool {
	for _, r := range s {
		if r < 'a' || r > 'z' {
			return false
		}
	}
	return s != ""
}

// allowedURL accepts https addresses, fragments, file names of the extension's
// app folder and the generated guides; nothing with another scheme or
// authority.
func allowedURL(s string) bool {
	if strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "#") {
		return true
	}
	s = strings.TrimPrefix(s, "../gen/")
	for _, r := range s {
		ok := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '#' || r == '_'
		if !ok {
			return false
		}
	}
	return s != ""
}

// isFlag lists the boolean attributes.
func isFlag(name string) bool {
	switch name {
	case "disabled", "checked", "required", "open", "hidden", "multiple", "readonly":
		return true
	}
	return false
}

// events are the events that a Mount listens to.
func events() []string {
	return []string{"click", "input", "change", "submit", "keydown", "toggle"}
}

func allowedEvent(name string) bool {
	for _, e := range events() {
		if e == name {
			return true
		}
	}
	return false
}
