package bridge

import "testing"

func TestBrowserOf(t *testing.T) {
	for agent, want := range map[string]struct {
		name    string
		version int
	}{
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36":               {"Chromium", 156},
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.1.0": {"Edge", 142},
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 OPR/126.0.0.0": {"Opera", 140},
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0":                                              {"Firefox", 128},
		"":                    {"", 0},
		"Mozilla/5.0 Chrome/": {"Chromium", 0},
	} {
		if name, version := browserOf(agent); name != want.name || version != want.version {
			t.Errorf("%q: %s %d", agent, name, version)
		}
	}
	if n := leadingNumber("99999999999999999999"); n < 0 {
		t.Errorf("%d", n)
	}
}
