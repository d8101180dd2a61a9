//go:build js && wasm

package dom

import (
	"fmt"
	"testing"

	"github.com/hack-pad/safejs"
)

// fixture is a mount in a fresh part of the document.
type fixture struct {
	*Mount
	t    *testing.T
	sent []any
	errs []error
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t}
	if d, err := safejs.Global().Get("document"); err != nil || d.IsUndefined() {
		t.Skip("needs a document: run go test ./scripts/e2e/wasmtest")
	}
	f.js(`(document.body.replaceChildren(), document.body.append(
		Object.assign(document.createElement("main"), {id: "app", textContent: "skeleton"}),
		Object.assign(document.createElement("div"), {id: "live"})))`)
	m, err := NewMount("app", "live", func(msg any) { f.sent = append(f.sent, msg) }, func(err error) { f.errs = append(f.errs, err) })
	if err != nil {
		t.Fatal(err)
	}
	f.Mount = m
	return f
}

// js evaluates source in the document and returns its value as a string.
func (f *fixture) js(source string) string {
	f.t.Helper()
	v, err := safejs.Global().Call("eval", "String("+source+")")
	if err != nil {
		f.t.Fatalf("%s: %v", source, err)
	}
	s, err := v.String()
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func (f *fixture) show(nodes ...Node) {
	f.t.Helper()
	if err := f.Show(nodes...); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) want(source, want string) {
	f.t.Helper()
	if got := f.js(source); got != want {
		f.t.Errorf("%s is %q, want %q", source, got, want)
	}
}

func TestMountShowsAndPatches(t *testing.T) {
	f := newFixture(t)
	f.show(El("p", Set("class", "a"), Text("one")), El("ul", El("li", Key("x"), Text("x")), El("li", Key("y"), Text("y"))))
	f.want("app.innerHTML", `<p class="a">one</p><ul><li>x</li><li>y</li></ul>`)
	f.js("(globalThis.y = document.querySelectorAll('li')[1], globalThis.p = document.querySelector('p'))")
	f.show(El("h2", Text("new")), El("p", Set("title", "t"), Text("two")), El("ul", El("li", Key("y"), Text("Y")), El("li", Key("z"), Text("z"))))
	f.want("app.innerHTML", `<h2>new</h2><p title="t">two</p><ul><li>Y</li><li>z</li></ul>`)
	f.want("y === document.querySelectorAll('li')[0] && p === document.querySelector('p')", "true")
	f.show()
	f.want("app.childNodes.length", "0")
	if len(f.byID) != 0 {
		t.Errorf("%d elements are still known", len(f.byID))
	}
}

func TestMountTextIsNeverMarkup(t *testing.T) {
	f := newFixture(t)
	evil := `<img src=x onerror="globalThis.hit=1"><script>globalThis.hit=1</script>`
	f.show(El("p", Set("title", evil), Text(evil)))
	f.want("app.querySelectorAll('img, script').length", "0")
	f.want("document.querySelector('p').textContent", evil)
	f.want("document.querySelector('p').title", evil)
}

// Drawing the same screen again changes nothing in the document.
func TestMountPatchesNothingTwice(t *testing.T) {
	f := newFixture(t)
	screen := func() Node {
		return El("form", El("label", Set("for", "n"), Text("n")), El("input", Set("id", "n"), Set("type", "text"), Value("v"), Flag("disabled", true)),
			El("input", Set("type", "radio"), Set("value", "r"), Flag("checked", true)), El("progress", Set("max", "4"), Set("value", "1")), El("ul", El("li", Key("a"), Text("a")), El("li", Key("b"), Text("b"))))
	}
	f.show(screen())
	f.js("(globalThis.seen = new MutationObserver(() => {}), seen.observe(app, {subtree: true, childList: true, attributes: true, characterData: true}))")
	f.show(screen())
	f.want("seen.takeRecords().length", "0")
}

func TestMountKeepsFocusCaretAndTyping(t *testing.T) {
	f := newFixture(t)
	field := func(v string) Node { return El("input", Key("f"), Set("id", "f"), Set("type", "text"), Value(v)) }
	f.show(field("hello"))
	f.js("(document.getElementById('f').focus(), document.getElementById('f').setSelectionRange(2, 3))")
	f.show(El("p", Text("before")), field("hello"), El("p", Text("after")))
	f.want("document.activeElement.id", "f")
	f.want("[f.selectionStart, f.selectionEnd]", "2,3")
	f.show(El("div", Key("g"), Text("g")), El("p", Text("before")), El("p", Text("after")), field("hello"))
	f.want("document.activeElement.id", "f")
	f.want("[f.selectionStart, f.selectionEnd]", "2,3")
	f.show(field("other"))
	f.want("document.getElementById('f').value", "other")
	f.show(field(""))
	f.want("document.getElementById('f').value", "")
}

func TestMountFocusTitleAnnounce(t *testing.T) {
	f := newFixture(t)
	f.Focus("h")
	f.show(El("h1", Set("id", "h"), Set("tabindex", "-1"), Text("x")))
	f.want("document.activeElement.id", "h")
	if err := f.Title("Titre", "fr"); err != nil {
		t.Fatal(err)
	}
	f.want("document.title + document.documentElement.lang", "Titrefr")
	f.js("(globalThis.said = 0, globalThis.watch = new MutationObserver((r) => {}), watch.observe(live, {childList: true}))")
	for range 3 {
		if err := f.Announce("fait"); err != nil {
			t.Fatal(err)
		}
	}
	f.want("live.textContent", "fait")
	f.want("watch.takeRecords().length", "1")
	f.Focus("not there")
	f.show(El("h1", Text("x")))
}

func TestMountEvents(t *testing.T) {
	f := newFixture(t)
	f.show(
		El("button", Set("id", "b"), On("click", func(e Event) any { return fmt.Sprint("click ", e.Trusted) }), El("span", Set("id", "s"), Text("x"))),
		El("button", Set("id", "off"), Flag("disabled", true), On("click", Send("off")), El("span", Set("id", "os"), Text("x"))),
		El("button", Set("id", "later"), Set("aria-disabled", "true"), On("click", Send("later"))),
		El("input", Set("id", "t"), Set("type", "text"), On("input", func(e Event) any { return "input " + e.Value })),
		El("input", Set("id", "c"), Set("type", "checkbox"), On("change", func(e Event) any { return fmt.Sprint("change ", e.Checked) })),
		El("form", Set("id", "fm"), On("submit", Send("submit")), El("button", Set("type", "submit"), Set("id", "sub"))),
		El("p", Set("id", "silent"), On("click", func(Event) any { return nil })))
	f.js("document.getElementById('s').click()")
	f.js("document.getElementById('os').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
	f.js("document.getElementById('later').click()")
	f.js("(t.value = 'é', t.dispatchEvent(new Event('input', {bubbles: true})))")
	f.js("document.getElementById('c').click()")
	f.js("(globalThis.stopped = null, fm.addEventListener('submit', (e) => { globalThis.stopped = e.defaultPrevented; }), sub.click())")
	f.js("silent.click()")
	if got, want := fmt.Sprint(f.sent...), fmt.Sprint("click false", "input é", "change true", "submit"); got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	f.want("stopped", "true")
	f.show(El("p", Text("gone")))
	f.sent = nil
	f.js("app.dispatchEvent(new MouseEvent('click'))")
	if len(f.sent) > 0 || len(f.errs) > 0 {
		t.Errorf("sent %v, errors %v", f.sent, f.errs)
	}
}

// What the model did not take over is taken back.
func TestMountControlsWhatPeopleChange(t *testing.T) {
	f := newFixture(t)
	box := func(on bool) Node { return El("input", Set("id", "c"), Set("type", "checkbox"), Flag("checked", on)) }
	f.show(box(false))
	f.js("document.getElementById('c').click()")
	f.want("document.getElementById('c').checked", "true")
	f.show(box(false))
	f.want("document.getElementById('c').checked", "false")
	f.show(box(true))
	f.want("document.getElementById('c').checked", "true")
	f.show(El("details", Set("id", "d"), El("summary", Text("s"))))
	f.js("(document.getElementById('d').open = true)")
	f.show(El("details", Set("id", "d"), El("summary", Text("other"))))
	f.want("document.getElementById('d').open", "true")
}

// A screen that is drawn again between a click on a radio button and the
// browser's word of it, as when a timer ends meanwhile, does not lose the click.
func TestMountLeavesAClickAlone(t *testing.T) {
	f := newFixture(t)
	radio := func(id string, on bool) Node {
		return El("input", Set("id", id), Set("type", "radio"), Set("name", "n"), Flag("checked", on), On("change", Send("change "+id)))
	}
	screen := func() Node {
		return El("fieldset", On("click", Send("click")), radio("one", true), radio("two", false))
	}
	var sent []any
	f.send = func(msg any) { // draws in the middle of the click
		sent = append(sent, msg)
		f.show(screen())
	}
	f.show(screen())
	f.js("document.getElementById('two').click()")
	if got, want := fmt.Sprint(sent...), fmt.Sprint("click", "change two"); got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	f.want("[one.checked, two.checked]", "true,false") // the model did not take it over
}

func TestMountSurvivesAPanic(t *testing.T) {
	f := newFixture(t)
	f.show(El("button", Set("id", "b"), On("click", func(Event) any { panic("on purpose") })), El("button", Set("id", "ok"), On("click", Send("ok"))))
	f.js("document.getElementById('b').click()")
	f.js("document.getElementById('ok').click()")
	if len(f.errs) != 1 || f.errs[0].Error() != "dom: panic in an event: string" /* the value may hold anything */ || len(f.sent) != 1 {
		t.Errorf("errors %v, sent %v", f.errs, f.sent)
	}
}

func TestMountNeedsItsElements(t *testing.T) {
	f := newFixture(t)
	if _, err := NewMount("nothing", "live", nil, nil); err == nil {
		t.Errorf("mounted on nothing (errors %v)", f.errs)
	}
}

// TestMountTakesSecrets: what was typed comes out as bytes, once; the field is
// empty afterwards, and no handler was told of it.
func TestMountTakesSecrets(t *testing.T) {
	f := newFixture(t)
	f.show(El("form", On("submit", Send("sent")), El("input", Set("id", "pin"), Set("type", "password"))))
	f.js(`(() => {
		const field = document.querySelector("#pin");
		field.value = "p%1 é 2 \u{1F511}";
		field.dispatchEvent(new Event("input", { bubbles: true }));
	})()`)
	secret, err := f.TakeSecret("pin")
	if err != nil || string(secret) != "p%1 é 2 \U0001F511" {
		t.Errorf("%q, %v", secret, err)
	}
	f.want("document.querySelector('#pin').value", "")
	if again, err := f.TakeSecret("pin"); err != nil || len(again) != 0 {
		t.Errorf("%q, %v", again, err)
	}
	if _, err := f.TakeSecret("absent"); err == nil {
		t.Error("a field that is not there gave a secret")
	}
	if len(f.sent) != 0 {
		t.Errorf("sent %v", f.sent)
	}
}
