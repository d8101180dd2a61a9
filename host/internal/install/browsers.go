// Package install tells browsers where the host is: one native-messaging
// manifest for each browser, in a folder that the browser looks into, or on
// Windows named by a registry key. It also finds out what keeps a browser from
// using a manifest: policies of an administrator, and Snap or Flatpak.
//
// Places: developer.chrome.com/docs/extensions/develop/concepts/native-messaging,
// learn.microsoft.com/microsoft-edge/extensions/developer-guide/native-messaging,
// developer.mozilla.org/docs/Mozilla/Add-ons/WebExtensions/Native_manifests.
// Chromium's and Firefox's on Linux were tried; the others follow their
// makers' documentation and source.
package install

// Family is a manifest's dialect.
type Family string

// The families.
const (
	Chromium Family = "chromium" // allowed_origins
	Firefox  Family = "firefox"  // allowed_extensions
)

// Browser is one row of the table. A place is relative to what its comment
// says; none means that the browser has none there.
type Browser struct {
	Name   string // as given on the command line
	Title  string // for people
	Family Family
	linux  places // user: to $XDG_CONFIG_HOME, or to $HOME when it begins with "."
	darwin places // user: to ~/Library/Application Support
	// windows is a registry key below HKEY_CURRENT_USER or, system-wide,
	// HKEY_LOCAL_MACHINE. Browsers that share a key are registered together.
	windows string
	policy  policyPlaces
	snap    string // name of its snap, "" without
	flatpak string // id of its Flatpak, "" without
}

type places struct {
	user    []string // folders of manifests, its own first
	system  []string // folders of manifests, absolute
	profile string   // exists where the browser was used; relative as user is, "" is user's parent
}

// policyPlaces is where an administrator's settings for a browser stand.
type policyPlaces struct {
	linux   []string // folders with managed/*.json, or for Firefox policies.json files
	darwin  string   // preference domain, /Library/Managed Preferences/[USER/]DOMAIN.plist
	windows string   // registry key below HKEY_LOCAL_MACHINE and HKEY_CURRENT_USER
}

// Folders that several browsers look into. A build of Chromium that is not
// Google's has Chromium's ones (chrome/common/chrome_paths.cc), unless its
// maker changed that.
const (
	chromeSystem       = "/etc/opt/chrome/native-messaging-hosts"
	chromiumSystem     = "/etc/chromium/native-messaging-hosts"
	chromeSystemMac    = "/Library/Google/Chrome/NativeMessagingHosts"
	chromiumSystemMac  = "/Library/Application Support/Chromium/NativeMessagingHosts"
	chromiumPolicies   = "/etc/chromium/policies"
	chromiumKey        = `Software\Chromium\NativeMessagingHosts`
	chromeKey          = `Software\Google\Chrome\NativeMessagingHosts`
	nativeHostsFolder  = "/NativeMessagingHosts"
	chromeUserMacPlace = "Google/Chrome" + nativeHostsFolder
)

// Browsers returns the table.
func Browsers() []Browser {
	return []Browser{chrome(), chromium(), edge(), brave(), vivaldi(), opera(), firefox()}
}

func chrome() Browser {
	return Browser{
		Name: "chrome", Title: "Google Chrome", Family: Chromium,
		linux:   places{user: []string{"google-chrome" + nativeHostsFolder}, system: []string{chromeSystem}},
		darwin:  places{user: []string{chromeUserMacPlace}, system: []string{chromeSystemMac}},
		windows: chromeKey,
		policy:  policyPlaces{linux: []string{"/etc/opt/chrome/policies"}, darwin: "com.google.Chrome", windows: `Software\Policies\Google\Chrome`},
		flatpak: "com.google.Chrome",
	}
}

func chromium() Browser {
	return Browser{
		Name: "chromium", Title: "Chromium", Family: Chromium,
		linux:   places{user: []string{"chromium" + nativeHostsFolder}, system: []string{chromiumSystem}},
		darwin:  places{user: []string{"Chromium" + nativeHostsFolder}, system: []string{chromiumSystemMac}},
		windows: chromiumKey,
		// The second is that of Ubuntu's packages.
		policy: policyPlaces{linux: []string{chromiumPolicies, "/etc/chromium-browser/policies"}, darwin: "org.chromium.Chromium", windows: `Software\Policies\Chromium`},
		snap:   "chromium", flatpak: "org.chromium.Chromium",
	}
}

// edge looks into Chromium's and Chrome's keys too, after its own.
func edge() Browser {
	return Browser{
		Name: "edge", Title: "Microsoft Edge", Family: Chromium,
		linux:   places{user: []string{"microsoft-edge" + nativeHostsFolder}, system: []string{"/etc/opt/edge/native-messaging-hosts"}},
		darwin:  places{user: []string{"Microsoft Edge" + nativeHostsFolder}, system: []string{"/Library/Microsoft/Edge/NativeMessagingHosts"}},
		windows: `Software\Microsoft\Edge\NativeMessagingHosts`,
		policy:  policyPlaces{linux: []string{"/etc/opt/edge/policies"}, darwin: "com.microsoft.Edge", windows: `Software\Policies\Microsoft\Edge`},
		flatpak: "com.microsoft.Edge",
	}
}

// brave looks where Chrome does, but for the user's folder on Linux
// (brave-core, app/brave_main_delegate.cc: DIR_USER_NATIVE_MESSAGING,
// DIR_NATIVE_MESSAGING, DIR_POLICY_FILES). On macOS that is Chrome's folder;
// its own is what unchanged Chromium would have.
func brave() Browser {
	const own = "BraveSoftware/Brave-Browser" + nativeHostsFolder
	return Browser{
		Name: "brave", Title: "Brave", Family: Chromium,
		linux:   places{user: []string{own}, system: []string{chromeSystem}},
		darwin:  places{user: []string{own, chromeUserMacPlace}, system: []string{chromeSystemMac}},
		windows: chromiumKey, // before Chrome's (chrome/browser/extensions/api/messaging/launch_context_win.cc)
		policy:  policyPlaces{linux: []string{"/etc/brave/policies"}, darwin: "com.brave.Browser", windows: `Software\Policies\BraveSoftware\Brave`},
		snap:    "brave", flatpak: "com.brave.Browser",
	}
}

func vivaldi() Browser {
	return Browser{
		Name: "vivaldi", Title: "Vivaldi", Family: Chromium,
		linux:   places{user: []string{"vivaldi" + nativeHostsFolder}, system: []string{chromiumSystem}},
		darwin:  places{user: []string{"Vivaldi" + nativeHostsFolder}, system: []string{chromiumSystemMac}},
		windows: chromiumKey,
		policy:  policyPlaces{linux: []string{chromiumPolicies}, darwin: "com.vivaldi.Vivaldi", windows: `Software\Policies\Vivaldi`},
		snap:    "vivaldi", flatpak: "com.vivaldi.Vivaldi",
	}
}

// opera is closed and documents no place: these are what its builds of
// Chromium would have, and what other programs register.
func opera() Browser {
	return Browser{
		Name: "opera", Title: "Opera", Family: Chromium,
		linux:   places{user: []string{"opera" + nativeHostsFolder}, system: []string{chromiumSystem}},
		darwin:  places{user: []string{"com.operasoftware.Opera" + nativeHostsFolder}, system: []string{chromiumSystemMac}},
		windows: chromeKey,
		policy:  policyPlaces{linux: []string{chromiumPolicies}, darwin: "com.operasoftware.Opera", windows: `Software\Policies\Opera Software\Opera`},
		snap:    "opera", flatpak: "com.opera.Opera",
	}
}

func firefox() Browser {
	return Browser{
		Name: "firefox", Title: "Firefox", Family: Firefox,
		// Firefox 147 and later keep profiles in ~/.config/mozilla on new
		// accounts and still look for manifests in ~/.mozilla.
		linux:   places{user: []string{".mozilla/native-messaging-hosts"}, system: []string{"/usr/lib/mozilla/native-messaging-hosts", "/usr/lib64/mozilla/native-messaging-hosts"}, profile: "mozilla"},
		darwin:  places{user: []string{"Mozilla" + nativeHostsFolder}, system: []string{"/Library/Application Support/Mozilla/NativeMessagingHosts"}, profile: "Firefox"},
		windows: `Software\Mozilla\NativeMessagingHosts`,
		policy: policyPlaces{
			// The first hides the others, which lie beside the program.
			linux: []string{
				"/etc/firefox/policies/policies.json",
				"/usr/lib/firefox/distribution/policies.json",
				"/usr/lib/firefox-esr/distribution/policies.json",
				"/usr/lib64/firefox/distribution/policies.json",
				"/opt/firefox/distribution/policies.json",
			},
			darwin:  "org.mozilla.firefox",
			windows: `Software\Policies\Mozilla\Firefox`,
		},
		snap: "firefox", flatpak: "org.mozilla.firefox",
	}
}

// Find returns a row by its name.
func Find(name string) (Browser, bool) {
	for _, b := range Browsers() {
		if b.Name == name {
			return b, true
		}
	}
	return Browser{}, false
}
