package shell

import (
	"strings"

	"scelle/wasm/internal/model"
)

// pattern is the host permission for an origin: match patterns know no ports
// (Firefox), so one covers every port of a host. "" for what is no origin.
func pattern(origin string) string {
	scheme, _, ok := strings.Cut(origin, "://")
	if !ok || scheme != "https" && scheme != "http" {
		return ""
	}
	return scheme + "://" + model.NewSite(origin).Host + "/*"
}
