//go:build linux

package cardtest

import (
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// aloneVariable tells a test that it runs in namespaces of its own.
const aloneVariable = "SCELLE_TEST_ALONE"

// Alone runs the calling test again, in a process of its own with its own
// network, mounts and processes, so that a card daemon of the test is no
// computer's, listens to nobody else, and ends with the test. It reports
// whether this is that run; otherwise the test is over and has its result.
// What the inner run writes below /run, /etc/scelle and /usr/local is its own.
func Alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(aloneVariable) == t.Name() {
		return true
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"}
	if os.Getuid() != 0 {
		args = append(args, "--map-root-user")
	}
	if out, err := exec.Command("unshare", append(args, "true")...).CombinedOutput(); err != nil {
		t.Skipf("this system makes no namespaces for a test: %v\n%s", err, out)
	}
	const script = `set -e
ip link set lo up
mount -t tmpfs tmpfs /run
exec "$@"`
	args = append(args, "sh", "-c", script, "sh", self, "-test.run=^"+regexp.QuoteMeta(t.Name())+"$", "-test.v", "-test.timeout=5m")
	cmd := exec.CommandContext(t.Context(), "unshare", args...)
	cmd.Env = append(os.Environ(), aloneVariable+"="+t.Name())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !regexp.MustCompile(`(?m)^--- PASS: ` + regexp.QuoteMeta(t.Name()) + ` `).Match(out) {
		t.Fatalf("the inner run did not pass:\n%s", out)
	}
	if testing.Verbose() {
		t.Logf("%s", out)
	}
	return false
}
