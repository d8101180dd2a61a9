package site

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"scelle/scripts/portal/internal/text"
	"scelle/shared/certtest"
)

// TestPages renders every page in both languages, with and without content,
// and looks for what a template must not leave: names of texts, scripts or
// styles inside the page, links that lead nowhere.
func TestPages(t *testing.T) {
	s := newSealing(t)
	receipt := s.company.deposit(bridge, s.company.seal(bridge, "1", "contenu"))
	s.agent.submit("En attente", false, certtest.SelfSigned(t, certtest.Options{CommonName: "<i>Attente</i>", Key: 2}))
	s.closeTender(t, salt)
	keyNames := make(map[string]bool)
	for _, key := range text.Keys() {
		keyNames[key] = true
	}
	for _, page := range []struct {
		who   *client
		paths []string
	}{
		{newClient(t, s.url), []string{"/connexion", "/telechargements", "/nothing"}},
		{s.agent.client, []string{"/administration/service/cles", "/administration/service/cles?service=" + schools, "/consultations", "/consultations/" + bridge, "/consultations/" + salt, "/depots/" + receipt.ID}},
		{s.company, []string{"/consultations", "/consultations/" + bridge, "/consultations/" + salt, "/consultations/repas-2027", "/depots/" + receipt.ID}},
	} {
		for _, path := range page.paths {
			for _, lang := range text.Languages() {
				response, body := page.who.send(http.MethodGet, path, nil, http.Header{"Accept-Language": {lang + "-XX,de;q=0.1"}})
				checkPage(t, lang+" "+path, string(body), lang, keyNames)
				if response.StatusCode >= 500 {
					t.Errorf("%s: %d", path, response.StatusCode)
				}
			}
		}
	}
}

func checkPage(t *testing.T, name, body, lang string, keyNames map[string]bool) {
	t.Helper()
	if !strings.Contains(body, `<html lang="`+lang+`">`) || !strings.HasSuffix(body, "</html>") {
		t.Errorf("%s: not a whole page in %s", name, lang)
	}
	for _, words := range regexp.MustCompile(`[>"]([a-z]+\.[a-z.-]+)[<"]`).FindAllStringSubmatch(body, -1) {
		if keyNames[words[1]] {
			t.Errorf("%s shows the name %s", name, words[1])
		}
	}
	for _, inline := range []string{"<style", " style=", " onclick=", " onload=", "javascript:", "<i>", "%!", "{{"} {
		if strings.Contains(body, inline) {
			t.Errorf("%s contains %s", name, inline)
		}
	}
	for _, script := range regexp.MustCompile(`<script([^>]*)>`).FindAllStringSubmatch(body, -1) {
		if !strings.Contains(script[1], `src="/`) && !strings.Contains(script[1], `type="application/json"`) {
			t.Errorf("%s: inline script %s", name, script[0])
		}
	}
	if found := regexp.MustCompile(`(?s)id="page-data">(.*?)</script>`).FindStringSubmatch(body); found != nil {
		var data scriptData
		if err := json.Unmarshal([]byte(found[1]), &data); err != nil || data.Lang != lang || len(data.Texts) == 0 || len(data.Faults) == 0 {
			t.Errorf("%s: data for the script: %v", name, err)
		}
	}
	ids := make(map[string]bool)
	for _, id := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(body, -1) {
		if ids[id[1]] {
			t.Errorf("%s: id %s stands twice", name, id[1])
		}
		ids[id[1]] = true
	}
	for _, ref := range regexp.MustCompile(` (?:for|aria-labelledby|aria-describedby)="([^"]+)"`).FindAllStringSubmatch(body, -1) {
		if !ids[ref[1]] {
			t.Errorf("%s: nothing has the id %s", name, ref[1])
		}
	}
	if strings.Count(body, "<table") != strings.Count(body, "<caption") {
		t.Errorf("%s: a table has no caption", name)
	}
}

func TestLanguageSwitch(t *testing.T) {
	c := newClient(t, newPortal(t).url)
	status, _ := c.form("/langue", url.Values{"lang": {"en"}, "next": {"/telechargements"}})
	if _, page := c.page("/connexion"); status != http.StatusSeeOther || !strings.Contains(page, `<html lang="en">`) {
		t.Errorf("%d", status)
	}
}

func TestLocalPath(t *testing.T) {
	for path, want := range map[string]string{"/a?b": "/a?b", "": "/consultations", "//evil.example": "/consultations", "https://evil.example": "/consultations", `/\evil.example`: "/consultations"} {
		if got := localPath(path); got != want {
			t.Errorf("%q: %q", path, got)
		}
	}
}
