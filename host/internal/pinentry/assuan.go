package pinentry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"scelle/shared/fault"
)

// ask runs one program. settled says that the person or the caller has
// answered; otherwise the next program may try.
func (a *Asker) ask(ctx context.Context, path string, r Request) (pin []byte, settled bool, err error) {
	asking, cancel := context.WithTimeout(ctx, a.o.Start+a.o.Patience)
	defer cancel()
	conversation, err := start(asking, path, a.environment())
	if err != nil {
		return nil, false, err
	}
	defer conversation.end()
	// A program that cannot ask says so at once, or never says anything: the
	// person's time begins only when it has taken all that comes before.
	late := time.AfterFunc(a.o.Start, cancel)
	err = conversation.prepare(a.settings(r))
	if !late.Stop() || err != nil {
		return nil, ctx.Err() != nil, ended(ctx)
	}
	pin, err = conversation.command("GETPIN")
	switch {
	case err == nil:
		return pin, true, nil
	case ctx.Err() != nil:
		return nil, true, ended(ctx)
	case asking.Err() != nil:
		return nil, true, fault.Newf(fault.Timeout, "PIN")
	}
	var refusal assuanError
	if !errors.As(err, &refusal) {
		return nil, false, err
	}
	switch refusal & 0xFFFF { // the rest names the part of GnuPG that refuses
	case 99, 114, 198: // GPG_ERR_CANCELED, NOT_CONFIRMED, FULLY_CANCELED
		return nil, true, fault.New(fault.PINCancelled)
	case 62: // GPG_ERR_TIMEOUT
		return nil, true, fault.Newf(fault.Timeout, "PIN")
	}
	return nil, false, err
}

// setting is one command before the question. Options are for some programs
// only, which may refuse them.
type setting struct {
	command  string
	optional bool
}

func (a *Asker) settings(r Request) []setting {
	w := r.words(a.o.Language)
	var all []setting
	option := func(name, value string) {
		if value != "" && !strings.ContainsAny(value, "\r\n") {
			all = append(all, setting{"OPTION " + name + "=" + value, true})
		}
	}
	option("ttyname", a.o.TTY)
	if a.o.TTY != "" {
		option("ttytype", a.o.Getenv("TERM"))
	}
	option("lc-ctype", firstOf(a.o.Getenv("LC_ALL"), a.o.Getenv("LC_CTYPE"), a.o.Getenv("LANG")))
	all = append(all,
		setting{"SETTIMEOUT " + strconv.Itoa(int(a.o.Patience/time.Second)), true},
		setting{"SETTITLE " + escape(w.title), true},
		setting{"SETDESC " + escape(r.description(w)), false},
		setting{"SETPROMPT " + escape(w.prompt), false},
		setting{"SETOK " + escape(w.ok), true},
		setting{"SETCANCEL " + escape(w.cancel), true},
	)
	if warning := r.warning(w); warning != "" {
		all = append(all, setting{"SETERROR " + escape(warning), false})
	}
	return all
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// assuanError is the number of an ERR answer.
type assuanError uint32

func (e assuanError) Error() string { return "assuan error " + strconv.Itoa(int(e)) }

var errGarbage = errors.New("not an Assuan answer")

// conversation is a running program.
type conversation struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out io.ReadCloser

	held     [maxLine]byte // what was read; cleared at the end, since PINs pass here
	from, to int           // the part of held that is not used yet
	release  func() bool   // ends the context's hold on the pipe
}

// maxLine is the longest line of Assuan with its end, in bytes.
const maxLine = 1002

// start runs the program, which is killed when the context ends.
func start(ctx context.Context, path string, environment []string) (*conversation, error) {
	cmd := exec.CommandContext(ctx, path)
	cmd.Env, cmd.Dir = environment, "/"
	cmd.WaitDelay = time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	// A child of the program may keep the pipe open after the program's end.
	release := context.AfterFunc(ctx, func() { _ = out.Close() })
	return &conversation{cmd: cmd, in: in, out: out, release: release}, nil
}

// end says good-bye and makes sure that the program is gone.
func (c *conversation) end() {
	c.release()
	clear(c.held[:])
	_, _ = io.WriteString(c.in, "BYE\n")
	_ = c.in.Close()
	gone := time.AfterFunc(time.Second, func() { _ = c.cmd.Process.Kill() })
	defer gone.Stop()
	_ = c.cmd.Wait()
}

// prepare reads the greeting and sends what comes before the question.
func (c *conversation) prepare(settings []setting) error {
	if _, err := c.answer(); err != nil {
		return err
	}
	for _, s := range settings {
		_, err := c.command(s.command)
		var refused assuanError
		if err != nil && (!s.optional || !errors.As(err, &refused)) {
			return err
		}
	}
	return nil
}

func (c *conversation) command(line string) ([]byte, error) {
	if len(line) >= maxLine-1 {
		return nil, fmt.Errorf("line of %d bytes", len(line))
	}
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		return nil, err
	}
	return c.answer()
}

// answer reads lines up to OK or ERR and returns the data between, which is
// empty for most commands. Comments and status lines are passed over.
func (c *conversation) answer() (data []byte, err error) {
	defer func() {
		if err != nil {
			clear(data)
			data = nil
		}
	}()
	data = make([]byte, 0, maxLine) // never grows: no copy of a PIN stays behind
	for range 100 {
		line, err := c.line()
		if err != nil {
			return data, err
		}
		word, rest, _ := bytes.Cut(line, []byte(" "))
		switch string(word) {
		case "OK":
			return data, nil
		case "ERR":
			number, _, _ := bytes.Cut(rest, []byte(" "))
			code, err := strconv.ParseUint(string(number), 10, 32)
			if err != nil || code == 0 {
				return data, errGarbage
			}
			return data, assuanError(code)
		case "D":
			if data, err = appendData(data, rest); err != nil {
				return data, err
			}
		case "S", "#":
		default:
			return data, errGarbage
		}
	}
	return data, errGarbage
}

// appendData decodes a data line into what data has room for.
func appendData(data, line []byte) ([]byte, error) {
	for len(line) > 0 {
		b := line[0]
		line = line[1:]
		if b == '%' {
			if len(line) < 2 {
				return data, errGarbage
			}
			high, low := hexDigit(line[0]), hexDigit(line[1])
			if high < 0 || low < 0 {
				return data, errGarbage
			}
			b, line = byte(high<<4|low), line[2:]
		}
		if len(data) == cap(data) {
			return data, errGarbage
		}
		data = append(data, b)
	}
	return data, nil
}

// hexDigit avoids encoding/hex and strconv, which would copy a PIN's bytes.
func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// line returns the next line without its end, valid until the next call.
func (c *conversation) line() ([]byte, error) {
	for {
		if end := bytes.IndexByte(c.held[c.from:c.to], '\n'); end >= 0 {
			line := c.held[c.from : c.from+end]
			c.from += end + 1
			return bytes.TrimSuffix(line, []byte("\r")), nil
		}
		c.to = copy(c.held[:], c.held[c.from:c.to])
		c.from = 0
		if c.to == len(c.held) {
			return nil, errGarbage
		}
		n, err := c.out.Read(c.held[c.to:])
		c.to += n
		if n == 0 && err != nil {
			return nil, err
		}
	}
}
