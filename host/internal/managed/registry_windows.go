package managed

import (
	"slices"
	"strconv"

	"golang.org/x/sys/windows/registry"
)

// maxKeyDepth is how deep policies nest: a policy, an extension, a list.
const maxKeyDepth = 4

// ReadKey reads a registry key as JSON would have it: values and keys below by
// their name, a key whose values are all numbered as a list in their order.
// Texts are string, numbers int64, lists of texts []any. The error is the
// registry's (registry.ErrNotExist).
func ReadKey(root registry.Key, name string) (map[string]any, error) {
	return readKey(root, name, 0)
}

func readKey(root registry.Key, name string, depth int) (map[string]any, error) {
	key, err := registry.OpenKey(root, name, registry.QUERY_VALUE|registry.ENUMERATE_SUB_KEYS)
	if err != nil {
		return nil, err
	}
	defer key.Close()
	names, err := key.ReadValueNames(-1)
	if err != nil {
		return nil, err
	}
	all := map[string]any{}
	for _, n := range names {
		if v, ok := readValue(key, n); ok {
			all[n] = v
		}
	}
	below, err := key.ReadSubKeyNames(-1)
	if err != nil || depth == maxKeyDepth {
		return all, err
	}
	for _, n := range below {
		inner, err := readKey(root, name+`\`+n, depth+1)
		if err != nil {
			return nil, err
		}
		all[n] = inner
		if list, ok := numbered(inner); ok {
			all[n] = list
		}
	}
	return all, nil
}

// readValue reads a text, a number or a list of texts.
func readValue(key registry.Key, name string) (any, bool) {
	if text, _, err := key.GetStringValue(name); err == nil {
		return text, true
	}
	if n, _, err := key.GetIntegerValue(name); err == nil {
		return int64(n), true
	}
	lines, _, err := key.GetStringsValue(name)
	if err != nil {
		return nil, false
	}
	list := make([]any, len(lines))
	for i, line := range lines {
		list[i] = line
	}
	return list, true
}

// numbered is the list of a key's values "1", "2" and so on.
func numbered(values map[string]any) ([]any, bool) {
	var at []int
	for name := range values {
		n, err := strconv.Atoi(name)
		if err != nil {
			return nil, false
		}
		at = append(at, n)
	}
	slices.Sort(at)
	list := []any{}
	for _, n := range at {
		list = append(list, values[strconv.Itoa(n)])
	}
	return list, len(at) > 0
}
