package main

import (
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scelle/scripts/outputs"
)

// TestPicturesShowTheScreens: every picture of the guides is of the screen as
// it is today, and every picture that lies there is one of those.
func TestPicturesShowTheScreens(t *testing.T) {
	root, err := outputs.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	noted, err := readPictures(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(noted) < 20 {
		t.Fatalf("only %d pictures", len(noted))
	}
	for name, p := range noted {
		_, sum, err := readScreen(root, name)
		if err != nil {
			t.Error(err)
		} else if sum != p.Screen {
			t.Errorf("%s is no longer as in its picture: run go test ./scripts/e2e -run TestGuidePictures -update, then make gen", name)
		}
		f, err := os.Open(filepath.Join(root, filepath.FromSlash(pictureFolder), name+".png"))
		if err != nil {
			t.Error(err)
			continue
		}
		c, err := png.DecodeConfig(f)
		_ = f.Close()
		if err != nil || c.Width < p.Width || c.Width*p.Height/p.Width-c.Height > 2 {
			t.Errorf("%s.png has %d by %d pixels, %v", name, c.Width, c.Height, err)
		}
	}
	used := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(root, "extension", "gen", "guide-*.html"))
	if err != nil || len(files) < 8 {
		t.Fatalf("%d guides, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, rest := range strings.Split(string(text), `src="pictures/`)[1:] {
			name, _, _ := strings.Cut(rest, ".png")
			used[name] = true
		}
	}
	kept, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pictureFolder), "*"))
	if err != nil || len(kept) != len(noted) || len(used) != len(noted) {
		t.Errorf("%d pictures are noted, %d used, %d kept, %v", len(noted), len(used), len(kept), err)
	}
	for name := range used {
		if _, ok := noted[name]; !ok {
			t.Errorf("nothing is noted of %s", name)
		}
	}
}
