package managed

import (
	"errors"

	"golang.org/x/sys/windows/registry"
)

// values reads the key, which only administrators can write. The user's own
// policies do not count here: on many computers users can write them.
func (p Place) values() (map[string]any, error) {
	values, err := ReadKey(registry.LOCAL_MACHINE, p.Hive+registryKey)
	if errors.Is(err, registry.ErrNotExist) {
		return nil, nil
	}
	return values, err
}
