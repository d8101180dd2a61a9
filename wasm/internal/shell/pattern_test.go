package shell

import "testing"

func TestPattern(t *testing.T) {
	for origin, want := range map[string]string{
		"https://marches.example.fr": "https://marches.example.fr/*", "https://a.fr:8443": "https://a.fr/*",
		"http://127.0.0.1:8080": "http://127.0.0.1/*", "https://[::1]:9": "https://[::1]/*", "": "", "file://": "", "null": "",
	} {
		if got := pattern(origin); got != want {
			t.Errorf("%q is %q", origin, got)
		}
	}
}
