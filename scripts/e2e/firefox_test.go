package e2e

import (
	"testing"

	"scelle/scripts/e2e/journey"
	"scelle/scripts/e2e/stack"
)

// readyFirefox is ready in Firefox.
func readyFirefox(t *testing.T) *journey.Walk {
	t.Helper()
	w := browse(t, newWorldIn(t, stack.Firefox))
	must(t, w.GoKeys())
	must(t, w.Allow())
	must(t, w.Online())
	return w
}

// TestFirefoxTheWholeJourney is the demo in Firefox.
func TestFirefoxTheWholeJourney(t *testing.T) {
	w := browse(t, newWorldIn(t, stack.Firefox))
	w.Camera = &journey.Camera{Dir: t.TempDir()}
	must(t, journey.All(w))
}
