package pinentry

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"scelle/shared/fault"
)

// dialogs are the general-purpose programs that come after pinentry: they are
// given the texts as arguments and print what was typed. They warn in the text
// alone, and know no more of secrets than not to show them.
func (a *Asker) dialogs() []string {
	if strings.Contains(a.o.Getenv("XDG_CURRENT_DESKTOP"), "KDE") {
		return []string{"kdialog", "zenity"}
	}
	return []string{"zenity", "kdialog"}
}

// arguments show the request. zenity reads escapes and mnemonics in its text,
// Qt takes a text with tags for HTML: neither may happen to a card's label.
func (a *Asker) arguments(program string, r Request) []string {
	w := wordsOf(a.o.Language)
	text := r.description(w)
	if warning := r.warning(w); warning != "" {
		text += "\n\n" + warning
	}
	if program == "kdialog" {
		return []string{"--title", w.title, "--password", strings.ReplaceAll(text, "<", "‹")}
	}
	return []string{
		"--entry", "--hide-text", "--title=" + w.title, "--text=" + strings.NewReplacer(`\`, `\\`, "_", "__").Replace(text),
		"--ok-label=" + w.ok, "--cancel-label=" + w.cancel, "--timeout=" + strconv.Itoa(max(1, int(a.o.Patience/time.Second))),
	}
}

// maxSaid bounds what is kept of a program's complaints, in bytes.
const maxSaid = 4096

// complaints keeps the beginning of what is written to it.
type complaints struct{ bytes.Buffer }

func (c *complaints) Write(p []byte) (int, error) {
	c.Buffer.Write(p[:min(len(p), maxSaid-c.Len())])
	return len(p), nil
}

// dialog is ask for a program of dialogs.
func (a *Asker) dialog(ctx context.Context, path string, r Request) (pin []byte, settled bool, err error) {
	asking, cancel := context.WithTimeout(ctx, a.o.Start+a.o.Patience)
	defer cancel()
	cmd := exec.CommandContext(asking, path, a.arguments(filepath.Base(path), r)...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = a.environment(), "/", time.Second
	var said complaints
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe() // not a Buffer: it would leave copies of the PIN behind
	if err != nil {
		return nil, false, err
	}
	if err := cmd.Start(); err != nil {
		return nil, false, err
	}
	release := context.AfterFunc(asking, func() { _ = out.Close() })
	defer release()
	typed := make([]byte, maxLine)
	n, tooLong := io.ReadFull(out, typed)
	_ = out.Close() // one that goes on writing ends
	_ = cmd.Wait()
	pin, _, _ = bytes.Cut(typed[:n], []byte("\n"))
	switch code := cmd.ProcessState.ExitCode(); {
	case ctx.Err() != nil:
		err = ended(ctx)
	case asking.Err() != nil || code == 5: // zenity's own time ran out
		err = fault.Newf(fault.Timeout, "PIN")
	case code == 0 && tooLong != nil:
		return pin, true, nil
	case code == 1 && !strings.Contains(said.String(), "display"):
		err = fault.New(fault.PINCancelled)
	default: // no screen, or another program of that name
		clear(typed)
		return nil, false, errGarbage
	}
	clear(typed)
	return nil, true, err
}
