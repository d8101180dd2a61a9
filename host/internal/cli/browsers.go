package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"scelle/host/internal/install"
	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/version"
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

// home is the user's home directory by the environment, as browsers take it.
func home(getenv func(string) string) string {
	if dir := getenv("HOME"); dir != "" {
		return dir
	}
	return getenv("USERPROFILE")
}

// places are the entries that the options of install and uninstall name.
func (c *command) places(name string, args []string, fallback []string) (install.System, []install.Entry, error) {
	f := c.flags(name)
	var browsers list
	f.Var(&browsers, "browser", "")
	var scope install.Scope
	f.StringVar(&scope.UserDataDir, "user-data-dir", "", "")
	f.BoolVar(&scope.System, "system", false, "")
	if _, err := f.parse(args, 0, 0); err != nil {
		return install.System{}, nil, err
	}
	names, err := c.browserNames(browsers, fallback)
	if err != nil {
		return install.System{}, nil, err
	}
	s, err := c.system()
	if err != nil {
		return s, nil, err
	}
	entries, err := s.Entries(names, scope)
	return s, entries, err
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
	s, entries, err := c.places("install", args, nil)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := s.Install(e); err != nil {
			return err
		}
		c.say(txtInstalled, titles(e.Browsers), e.Path)
	}
	return nil
}

// uninstall removes what install of this program wrote.
func (c *command) uninstall(_ context.Context, args []string) error {
	s, entries, err := c.places("uninstall", args, everyBrowser())
	if err != nil {
		return err
	}
	none := true
	for _, e := range entries {
		removed, err := s.Uninstall(e)
		if err != nil {
			return err
		}
		if removed {
			none = false
			c.say(txtRemoved, e.Path)
		}
	}
	if none {
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

// statusReport is the JSON form of status.
type statusReport struct {
	Version  string                 `json:"version"`
	Protocol int                    `json:"protocol"`
	Path     string                 `json:"path"`
	Stores   []protocol.StoreStatus `json:"stores"`
	Browsers []browserStatus        `json:"browsers"`
}

type browserStatus struct {
	Browsers []string      `json:"browsers"`
	System   bool          `json:"system"`
	Manifest string        `json:"manifest"`
	State    install.State `json:"state"`
	Host     string        `json:"host,omitempty"`
}

// status tells what is registered where, and how the stores are.
func (c *command) status(ctx context.Context, args []string) error {
	f := c.flags("status")
	asJSON := f.Bool("json", false, "")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	s, err := c.system()
	if err != nil {
		return err
	}
	host, done := c.host()
	defer done()
	stores, err := host.Status(ctx, protocol.Empty{})
	if err != nil {
		return err
	}
	report := statusReport{Version: version.Version, Protocol: version.Protocol, Path: s.Executable, Stores: stores.Stores}
	for _, system := range []bool{false, true} {
		entries, err := s.Entries(everyBrowser(), install.Scope{System: system})
		if err != nil {
			return err
		}
		for _, e := range entries {
			r := s.Look(e)
			report.Browsers = append(report.Browsers, browserStatus{e.Browsers, e.System, e.Path, r.State, r.Host})
		}
	}
	if *asJSON {
		return c.printJSON(report)
	}
	c.printStatus(report)
	return nil
}

func (c *command) printStatus(r statusReport) {
	fmt.Fprintf(c.Out, "scelle %s, %s\n", r.Version, r.Path)
	for _, s := range r.Stores {
		c.say(txtStoreLine, s.Name, s.Location, s.State)
		if s.Fault != nil {
			fmt.Fprintf(c.Out, "  %s: %s\n  %s\n", s.Fault.Code, s.Fault.Code.Text(c.lang), s.Fault.Code.Remedy(c.lang))
			continue
		}
		c.say(txtStoreCounts, s.Certificates, s.Keys)
	}
	c.say(txtBrowserLine)
	w := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
	for _, b := range r.Browsers {
		if b.System && b.State == install.Absent {
			continue // the usual case needs no line
		}
		state := stateTexts()[string(b.State)]
		shown := state.en
		if c.lang == "fr" {
			shown = state.fr
		}
		fmt.Fprintln(w, c.text(txtBrowserState, titles(b.Browsers), shown, b.Manifest))
	}
	w.Flush()
}
