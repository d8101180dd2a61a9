package stack

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
	"os/exec"

	"scelle/shared/protocol"
)

// AskHost starts the host as its developers do, asks one thing after the other
// and returns the answers in the order in which they came.
func (w *World) AskHost(requests ...protocol.Request) ([]protocol.Response, error) {
	var in bytes.Buffer
	for _, r := range requests {
		body, err := json.Marshal(r)
		if err != nil {
			return nil, err
		}
		in.Write(binary.NativeEndian.AppendUint32(nil, uint32(len(body))))
		in.Write(body)
	}
	cmd := exec.Command(w.Host, "serve", "--caller", protocol.ChromeOrigin)
	cmd.Env = append(os.Environ(), w.Env()...)
	cmd.Stdin = &in
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var answers []protocol.Response
	for r := bytes.NewReader(out); ; {
		var size uint32
		if err := binary.Read(r, binary.NativeEndian, &size); err == io.EOF {
			return answers, nil
		} else if err != nil {
			return nil, err
		}
		body := make([]byte, size)
		if _, err := io.ReadFull(r, body); err != nil {
			return nil, err
		}
		var answer protocol.Response
		if err := json.Unmarshal(body, &answer); err != nil {
			return nil, err
		}
		answers = append(answers, answer)
	}
}
