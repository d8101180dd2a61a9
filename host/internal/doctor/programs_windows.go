package doctor

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/windows"
)

// programs lists the programs that run, without their arguments
// (learn.microsoft.com/windows/win32/toolhelp/taking-a-snapshot-and-viewing-processes).
func programs() ([]Program, error) {
	snapshot, err := windows.CreateToolhelp32Snapshot(windows.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return nil, err
	}
	defer windows.CloseHandle(snapshot)
	var found []Program
	entry := windows.ProcessEntry32{Size: uint32(unsafe.Sizeof(windows.ProcessEntry32{}))}
	for err = windows.Process32First(snapshot, &entry); err == nil; err = windows.Process32Next(snapshot, &entry) {
		found = append(found, Program{ID: int(entry.ProcessID), Name: windows.UTF16ToString(entry.ExeFile[:])})
	}
	if errors.Is(err, windows.ERROR_NO_MORE_FILES) {
		err = nil
	}
	return found, err
}
