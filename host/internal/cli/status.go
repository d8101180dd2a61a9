package cli

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"text/tabwriter"

	"scelle/host/internal/confine"
	"scelle/host/internal/install"
	"scelle/host/internal/keystore"
	"scelle/host/internal/managed"
	"scelle/shared/fault"
	"scelle/shared/policy"
	"scelle/shared/protocol"
	"scelle/shared/storename"
	"scelle/shared/version"
)

// statusReport is the JSON form of status.
type statusReport struct {
	Version   string                 `json:"version"`
	Protocol  int                    `json:"protocol"`
	Path      string                 `json:"path"`
	Stores    []protocol.StoreStatus `json:"stores"`
	Browsers  []browserStatus        `json:"browsers"`
	Policies  []policyStatus         `json:"policies"`
	Sandboxes []sandboxStatus        `json:"sandboxes"`
	Problems  []problemStatus        `json:"problems"`
	// Confinement is what this system does when a browser starts the program.
	Confinement confine.State  `json:"confinement"`
	Settings    settingsStatus `json:"settings"`
}

// settingsStatus is what an administrator settled for this program.
type settingsStatus struct {
	Place           string      `json:"place"`
	ForbiddenStores policy.List `json:"forbiddenStores"`
	PKCS11Modules   policy.List `json:"pkcs11Modules"`
	Fault           fault.Code  `json:"fault,omitempty"` // policy-unreadable: every store is closed
}

type browserStatus struct {
	Browsers []string       `json:"browsers"`
	System   bool           `json:"system"`
	Manifest string         `json:"manifest"`
	Key      string         `json:"key,omitempty"` // Windows only
	State    install.State  `json:"state"`
	Reason   install.Reason `json:"reason,omitempty"`
	Host     string         `json:"host,omitempty"`
	Foreign  []string       `json:"foreignExtensions,omitempty"`
}

// policyStatus is an administrator's setting that keeps a browser from Scellé.
type policyStatus struct {
	Browsers []string       `json:"browsers"`
	Policy   string         `json:"policy"`
	Source   string         `json:"source"`
	Scope    string         `json:"scope"` // "computer" or "user"
	Effect   install.Effect `json:"effect"`
}

type sandboxStatus struct {
	Browser string       `json:"browser"`
	Kind    string       `json:"kind"`
	Path    string       `json:"path"`
	Help    install.Help `json:"help"`
}

// problemStatus is a problem with its cause and its remedy in both languages.
type problemStatus struct {
	Code     install.ProblemCode `json:"code"`
	Browsers []string            `json:"browsers"`
	Scope    string              `json:"scope"` // "computer" or "user"
	Blocks   bool                `json:"blocks"`
	Place    string              `json:"place"`
	Detail   string              `json:"detail,omitempty"`
	Text     inBoth              `json:"text"`
	Remedy   inBoth              `json:"remedy"`
}

type inBoth struct {
	French  string `json:"fr"`
	English string `json:"en"`
}

// status tells what is registered where, what hides it, and how the stores are.
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
	v, err := s.Survey()
	if err != nil {
		return err
	}
	report := newStatus(s, v)
	report.Stores = stores.Stores
	report.Settings = readSettings(managed.Place{Root: c.Root})
	if *asJSON {
		return c.printJSON(report)
	}
	c.printStatus(report, v)
	return nil
}

func newStatus(s install.System, v install.Survey) statusReport {
	report := statusReport{
		Version: version.Version, Protocol: version.Protocol, Path: s.Executable,
		Confinement: confine.Possible(),
		Policies:    []policyStatus{}, Sandboxes: []sandboxStatus{}, Problems: []problemStatus{},
	}
	for _, r := range v.Reports {
		report.Browsers = append(report.Browsers, browserStatus{r.Browsers, r.System, r.Path, r.Key, r.State, r.Reason, r.Host, r.Foreign})
	}
	for _, p := range v.Policies {
		report.Policies = append(report.Policies, policyStatus{p.Browsers, p.Name, p.Source, scopeName(p.Computer), p.Effect})
	}
	for _, b := range v.Sandboxes {
		report.Sandboxes = append(report.Sandboxes, sandboxStatus{b.Browser, b.Kind, b.Path, b.Help})
	}
	for _, p := range v.Problems {
		text, remedy := explain(p)
		report.Problems = append(report.Problems, problemStatus{p.Code, p.Browsers, scopeName(p.System), p.Blocks, p.Place, p.Detail, text, remedy})
	}
	return report
}

func readSettings(place managed.Place) settingsStatus {
	settled, err := place.Read()
	report := settingsStatus{Place: place.Name(), ForbiddenStores: settled.ForbiddenStores, PKCS11Modules: settled.PKCS11Modules}
	if err != nil {
		report.Fault = fault.CodeOf(err)
	}
	return report
}

func scopeName(computer bool) string {
	if computer {
		return "computer"
	}
	return "user"
}

func (c *command) printStatus(r statusReport, v install.Survey) {
	fmt.Fprintf(c.Out, "scelle %s, %s\n", r.Version, r.Path)
	for _, s := range r.Stores {
		c.say(txtStoreLine, storename.In(c.lang, s.Name), s.Location, c.worded(storeStates(), s.State))
		for _, m := range s.Modules {
			var code fault.Code
			if m.Fault != nil {
				code = m.Fault.Code
			}
			c.printModule(m.Path, m.Tokens, code)
		}
		if s.Fault != nil {
			fmt.Fprintf(c.Out, "  %s: %s\n  %s\n", s.Fault.Code, s.Fault.Code.Text(c.lang), s.Fault.Code.Remedy(c.lang))
		}
		if s.State == string(keystore.Failed) {
			continue
		}
		c.say(txtStoreCounts, s.Certificates, s.Keys)
	}
	c.printSettings(r.Settings)
	if runtime.GOOS == "linux" {
		c.say(txtConfinement, c.choose(confinementTexts()[r.Confinement]))
	}
	c.say(txtBrowserLine)
	w := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
	for _, b := range r.Browsers {
		if b.System && b.State == install.Absent {
			continue // the usual case needs no line
		}
		scope := txtThisAccount
		if b.System {
			scope = txtThisComputer
		}
		fmt.Fprintln(w, c.text(txtBrowserState, titles(b.Browsers), c.text(scope), c.choose(stateTexts()[string(b.State)]), b.Manifest))
	}
	w.Flush()
	for _, p := range v.Problems {
		c.printProblem(p)
	}
}

// printModule tells of a PKCS#11 module what it shows, or why nothing.
func (c *command) printModule(name string, tokens int, code fault.Code) {
	if code != "" {
		c.say(txtModuleFault, name, code, code.Text(c.lang))
		return
	}
	c.say(txtModuleLine, name, tokens)
}

func (c *command) printSettings(s settingsStatus) {
	switch {
	case s.Fault != "":
		fmt.Fprintf(c.Out, "%s: %s (%s)\n  %s\n", s.Fault, s.Fault.Text(c.lang), s.Place, s.Fault.Remedy(c.lang))
	case s.ForbiddenStores.Set || s.PKCS11Modules.Set:
		c.say(txtSettled, s.Place, strings.Join(s.ForbiddenStores.Values, ", "), strings.Join(s.PKCS11Modules.Values, ", "))
	}
}

// printProblem tells a problem and its remedy in the person's language.
func (c *command) printProblem(p install.Problem) {
	text, remedy := explain(p)
	mark := txtNote
	if p.Blocks {
		mark = txtProblem
	}
	fmt.Fprintf(c.Out, "%s\n  %s\n", c.text(mark, c.choose(pair{text.French, text.English})), c.choose(pair{remedy.French, remedy.English}))
}

// choose is a text in the person's language.
func (c *command) choose(p pair) string {
	if c.lang == "fr" {
		return p.fr
	}
	return p.en
}
