package cli

import "os"

// writebackStep is how many bytes are written between two calls of
// startWriteback.
const writebackStep = 8 << 20

// diskFile is a new file on its way to the disk: the system is asked to begin
// with what has come while more is coming, so that the wait for the disk at
// the end, without which no name is given, is short.
type diskFile struct {
	*os.File
	written int64 // bytes
	begun   int64 // bytes of them that the system was asked to put on the disk
}

// Write implements io.Writer. Errors are faults.
func (f *diskFile) Write(b []byte) (int, error) {
	n, err := f.File.Write(b)
	f.written += int64(n)
	if more := f.written - f.begun; more >= writebackStep {
		startWriteback(f.File, f.begun, more)
		f.begun = f.written
	}
	return n, writeFault(err)
}
