// Package static holds the portal's own scripts, styles and pictures.
package static

import "embed"

// Files are served under /static/.
//
//go:embed *.js *.css *.svg
var Files embed.FS
