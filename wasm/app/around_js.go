//go:build js && wasm

package main

import (
	"context"
	"strconv"

	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/model"
)

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
