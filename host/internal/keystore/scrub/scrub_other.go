//go:build !linux || !cgo

package scrub

// After runs use: without C there is nothing to wipe after it.
func After[R any](use func() (R, error)) (R, error) { return use() }
