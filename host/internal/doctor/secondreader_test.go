package doctor

import (
	"reflect"
	"runtime"
	"testing"

	"scelle/host/internal/keystore/capi"
	"scelle/host/internal/keystore/keychain"
	"scelle/host/internal/keystore/memory"
	"scelle/shared/fault"
)

func TestCompare(t *testing.T) {
	for name, c := range map[string]struct {
		ours, theirs []string
		want         Difference
	}{
		"the same":     {[]string{"b", "a"}, []string{"a", "b"}, Difference{[]string{}, []string{}}},
		"one more":     {[]string{"a", "c", "b", "c"}, []string{"a"}, Difference{[]string{"b", "c"}, []string{}}},
		"one less":     {nil, []string{"a"}, Difference{[]string{}, []string{"a"}}},
		"both differ":  {[]string{"a"}, []string{"b"}, Difference{[]string{"a"}, []string{"b"}}},
		"nothing here": {nil, nil, Difference{[]string{}, []string{}}},
	} {
		got := compare(c.ours, c.theirs)
		if !reflect.DeepEqual(got, c.want) || got.Agree() != (len(c.want.OnlyOurs)+len(c.want.OnlyTheirs) == 0) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestVerifyWithoutSecondReader(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("certstore reads the store here")
	}
	if _, err := Verify(nil); fault.CodeOf(err) != fault.StoreUnsupported {
		t.Errorf("Verify: %v", err)
	}
}

func TestReadSecond(t *testing.T) {
	for _, id := range []string{capi.ID, keychain.ID} {
		if !readSecond(id) {
			t.Errorf("%s is not the system's own store", id)
		}
	}
	if readSecond(memory.ID) {
		t.Error("the store in memory has a second reader")
	}
}
