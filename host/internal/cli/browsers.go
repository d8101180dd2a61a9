package cli

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"scelle/host/internal/install"
	"scelle/shared/fault"
)

// allBrowsers is the name that stands for every row of the table.
const allBrowsers = "all"

// system is this computer, for package install.
func (c *command) system() (install.System, error) {
	executable, err := c.Executable()
	if err == nil {
		executable, err = filepath.EvalSymlinks(executable)
	}
	if err != nil {
		return install.System{}, fault.Wrap(fault.ReadFailed, err)
	}
	return install.System{Executable: executable, Home: home(c.Getenv), Getenv: c.Getenv, Root: c.Root}, nil
}

// packaged tells browsers from which kind of package this program came.
func (c *command) packaged() string {
	s, err := c.system()
	if err != nil {
		return ""
	}
	return string(s.Packaged())
}

// home is the user's home directory by the environment, as browsers take it.
func home(getenv func(string) string) string {
	if dir := getenv("HOME"); dir != "" {
		return dir
	}
	return getenv("USERPROFILE")
}

// placeOptions is what the options of install and uninstall say.
type placeOptions struct {
	system install.System
	names  []string
	scope  install.Scope
	place  bool // copy the program to where it stays
}

// places reads the options of install and uninstall.
func (c *command) places(name string, args []string, fallback []string) (placeOptions, error) {
	var o placeOptions
	f := c.flags(name)
	var browsers list
	f.Var(&browsers, "browser", "")
	f.StringVar(&o.scope.UserDataDir, "user-data-dir", "", "")
	f.BoolVar(&o.scope.System, "system", false, "")
	if name == "install" {
		f.BoolVar(&o.place, "copy", false, "")
	}
	if _, err := f.parse(args, 0, 0); err != nil {
		return o, err
	}
	var err error
	if o.names, err = c.browserNames(browsers, fallback); err != nil {
		return o, err
	}
	o.system, err = c.system()
	return o, err
}

// browserNames checks names of browsers; "all" is every one.
func (c *command) browserNames(given, fallback []string) ([]string, error) {
	if len(given) == 0 {
		return fallback, nil
	}
	for _, name := range given {
		if name == allBrowsers {
			return everyBrowser(), nil
		}
		if _, ok := install.Find(name); !ok {
			return nil, misuse(c.text(txtUnknownBrowser, name, strings.Join(everyBrowser(), ", ")))
		}
	}
	return given, nil
}

func everyBrowser() []string {
	var names []string
	for _, b := range install.Browsers() {
		names = append(names, b.Name)
	}
	return names
}

// install registers this program with browsers: by default with those that
// were used on this account.
func (c *command) install(_ context.Context, args []string) error {
	o, err := c.places("install", args, nil)
	if err != nil {
		return err
	}
	s := o.system
	if o.place {
		if s, err = s.Place(o.scope.System); err != nil {
			return err
		}
		c.say(txtPlaced, s.Executable)
	}
	entries, err := s.Entries(o.names, o.scope) // on Windows they follow the program
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := s.Install(e); err != nil {
			return err
		}
		c.say(txtInstalled, titles(e.Browsers), e.Path)
	}
	return c.afterInstall(s, o)
}

// afterInstall names what will keep the browsers just registered from the
// host all the same.
func (c *command) afterInstall(s install.System, o placeOptions) error {
	if o.scope.UserDataDir != "" {
		return nil
	}
	v, err := s.Survey()
	if err != nil {
		return err
	}
	for _, p := range v.Problems {
		if (p.Blocks || p.Code == install.Exposed) && p.Code != install.NotRegistered && (len(o.names) == 0 || concerns(p, o.names)) {
			c.printProblem(p)
		}
	}
	return nil
}

func concerns(p install.Problem, names []string) bool {
	return slices.ContainsFunc(p.Browsers, func(name string) bool { return slices.Contains(names, name) })
}

// uninstall removes what install of this program wrote.
func (c *command) uninstall(_ context.Context, args []string) error {
	o, err := c.places("uninstall", args, everyBrowser())
	if err != nil {
		return err
	}
	entries, err := o.system.Entries(o.names, o.scope)
	if err != nil {
		return err
	}
	none := true
	for _, e := range entries {
		removed, err := o.system.Uninstall(e)
		if err != nil {
			return err
		}
		if removed {
			none = false
			c.say(txtRemoved, e.Path)
		}
	}
	path, gone, err := o.system.Unplace(o.scope.System)
	switch {
	case err != nil:
		return err
	case path != "" && gone:
		c.say(txtRemoved, path)
	case path != "":
		c.say(txtStillRuns, path)
	case none:
		c.say(txtNothingRemoved)
	}
	return nil
}

func titles(names []string) string {
	shown := make([]string, len(names))
	for i, name := range names {
		b, _ := install.Find(name)
		shown[i] = b.Title
	}
	return strings.Join(shown, ", ")
}
