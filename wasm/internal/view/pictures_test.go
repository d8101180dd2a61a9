package view_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPictures draws every scene as a picture, for a person to look at. It
// runs only when SCELLE_PICTURES names a folder; SCELLE_SCENE picks one scene.
func TestPictures(t *testing.T) {
	out := os.Getenv("SCELLE_PICTURES")
	if out == "" {
		t.Skip("set SCELLE_PICTURES to a folder to get pictures")
	}
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium")
	}
	work := t.TempDir()
	for _, sc := range scenes() {
		if only := os.Getenv("SCELLE_SCENE"); only != "" && only != sc.name {
			continue
		}
		for _, v := range variants(sc.role) {
			page := filepath.Join(work, sc.name+v.name+".html")
			if err := os.WriteFile(page, []byte(document(t, sc, v)), 0o600); err != nil {
				t.Fatal(err)
			}
			shoot(t, chromium, work, page, filepath.Join(out, sc.name+v.name+".png"), v)
		}
	}
}

type variant struct {
	name, lang    string
	dark          bool
	width, height int
}

func variants(role string) []variant {
	width := 560
	if role == "popup" {
		width = 500 // the popup's body is 360 wide; headless windows have a least width
	}
	return []variant{{".fr", "fr", false, width, 1100}, {".en-dark", "en", true, width, 1100}, {".fr-narrow", "fr", false, 500, 1100}}
}

// document wraps a scene the way the extension's page does.
func document(t *testing.T, sc scene, v variant) string {
	t.Helper()
	css, err := filepath.Abs("../../../extension/app/scelle.css")
	if err != nil {
		t.Fatal(err)
	}
	narrow := ""
	if v.name == ".fr-narrow" {
		narrow = "<style>#app{max-width:320px!important;margin:0}</style>"
	}
	base := "file://" + filepath.Dir(css) + "/"
	return fmt.Sprintf(`<!doctype html><html lang=%s data-role=%s><meta charset=utf-8><base href=%q><link rel=stylesheet href=scelle.css>`+
		`%s<body><main id=app>%s</main></body></html>`, v.lang, sc.role, base, narrow, draw(t, sc, v.lang))
}

func shoot(t *testing.T, chromium, work, page, out string, v variant) {
	t.Helper()
	args := []string{"--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--allow-file-access-from-files",
		"--user-data-dir=" + filepath.Join(work, "profile"), fmt.Sprintf("--window-size=%d,%d", v.width, v.height), "--screenshot=" + out}
	if v.dark {
		args = append(args, "--blink-settings=preferredColorScheme=0")
	}
	cmd := exec.Command(chromium, append(args, "file://"+page)...)
	cmd.Env = append(os.Environ(), "HOME="+work)
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", page, err, b)
	}
}
