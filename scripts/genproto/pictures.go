package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"strings"
)

// The guides' pictures are photographs of the screens in Chromium, which
// TestGuidePictures of scripts/e2e takes with -update:
//
//	go test ./scripts/e2e -run TestGuidePictures -update && make gen
//
// Beside each stands what it was taken of, so that a test of this package,
// which needs no browser, fails when a screen is no longer as in its picture.

const (
	pictureFolder = "extension/gen/pictures"
	pictureIndex  = "scripts/genproto/guides/pictures.json"
)

// picture is what is noted of one.
type picture struct {
	Width  int    `json:"width"` // CSS pixels
	Height int    `json:"height"`
	Screen string `json:"screen"` // SHA-256 of the screen's document, as package view draws it
	Style  string `json:"style"`  // SHA-256 of the style sheet; one that changed is only told by make test-all
}

// readPictures reads the notes of all pictures, by "name.language".
func readPictures(root string) (map[string]picture, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(pictureIndex)))
	if err != nil {
		return nil, err
	}
	var all map[string]picture
	return all, json.Unmarshal(text, &all)
}

// readScreen reads a state of a screen: what a window is called, and the
// SHA-256 of all.
func readScreen(root, name string) (title, sum string, err error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(screens), name+".html"))
	if err != nil {
		return "", "", err
	}
	head, _, ok := strings.Cut(string(text), " -->\n")
	if !ok {
		return "", "", fmt.Errorf("%s is no screen", name)
	}
	title, _, _ = strings.Cut(strings.TrimPrefix(head, "<!-- "), " | ")
	h := sha256.Sum256(text)
	return title, hex.EncodeToString(h[:]), nil
}

// screen is the picture of a state of a screen, with its caption. What it shows
// stands in the words around it; the alternative says which window it is.
func (g *manual) screen(name, caption string) template.HTML {
	key := name + "." + g.Lang
	title, _, err := readScreen(g.root, key)
	p, ok := g.pictures[key]
	if err == nil && !ok {
		err = fmt.Errorf("no picture of %s: run go test ./scripts/e2e -run TestGuidePictures -update", key)
	}
	if err != nil && g.err == nil {
		g.err = err
	}
	return template.HTML(fmt.Sprintf("<figure><img class=\"shot\" src=\"pictures/%s.png\" width=\"%d\" height=\"%d\" loading=\"lazy\" alt=\"%s\"><figcaption>%s</figcaption></figure>",
		key, p.Width, p.Height, template.HTMLEscapeString(title), template.HTMLEscapeString(caption)))
}
