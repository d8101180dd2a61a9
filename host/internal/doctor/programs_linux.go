package doctor

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// programs lists this user's programs from /proc.
func programs() ([]Program, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var all []Program
	for _, e := range entries {
		id, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		folder := "/proc/" + e.Name()
		info, err := os.Stat(folder)
		if err != nil {
			continue // it has ended
		}
		owner, ok := info.Sys().(*syscall.Stat_t)
		if !ok || int(owner.Uid) != os.Getuid() {
			continue
		}
		name, err := os.ReadFile(folder + "/comm")
		if err != nil {
			continue
		}
		line, _ := os.ReadFile(folder + "/cmdline")
		p := Program{ID: id, Name: strings.TrimSpace(string(name))}
		if args := strings.TrimRight(string(line), "\x00"); args != "" {
			p.Args = strings.Split(args, "\x00")
		}
		all = append(all, p)
	}
	return all, nil
}
