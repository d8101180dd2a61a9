//go:build !windows

package unwrap

import "os"

// permissionsMatter says whether file modes keep other users out.
const permissionsMatter = true

// publish gives a file its final name unless something has it, which is
// fs.ErrExist. The old name stays.
func publish(from, to string) error { return os.Link(from, to) }

// readPatiently is readSecret: a file that is being given its name can be read.
func readPatiently(path string) ([]byte, error) { return readSecret(path) }
