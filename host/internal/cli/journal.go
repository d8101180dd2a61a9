package cli

import (
	"context"
	"fmt"
	"io"

	"scelle/host/internal/journal"
	"scelle/shared/fault"
)

// journal verifies or writes out the user's journal of key uses.
func (c *command) journal(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return misuse(c.text(txtTooFew, "journal"))
	}
	if args[0] == "--help" || args[0] == "-help" || args[0] == "-h" {
		return helpWanted("journal")
	}
	switch args[0] {
	case "verify":
		return c.journalVerify(args[1:])
	case "export":
		return c.journalExport(ctx, args[1:])
	}
	return misuse(c.text(txtUnknownCommand, "journal "+args[0]))
}

// withJournal opens the journal of key uses for use.
func (c *command) withJournal(use func(*journal.Journal) error) error {
	host, done := c.host()
	defer done()
	record, err := host.Journal()
	if err != nil {
		return err
	}
	return use(record)
}

func (c *command) journalVerify(args []string) error {
	f := c.flags("journal verify")
	asJSON := f.Bool("json", false, "")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	return c.withJournal(func(record *journal.Journal) error {
		n, err := record.Verify()
		if err != nil {
			return err
		}
		if *asJSON {
			return c.printJSON(map[string]int64{"entries": n})
		}
		fmt.Fprintln(c.Out, c.text(txtJournalWhole, n))
		return nil
	})
}

// journalExport writes a page for people, or JSON, whole or not at all.
func (c *command) journalExport(ctx context.Context, args []string) error {
	f := c.flags("journal export")
	asJSON := f.Bool("json", false, "")
	out := f.String("o", stdio, "")
	force := f.Bool("force", false, "")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	return c.withJournal(func(record *journal.Journal) error {
		write := func(w io.Writer) error { return record.WritePage(w, c.lang) }
		if *asJSON {
			write = record.WriteJSON
		}
		if *out == stdio {
			return write(c.Out)
		}
		file, err := createOutput(ctx, *out, 0o600, *force)
		if err != nil {
			return err
		}
		defer file.remove()
		if err := write(file); err != nil {
			return err
		}
		return fault.Wrap(fault.WriteFailed, file.commit())
	})
}
