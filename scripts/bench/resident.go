package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// A process that only waits, once in each language: it says a line when it
// runs and ends with its standard input. What a child is charged for by wait4
// holds its parent's memory from before the exec, so /proc is asked instead.
const (
	waitingGo   = "package main\n\nimport \"os\"\n\nfunc main() {\n\tos.Stdout.WriteString(\"\\n\")\n\tos.Stdin.Read(make([]byte, 1))\n}\n"
	waitingJava = "class Waiting { public static void main(String[] a) throws Exception { System.out.println(); System.in.read(); } }\n"
)

// waiters is the peak resident memory of the peers that only wait, in MiB.
func waiters(dir string) ([]peer, error) {
	program := filepath.Join(dir, "waiting")
	if err := build(dir, "waiting.go", waitingGo, "go", "build", "-ldflags", "-s -w", "-o", program); err != nil {
		return nil, err
	}
	mib, err := residentOf(exec.Command(program))
	if err != nil {
		return nil, err
	}
	peers := []peer{{"Go program that only waits", mib}}
	if err := build(dir, "Waiting.java", waitingJava, "javac", "-d", dir); err != nil {
		fmt.Println("no JVM to compare with:", err)
		return peers, nil
	}
	mib, err = residentOf(exec.Command("java", "-cp", dir, "Waiting"))
	return append(peers, peer{"JVM that only waits", mib}), err
}

// build writes a source file below dir and compiles it.
func build(dir, name, source, compiler string, args ...string) error {
	src := filepath.Join(dir, name)
	if err := os.WriteFile(src, []byte(source), 0o600); err != nil {
		return err
	}
	if b, err := exec.Command(compiler, append(args, src)...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", compiler, err, b)
	}
	return nil
}

func residentOf(cmd *exec.Cmd) (float64, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	_, err = out.Read(make([]byte, 1))
	kib := peak(cmd.Process.Pid)
	if e := in.Close(); err == nil {
		err = e
	}
	if e := cmd.Wait(); err == nil {
		err = e
	}
	return kib / 1024, err
}
