// Package version holds the one version constant of Scellé.
//
// The extension's manifest, the host, scelle.js and the packages all take
// their version from here; nothing else may spell one.
package version

// Version is the product's version as MAJOR.MINOR.PATCH, the only form that
// both browser stores accept in a manifest.
const Version = "0.1.0"

// Protocol is the version of the native-messaging protocol. It grows by one
// whenever a message changes in a way that an older peer would misread.
const Protocol = 1

// MinProtocol is the oldest peer protocol that this build still talks to.
const MinProtocol = 1

// HostLinkFlags are what `go build -ldflags` gets for the host besides -s -w.
// Go interrupts a goroutine by a signal and keeps its vector registers then,
// where half of a key that was just copied may stand, in memory that nobody
// wipes (runtime/preempt.go, xRegState). The host gives way at function calls
// only. The name is the one by which cmd/go sets defaults of GODEBUG, whose
// table for //go:debug lacks this one.
const HostLinkFlags = "-X=runtime.godebugDefault=asyncpreemptoff=1"
