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
	if args[0] == "--help" || args[0] == "-h" {
		return helpWanted("journal")
	}
	host, done := c.host()
	defer done()
	record, err := host.Journal()
	if err != nil {
		return err
	}
	switch args[0] {
	case "verify":
		return c.journalVerify(record, args[1:])
	case "export":
		return c.journalExport(ctx, record, args[1:])
	}
	return misuse(c.text(txtUnknownCommand, "journal "+args[0]))
}

func (c *command) journalVerify(record *journal.Journal, args []string) error {
	f := c.flags("journal verify")
	asJSON := f.Bool("json", false, "")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	n, err := record.Verify()
	if err != nil {
		return err
	}
	if *asJSON {
		return c.printJSON(map[string]int64{"entries": n})
	}
	fmt.Fprintln(c.Out, c.text(txtJournalWhole, n))
	return nil
}

// journalExport writes a page for people, or JSON, whole or not at all.
func (c *command) journalExport(ctx context.Context, record *journal.Journal, args []string) error {
	f := c.flags("journal export")
	asJSON := f.Bool("json", false, "")
	out := f.String("o", stdio, "")
	force := f.Bool("force", false, "")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
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
}
