package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"sync"

	host "github.com/rickypc/native-messaging-host"

	"scelle/shared/protocol"
	"scelle/shared/version"
)

// client plays the browser: it starts the host and speaks through the pipes.
// Framing is that of the library, an implementation independent of ours. Two
// of its habits are fenced here: it ends the goroutine at the end of a stream,
// and it never limits what it reads.
type client struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	library *host.Host
	answers chan protocol.Response // closed when the host's output ends

	mu   sync.Mutex
	next int
}

// errEnded is the answer of a host that has gone.
var errEnded = errors.New("the host has ended")

// start runs the host with the arguments that a browser gives it.
func start(cmd *exec.Cmd) (*client, error) {
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
	c := &client{cmd: cmd, in: in, library: (&host.Host{}).Init(), answers: make(chan protocol.Response)}
	go c.read(out)
	return c, nil
}

// read passes answers on until the output ends, which the library reports by
// ending this goroutine.
func (c *client) read(out io.Reader) {
	defer close(c.answers)
	for {
		var r protocol.Response
		if err := c.library.OnMessage(out, &r); err != nil {
			return
		}
		c.answers <- r
	}
}

// send writes one request and returns its id.
func (c *client) send(m protocol.Method, params json.RawMessage) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	id := strconv.Itoa(c.next)
	return id, c.library.PostMessage(c.in, protocol.Request{ID: id, Method: m, Params: params})
}

// call sends one request and waits for its answer. Calls do not overlap.
func (c *client) call(m protocol.Method, params json.RawMessage) (protocol.Response, error) {
	id, err := c.send(m, params)
	if err != nil {
		return protocol.Response{}, err
	}
	r, ok := <-c.answers
	switch {
	case !ok:
		return r, errEnded
	case r.ID != id:
		return r, fmt.Errorf("answer to %q, not to %q", r.ID, id)
	}
	return r, nil
}

// hello is the first message of every connection.
func (c *client) hello() (protocol.Response, error) {
	params, err := json.Marshal(protocol.HelloParams{Version: version.Version, Protocol: version.Protocol})
	if err != nil {
		return protocol.Response{}, err
	}
	return c.call(protocol.HostHello, params)
}

// close ends the connection as a browser does, and waits for the host's end.
func (c *client) close() error {
	c.in.Close()
	for range c.answers {
	}
	return c.cmd.Wait()
}
