package wire

import "os"

// Guard takes standard output for frames alone. It returns a file that writes
// to the real one; from then on everything else that prints to standard output
// (Go code through os.Stdout, and where the system allows it C libraries
// through descriptor 1) reaches standard error instead, since one stray line
// would be read as a frame's length and end the port.
func Guard() (*os.File, error) {
	real, err := divert()
	if err != nil {
		return nil, err
	}
	os.Stdout = os.Stderr
	return real, nil
}
