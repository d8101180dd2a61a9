package cli

import (
	"bytes"
	"context"
	"embed"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"scelle/host/internal/confine"
	"scelle/host/internal/install"
	"scelle/host/internal/keystore"
	"scelle/shared/keypair"
	"scelle/shared/version"
)

func TestHelpNamesEveryCommand(t *testing.T) {
	p := sit(t)
	for _, lang := range []string{"fr_FR.UTF-8", "en_GB.UTF-8"} {
		p.env["LANG"] = lang
		p.does("help")
		for name := range commands() {
			if !strings.HasPrefix(name, "-") && !strings.Contains(p.out, name) {
				t.Errorf("%s: help does not name %s", lang, name)
			}
		}
		for _, option := range regexp.MustCompile(`--[a-z0-9-]+`).FindAllString(p.out, -1) {
			if !regexp.MustCompile(`"` + strings.TrimPrefix(option, "--") + `"`).MatchString(sources(t)) {
				t.Errorf("%s: help names %s, which no command takes", lang, option)
			}
		}
	}
	p.does("version")
	if !strings.Contains(p.out, version.Version) {
		t.Errorf("%q", p.out)
	}
	if code := p.run(); code != Misused || !strings.Contains(p.err, "scelle list") {
		t.Errorf("no command: exit %d, %q", code, p.err)
	}
	p.misused("frobnicate")
	p.misused("list", "--jsn")
	if !strings.Contains(p.err, "list: unknown option: jsn\n") {
		t.Errorf("%q", p.err)
	}
	for lang, want := range map[string]string{
		"fr_FR.UTF-8": "list : \"peut-être\" n’est pas une valeur de l’option json\n",
		"en_GB.UTF-8": "list: \"peut-être\" is no value of the option json\n",
	} {
		p.env["LANG"] = lang
		if p.misused("list", "--json=peut-être"); !strings.Contains(p.err, want) {
			t.Errorf("%q", p.err)
		}
	}
	p.env["LANG"] = "en_GB.UTF-8"
	p.misused("import", "--name")
	if !strings.Contains(p.err, "import: the option name takes a value\n") {
		t.Errorf("%q", p.err)
	}
	p.misused("list", "all")
}

// TestEveryCommandHasHelp: asked for in either way, of every command, without
// doing what the command does.
func TestEveryCommandHasHelp(t *testing.T) {
	p := sit(t)
	names := []string{"serve"}
	for name := range commands() {
		if !strings.HasPrefix(name, "-") && name != "help" {
			names = append(names, name)
		}
	}
	for _, lang := range []string{"fr_FR.UTF-8", "en_GB.UTF-8"} {
		p.env["LANG"] = lang
		for _, name := range names {
			purpose := purposes()[name].en
			if lang == "fr_FR.UTF-8" {
				purpose = purposes()[name].fr
			}
			p.does("help", name)
			if purpose == "" || !strings.HasPrefix(p.out, purpose+"\n\n  scelle "+name) && name != "version" {
				t.Errorf("%s: help of %s is %q", lang, name, p.out)
			}
			said := p.out
			for _, option := range []string{"--help", "-h"} {
				if p.does(name, option); p.out != said || p.err != "" {
					t.Errorf("%s: %s %s says %q and %q", lang, name, option, p.out, p.err)
				}
			}
		}
		p.does("journal", "verify", "--help")
	}
	p.misused("serve", "now", "--hlp")
	p.has()
}

//go:embed *.go
var own embed.FS

// sources is this package's Go text, for the test above.
func sources(t *testing.T) string {
	t.Helper()
	names, err := fs.Glob(own, "*.go")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	var all bytes.Buffer
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		data, err := own.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	return all.String()
}

func TestLanguage(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want string
	}{
		{nil, "en"},
		{map[string]string{"LANG": "fr_FR.UTF-8"}, "fr"},
		{map[string]string{"LANG": "fr"}, "fr"},
		{map[string]string{"LANG": "fr_CA"}, "fr"},
		{map[string]string{"LANG": "frr_DE"}, "en"}, // North Frisian
		{map[string]string{"LANG": "fr_FR", "LC_ALL": "C"}, "en"},
		{map[string]string{"LANG": "fr_FR", "LC_MESSAGES": "de_DE"}, "en"},
		{map[string]string{"LANG": "en_US", "LC_MESSAGES": "fr_BE"}, "fr"},
		{map[string]string{"LC_ALL": "fr_FR", "LC_MESSAGES": "en_US"}, "fr"},
	} {
		if got := language(func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%v: %s", c.env, got)
		}
	}
	p := sit(t)
	p.env["LANG"] = "fr_FR.UTF-8"
	p.refused("read-failed", "check", "absent.pem")
	if !strings.Contains(p.err, "Le fichier n’a pas pu être lu. (absent.pem)") || strings.Count(p.err, "\n") != 2 {
		t.Errorf("%q", p.err)
	}
}

func TestEveryTextHasBothLanguages(t *testing.T) {
	verb := regexp.MustCompile(`%[a-z]`)
	for key, text := range texts() {
		if text.fr == "" || text.en == "" {
			t.Errorf("text %d is missing: %+v", key, text)
		}
		fr, en := verb.FindAllString(text.fr, -1), verb.FindAllString(text.en, -1)
		if strings.Join(fr, "") != strings.Join(en, "") {
			t.Errorf("%q and %q take other values", text.fr, text.en)
		}
	}
	for _, state := range []install.State{install.Absent, install.Current, install.Stale, install.Other, install.Broken} {
		if text := stateTexts()[string(state)]; text.fr == "" || text.en == "" {
			t.Errorf("state %s has no text", state)
		}
	}
	for _, code := range []keypair.Warning{keypair.AlsoSigns, keypair.ExpiresIn90, keypair.ExpiresIn30, keypair.ExpiresIn7, keypair.SelfSigned, keypair.SHA1Signature} {
		if text := warningTexts()[string(code)]; text.fr == "" || text.en == "" {
			t.Errorf("the warning %s has no text", code)
		}
	}
	for _, state := range []keystore.State{keystore.Ready, keystore.ReadOnly, keystore.Locked, keystore.Failed} {
		if text := storeStates()[string(state)]; text.fr == "" || text.en == "" {
			t.Errorf("the store's state %s has no text", state)
		}
	}
	for _, state := range []confine.State{confine.Full, confine.Partial, confine.None} {
		if text := confinementTexts()[state]; text.fr == "" || text.en == "" {
			t.Errorf("confinement %s has no text", state)
		}
	}
}

// TestServeIsForOurExtension: any other start is refused before the streams
// are touched.
func TestServeIsForOurExtension(t *testing.T) {
	p := sit(t)
	for _, args := range [][]string{
		{"serve"},
		{"serve", "--caller", "chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/"},
		{"serve", "--caller", ""},
		{"chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/"},
		{"/x/fr.scelle.host.json", "other@example.org"},
	} {
		p.refused("host-forbidden", args...)
		if p.out != "" {
			t.Errorf("%q wrote %q", args, p.out)
		}
	}
	p.misused("serve", "now")
}

// TestPasswordsAreLines: the first line of the file, whatever ends it.
func TestPasswordsAreLines(t *testing.T) {
	p := sit(t)
	c := &command{Env: Env{}, lang: "en"}
	for text, want := range map[string]string{"a": "a", "a\n": "a", "a\r\n": "a", "a\nb\n": "a", "": "", "\n": "", " a \n": " a ", "é": "é"} {
		p.write("password", text)
		got, err := c.password(context.Background(), "password")
		if err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
