// Package doctor looks at this computer with other eyes than the rest of the
// host.
//
// "My certificate is not in the list" is the most frequent complaint of this
// field. [Verify] reads the system's store a second time with an independent
// implementation (smimesign's certstore, in its maintained fork) and says
// which certificates only one of the two sees.
package doctor

import "slices"

// Difference is what two readers of one store do not agree on, as thumbprints
// (lower-case hex SHA-256 of the DER), sorted.
type Difference struct {
	OnlyOurs   []string `json:"onlyOurs"`   // listed by Scellé, not by the second reader
	OnlyTheirs []string `json:"onlyTheirs"` // listed by the second reader, not by Scellé
}

// Agree reports whether both readers saw the same certificates.
func (d Difference) Agree() bool { return len(d.OnlyOurs) == 0 && len(d.OnlyTheirs) == 0 }

// Verify compares the thumbprints of certificates with a private key that
// Scellé lists with those that the second reader lists.
// fault.StoreUnsupported where there is no second reader: certstore knows
// Windows, and macOS only with cgo.
func Verify(ours []string) (Difference, error) {
	theirs, err := secondReader()
	if err != nil {
		return Difference{}, err
	}
	return compare(ours, theirs), nil
}

// readSecond reports whether a second reader reads the store with this
// Status.ID: the system's own store, of which a computer has one. The ids are
// capi.ID and keychain.ID; naming the packages would link them everywhere.
func readSecond(id string) bool { return id == "capi" || id == "keychain" }

func compare(ours, theirs []string) Difference {
	return Difference{OnlyOurs: without(ours, theirs), OnlyTheirs: without(theirs, ours)}
}

// without returns those of a that are not in b, sorted, each once.
func without(a, b []string) []string {
	out := []string{}
	for _, s := range a {
		if !slices.Contains(b, s) && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}
