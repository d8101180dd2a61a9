package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"scelle/shared/update"
)

// publisher is where an extension learns of newer hosts, and whose word
// counts; the zero value is nowhere.
type publisher struct{ packagesURL, updateKeys string }

func (p publisher) keys() []string {
	if p.updateKeys == "" {
		return nil
	}
	return strings.Split(p.updateKeys, ",")
}

func (p publisher) check(demo bool) error {
	if p == (publisher{}) {
		return nil
	}
	if p.packagesURL == "" || p.updateKeys == "" {
		return errors.New("-packages-url and -update-keys go together")
	}
	u, err := url.Parse(p.packagesURL)
	secure := err == nil && (u.Scheme == "https" || demo && u.Scheme == "http" && u.Hostname() == "127.0.0.1")
	if !secure || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !strings.HasSuffix(u.Path, "/") {
		return fmt.Errorf("-packages-url: %q is not the https address of a folder", p.packagesURL)
	}
	if _, err := update.ParseKeys(p.keys()); err != nil {
		return fmt.Errorf("-update-keys: %q are not public keys of 64 hexadecimal digits", p.updateKeys)
	}
	return nil
}

// publisherScript is the file that a build's address and keys go into, in
// place of what it says in the sources.
const (
	publisherScript = "worker/publisher.js"
	nowhere         = `{ address: "", keys: [] }`
)

func (p publisher) publish(t tree) error {
	if p == (publisher{}) {
		return nil
	}
	if bytes.Count(t[publisherScript], []byte(nowhere)) != 1 {
		return fmt.Errorf("%s does not say %s once", publisherScript, nowhere)
	}
	address, err := json.Marshal(p.packagesURL)
	if err != nil {
		return err
	}
	keys, err := json.Marshal(p.keys())
	if err != nil {
		return err
	}
	settled := fmt.Sprintf("{ address: %s, keys: Object.freeze(%s) }", address, keys)
	t[publisherScript] = bytes.Replace(t[publisherScript], []byte(nowhere), []byte(settled), 1)
	return nil
}

// letWorkerAsk widens the one policy that keeps the extension's worker from
// asking the network for anything. An administrator may settle another address
// than the build's, so that it is every https one; the documents and the
// workers that see plis keep to themselves by other means.
func (p publisher) letWorkerAsk(manifest []byte) ([]byte, error) {
	if p == (publisher{}) {
		return manifest, nil
	}
	const closed = "connect-src 'self';"
	open := "connect-src 'self' https:;"
	if strings.HasPrefix(p.packagesURL, "http:") {
		open = "connect-src 'self' https: http://127.0.0.1:*;"
	}
	return changePolicy(manifest, closed, open)
}
