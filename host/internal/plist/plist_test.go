package plist

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"scelle/shared/fault"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestBothForms reads what another writer wrote, see testdata/README.md.
func TestBothForms(t *testing.T) {
	many := []any{}
	for i := range int64(20) {
		many = append(many, i)
	}
	want := map[string]any{
		"NativeMessagingUserLevelHosts": false,
		"NativeMessagingBlocklist":      []any{"*"},
		"NativeMessagingAllowlist":      []any{"fr.scelle.host", "org.example.été", strings.Repeat("x", 40)},
		"ExtensionSettings":             map[string]any{"*": map[string]any{"installation_mode": "blocked", "n": int64(70000), "r": 0.5}},
		"Data":                          []byte{0, 1, 255},
		"Negative":                      int64(-2),
		"Many":                          many,
	}
	for _, name := range []string{"managed.plist", "managed-binary.plist"} {
		got, err := Parse(fixture(t, name))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n%v", name, err, got)
		}
	}
}

// TestRefused: whatever is cut, nested or crossed ends in one error.
func TestRefused(t *testing.T) {
	whole := fixture(t, "managed-binary.plist")
	for n := range len(whole) {
		if _, err := Parse(whole[:n]); fault.CodeOf(err) != fault.ReadFailed {
			t.Fatalf("the first %d bytes: %v", n, err)
		}
	}
	// An array that holds itself: one object, its reference is 0.
	loop := append([]byte("bplist00\xa1\x00\x08"), make([]byte, 6)...)
	loop = append(loop, 1, 1)
	loop = append(loop, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10)
	deep := "<plist>" + strings.Repeat("<array>", 100) + strings.Repeat("</array>", 100) + "</plist>"
	for name, text := range map[string]string{
		"nothing":     "",
		"a loop":      string(loop),
		"deep":        deep,
		"other XML":   "<html/>",
		"empty":       "<plist/>",
		"two values":  "<plist><true/><true/></plist>",
		"loose text":  "<plist><dict>x</dict></plist>",
		"value alone": "<plist><dict><true/></dict></plist>",
		"key alone":   "<plist><dict><key>a</key></dict></plist>",
		"number":      "<plist><integer>x</integer></plist>",
		"unknown":     "<plist><set/></plist>",
		"nested text": "<plist><string>a<true/></string></plist>",
		"entity":      "<plist><string>&xxe;</string></plist>",
	} {
		if v, err := Parse([]byte(text)); fault.CodeOf(err) != fault.ReadFailed {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(fixture(f, "managed.plist"))
	f.Add(fixture(f, "managed-binary.plist"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if v, err := Parse(data); err == nil && v == nil {
			t.Error("nothing, and no error")
		}
	})
}
