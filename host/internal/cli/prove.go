package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"scelle/host/internal/doctor"
	"scelle/host/internal/install"
	"scelle/shared/fault"
)

// prove shows on throw-away keys that this computer does what Scellé needs.
func (c *command) prove(ctx context.Context, asJSON bool) error {
	system, err := c.system()
	if err != nil {
		return err
	}
	stores := c.Stores()
	defer func() {
		for _, s := range stores {
			_ = s.Close()
		}
	}()
	p := doctor.Prove(ctx, doctor.ProveOptions{Stores: stores, Now: time.Now, Others: []doctor.Trial{
		{Name: "registration", Run: func(context.Context) error { return proveRegistration(system) }},
	}})
	if asJSON {
		err = c.printJSON(p)
	} else {
		c.printProof(p)
	}
	if err == nil && !p.OK() {
		err = fault.New(fault.StoreSelfTest)
	}
	return err
}

// proveRegistration registers the host for every browser of the table, looks
// at it and takes it out again, below a folder and a registry key of its own:
// what the person's browsers know is not touched.
func proveRegistration(s install.System) error {
	dir, err := os.MkdirTemp("", "scelle-doctor-")
	if err != nil {
		return fault.Wrap(fault.WriteFailed, err)
	}
	defer os.RemoveAll(dir)
	home := filepath.Join(dir, "home é")
	s.Home, s.Root, s.Hive = home, dir, `Software\Scelle essai `+rand.Text()[:8]+`\`
	s.Getenv = func(name string) string {
		switch name {
		case "LOCALAPPDATA", "APPDATA", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME":
			return filepath.Join(home, name)
		}
		return os.Getenv(name)
	}
	var names []string
	for _, b := range install.Browsers() {
		names = append(names, b.Name)
	}
	entries, err := s.Entries(names, install.Scope{})
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return fault.Newf(fault.Internal, "no place to register")
	}
	for _, e := range entries {
		if err := s.Install(e); err != nil {
			return err
		}
		if r := s.Look(e); r.State != install.Current {
			return fault.Newf(fault.Internal, "%s: %s %s", e.Browsers, r.State, r.Reason)
		}
		if gone, err := s.Uninstall(e); err != nil || !gone {
			return fault.Wrap(fault.Internal, fmt.Errorf("%s is still registered: %w", e.Browsers, err))
		}
		if r := s.Look(e); r.State != install.Absent {
			return fault.Newf(fault.Internal, "%s: %s", e.Browsers, r.State)
		}
	}
	return nil
}

func (c *command) printProof(p doctor.Proof) {
	fmt.Fprintf(c.Out, "Scellé %s, %s, %s, %s\n", p.Version, p.System, p.Go, p.Time.Format(moment))
	for _, s := range p.Stores {
		fmt.Fprintf(c.Out, "\n%s (%s) %v\n", s.ID, s.State, s.Mechanisms)
		for _, m := range s.Modules {
			c.printModule(m.Name, m.Tokens, m.Fault)
		}
		c.printSteps(s.Steps)
	}
	fmt.Fprintln(c.Out)
	c.printSteps(p.Others)
	verdict := txtProofGood
	if !p.OK() {
		verdict = txtProofBad
	}
	fmt.Fprintf(c.Out, "\n%s\n", c.text(verdict))
}

func (c *command) printSteps(steps []doctor.Step) {
	w := tabwriter.NewWriter(c.Out, 0, 0, 2, ' ', 0)
	for _, s := range steps {
		said := map[doctor.Outcome]string{doctor.Passed: c.text(txtStepPassed), doctor.Failed: c.text(txtStepFailed), doctor.Skipped: c.text(txtStepSkipped)}[s.Outcome]
		why := string(s.Fault)
		if s.Detail != "" {
			why += " (" + s.Detail + ")"
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%.1f ms\t%s\n", said, s.Key, s.Name, s.Millis, why)
	}
	w.Flush()
}
