package cli

import (
	"errors"
	"flag"
	"io"
	"strings"
)

// flags is a command's options; they may stand before and after its arguments.
type flags struct {
	*flag.FlagSet
	c *command
}

func (c *command) flags(name string) *flags {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard) // exit tells what is wrong, in the person's language
	f.Usage = func() {}
	return &flags{f, c}
}

// parse reads args and returns the arguments among them, least to most of
// them; most < 0 is any number. After "--" everything is an argument.
func (f *flags) parse(args []string, least, most int) ([]string, error) {
	var rest []string
	for len(args) > 0 {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, helpWanted(f.Name())
			}
			return nil, misuse(f.c.text(txtBadOption, f.Name(), f.c.badOption(err)))
		}
		left := f.Args()
		if n := len(args) - len(left); n > 0 && args[n-1] == "--" {
			rest = append(rest, left...)
			break
		}
		if len(left) > 0 {
			rest, left = append(rest, left[0]), left[1:]
		}
		args = left
	}
	switch {
	case len(rest) < least:
		return nil, misuse(f.c.text(txtTooFew, f.Name()))
	case most >= 0 && len(rest) > most:
		return nil, misuse(f.c.text(txtTooMany, f.Name(), rest[most]))
	}
	return rest, nil
}

// badOption says what package flag, which speaks English only, says of an
// option.
func (c *command) badOption(err error) string {
	said := err.Error()
	if name, ok := strings.CutPrefix(said, "flag provided but not defined: -"); ok {
		return c.text(txtUnknownOption, name)
	}
	if name, ok := strings.CutPrefix(said, "flag needs an argument: -"); ok {
		return c.text(txtNoValue, name)
	}
	if value, name, ok := badValue(said); ok {
		return c.text(txtBadValue, value, name)
	}
	return said
}

// badValue reads package flag's words for a value that an option does not take:
// invalid value "x" for flag -name: why.
func badValue(said string) (value, name string, ok bool) {
	before, after, ok := strings.Cut(said, " for ")
	if _, value, found := strings.Cut(before, "value "); ok && strings.HasPrefix(said, "invalid ") && found {
		name, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimPrefix(after, "flag "), "-"), ":")
		return value, name, true
	}
	return "", "", false
}

// list is an option that may be given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(s string) error {
	*l = append(*l, s)
	return nil
}
