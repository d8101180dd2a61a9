package firefox

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"scelle/scripts/e2e/browser"
)

// promptPreference is whether the browser asks the person when an extension
// wants an optional permission.
const promptPreference = "extensions.webextOptionalPermissionPrompts"

// writePreferences makes the profile: nothing is fetched, nothing pops up,
// downloads go to their folder, and an unsigned extension may be installed
// (ESR allows that; a release Firefox does not).
func writePreferences(o Options) error {
	lang := o.Language
	if lang == "" {
		lang = "fr"
	}
	prefs := map[string]any{
		"marionette.port":                            0, // a free one, written to MarionetteActivePort
		"xpinstall.signatures.required":              false,
		"extensions.autoDisableScopes":               0,
		"extensions.update.enabled":                  false,
		"extensions.getAddons.cache.enabled":         false,
		"extensions.systemAddon.update.enabled":      false,
		"app.update.auto":                            false,
		"app.normandy.enabled":                       false,
		"browser.shell.checkDefaultBrowser":          false,
		"browser.startup.page":                       0,
		"browser.newtabpage.enabled":                 false,
		"browser.aboutwelcome.enabled":               false,
		"browser.safebrowsing.update.enabled":        false,
		"browser.download.alwaysOpenPanel":           false,
		"browser.warnOnQuit":                         false,
		"datareporting.policy.dataSubmissionEnabled": false,
		"termsofuse.bypassNotification":              true,
		"toolkit.telemetry.server":                   "",
		"network.captive-portal-service.enabled":     false,
		"network.connectivity-service.enabled":       false,
		"services.settings.server":                   "data:,",
		"signon.rememberSignons":                     false,
		"network.dns.localDomains":                   browser.Insecure,
		"dom.disable_open_during_load":               false,
		"intl.accept_languages":                      lang,
		"intl.locale.requested":                      lang,
		// Pages that are not in front wait no longer than others.
		"dom.min_background_timeout_value":                           4,
		"dom.min_background_timeout_value_without_budget_throttling": 4,
		"dom.timeout.enable_budget_timer_throttling":                 false,
		"dom.timeout.throttling_delay":                               -1,
		// Without it the first click on a doorhanger within this time is lost.
		"security.notification_enable_delay": 0,
	}
	if o.Log != nil {
		prefs["devtools.console.stdout.content"] = true
	}
	if o.Downloads != "" {
		prefs["browser.download.folderList"] = 2
		prefs["browser.download.dir"] = o.Downloads
	}
	var b strings.Builder
	for name, value := range prefs {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "user_pref(%q, %s);\n", name, text)
	}
	if err := os.MkdirAll(o.Profile, 0o700); err != nil {
		return err
	}
	_ = os.Remove(filepath.Join(o.Profile, "MarionetteActivePort")) // of the run before
	return os.WriteFile(filepath.Join(o.Profile, "user.js"), []byte(b.String()), 0o600)
}
