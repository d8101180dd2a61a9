package install

import (
	"encoding/json"
	"slices"
	"strings"

	"scelle/shared/protocol"
)

// Policy is one setting of an administrator that keeps a browser from Scellé.
type Policy struct {
	Browsers []string // names of the browsers that obey it
	Name     string   // as the browser documents it; "" when the source cannot be read
	Source   string   // the file or registry key that it stands in
	Computer bool     // it holds for every user of the computer
	Effect   Effect
}

// Effect is what a policy does to Scellé.
type Effect string

// The effects.
const (
	HidesUserHosts Effect = "hides-user-hosts" // manifests of one user are not looked at
	HidesHost      Effect = "hides-host"       // the host may not be started
	HidesExtension Effect = "hides-extension"  // the extension may not be installed or run
	Unread         Effect = "unread"           // the source cannot be read, so what it says is not known
)

// settings is one source of policies, with values as encoding/json has them
// (or, from a registry or a property list, int64 in place of float64).
type settings struct {
	source   string
	computer bool
	values   map[string]any
	err      error
}

// group is the sources that one installation of a browser reads; the first
// that sets a policy decides it.
type group []settings

// Policies returns what keeps the named browsers from Scellé, in the order of
// the table. Browsers that obey the same source are named together.
func (s System) Policies(names []string) []Policy {
	var found []Policy
	for _, name := range names {
		b, ok := Find(name)
		if !ok {
			continue
		}
		for _, g := range s.policyGroups(b) {
			for _, p := range g.judge(b.Family) {
				same := func(o Policy) bool {
					return o.Name == p.Name && o.Source == p.Source && o.Effect == p.Effect
				}
				if i := slices.IndexFunc(found, same); i < 0 {
					p.Browsers = []string{name}
					found = append(found, p)
				} else if !slices.Contains(found[i].Browsers, name) {
					found[i].Browsers = append(found[i].Browsers, name)
				}
			}
		}
	}
	return found
}

func (g group) judge(f Family) []Policy {
	var found []Policy
	for _, s := range g {
		if s.err != nil {
			found = append(found, Policy{Source: s.source, Computer: s.computer, Effect: Unread})
		}
	}
	if f == Firefox {
		return append(found, g.firefox()...)
	}
	return append(found, g.chromium()...)
}

// lookup is the value of a policy and the source that decides it.
func (g group) lookup(name string) (any, settings) {
	for _, s := range g {
		if v, ok := s.values[name]; ok {
			return v, s
		}
	}
	return nil, settings{}
}

// policy describes the policy of that name.
func (g group) policy(name string, e Effect) Policy {
	_, s := g.lookup(name)
	return Policy{Name: name, Source: s.source, Computer: s.computer, Effect: e}
}

// chromium judges as NativeProcessLauncher and ExtensionManagement do
// (chrome/browser/extensions/api/messaging/native_messaging_host_manifest.cc,
// native_process_launcher.cc, extension_management.cc): the list of allowed
// hosts only excepts from the list of blocked ones.
func (g group) chromium() []Policy {
	var found []Policy
	if v, _ := g.lookup("NativeMessagingUserLevelHosts"); isFalse(v) {
		found = append(found, g.policy("NativeMessagingUserLevelHosts", HidesUserHosts))
	}
	if g.lists("NativeMessagingBlocklist", "*", protocol.HostName) && !g.lists("NativeMessagingAllowlist", protocol.HostName) {
		found = append(found, g.policy("NativeMessagingBlocklist", HidesHost))
	}
	mode, named := g.mode(protocol.ChromeID)
	forced := g.forced()
	if blocking(mode) && !forced {
		found = append(found, g.policy("ExtensionSettings", HidesExtension))
	}
	if g.lists("ExtensionInstallBlocklist", "*", protocol.ChromeID) && !forced && (!named || blocking(mode)) &&
		!g.lists("ExtensionInstallAllowlist", protocol.ChromeID) {
		found = append(found, g.policy("ExtensionInstallBlocklist", HidesExtension))
	}
	if g.deniesPermission() {
		found = append(found, g.policy("ExtensionSettings", HidesHost))
	}
	return found
}

// firefox judges by the two policies that can keep an extension out; Firefox
// has none for native messaging itself.
func (g group) firefox() []Policy {
	var found []Policy
	if mode, _ := g.mode(protocol.FirefoxID); blocking(mode) {
		found = append(found, g.policy("ExtensionSettings", HidesExtension))
	}
	v, _ := g.lookup("Extensions")
	if slices.Contains(texts(object(v)["Uninstall"]), protocol.FirefoxID) {
		found = append(found, g.policy("Extensions", HidesExtension))
	}
	return found
}

// lists reports whether a policy that is a list holds one of these.
func (g group) lists(name string, any ...string) bool {
	v, _ := g.lookup(name)
	return slices.ContainsFunc(texts(v), func(s string) bool { return slices.Contains(any, s) })
}

// forced reports whether the extension is force-installed by the list of
// "id;address" texts.
func (g group) forced() bool {
	v, _ := g.lookup("ExtensionInstallForcelist")
	return slices.ContainsFunc(texts(v), func(s string) bool {
		id, _, _ := strings.Cut(s, ";")
		return id == protocol.ChromeID
	})
}

// mode is the installation mode of an extension in ExtensionSettings, and
// whether the extension itself is named there.
func (g group) mode(id string) (mode string, named bool) {
	v, _ := g.lookup("ExtensionSettings")
	all := object(v)
	own, named := all[id]
	mode, ok := object(own)["installation_mode"].(string)
	if !ok {
		mode, _ = object(all["*"])["installation_mode"].(string)
	}
	return mode, named && ok
}

func blocking(mode string) bool { return mode == "blocked" || mode == "removed" }

// deniesPermission reports whether the extension is denied nativeMessaging;
// the extension's own list stands in place of the general one.
func (g group) deniesPermission() bool {
	v, _ := g.lookup("ExtensionSettings")
	all := object(v)
	own := object(all[protocol.ChromeID])
	denied, ok := own["blocked_permissions"]
	if !ok {
		denied = object(all["*"])["blocked_permissions"]
	}
	return slices.Contains(texts(denied), "nativeMessaging") && !slices.Contains(texts(own["allowed_permissions"]), "nativeMessaging")
}

// isFalse takes a boolean, or the number that the registry has for one.
func isFalse(v any) bool {
	switch v := v.(type) {
	case bool:
		return !v
	case int64:
		return v == 0
	case float64:
		return v == 0
	}
	return false
}

// texts is a list's texts; a single text is a list of one.
func texts(v any) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	list, _ := v.([]any)
	var found []string
	for _, e := range list {
		if s, ok := e.(string); ok {
			found = append(found, s)
		}
	}
	return found
}

// object is a dictionary, or the JSON text of one as registries have it.
func object(v any) map[string]any {
	if list, ok := v.([]any); ok { // lines of one text (REG_MULTI_SZ)
		v = strings.Join(texts(list), "\n")
	}
	if s, ok := v.(string); ok {
		var m map[string]any
		if json.Unmarshal([]byte(s), &m) != nil {
			return nil
		}
		return m
	}
	m, _ := v.(map[string]any)
	return m
}
