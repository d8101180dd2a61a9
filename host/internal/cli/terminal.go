package cli

import (
	"io"
)

// askLine prints a prompt and reads one line, byte by byte: nothing that
// follows the line is taken away, and no buffer keeps a copy of a password.
func askLine(terminal io.ReadWriter, prompt string) ([]byte, error) {
	if _, err := io.WriteString(terminal, prompt); err != nil {
		return nil, err
	}
	defer io.WriteString(terminal, "\n")
	line := make([]byte, 0, maxPassword)
	one := make([]byte, 1)
	defer clear(one)
	for len(line) < cap(line) {
		n, err := terminal.Read(one)
		switch {
		case n == 1 && one[0] == '\n':
			return trimReturn(line), nil
		case n == 1:
			line = append(line, one[0])
		case err != nil:
			clear(line)
			return nil, err
		}
	}
	return line, nil
}

func trimReturn(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}
