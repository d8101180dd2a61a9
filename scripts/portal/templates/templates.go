// Package templates holds the portal's pages.
package templates

import "embed"

// Files are the html/template sources; base.html is the frame of the others.
//
//go:embed *.html
var Files embed.FS
