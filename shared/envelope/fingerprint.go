package envelope

import (
	"crypto/sha256"
	"hash"
)

// fingerprint is a SHA-256 that may run beside the cipher, on another core.
// Three fingerprints cost an opening more time than its decryption does.
//
// While it runs, a slice given to Write must stay as it is until the next
// Write has returned: the copy loops change between two buffers. Slices up to
// maxCopied bytes are copied, so that what passes through smaller buffers of
// the readers in between needs no such care.
type fingerprint struct {
	hash  hash.Hash     // nil: nobody wants it
	queue chan []byte   // nil: every Write is done when it returns
	done  chan struct{} // closed when the queue is worked off
}

// maxCopied is the size of the read buffers in this package and in cms.
const maxCopied = 64 << 10

// newFingerprint starts a hash. With a hash or a cipher of the caller's it
// stays in the caller's goroutine: those need not be safe in another one, and
// a cipher's slices may not live long enough.
func newFingerprint(newHash func() hash.Hash, c ContentCipher) *fingerprint {
	if newHash != nil {
		return &fingerprint{hash: newHash()}
	}
	f := &fingerprint{hash: sha256.New()}
	if c == nil {
		f.queue, f.done = make(chan []byte), make(chan struct{})
		go f.work()
	}
	return f
}

// work hashes what is queued. The queue has no room: a Write returns when its
// slice was taken, which is after the one before it was worked off.
func (f *fingerprint) work() {
	defer close(f.done)
	for b := range f.queue {
		f.hash.Write(b)
	}
}

// Write adds b. It never fails.
func (f *fingerprint) Write(b []byte) (int, error) {
	switch {
	case f.hash == nil:
	case f.queue == nil:
		f.hash.Write(b)
	case len(b) == 0:
	case len(b) <= maxCopied:
		f.queue <- append([]byte(nil), b...)
	default:
		f.queue <- b
	}
	return len(b), nil
}

// close ends the goroutine. It may be called again.
func (f *fingerprint) close() {
	if f.queue != nil {
		close(f.queue)
		<-f.done
		f.queue = nil
	}
}

// sum ends the hash and puts it into out; without a hash out stays as it is.
func (f *fingerprint) sum(out *[32]byte) {
	f.close()
	if f.hash != nil {
		f.hash.Sum(out[:0])
	}
}
