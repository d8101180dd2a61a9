package main

import (
	"os"
	"os/exec"
	"testing"
)

func TestParseStat(t *testing.T) {
	line := "4242 (Web (Content) 7) S 17 4242 17 0 -1 4194560 900 800 1 0 30 5 4 1 20 0 9 0 100 0 0\n"
	if got, want := parseStat(line), (process{4242, 17, 40}); got != want {
		t.Errorf("parseStat gives %v, want %v", got, want)
	}
	for _, bad := range []string{"", "4242", "4242 (a", "4242 (a) S 17", ")("} {
		if got := parseStat(bad); got != (process{}) {
			t.Errorf("parseStat(%q) gives %v", bad, got)
		}
	}
}

// TestProcessorTime compares with what the kernel says of a child that ended.
func TestProcessorTime(t *testing.T) {
	before, err := processorTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command("sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done")
	if err := child.Run(); err != nil {
		t.Fatal(err)
	}
	after, err := processorTime(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	used := (child.ProcessState.UserTime() + child.ProcessState.SystemTime()).Seconds()
	if used < 0.05 || after-before < used-0.03 {
		t.Errorf("%.2f s of a child that used %.2f s", after-before, used)
	}
	if _, err := processorTime(1 << 30); err == nil {
		t.Error("a process that does not run has a time")
	}
}
