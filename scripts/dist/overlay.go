package main

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"scelle/shared/protocol"
	"scelle/shared/version"
)

// identity is the ids of shared/protocol/ids.go that a build may have others
// of. Firefox's is chosen freely and needs none.
type identity struct{ key, chrome, edge string }

func sourceIdentity() identity {
	return identity{protocol.ChromeKey, protocol.ChromeID, protocol.EdgeID}
}

// origins are this build's protocol.ChromiumOrigins.
func (i identity) origins() []string {
	return []string{"chrome-extension://" + i.chrome + "/", "chrome-extension://" + i.edge + "/"}
}

var chromiumIDs = regexp.MustCompile(`^[a-p]{32}$`)

// identify settles the ids: Chromium gives an extension the id of the key that
// its CRX is signed with, so that every part of this build has to know that id.
func (b *build) identify() error {
	b.ids = sourceIdentity()
	if b.edgeID != "" {
		b.ids.edge = b.edgeID
	}
	if !chromiumIDs.MatchString(b.ids.edge) {
		return fmt.Errorf("-edge-id: %q is not 32 letters from a to p", b.edgeID)
	}
	if b.crxKeyFile == "" {
		return nil
	}
	var err error
	if b.crxKey, err = readCRXKey(b.crxKeyFile); err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(&b.crxKey.PublicKey)
	if err != nil {
		return err
	}
	b.ids.key, b.ids.chrome = base64.StdEncoding.EncodeToString(public), chromiumID(public)
	return nil
}

// constant is one that is built with another value than the sources'.
type constant struct{ file, name, old, value string }

func (b *build) constants() []constant {
	const ids = "shared/protocol/ids.go"
	source := sourceIdentity()
	return []constant{
		{"shared/version/version.go", "Version", version.Version, b.version},
		{ids, "ChromeKey", source.key, b.ids.key},
		{ids, "ChromeID", source.chrome, b.ids.chrome},
		{ids, "EdgeID", source.edge, b.ids.edge},
	}
}

// overlay is go's arguments to build with this build's constants, none when
// they are the sources'.
func (b *build) overlay() ([]string, error) {
	changed := map[string]string{} // texts by file
	for _, c := range b.constants() {
		if c.value == c.old {
			continue
		}
		text, ok := changed[c.file]
		if !ok {
			data, err := os.ReadFile(filepath.Join(b.root, filepath.FromSlash(c.file)))
			if err != nil {
				return nil, err
			}
			text = string(data)
		}
		line := fmt.Sprintf("%s = %q", c.name, c.old)
		if strings.Count(text, line) != 1 {
			return nil, fmt.Errorf("%s does not say %s once", c.file, line)
		}
		changed[c.file] = strings.Replace(text, line, fmt.Sprintf("%s = %q", c.name, c.value), 1)
	}
	if len(changed) == 0 {
		return nil, nil
	}
	replace := map[string]string{}
	for name, text := range changed {
		path, err := b.temporary("overlay/"+name, []byte(text), 0o600)
		if err != nil {
			return nil, err
		}
		replace[filepath.Join(b.root, filepath.FromSlash(name))] = path
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, err
	}
	path, err := b.temporary("overlay.json", data, 0o600)
	return []string{"-overlay", path}, err
}
