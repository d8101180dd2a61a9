//go:build !windows && !darwin

package install

import (
	"path/filepath"
	"strings"
)

// under gives a place of the table its folder.
func (s System) under(place string) string {
	if strings.HasPrefix(place, ".") {
		return filepath.Join(s.Home, place)
	}
	config := s.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(config) {
		config = filepath.Join(s.Home, ".config")
	}
	return filepath.Join(config, place)
}

func (b Browser) places() places { return b.linux }
