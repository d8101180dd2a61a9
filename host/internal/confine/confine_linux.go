package confine

import (
	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// rights are everything that Landlock can forbid today but connecting to
// sockets in the file system: the daemon of card readers (pcscd) has one.
// Their names are those of https://docs.kernel.org/userspace-api/landlock.html
func rights() landlock.Config {
	c := landlock.V10
	c.HandledAccessFS &^= ll.AccessFSResolveUnix
	return c.BestEffort()
}

// Rights within a folder, and to a file.
const (
	reads  = landlock.AccessFSSet(ll.AccessFSReadFile | ll.AccessFSReadDir)
	writes = reads | ll.AccessFSWriteFile | ll.AccessFSTruncate | ll.AccessFSMakeReg | ll.AccessFSMakeDir |
		ll.AccessFSRemoveFile | ll.AccessFSRemoveDir | ll.AccessFSMakeSym | ll.AccessFSMakeFifo | ll.AccessFSMakeSock
	file = landlock.AccessFSSet(ll.AccessFSReadFile | ll.AccessFSWriteFile)
)

// Apply confines the process, all of its threads and every child from now on,
// for good.
func Apply(l Limits) State {
	abi, err := ll.LandlockGetABIVersion()
	if err != nil || abi < 1 {
		return None
	}
	config := rights()
	read, device := reads, file
	if l.Wide {
		config.Scoped = 0
		read |= ll.AccessFSExecute
		device |= ll.AccessFSReadDir | ll.AccessFSIoctlDev
	}
	rules := []landlock.Rule{
		landlock.PathAccess(read, l.Read...).IgnoreIfMissing(),
		landlock.PathAccess(ll.AccessFSReadFile, l.Files...).IgnoreIfMissing(),
		landlock.PathAccess(writes, l.Write...).IgnoreIfMissing(),
		landlock.PathAccess(device, l.Devices...).IgnoreIfMissing(),
	}
	for _, port := range l.Ports {
		rules = append(rules, landlock.ConnectTCP(port))
	}
	err = config.Restrict(rules...)
	switch {
	case err != nil:
		return None
	case abi < 4:
		return Partial
	}
	return Full
}

// Possible is what Apply would come to on this system.
func Possible() State {
	switch abi, err := ll.LandlockGetABIVersion(); {
	case err != nil || abi < 1:
		return None
	case abi < 4:
		return Partial
	}
	return Full
}
