package main

import (
	"html"
	"regexp"
	"strings"
)

// Inline marks of the little Markdown that our own documents are written in.
var (
	inCode = regexp.MustCompile("`([^`]+)`")
	inBold = regexp.MustCompile(`\*\*([^*]+)\*\*`)
)

// markdown turns headings, paragraphs, tables and lists of two levels into
// HTML. Cells that hold both languages, " / " between them, give their own.
func markdown(text, lang string) string {
	var b strings.Builder
	depth := 0 // of lists
	table := false
	to := func(d int, rows bool) {
		for ; depth > d; depth-- {
			b.WriteString("</li></ul>\n")
		}
		if table && !rows {
			b.WriteString("</table></div>\n")
		}
		table = rows
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		body := strings.TrimLeft(line, " ")
		switch {
		case body == "":
		case strings.HasPrefix(body, "## "):
			to(0, false)
			b.WriteString("<h2>" + inline(body[3:]) + "</h2>\n")
		case strings.HasPrefix(body, "|--"):
		case strings.HasPrefix(body, "|"):
			begun := table
			to(0, true)
			if !begun {
				b.WriteString("<div class=\"table\"><table>\n")
			}
			b.WriteString(tableRow(body, lang, begun))
		case strings.HasPrefix(body, "- "):
			level := 1 + (len(line)-len(body))/2
			to(level, false)
			if depth == level {
				b.WriteString("</li>\n")
			}
			for ; depth < level; depth++ {
				b.WriteString("<ul>\n")
			}
			b.WriteString("<li>" + inline(body[2:]))
		default:
			to(0, false)
			b.WriteString("<p>" + inline(body) + "</p>\n")
		}
	}
	to(0, false)
	return b.String()
}

func tableRow(line, lang string, begun bool) string {
	cell := "td"
	if !begun {
		cell = "th"
	}
	var b strings.Builder
	b.WriteString("<tr>")
	for _, c := range strings.Split(strings.Trim(line, "|"), "|") {
		french, english, both := strings.Cut(strings.TrimSpace(c), " / ")
		if both && lang == "en" {
			french = english
		}
		tag := cell
		if french == "" { // the corner heads nothing
			tag = "td"
		}
		b.WriteString("<" + tag + ">" + inline(french) + "</" + tag + ">")
	}
	return b.String() + "</tr>\n"
}

func inline(s string) string {
	s = html.EscapeString(s)
	s = inCode.ReplaceAllString(s, `<code translate="no">$1</code>`)
	return inBold.ReplaceAllString(s, "<strong>$1</strong>")
}
