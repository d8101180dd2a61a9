package managed

import (
	"crypto/rand"
	"reflect"
	"testing"

	"golang.org/x/sys/windows/registry"

	"scelle/shared/fault"
	"scelle/shared/policy"
)

// TestRegistry reads what a group policy writes into a corner of the real
// registry; it takes an administrator.
func TestRegistry(t *testing.T) {
	name := `Software\ScelleTest-` + rand.Text()
	p := Place{Hive: name + `\`}
	settled := p.Hive + registryKey
	keys := []string{name, name + `\Software`, name + `\Software\Policies`, settled, settled + `\forbiddenStores`, settled + `\pkcs11Modules`}
	if got, err := p.Read(); err != nil || !reflect.DeepEqual(got, policy.Policy{}) {
		t.Errorf("nothing: %+v, %v", got, err)
	}
	t.Cleanup(func() {
		for i := len(keys) - 1; i >= 0; i-- {
			if err := registry.DeleteKey(registry.LOCAL_MACHINE, keys[i]); err != nil {
				t.Errorf("%s: %v", keys[i], err)
			}
		}
	})
	for _, k := range keys {
		key, _, err := registry.CreateKey(registry.LOCAL_MACHINE, k, registry.ALL_ACCESS)
		if err != nil {
			t.Fatal(err)
		}
		key.Close()
	}
	set := func(below, value, text string) {
		t.Helper()
		key, err := registry.OpenKey(registry.LOCAL_MACHINE, settled+below, registry.SET_VALUE)
		if err != nil {
			t.Fatal(err)
		}
		defer key.Close()
		if err := key.SetStringValue(value, text); err != nil {
			t.Fatal(err)
		}
	}
	set(`\forbiddenStores`, "1", "pkcs11")
	set(`\forbiddenStores`, "2", "capi")
	got, err := p.Read()
	if err != nil || !got.ForbiddenStores.Has("capi") || !got.ForbiddenStores.Has("pkcs11") || !got.PKCS11Modules.Set || len(got.PKCS11Modules.Values) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	set(`\pkcs11Modules`, "1", `C:\Programmes\Été\carte.dll`)
	if got, err := p.Read(); err != nil || !got.PKCS11Modules.Has(`C:\Programmes\Été\carte.dll`) {
		t.Errorf("%+v, %v", got, err)
	}
	set(`\pkcs11Modules`, "2", "carte.dll")
	if _, err := p.Read(); fault.CodeOf(err) != fault.PolicyUnreadable {
		t.Errorf("a relative path: %v", err)
	}
}
