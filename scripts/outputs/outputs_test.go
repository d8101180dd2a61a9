package outputs

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCompareNoticesChange shows that the check is able to fail.
func TestCompareNoticesChange(t *testing.T) {
	dir := t.TempDir()
	files := []File{{"a/b.js", []byte("x\n")}}
	if Compare(dir, "make", files) == nil {
		t.Error("a missing file passes")
	}
	if err := Write(dir, files); err != nil {
		t.Fatal(err)
	}
	if err := Compare(dir, "make", files); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a", "b.js"), []byte("y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if Compare(dir, "make", files) == nil {
		t.Error("a changed file passes")
	}
}
