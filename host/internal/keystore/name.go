package keystore

import "fmt"

// FreeName returns name, or name with the first number that makes it free:
// "x", "x #2", "x #3". Stores that index by nickname need it, and people who
// have two keys of the same name do too. An empty name becomes "Scellé".
func FreeName(name string, taken func(string) bool) string {
	if name == "" {
		name = "Scellé"
	}
	free := name
	for n := 2; taken(free); n++ {
		free = fmt.Sprintf("%s #%d", name, n)
	}
	return free
}
