// Package install tells browsers where the host is: one native-messaging
// manifest for each browser, in a folder that the browser looks into, or on
// Windows named by a registry key.
//
// Places: developer.chrome.com/docs/extensions/develop/concepts/native-messaging,
// learn.microsoft.com/microsoft-edge/extensions/developer-guide/native-messaging,
// developer.mozilla.org/docs/Mozilla/Add-ons/WebExtensions/Native_manifests.
// Chromium's and Firefox's on Linux were tried; the others follow their
// makers' documentation.
package install

// Family is a manifest's dialect.
type Family string

// The families.
const (
	Chromium Family = "chromium" // allowed_origins
	Firefox  Family = "firefox"  // allowed_extensions
)

// Browser is one row of the table. A place is relative to what its comment
// says; "" means that the browser has none there.
type Browser struct {
	Name   string // as given on the command line
	Title  string // for people
	Family Family
	linux  places // user: to $XDG_CONFIG_HOME, or to $HOME when it begins with "."
	darwin places // user: to ~/Library/Application Support
	// windows is a registry key below HKEY_CURRENT_USER or, system-wide,
	// HKEY_LOCAL_MACHINE. Browsers that share a key are registered together.
	windows string
}

type places struct {
	user    string // folder of manifests
	system  string // folder of manifests, absolute
	profile string // exists where the browser was used; relative as user is, "" is user's parent
}

// Browsers returns the table. Brave, Vivaldi and Opera look into the places
// of Chromium or Chrome on Windows and for manifests of the whole system.
func Browsers() []Browser {
	return []Browser{
		{
			Name: "chrome", Title: "Google Chrome", Family: Chromium,
			linux:   places{user: "google-chrome/NativeMessagingHosts", system: "/etc/opt/chrome/native-messaging-hosts"},
			darwin:  places{user: "Google/Chrome/NativeMessagingHosts", system: "/Library/Google/Chrome/NativeMessagingHosts"},
			windows: `Software\Google\Chrome\NativeMessagingHosts`,
		},
		{
			Name: "chromium", Title: "Chromium", Family: Chromium,
			linux:   places{user: "chromium/NativeMessagingHosts", system: "/etc/chromium/native-messaging-hosts"},
			darwin:  places{user: "Chromium/NativeMessagingHosts", system: "/Library/Application Support/Chromium/NativeMessagingHosts"},
			windows: `Software\Chromium\NativeMessagingHosts`,
		},
		{
			Name: "edge", Title: "Microsoft Edge", Family: Chromium,
			linux:   places{user: "microsoft-edge/NativeMessagingHosts", system: "/etc/opt/edge/native-messaging-hosts"},
			darwin:  places{user: "Microsoft Edge/NativeMessagingHosts", system: "/Library/Microsoft/Edge/NativeMessagingHosts"},
			windows: `Software\Microsoft\Edge\NativeMessagingHosts`,
		},
		{
			Name: "brave", Title: "Brave", Family: Chromium,
			linux:   places{user: "BraveSoftware/Brave-Browser/NativeMessagingHosts", system: "/etc/chromium/native-messaging-hosts"},
			darwin:  places{user: "BraveSoftware/Brave-Browser/NativeMessagingHosts", system: "/Library/Application Support/Chromium/NativeMessagingHosts"},
			windows: `Software\Chromium\NativeMessagingHosts`,
		},
		{
			Name: "vivaldi", Title: "Vivaldi", Family: Chromium,
			linux:   places{user: "vivaldi/NativeMessagingHosts", system: "/etc/chromium/native-messaging-hosts"},
			darwin:  places{user: "Vivaldi/NativeMessagingHosts", system: "/Library/Application Support/Chromium/NativeMessagingHosts"},
			windows: `Software\Chromium\NativeMessagingHosts`,
		},
		{
			Name: "opera", Title: "Opera", Family: Chromium,
			linux:   places{user: "opera/NativeMessagingHosts", system: "/etc/chromium/native-messaging-hosts"},
			darwin:  places{user: "com.operasoftware.Opera/NativeMessagingHosts", system: "/Library/Application Support/Chromium/NativeMessagingHosts"},
			windows: `Software\Google\Chrome\NativeMessagingHosts`,
		},
		{
			Name: "firefox", Title: "Firefox", Family: Firefox,
			// Firefox 147 and later keep profiles in ~/.config/mozilla on new
			// accounts and still look for manifests in ~/.mozilla.
			linux:   places{user: ".mozilla/native-messaging-hosts", system: "/usr/lib/mozilla/native-messaging-hosts", profile: "mozilla"},
			darwin:  places{user: "Mozilla/NativeMessagingHosts", system: "/Library/Application Support/Mozilla/NativeMessagingHosts", profile: "Firefox"},
			windows: `Software\Mozilla\NativeMessagingHosts`,
		},
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
