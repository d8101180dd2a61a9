package doctor

import (
	"os"

	"scelle/host/internal/pinentry"
)

// ThisSystem asks the running system.
func ThisSystem() Native {
	return Native{
		Second:       Verify,
		Free:         free,
		Synchronised: synchronised,
		Outdated:     outdated,
		Programs:     programs,
		Listeners:    listeners,
		Registry:     registryValues,
		Pinentry:     func() bool { return pinentry.New(pinentry.Options{}).Available() },
		Ours:         ours,
		HostName:     os.Hostname,
	}
}
