package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestJournal(t *testing.T) {
	p := sit(t)
	p.does("journal", "verify")
	if !strings.Contains(p.out, ": 0") {
		t.Errorf("%s", p.out)
	}
	p.does("generate", "--cn", "Alice", "--name", "Alice")
	p.does("journal", "export", "--json")
	if strings.Count(p.out, `"verb":"self-test"`) != 1 || !strings.Contains(p.out, `"outcome":"done"`) {
		t.Errorf("%s", p.out)
	}
	p.does("journal", "export", "-o", "journal.html")
	page, err := os.ReadFile("journal.html")
	if err != nil || !strings.Contains(string(page), "<table>") {
		t.Errorf("%s, %v", page, err)
	}
	p.refused("file-exists", "journal", "export", "-o", "journal.html")
	name := filepath.Join(p.state, "journal")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(strings.Replace(string(b), "done", "busy", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	p.refused("journal-damaged", "journal", "verify")
	if code := p.run("journal", "forget"); code != Misused {
		t.Errorf("exit %d", code)
	}
}
