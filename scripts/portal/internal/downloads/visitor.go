package downloads

import (
	"net/http"
	"strings"
)

// Visitor is the system that a request comes from: what Chromium says in
// Sec-CH-UA-Platform (W3C User-Agent Client Hints, a low-entropy hint), or the
// User-Agent. "" for a telephone, and for what is not known.
func Visitor(h http.Header) System {
	switch strings.Trim(h.Get("Sec-CH-UA-Platform"), `"`) {
	case "Windows":
		return Windows
	case "macOS":
		return MacOS
	case "Linux":
		return Linux
	case "":
	default:
		return ""
	}
	agent := h.Get("User-Agent")
	for _, s := range []struct {
		says string
		is   System
	}{
		// Android says Linux too, and an iPhone "like Mac OS X".
		{"Android", ""}, {"iPhone", ""}, {"iPad", ""}, {"CrOS", ""},
		{"Windows", Windows}, {"Macintosh", MacOS}, {"Linux", Linux},
	} {
		if strings.Contains(agent, s.says) {
			return s.is
		}
	}
	return ""
}

// Extension is the form of extension that the visitor's browser takes.
func Extension(h http.Header) Form {
	if strings.Contains(h.Get("User-Agent"), "Firefox/") {
		return Firefox
	}
	return Chromium
}
