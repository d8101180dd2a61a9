package install

import (
	"encoding/json"
	"errors"
	"io/fs"

	"scelle/shared/fault"
)

// maxPolicy bounds a file of policies, in bytes.
const maxPolicy = 4 << 20

// jsonFile reads a file of policies. It is ok when there is one, readable or
// not.
func jsonFile(path string) (s settings, ok bool) {
	s = settings{source: path, computer: true}
	data, err := readBounded(path, maxPolicy)
	if errors.Is(err, fs.ErrNotExist) {
		return s, false
	}
	if err == nil {
		err = json.Unmarshal(data, &s.values)
	}
	s.err = fault.Recode(fault.ReadFailed, err)
	return s, true
}

// firefoxFile reads Firefox's policies.json, where all lies one level down.
func firefoxFile(path string) (settings, bool) {
	s, ok := jsonFile(path)
	s.values = object(s.values["policies"])
	return s, ok
}
