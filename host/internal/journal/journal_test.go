package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"scelle/host/internal/journal"
	"scelle/shared/fault"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

func open(dir string) *journal.Journal { return journal.New(dir, bytes.Repeat([]byte{5}, 32), clock) }

func use(i int) journal.Entry {
	return journal.Entry{Origin: fmt.Sprintf("https://p%d.example", i), Verb: journal.Open, Key: strings.Repeat("ab", 32), Envelope: strings.Repeat("cd", 32), Outcome: journal.Done}
}

// written is a journal of n uses.
func written(t *testing.T, n int) (string, *journal.Journal) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "état du poste")
	j := open(dir)
	for i := range n {
		if err := j.Add(use(i)); err != nil {
			t.Fatal(err)
		}
	}
	return dir, j
}

func lines(t *testing.T, dir string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(strings.TrimSuffix(string(b), "\n"), "\n")
}

func put(t *testing.T, dir string, lines ...string) {
	t.Helper()
	text := strings.Join(lines, "")
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if err := os.WriteFile(filepath.Join(dir, "journal"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestUsesAreKept(t *testing.T) {
	dir, j := written(t, 3)
	if n, err := open(dir).Verify(); n != 3 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	i := 0
	err := j.Each(func(e journal.Entry) error {
		want := use(i)
		i++
		want.Number, want.Time = int64(i), noon
		if e != want {
			t.Errorf("%+v, want %+v", e, want)
		}
		return nil
	})
	if err != nil || i != 3 {
		t.Errorf("%d lines, %v", i, err)
	}
	if runtime.GOOS != "windows" {
		for _, name := range []string{"journal", "journal-head"} {
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", name, info.Mode(), err)
			}
		}
	}
}

// TestMark: the mark moves with each line and is the chain value that the file
// shows.
func TestMark(t *testing.T) {
	dir := t.TempDir()
	j := open(dir)
	if n, chain, err := j.Mark(); err != nil || n != 0 || chain != strings.Repeat("0", 64) {
		t.Errorf("of nothing: %d %s %v", n, chain, err)
	}
	for i := range 3 {
		if err := j.Add(use(i)); err != nil {
			t.Fatal(err)
		}
		n, chain, err := j.Mark()
		last := lines(t, dir)[i]
		if err != nil || n != int64(i+1) || !strings.HasPrefix(last, chain+" ") {
			t.Errorf("after %d: %d %s %v, the line is %s", i+1, n, chain, err, last)
		}
	}
}

func TestNoJournalIsNoUse(t *testing.T) {
	if n, err := open(t.TempDir()).Verify(); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

// Every edit of somebody without the install secret shows, and where.
func TestDamageIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		edit   func(l []string) []string
		detail string
	}{
		"changed":            {func(l []string) []string { l[1] = strings.Replace(l[1], "p1", "p9", 1); return l }, "2"},
		"outcome changed":    {func(l []string) []string { l[3] = strings.Replace(l[3], "done", "busy", 1); return l }, "4"},
		"removed":            {func(l []string) []string { return append(l[:1:1], l[2:]...) }, "2"},
		"moved":              {func(l []string) []string { l[1], l[2] = l[2], l[1]; return l }, "2"},
		"inserted":           {func(l []string) []string { return append(append(l[:2:2], l[1]), l[2:]...) }, "3"},
		"first removed":      {func(l []string) []string { return l[1:] }, "1"},
		"end cut off":        {func(l []string) []string { return l[:2] }, "end"},
		"last line cut off":  {func(l []string) []string { return l[:3] }, "end"},
		"all cut off":        {func([]string) []string { return nil }, "end"},
		"no line at all":     {func([]string) []string { return []string{"hello\n"} }, "1"},
		"much too long":      {func(l []string) []string { return append(l, strings.Repeat("x", 10_000)+"\n") }, "4"},
		"other chain digits": {func(l []string) []string { l[3] = strings.Repeat("0", 64) + l[3][64:]; return l }, "4"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, j := written(t, 4)
			put(t, dir, c.edit(lines(t, dir))...)
			_, err := j.Verify()
			if f := fault.Of(err); err == nil || f.Code != fault.JournalDamaged || f.Detail != c.detail {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("file removed", func(t *testing.T) {
		dir, j := written(t, 2)
		if err := os.Remove(filepath.Join(dir, "journal")); err != nil {
			t.Fatal(err)
		}
		if _, err := j.Verify(); fault.CodeOf(err) != fault.JournalDamaged {
			t.Errorf("%v", err)
		}
	})
	t.Run("other secret", func(t *testing.T) {
		dir, _ := written(t, 2)
		if _, err := journal.New(dir, bytes.Repeat([]byte{6}, 32), clock).Verify(); fault.CodeOf(err) != fault.JournalDamaged {
			t.Errorf("%v", err)
		}
	})
}

// A damaged journal is kept, and the next use begins a new one that says so:
// nobody can make plis unopenable by writing into a file.
func TestDamagedIsSetAside(t *testing.T) {
	dir, j := written(t, 3)
	put(t, dir, lines(t, dir)[:2]...)
	if err := j.Add(use(7)); err != nil {
		t.Fatal(err)
	}
	var got []journal.Entry
	if err := j.Each(func(e journal.Entry) error { got = append(got, e); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Verb != journal.SetAside || got[0].Outcome != string(fault.JournalDamaged) || got[1].Origin != "https://p7.example" {
		t.Errorf("%+v", got)
	}
	kept, err := filepath.Glob(filepath.Join(dir, "journal-damaged-*"))
	if err != nil || len(kept) != 1 {
		t.Errorf("kept %v, %v", kept, err)
	}
}

// A process that is killed between the line and the head leaves a good journal.
func TestKilledBeforeTheHead(t *testing.T) {
	for _, n := range []int{0, 1, 5} {
		dir, j := written(t, n)
		head, err := os.ReadFile(filepath.Join(dir, "journal-head"))
		if n > 0 && err != nil {
			t.Fatal(err)
		}
		if err := j.Add(use(n)); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			err = os.Remove(filepath.Join(dir, "journal-head"))
		} else {
			err = os.WriteFile(filepath.Join(dir, "journal-head"), head, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, err := j.Verify(); got != int64(n+1) || err != nil {
			t.Errorf("%d: %d, %v", n, got, err)
		}
		if err := j.Add(use(n + 1)); err != nil {
			t.Error(err)
		}
		if got, err := j.Verify(); got != int64(n+2) || err != nil {
			t.Errorf("%d: %d, %v", n, got, err)
		}
	}
}

func TestManyWriters(t *testing.T) {
	dir := t.TempDir()
	const writers, each = 8, 10
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			j := open(dir) // as another process has
			for i := range each {
				if err := errors.Join(j.Ready(), j.Add(use(w*each+i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if n, err := open(dir).Verify(); n != writers*each || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestUnwritable(t *testing.T) {
	t.Run("a file where the folder should be", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := open(filepath.Join(path, "state")).Ready(); fault.CodeOf(err) != fault.JournalFailed {
			t.Errorf("%v", err)
		}
	})
	t.Run("a folder where the file should be", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "journal"), 0o700); err != nil {
			t.Fatal(err)
		}
		j := open(dir)
		if err := j.Ready(); fault.CodeOf(err) != fault.JournalFailed {
			t.Errorf("%v", err)
		}
		if err := j.Add(use(0)); fault.CodeOf(err) != fault.JournalFailed {
			t.Errorf("%v", err)
		}
	})
	t.Run("too long", func(t *testing.T) {
		j := open(t.TempDir())
		if err := j.Add(journal.Entry{Origin: strings.Repeat("x", 4000)}); err == nil {
			t.Error("taken")
		}
		if n, err := j.Verify(); n != 0 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	})
}

func TestExport(t *testing.T) {
	_, j := written(t, 2)
	if err := j.Add(journal.Entry{Origin: "https://<script>", Verb: journal.Prove, Outcome: string(fault.PINCancelled)}); err != nil {
		t.Fatal(err)
	}
	var page, array bytes.Buffer
	if err := errors.Join(j.WritePage(&page, "fr"), j.WriteJSON(&array)); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(page.Bytes(), []byte("<script")) || !bytes.Contains(page.Bytes(), []byte("preuve de possession")) || bytes.Count(page.Bytes(), []byte("<tr>")) != 4 {
		t.Errorf("%s", page.Bytes())
	}
	if !bytes.Contains(array.Bytes(), []byte(`"outcome":"pin-cancelled"`)) || bytes.Count(array.Bytes(), []byte("\n  {")) != 3 {
		t.Errorf("%s", array.Bytes())
	}
	array.Reset()
	if err := open(t.TempDir()).WriteJSON(&array); err != nil || array.String() != "[]\n" {
		t.Errorf("%q, %v", array.String(), err)
	}
}
