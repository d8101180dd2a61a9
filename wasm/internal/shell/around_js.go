//go:build js && wasm

package shell

import (
	"context"
	"strconv"

	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/model"
)

// forCheck are the effects of the test of this computer.
func forCheck(d *Document, e model.Effect) bool {
	if e, ok := e.(model.LookAround); ok {
		async(d, e.Then, func() (model.Surroundings, error) { return lookAround(d.ctx) })
		return true
	}
	return false
}

// lookAround asks the browser about itself and this extension. What it does
// not tell stays unknown.
func lookAround(ctx context.Context) (model.Surroundings, error) {
	name, version := bridge.Browser()
	s := model.Surroundings{Browser: name, Version: version, Minimum: bridge.MinimumBrowser(name), Free: -1}
	if version > 0 {
		s.Browser += " " + strconv.Itoa(version)
	}
	s.Missing = bridge.MissingFunctions()
	s.BadPolicy = bridge.BadPolicy()
	if free, err := bridge.FreeSpace(ctx); err == nil {
		s.Free = free
	}
	var err error
	s.Sites, err = bridge.GrantedSites(ctx)
	return s, err
}
