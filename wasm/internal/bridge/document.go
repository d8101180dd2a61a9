//go:build js && wasm

package bridge

import (
	"context"
	"strings"
	"time"

	"scelle/shared/fault"
)

// Language is the browser's: "fr" or "en", French when it is neither.
func Language() string {
	nav, _ := Lookup("navigator")
	if strings.HasPrefix(strings.ToLower(String(nav, "language")), "en") {
		return "en"
	}
	return "fr"
}

// Managed is what an administrator settled for this document, as managed.js
// read it: the language of its texts, "" for the browser's, and whether opened
// plis may be saved here. Where it was not read, they may not.
func Managed() (language string, saving bool) {
	managed, ok := Lookup("scelleManaged")
	if !ok {
		return "", false
	}
	return String(managed, "language"), Bool(managed, "saving")
}

// Chosen is the language that the person chose on the options page, as boot.js
// read it; "" where none was.
func Chosen() string { return String(Global(), "scelleLanguage") }

// Fragment is what stands behind the # of the document's address.
func Fragment() string {
	location, _ := Lookup("location")
	return strings.TrimPrefix(String(location, "hash"), "#")
}

// Zone tells the short name and the offset, in seconds east of UTC, of this
// computer's time zone at a moment.
func Zone(lang string) func(time.Time) (name string, offset int) {
	known := map[int64]zone{} // by quarters of an hour, within which none changes
	return func(t time.Time) (string, int) {
		quarter := t.Unix() / 900
		z, ok := known[quarter]
		if !ok {
			if len(known) >= maxZones {
				clear(known)
			}
			z = zoneAt(t, lang)
			known[quarter] = z
		}
		return z.name, z.offset
	}
}

// zone is what Zone tells. Asking the browser takes as long as drawing a line of
// a list, and a screen that is drawn again says the same moments again.
type zone struct {
	name   string
	offset int
}

const maxZones = 1000 // that are remembered

// zoneAt asks the browser.
func zoneAt(t time.Time, lang string) zone {
	date, err := New("Date", float64(t.UnixMilli()))
	if err != nil {
		return zone{name: "UTC"}
	}
	minutes, err := Call(date, "getTimezoneOffset")
	if err != nil {
		return zone{name: "UTC"}
	}
	west, err := minutes.Float()
	if err != nil {
		return zone{name: "UTC"}
	}
	return zone{zoneName(date, lang), int(-west) * 60}
}

// zoneName is what the browser calls the zone of a date, "CET" or "UTC+1".
func zoneName(date Value, lang string) string {
	intl, ok := Lookup("Intl", "DateTimeFormat")
	if !ok {
		return ""
	}
	format, err := intl.New(lang, map[string]any{"timeZoneName": "short"})
	if err != nil {
		return ""
	}
	parts, err := Call(format, "formatToParts", date)
	if err != nil {
		return ""
	}
	n, err := parts.Length()
	if err != nil {
		return ""
	}
	for i := range n {
		if part, err := parts.Index(i); err == nil && String(part, "type") == "timeZoneName" {
			return String(part, "value")
		}
	}
	return ""
}

// Mark leaves a performance entry of this name, for whoever measures.
func Mark(name string) error {
	performance, ok := Lookup("performance")
	if !ok {
		return fault.Newf(fault.Internal, "no performance")
	}
	_, err := Call(performance, "mark", name)
	return err
}

// OnPageHide has fn called when the document goes away. Nothing can be waited
// for then.
func OnPageHide(fn func()) error {
	listener, err := NewFunc(func([]Value) { fn() })
	if err != nil {
		return err
	}
	_, err = Call(Global(), "addEventListener", "pagehide", listener)
	return err
}

// Hidden reports that no part of the document is in sight, as the browser
// knows: another tab is in front, or the window is minimised.
func Hidden() bool {
	document, _ := Lookup("document")
	return String(document, "visibilityState") == "hidden"
}

// OnRaised has fn called when the window comes to the front or into sight, and
// when it goes out of sight.
func OnRaised(fn func(hidden bool)) error {
	listener, err := NewFunc(func([]Value) { fn(Hidden()) })
	if err != nil {
		return err
	}
	if _, err := Call(Global(), "addEventListener", "focus", listener); err != nil {
		return err
	}
	document, ok := Lookup("document")
	if !ok {
		return fault.Newf(fault.Internal, "no document")
	}
	_, err = Call(document, "addEventListener", "visibilitychange", listener)
	return err
}

// Print opens the browser's dialog that prints the document.
func Print() error {
	_, err := Call(Global(), "print")
	return err
}

// CloseWindow closes the document's window.
func CloseWindow() error {
	_, err := Call(Global(), "close")
	return err
}

// CopyText puts text on the clipboard. It is called inside the event of a
// click; the end is waited for apart.
func CopyText(text string) (*Promise, error) {
	clipboard, ok := Lookup("navigator", "clipboard")
	if !ok {
		return nil, fault.Newf(fault.Internal, "no clipboard")
	}
	return Start(clipboard, fault.Internal, "writeText", text)
}

// PickFiles opens the browser's file dialog, inside the event of a click, and
// has then called with what the person picked; with nothing when they did not.
func PickFiles(then func([]File)) error {
	document, ok := Lookup("document")
	if !ok {
		return fault.Newf(fault.Internal, "no document")
	}
	input, err := Call(document, "createElement", "input")
	if err != nil {
		return err
	}
	for name, v := range map[string]any{"type": "file", "multiple": true} {
		if err := input.Set(name, v); err != nil {
			return faultOf(fault.Internal, err)
		}
	}
	var listener Func
	listener, err = NewFunc(func([]Value) {
		listener.Release()
		then(filesOf(input))
	})
	if err != nil {
		return err
	}
	for _, event := range []string{"change", "cancel"} {
		if _, err := Call(input, "addEventListener", event, listener, map[string]any{"once": true}); err != nil {
			return err
		}
	}
	_, err = Call(input, "click")
	return err
}

// OnDrop has fn called with the files that a person drops on the document.
func OnDrop(fn func([]File)) error {
	over, err := NewFunc(func(args []Value) { _, _ = first(args).Call("preventDefault") })
	if err != nil {
		return err
	}
	drop, err := NewFunc(func(args []Value) {
		_, _ = first(args).Call("preventDefault")
		if transfer, err := Get(first(args), "dataTransfer"); err == nil && Bool(first(args), "isTrusted") {
			fn(filesOf(transfer))
		}
	})
	if err != nil {
		return err
	}
	if _, err := Call(Global(), "addEventListener", "dragover", over); err != nil {
		return err
	}
	_, err = Call(Global(), "addEventListener", "drop", drop)
	return err
}

// filesOf reads a FileList.
func filesOf(holder Value) []File {
	var files []File
	for _, v := range List(holder, "files") {
		if f, err := AsFile(v); err == nil {
			files = append(files, f)
		}
	}
	return files
}

// CurrentTab is the origin of the active tab's page, "" when the browser does
// not tell or the page is none of the web.
func CurrentTab(ctx context.Context) string {
	tabs, err := api("tabs")
	if err != nil {
		return ""
	}
	found, err := Run(ctx, tabs, fault.Internal, "query", map[string]any{"active": true, "currentWindow": true})
	if err != nil {
		return ""
	}
	tab, err := found.Index(0)
	if err != nil || !Present(tab) {
		return ""
	}
	url, err := New("URL", String(tab, "url"))
	if err != nil {
		return ""
	}
	if origin := String(url, "origin"); strings.HasPrefix(origin, "http") {
		return origin
	}
	return ""
}

// Version is the extension's own, from its manifest.
func Version() string {
	runtime, err := api("runtime")
	if err != nil {
		return ""
	}
	manifest, err := Call(runtime, "getManifest")
	if err != nil {
		return ""
	}
	return String(manifest, "version")
}
