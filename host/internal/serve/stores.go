package serve

import (
	"iter"
	"runtime/debug"

	"scelle/host/internal/keystore"
)

// ask puts a question to every store at once and yields each answer, with the
// store's index, when it is there: a store that waits for a card holds up no
// other. Who has heard enough need not wait for the rest. A panic of a store
// is logged and becomes one of the caller.
func ask[T any](s *Service, question func(keystore.Store) T) iter.Seq2[int, T] {
	type answer struct {
		index    int
		value    T
		panicked any
	}
	stores := s.stores()
	answers := make(chan answer, len(stores))
	for i, store := range stores {
		go func() {
			a := answer{index: i}
			defer func() {
				if a.panicked = recover(); a.panicked != nil {
					// The value may hold data of a person; the stack does not.
					s.log("panic in a store (%T)\n%s", a.panicked, debug.Stack())
				}
				answers <- a
			}()
			a.value = question(store)
		}()
	}
	return func(yield func(int, T) bool) {
		for range stores {
			a := <-answers
			if a.panicked != nil {
				panic(a.panicked)
			}
			if !yield(a.index, a.value) {
				return
			}
		}
	}
}
