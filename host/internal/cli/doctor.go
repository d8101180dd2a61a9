package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"scelle/host/internal/doctor"
	"scelle/host/internal/managed"
	"scelle/shared/checkup"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// computer is what the checks look at, without what the Service knows.
func (c *command) computer() (doctor.Computer, error) {
	system, err := c.system()
	if err != nil {
		return doctor.Computer{}, err
	}
	dir, err := c.StateDir()
	if err != nil {
		return doctor.Computer{}, fault.Wrap(fault.ReadFailed, err)
	}
	return doctor.Computer{System: system, Reached: c.reached, Settings: managed.Place{Root: c.Root}, StateDir: dir, Native: doctor.ThisSystem()}, nil
}

// doctorReport is the JSON form of doctor: what the host found, with the texts.
type doctorReport struct {
	protocol.DoctorResult
	Findings []explained           `json:"findings"`
	Counts   map[checkup.Level]int `json:"counts"`
}

// explained is a finding with its texts in both languages; cause and remedy
// only where there is something to put right or to know.
type explained struct {
	protocol.Finding
	Title  inBoth  `json:"title"`
	Cause  *inBoth `json:"cause,omitempty"`
	Remedy *inBoth `json:"remedy,omitempty"`
}

// doctor looks at this computer and says what is wrong and what to do. With
// --prove it works with throw-away keys instead.
func (c *command) doctor(ctx context.Context, args []string) error {
	f := c.flags("doctor")
	prove := f.Bool("prove", false, "")
	asJSON := f.Bool("json", false, "")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	if *prove {
		return c.prove(ctx, *asJSON)
	}
	host, done := c.host()
	defer done()
	result, err := host.Doctor(ctx, protocol.Empty{})
	if err != nil {
		return err
	}
	slices.SortStableFunc(result.Findings, func(a, b protocol.Finding) int { return a.Level.Rank() - b.Level.Rank() })
	report := newDoctorReport(result)
	if *asJSON {
		err = c.printJSON(report)
	} else {
		c.printDoctor(report)
	}
	if err == nil && report.Counts[checkup.Bad] > 0 {
		err = fault.Newf(fault.ComputerUnfit, "%d", report.Counts[checkup.Bad])
	}
	return err
}

func newDoctorReport(r protocol.DoctorResult) doctorReport {
	report := doctorReport{DoctorResult: r, Counts: map[checkup.Level]int{}}
	for _, level := range checkup.Levels() {
		report.Counts[level] = 0
	}
	for _, f := range r.Findings {
		report.Counts[f.Level]++
		e := explained{Finding: f, Title: inBoth{f.Check.Title("fr"), f.Check.Title("en")}}
		if f.Level.Rank() < checkup.Good.Rank() {
			e.Cause = &inBoth{f.Check.Cause("fr"), f.Check.Cause("en")}
			e.Remedy = &inBoth{f.Check.Remedy("fr"), f.Check.Remedy("en")}
		}
		report.Findings = append(report.Findings, e)
	}
	return report
}

// printDoctor shows what matters first, each with its remedy; what is good is
// one line.
func (c *command) printDoctor(r doctorReport) {
	fmt.Fprintf(c.Out, "Scellé %s, %s/%s, %s, %s\n", r.Version, r.OS, r.Arch, r.System, r.Time.Format(moment))
	marks := map[checkup.Level]textKey{checkup.Bad: txtCheckBad, checkup.Warning: txtCheckWarning, checkup.Note: txtCheckNote}
	rest := map[checkup.Level][]string{}
	for _, f := range r.Findings {
		mark, told := marks[f.Level]
		if !told {
			rest[f.Level] = append(rest[f.Level], string(f.Check))
			continue
		}
		fmt.Fprintf(c.Out, "\n%s  %s  [%s]\n", c.text(mark), f.Check.Cause(c.lang), f.Check)
		if f.Detail != "" {
			fmt.Fprintf(c.Out, "    %s\n", f.Detail)
		}
		fmt.Fprintf(c.Out, "    → %s\n", f.Check.Remedy(c.lang))
	}
	fmt.Fprintln(c.Out)
	c.say(txtChecksGood, r.Counts[checkup.Good], strings.Join(rest[checkup.Good], ", "))
	c.say(txtChecksSkipped, r.Counts[checkup.Skipped], strings.Join(rest[checkup.Skipped], ", "))
	if r.Counts[checkup.Bad] == 0 {
		c.say(txtChecksPassed)
	}
}
