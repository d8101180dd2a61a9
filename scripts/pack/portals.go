package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
)

// maxPortals is the longest list: each is a line of the browser's own prompt
// at installation.
const maxPortals = 200

// portalsScript is the file of the package that names them to the worker.
const portalsScript = "worker/portals.js"

// readPortals reads an organisation's list: one origin a line, empty lines and
// those that begin with # apart. A demo build may name loopback sites.
func readPortals(name string, demo bool) ([]string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var origins []string
	var errs []error
	for i, line := range strings.Split(string(bytes.TrimPrefix(text, []byte("\ufeff"))), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		err := checkPortal(line, demo)
		if err == nil && slices.Contains(origins, line) {
			err = errors.New("is there twice")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s, line %d: %q %w", name, i+1, line, err))
			continue
		}
		origins = append(origins, line)
	}
	switch {
	case len(errs) > 0:
		return nil, errors.Join(errs...)
	case len(origins) == 0:
		return nil, fmt.Errorf("%s names no portal", name)
	case len(origins) > maxPortals:
		return nil, fmt.Errorf("%s names %d portals, %d are possible", name, len(origins), maxPortals)
	}
	return origins, nil
}

// checkPortal accepts an origin exactly as browsers write it, since grants are
// compared with what they report.
func checkPortal(origin string, demo bool) error {
	u, err := url.Parse(origin)
	if err != nil {
		return errors.New("is no address")
	}
	loopback := demo && u.Scheme == "http" && (u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost")
	switch {
	case u.Scheme != "https" && !loopback:
		return errors.New("does not begin with https://")
	case origin != u.Scheme+"://"+u.Host:
		return errors.New("is more than an origin: https://host or https://host:port, nothing after it")
	case u.Port() == "443" || strings.HasSuffix(u.Host, ":"):
		return errors.New("names the usual port: leave it out")
	case !hostName(u.Hostname()):
		return errors.New("has no host name in lower-case letters, digits, hyphens and dots (xn-- for others)")
	}
	return nil
}

func hostName(host string) bool {
	labels := strings.Split(host, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
	}
	return len(host) <= 253 && (len(labels) > 1 || host == "localhost")
}

// knowPortals makes a package that needs no prompt for its portals: the
// manifest asks for them at installation, and the worker knows their origins.
// Match patterns name no port, since Firefox knows none in them.
func (t tree) knowPortals(origins []string) error {
	m := map[string]any{}
	if err := json.Unmarshal(t["manifest.json"], &m); err != nil {
		return err
	}
	var patterns []string
	for _, o := range origins {
		u, err := url.Parse(o)
		if err != nil {
			return err
		}
		if p := u.Scheme + "://" + u.Hostname() + "/*"; !slices.Contains(patterns, p) {
			patterns = append(patterns, p)
		}
	}
	m["host_permissions"] = patterns
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	list, err := json.Marshal(origins)
	if err != nil {
		return err
	}
	if _, ok := t[portalsScript]; !ok {
		return fmt.Errorf("%s is missing", portalsScript)
	}
	t["manifest.json"] = append(text, '\n')
	t[portalsScript] = fmt.Appendf(nil, "// The portals that this build knows, as origins.\nglobalThis.ScellePortals = Object.freeze(%s);\n", list)
	return nil
}
