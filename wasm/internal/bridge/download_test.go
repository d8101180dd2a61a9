//go:build js && wasm

package bridge

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/shared/fault"
)

// downloader stands in for the browser's downloads, whose events no test can
// order: what is heard before the number of a download is known, and what is not
// heard of at all. Its system's locale is not UTF-8: it refuses accents, and a
// folder that nobody may write to.
const downloader = `{
	listeners: [], searches: 0, last: 0, cancelled: [], tried: [],
	onChanged: { addListener(fn) { downloads.listeners.push(fn); } },
	tell(id, delta) { for (const fn of this.listeners) fn({ id, ...delta }); },
	async download({ filename }) {
		this.tried.push(filename);
		if (/[^ -~]|^shut/.test(filename)) throw new Error("Invalid filename");
		const id = ++this.last;
		const name = { filename: { current: "/home/a/" + filename } };
		const end = { state: { previous: "in_progress", current: "complete" } };
		const later = (fn) => setTimeout(fn, 1);
		this.tell(999, end);
		switch (filename) {
		case "early": this.tell(id, name); this.tell(id, end); break;
		case "split": this.tell(id, name); later(() => this.tell(id, end)); break;
		case "nameless": later(() => this.tell(id, end)); break;
		case "broken": later(() => this.tell(id, { state: { current: "interrupted" } })); break;
		case "silent": break;
		default: later(() => { this.tell(id, name); this.tell(id, end); });
		}
		return id;
	},
	async search({ id }) {
		this.searches++;
		return [this.broken === id ? { state: "interrupted", error: "FILE_NO_SPACE" } : { state: "complete", filename: "/home/a/found-" + id }];
	},
	cancel(id) { this.cancelled.push(id); },
}`

// fakeDownloads puts a downloader in the place of the browser's for one test; no
// test's document has the real one.
func fakeDownloads(t *testing.T) Value {
	fake := eval(t, "globalThis.downloads = "+downloader)
	eval(t, "globalThis.chrome = { downloads }")
	t.Cleanup(func() { eval(t, "delete globalThis.chrome, delete globalThis.downloads") })
	return fake
}

func TestDownloads(t *testing.T) {
	fake := fakeDownloads(t)
	d := &Downloads{}
	f, err := NewBlob([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	for i, test := range []struct {
		path, name string
		searches   float64
		code       fault.Code
	}{
		{"early", "early", 0, ""}, {"late", "late", 0, ""}, {"split", "split", 0, ""},
		{"nameless", "found-4", 1, ""}, {"silent", "found-5", 2, ""},
	} {
		name, err := d.Save(context.Background(), f, test.path)
		if name != test.name || fault.CodeOf(err) != test.code || Number(fake, "searches") != test.searches {
			t.Errorf("%d, %s: %q, %v, %v searches", i, test.path, name, err, Number(fake, "searches"))
		}
	}
	eval(t, "downloads.broken = 6")
	if _, err := d.Save(context.Background(), f, "broken"); fault.CodeOf(err) != fault.DiskFull {
		t.Errorf("a full disk: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for len(d.waiting) == 0 { // it was not begun: nothing would be there to cancel
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if _, err := d.Save(ctx, f, "silent"); fault.CodeOf(err) != fault.Cancelled || len(List(fake, "cancelled")) != 1 {
		t.Errorf("given up: %v", err)
	}
	if len(List(fake, "listeners")) != 1 || len(d.waiting) != 0 || len(d.early) != 0 {
		t.Errorf("%d listeners, %d waiting, %d early", len(List(fake, "listeners")), len(d.waiting), len(d.early))
	}
}

// TestDownloadWithoutAccents: where the browser refuses accents a file is saved
// without them, and what it refuses as well is tried no further.
func TestDownloadWithoutAccents(t *testing.T) {
	fake := fakeDownloads(t)
	file, err := NewBlob([]byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	var d Downloads
	for _, c := range []struct {
		path, name string
		tried      []string
	}{
		{"Scelle/offre.pdf", "offre.pdf", []string{"Scelle/offre.pdf"}},
		{"Scellé/procès-verbal.html", "proces-verbal.html", []string{"Scellé/procès-verbal.html", "Scelle/proces-verbal.html"}},
		{"shut/offre.pdf", "", []string{"shut/offre.pdf"}},
		{"shut/été.pdf", "", []string{"shut/été.pdf", "shut/ete.pdf"}},
	} {
		name, err := d.Save(t.Context(), file, c.path)
		if name != c.name || (err == nil) != (c.name != "") || err != nil && fault.CodeOf(err) != fault.WriteFailed {
			t.Errorf("%s: %q, %v", c.path, name, err)
		}
		var got []string
		for _, v := range List(fake, "tried") {
			s, _ := v.String()
			got = append(got, s)
		}
		if !slices.Equal(got, c.tried) {
			t.Errorf("%s: tried %s", c.path, strings.Join(got, ", "))
		}
		eval(t, "downloads.tried.length = 0")
	}
}
