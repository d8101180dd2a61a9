package capi

import (
	"context"
	"runtime"

	"golang.org/x/sys/windows"

	"scelle/host/internal/keystore"
	"scelle/shared/fault"
)

// lockSeconds is how long an import waits for another one. Those take
// milliseconds.
const lockSeconds = 10

// lock waits until no other host of this session changes the store, so that
// two imports at once do not leave a container that no certificate names.
// fault.StoreBusy when it takes too long.
//
// A mutex belongs to a thread, and one whose owner died is taken over. Where
// none can be made the store is used without, as other programs do.
func lock(ctx context.Context, name string) (unlock func(), err error) {
	text, err := windows.UTF16PtrFromString(`Local\Scelle-store-` + name)
	if err != nil {
		return nil, fault.Wrap(fault.StoreFailed, err)
	}
	// The error may be that there is one already, which is what we want.
	mutex, _ := windows.CreateMutex(nil, false, text)
	if mutex == 0 {
		return func() {}, nil
	}
	runtime.LockOSThread()
	release := func() {
		_ = windows.CloseHandle(mutex)
		runtime.UnlockOSThread()
	}
	for range 10 * lockSeconds {
		if ended := keystore.Interrupted(ctx); ended != nil {
			release()
			return nil, ended
		}
		switch event, _ := windows.WaitForSingleObject(mutex, 100); event {
		case windows.WAIT_OBJECT_0, windows.WAIT_ABANDONED:
			return func() {
				_ = windows.ReleaseMutex(mutex)
				release()
			}, nil
		}
	}
	release()
	return nil, fault.New(fault.StoreBusy)
}
