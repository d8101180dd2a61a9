package protocol

// UpdateResult is what is known of newer hosts after the publisher's manifest
// was asked for (package update). An empty Source says that no address was
// settled, so that nothing is ever asked for.
type UpdateResult struct {
	Source string `json:"source,omitempty"` // origin that the manifest comes from
	// Host is the newer host's version, "" when there is none.
	Host string `json:"host,omitempty"`
	// Package is for this computer, if the manifest has one.
	Package *UpdatePackage `json:"package,omitempty"`
	// Fault is why the last manifest changed nothing.
	Fault *Fault `json:"fault,omitempty"`
}

// PackageKind is how a package of the host is installed.
type PackageKind string

// The kinds.
const (
	PackageSetup PackageKind = "setup" // Windows, one user
	PackageMSI   PackageKind = "msi"   // Windows, the whole computer
	PackageDeb   PackageKind = "deb"
	PackageRPM   PackageKind = "rpm"
	PackageZip   PackageKind = "zip" // macOS
)

// UpdatePackage is one of a manifest's packages.
type UpdatePackage struct {
	Kind PackageKind `json:"kind"`
	Name string      `json:"name"` // of the file
	Size int64       `json:"size"` // bytes
}

// UpdateFetchParams says where in the extension's private file system a
// package is to be put: the random names of a quarantine and of a new
// directory in it, 32 hex digits each.
type UpdateFetchParams struct {
	Vault string `json:"vault"`
	Place string `json:"place"`
}
