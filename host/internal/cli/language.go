package cli

import (
	"fmt"
	"strings"
)

// language is "fr" where the locale is French, otherwise "en". As everywhere
// on Unix, the first of the three variables that is set decides.
func language(getenv func(string) string) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := getenv(name); value != "" {
			if value == "fr" || strings.HasPrefix(value, "fr_") || strings.HasPrefix(value, "fr.") || strings.HasPrefix(value, "fr-") {
				return "fr"
			}
			break
		}
	}
	return "en"
}

// text is a text of the command line, formatted.
func (c *command) text(key textKey, args ...any) string {
	t := texts()[key]
	format := t.en
	if c.lang == "fr" {
		format = t.fr
	}
	return fmt.Sprintf(format, args...)
}

// say prints a text and ends the line.
func (c *command) say(key textKey, args ...any) {
	fmt.Fprintln(c.Out, c.text(key, args...))
}
