//go:build js && wasm

package bridge

import (
	"slices"
	"strings"
	"testing"

	"scelle/shared/fault"
)

// downloadsMock stands in for chrome.downloads of a system whose locale is not
// UTF-8: it refuses accents, and a folder that nobody may write to.
const downloadsMock = `globalThis.chrome = { downloads: {
	tried: [],
	onChanged: { addListener(heard) { this.heard = heard; } },
	async download({ filename }) {
		this.tried.push(filename);
		if (/[^ -~]|^shut/.test(filename)) throw new Error("Invalid filename");
		setTimeout(() => this.onChanged.heard({ id: 7, state: { current: "complete" } }));
		return 7;
	},
	async search() { return [{ state: "complete", filename: "/home/x/" + this.tried.at(-1) }]; },
} }`

// TestDownloadWithoutAccents: where the browser refuses accents a file is saved
// without them, and what it refuses as well is tried no further.
func TestDownloadWithoutAccents(t *testing.T) {
	mock := eval(t, downloadsMock)
	t.Cleanup(func() { eval(t, "delete globalThis.chrome") })
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
		tried, err := mock.Get("downloads")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range List(tried, "tried") {
			s, _ := v.String()
			got = append(got, s)
		}
		if !slices.Equal(got, c.tried) {
			t.Errorf("%s: tried %s", c.path, strings.Join(got, ", "))
		}
		eval(t, "chrome.downloads.tried.length = 0")
	}
}
