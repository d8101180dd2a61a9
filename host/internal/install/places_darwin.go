package install

import "path/filepath"

// under gives a place of the table its folder.
func (s System) under(place string) string {
	return filepath.Join(s.Home, "Library", "Application Support", place)
}

func (b Browser) places() places { return b.darwin }
