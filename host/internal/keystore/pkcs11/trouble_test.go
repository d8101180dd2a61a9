//go:build linux && cgo

package pkcs11

import (
	"slices"
	"sync"
	"testing"
	"unsafe"

	"github.com/miekg/pkcs11"
)

// trouble is a real module with faults that SoftHSM does not have: removable
// tokens, a counter of wrong PINs, a keypad, calls that hang.
type trouble struct {
	library
	mu      sync.Mutex
	gone    map[string]bool // labels of tokens that are out of their readers
	flags   uint            // added to every token's
	tries   int             // wrong PINs until a token locks, 0 for no counter
	keypad  bool            // tokens take no PIN from us, but rightPIN from the person
	shown   []string        // PINs shown to a token
	decrypt []error         // what the next decryptions answer, nil for SoftHSM's own answer
	hang    chan struct{}   // every look at the slots waits for this, when not nil
}

// troubled is a store on the place whose module has trouble.
func (p *place) troubled(t *testing.T, o Options) (*store, *trouble) {
	t.Helper()
	s := p.store(t, o)
	x := &trouble{library: p.lib, gone: map[string]bool{}}
	s.modules[0].load = func(string) library { return x }
	return s, x
}

// with changes the trouble between two calls.
func (x *trouble) with(f func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f()
}

func (x *trouble) GetSlotList(present bool) ([]uint, error) {
	x.mu.Lock()
	hang := x.hang
	x.mu.Unlock()
	if hang != nil {
		<-hang
	}
	slots, err := x.library.GetSlotList(present)
	return slices.DeleteFunc(slots, x.out), err
}

func (x *trouble) out(slot uint) bool {
	info, err := x.library.GetTokenInfo(slot)
	x.mu.Lock()
	defer x.mu.Unlock()
	return err == nil && x.gone[info.Label]
}

func (x *trouble) GetTokenInfo(slot uint) (pkcs11.TokenInfo, error) {
	info, err := x.library.GetTokenInfo(slot)
	x.mu.Lock()
	defer x.mu.Unlock()
	info.Flags |= x.flags
	if x.keypad {
		info.Flags |= pkcs11.CKF_PROTECTED_AUTHENTICATION_PATH
	}
	switch {
	case x.tries == 0:
	case len(x.shown) >= x.tries:
		info.Flags |= pkcs11.CKF_USER_PIN_LOCKED
	case len(x.shown) == x.tries-1:
		info.Flags |= pkcs11.CKF_USER_PIN_FINAL_TRY
	}
	return info, err
}

func (x *trouble) Login(s pkcs11.SessionHandle, user uint, pin string) error {
	x.mu.Lock()
	// A copy: the store clears the bytes that the string shares.
	x.shown = append(x.shown, string(slices.Clone(unsafe.Slice(unsafe.StringData(pin), len(pin)))))
	if x.keypad && pin == "" {
		pin = rightPIN
	}
	locks := x.tries > 0 && len(x.shown) >= x.tries && pin != rightPIN
	x.mu.Unlock()
	err := x.library.Login(s, user, pin)
	if locks {
		return pkcs11.Error(pkcs11.CKR_PIN_LOCKED) // as OpenSC answers the last one
	}
	return err
}

func (x *trouble) Decrypt(s pkcs11.SessionHandle, ciphertext []byte) ([]byte, error) {
	plain, err := x.library.Decrypt(s, ciphertext)
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.decrypt) > 0 {
		next := x.decrypt[0]
		if x.decrypt = x.decrypt[1:]; next != nil {
			return nil, next
		}
	}
	return plain, err
}
