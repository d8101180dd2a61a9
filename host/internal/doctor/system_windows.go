package doctor

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// systemVersion is Windows' own number: "10.0.22631". Wine names itself.
func systemVersion() string {
	v := windows.RtlGetVersion()
	s := fmt.Sprintf("Windows %d.%d.%d", v.MajorVersion, v.MinorVersion, v.BuildNumber)
	if windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil {
		s += " (Wine)"
	}
	return s
}
