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
