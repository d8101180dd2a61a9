package install

import (
	"reflect"
	"testing"

	"scelle/shared/protocol"
)

func samePolicies(t *testing.T, got, want []Policy) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d policies, want %d: %+v", len(got), len(want), got)
		return
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("%+v\nwant %+v", got[i], want[i])
		}
	}
}

// TestJudgePolicies: what Chromium and Firefox make of what administrators
// write, as far as it concerns Scellé.
func TestJudgePolicies(t *testing.T) {
	list := func(s ...string) []any {
		var l []any
		for _, e := range s {
			l = append(l, e)
		}
		return l
	}
	settings := func(id, key string, v any) map[string]any {
		return map[string]any{id: map[string]any{key: v}}
	}
	const star, own, host = "*", protocol.ChromeID, protocol.HostName
	for name, c := range map[string]struct {
		family Family
		values map[string]any
		want   Effect // "" when nothing is in the way
	}{
		"nothing":                {Chromium, map[string]any{}, ""},
		"user hosts allowed":     {Chromium, map[string]any{"NativeMessagingUserLevelHosts": true}, ""},
		"user hosts hidden":      {Chromium, map[string]any{"NativeMessagingUserLevelHosts": false}, HidesUserHosts},
		"user hosts hidden, 0":   {Chromium, map[string]any{"NativeMessagingUserLevelHosts": int64(0)}, HidesUserHosts},
		"all blocked":            {Chromium, map[string]any{"NativeMessagingBlocklist": list(star)}, HidesHost},
		"we are blocked":         {Chromium, map[string]any{"NativeMessagingBlocklist": list("a", host)}, HidesHost},
		"others are blocked":     {Chromium, map[string]any{"NativeMessagingBlocklist": list("a")}, ""},
		"blocked but allowed":    {Chromium, map[string]any{"NativeMessagingBlocklist": list(star), "NativeMessagingAllowlist": list(host)}, ""},
		"only others allowed":    {Chromium, map[string]any{"NativeMessagingBlocklist": list(star), "NativeMessagingAllowlist": list("a")}, HidesHost},
		"a list blocks nothing":  {Chromium, map[string]any{"NativeMessagingAllowlist": list("a")}, ""},
		"extensions blocked":     {Chromium, map[string]any{"ExtensionInstallBlocklist": list(star)}, HidesExtension},
		"but ours is allowed":    {Chromium, map[string]any{"ExtensionInstallBlocklist": list(star), "ExtensionInstallAllowlist": list(own)}, ""},
		"but ours is forced":     {Chromium, map[string]any{"ExtensionInstallBlocklist": list(star), "ExtensionInstallForcelist": list(own + ";https://x/")}, ""},
		"but ours has a mode":    {Chromium, map[string]any{"ExtensionInstallBlocklist": list(star), "ExtensionSettings": settings(own, "installation_mode", "allowed")}, ""},
		"mode blocked for all":   {Chromium, map[string]any{"ExtensionSettings": settings(star, "installation_mode", "blocked")}, HidesExtension},
		"mode removed for us":    {Chromium, map[string]any{"ExtensionSettings": settings(own, "installation_mode", "removed")}, HidesExtension},
		"mode as text":           {Chromium, map[string]any{"ExtensionSettings": `{"*":{"installation_mode":"blocked"}}`}, HidesExtension},
		"blocked, ours forced":   {Chromium, map[string]any{"ExtensionSettings": map[string]any{star: map[string]any{"installation_mode": "blocked"}, own: map[string]any{"installation_mode": "force_installed"}}}, ""},
		"permission denied":      {Chromium, map[string]any{"ExtensionSettings": settings(star, "blocked_permissions", list("nativeMessaging"))}, HidesHost},
		"permission given back":  {Chromium, map[string]any{"ExtensionSettings": map[string]any{star: map[string]any{"blocked_permissions": list("nativeMessaging")}, own: map[string]any{"allowed_permissions": list("nativeMessaging")}}}, ""},
		"Firefox blocks all":     {Firefox, map[string]any{"ExtensionSettings": settings(star, "installation_mode", "blocked")}, HidesExtension},
		"Firefox allows ours":    {Firefox, map[string]any{"ExtensionSettings": map[string]any{star: map[string]any{"installation_mode": "blocked"}, protocol.FirefoxID: map[string]any{"installation_mode": "allowed"}}}, ""},
		"Firefox removes ours":   {Firefox, map[string]any{"Extensions": map[string]any{"Uninstall": list(protocol.FirefoxID)}}, HidesExtension},
		"Chromium's in Firefox":  {Firefox, map[string]any{"NativeMessagingBlocklist": list(star)}, ""},
		"nonsense of every kind": {Chromium, map[string]any{"ExtensionSettings": list(star), "NativeMessagingBlocklist": 3.0, "NativeMessagingUserLevelHosts": "no"}, ""},
	} {
		got := group{{source: "/policies", computer: true, values: c.values}}.judge(c.family)
		switch {
		case c.want == "" && len(got) != 0, c.want != "" && (len(got) != 1 || got[0].Effect != c.want || got[0].Source != "/policies" || got[0].Name == ""):
			t.Errorf("%s: %+v, want %q", name, got, c.want)
		}
	}
}
