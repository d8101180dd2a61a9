// Package kind holds the names of what an envelope may be. It stands apart from
// package pli, which reads and writes envelopes' contents, so that what only
// passes the names on links none of that.
package kind

// Kind says what an envelope holds.
type Kind string

// The kinds of envelopes.
const (
	Candidature Kind = "candidature"
	Offre       Kind = "offre"
)
