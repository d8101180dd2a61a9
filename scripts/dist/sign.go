package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// signing is what signs the Windows packages (Authenticode); the zero value
// leaves them unsigned.
type signing struct {
	p12, passFile string
	options       string // of osslsigncode, instead of p12: where another kind of key is
	timestamp     string
}

func (s signing) on() bool { return s.p12 != "" || s.options != "" }

// absolute checks that the files are there and makes their paths absolute.
func (s signing) absolute() (signing, error) {
	switch {
	case s.p12 != "" && s.options != "":
		return s, errors.New("-sign-p12 and -sign-options are two keys")
	case !s.on() && s.timestamp != "", s.p12 == "" && s.passFile != "":
		return s, errors.New("there is no key to go with -sign-ts or -sign-pass-file")
	case s.p12 == "":
		return s, nil
	}
	for _, p := range []*string{&s.p12, &s.passFile} {
		if _, err := os.Stat(*p); err != nil {
			return s, fmt.Errorf("signing: %w", err)
		}
		path, err := filepath.Abs(*p)
		if err != nil {
			return s, err
		}
		*p = path
	}
	return s, nil
}

// signArguments are osslsigncode's without the files. The password is only
// ever in its file.
func (b *build) signArguments() []string {
	args := []string{"sign", "-h", "sha256", "-n", product, "-i", homepage}
	if b.sign.options != "" {
		args = append(args, strings.Fields(b.sign.options)...)
	} else {
		args = append(args, "-pkcs12", b.sign.p12, "-readpass", b.sign.passFile)
	}
	if b.sign.timestamp != "" {
		return append(args, "-ts", b.sign.timestamp)
	}
	return append(args, "-time", strconv.FormatInt(b.epoch.Unix(), 10))
}

// signFile signs a file in place, if there is a key.
func (b *build) signFile(path string) error {
	if !b.sign.on() {
		return nil
	}
	signed := path + ".signed"
	defer os.Remove(signed)
	if err := b.command(nil, "osslsigncode", append(b.signArguments(), "-in", path, "-out", signed)...); err != nil {
		return err
	}
	if err := os.Rename(signed, path); err != nil {
		return err
	}
	return b.touch(path)
}

// signScript is a program that signs the one file it is given in place, for
// makensis, which makes the uninstaller inside the setup by itself.
func (b *build) signScript() (string, error) {
	tool, err := exec.LookPath("osslsigncode")
	if err != nil {
		return "", err
	}
	words := []string{shellQuote(tool)}
	for _, a := range b.signArguments() {
		words = append(words, shellQuote(a))
	}
	text := "#!/bin/sh\nset -eu\n" + strings.Join(words, " ") + ` -in "$1" -out "$1.signed"` + "\n" + `mv "$1.signed" "$1"` + "\n"
	return b.temporary("sign.sh", []byte(text), 0o700)
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
