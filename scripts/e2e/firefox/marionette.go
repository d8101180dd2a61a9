package firefox

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// conn speaks Marionette's protocol 3: frames "length:JSON", commands
// [0, id, name, parameters], answers [1, id, error, result].
type conn struct {
	mu   sync.Mutex
	c    net.Conn
	r    *bufio.Reader
	last int
}

// maxFrame is more than any answer: a screenshot has a few MB.
const maxFrame = 256 << 20

// dial connects and reads the greeting.
func dial(port int) (*conn, error) {
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	m := &conn{c: c, r: bufio.NewReader(c)}
	var greeting struct{ MarionetteProtocol int }
	frame, err := m.read(time.Now().Add(30 * time.Second))
	if err == nil {
		err = json.Unmarshal(frame, &greeting)
	}
	if err == nil && greeting.MarionetteProtocol != 3 {
		err = fmt.Errorf("the browser speaks protocol %d of Marionette", greeting.MarionetteProtocol)
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return m, nil
}

// read reads one frame.
func (m *conn) read(deadline time.Time) ([]byte, error) {
	if err := m.c.SetReadDeadline(deadline); err != nil {
		return nil, err
	}
	head, err := m.r.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(head, ":"))
	if err != nil || n < 0 || n > maxFrame {
		return nil, fmt.Errorf("a frame of length %q", head)
	}
	frame := make([]byte, n)
	_, err = io.ReadFull(m.r, frame)
	return frame, err
}

// Error is what Marionette or a script of ours answers instead of a result.
type Error struct {
	Kind    string `json:"error"` // WebDriver's name, such as "javascript error"
	Message string `json:"message"`
}

func (e *Error) Error() string { return e.Kind + ": " + e.Message }

// call sends a command and decodes its result into out, which may be nil.
func (m *conn) call(name string, params, out any, patience time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	body, err := json.Marshal([]any{0, m.last, name, params})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(m.c, "%d:%s", len(body), body); err != nil {
		return err
	}
	deadline := time.Now().Add(patience)
	for {
		frame, err := m.read(deadline)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		var kind, id int
		var failed *Error
		var result json.RawMessage
		if err := json.Unmarshal(frame, &[]any{&kind, &id, &failed, &result}); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		switch {
		case id != m.last: // the late answer to a command that was given up
			continue
		case failed != nil:
			return failed
		case out == nil:
			return nil
		}
		return json.Unmarshal(result, out)
	}
}
