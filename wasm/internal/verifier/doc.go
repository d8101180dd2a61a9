// Package verifier has a signed list verified in a throw-away Worker of the
// extension (extension/app/verify-worker.js, wasm/verify). The Worker is
// started for one list and ended after it: what a hostile list does in there,
// a crash, a stack overflow or an endless loop, is a refusal here.
package verifier
