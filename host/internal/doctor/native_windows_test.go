package doctor

import (
	"net"
	"os"
	"slices"
	"testing"

	"scelle/host/internal/install"
	"scelle/shared/checkup"
)

// TestThisSystem: Windows, or Wine, answers every question.
func TestThisSystem(t *testing.T) {
	n := ThisSystem()
	if free, err := n.Free(t.TempDir()); err != nil || free == 0 {
		t.Errorf("free %d, %v", free, err)
	}
	if old, version := n.Outdated(); old || version == "" {
		t.Errorf("%v %q", old, version)
	}
	all, err := n.Programs()
	if err != nil || !slices.ContainsFunc(all, func(p Program) bool { return p.ID == os.Getpid() && p.Name != "" }) {
		t.Errorf("this process is not among %+v, %v", all, err)
	}
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	want := Listener{os.Getpid(), socket.Addr().(*net.TCPAddr).Port}
	unowned := Listener{0, want.Port} // Wine 8 does not tell whose a socket is
	if open, err := n.Listeners(); err != nil || !slices.Contains(open, want) && !slices.Contains(open, unowned) {
		t.Errorf("%+v is not among %+v, %v", want, open, err)
	}
	if v := n.Registry(true, `Software\Microsoft\Windows NT\CurrentVersion`); v["CurrentVersion"] == nil {
		t.Errorf("%v", v)
	}
	if v := n.Registry(true, `Software\Scelle\Not there`); v != nil {
		t.Errorf("%v", v)
	}
	l := &look{Computer: Computer{System: install.System{Getenv: os.Getenv}, Native: n}}
	if f := l.commandInterpreter(); f.level != checkup.Good {
		t.Errorf("%+v", f)
	}
}
