//go:build !windows

package unwrap

// permissionsMatter says whether file modes keep other users out.
const permissionsMatter = true
