package stable_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"scelle/shared/stable"
)

// TestSort: of any length, with many equals, as the standard library sorts.
func TestSort(t *testing.T) {
	type element struct{ key, place int }
	byKey := func(a, b element) int { return a.key - b.key }
	random := rand.New(rand.NewPCG(1, 2))
	for length := range 200 {
		s := make([]element, length)
		for i := range s {
			s[i] = element{random.IntN(1 + length/3), i}
		}
		want := slices.Clone(s)
		slices.SortStableFunc(want, byKey)
		if stable.Sort(s, byKey); !slices.Equal(s, want) {
			t.Fatalf("%v, not %v", s, want)
		}
	}
}
