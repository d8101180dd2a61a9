//go:build !linux

package confine

// Apply does nothing: other systems have no such means for a program of the
// user's.
func Apply(Limits) State { return None }

// Possible is what Apply would come to on this system.
func Possible() State { return None }
