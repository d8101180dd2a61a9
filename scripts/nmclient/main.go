// Nmclient starts the native-messaging host as a browser would, sends it
// requests and prints the answers: a developer's tool.
//
//	go run ./scripts/nmclient host.status
//	go run ./scripts/nmclient -host build/scelle host.keys.list '{"keyOnly":true}'
//	go run ./scripts/nmclient -firefox host.keys.generate '{"commonName":"Essai"}' host.keys.list
//
// Arguments are methods, each with its params in JSON when it has some. It
// greets the host first, and exits with 1 when an answer is a fault. Without
// -host it takes scelle from the PATH.
//
// The browser's side of the framing is github.com/rickypc/native-messaging-host,
// which knows nothing of our own. That library is for this client and the tests
// only: it reads without a limit, takes a frame's first JSON value and leaves
// the rest in the pipe, and links an HTTP client that replaces binaries. Its
// update settings stay unset here.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"scelle/shared/protocol"
)

func main() {
	path := flag.String("host", "scelle", "the host's program")
	firefox := flag.Bool("firefox", false, "start it as Firefox does, not as Chromium does")
	flag.Parse()
	cmd := exec.Command(*path, arguments(*firefox)...)
	cmd.Stderr = os.Stderr
	good, err := run(cmd, flag.Args(), os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "nmclient:", err)
	}
	if err != nil || !good {
		os.Exit(1)
	}
}

// arguments are what a browser starts a host with.
func arguments(firefox bool) []string {
	if firefox {
		manifest := filepath.Join(string(filepath.Separator), "usr", "lib", "mozilla", "native-messaging-hosts", protocol.HostName+".json")
		return []string{manifest, protocol.FirefoxID}
	}
	return []string{protocol.ChromeOrigin}
}

// run greets the host and sends it what words say, one request after the
// other. It reports whether every answer was a success.
func run(cmd *exec.Cmd, words []string, out io.Writer) (bool, error) {
	c, err := start(cmd)
	if err != nil {
		return false, err
	}
	good, err := converse(c, words, out)
	if ended := c.close(); err == nil {
		err = ended
	}
	return good, err
}

func converse(c *client, words []string, out io.Writer) (bool, error) {
	r, err := c.hello()
	if err != nil {
		return false, err
	}
	good := r.OK
	if !good || len(words) == 0 {
		return good, show(out, r)
	}
	for len(words) > 0 {
		method, params := protocol.Method(words[0]), json.RawMessage(nil)
		words = words[1:]
		if len(words) > 0 && strings.HasPrefix(words[0], "{") {
			params, words = json.RawMessage(words[0]), words[1:]
		}
		if r, err = c.call(method, params); err != nil {
			return false, err
		}
		good = good && r.OK
		if err := show(out, r); err != nil {
			return false, err
		}
	}
	return good, nil
}

// show prints what an answer holds.
func show(out io.Writer, r protocol.Response) error {
	var v any = r.Result
	if !r.OK {
		v = r.Fault
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s\n", text)
	return err
}
