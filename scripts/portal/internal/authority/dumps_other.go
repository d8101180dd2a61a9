//go:build !unix

package authority

// forbidDumps does nothing: only Unix systems write core files by a limit.
func forbidDumps() {}
