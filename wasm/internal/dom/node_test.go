package dom

import (
	"slices"
	"strings"
	"testing"
)

func TestHTMLEscapesEverything(t *testing.T) {
	evil := `"><script>alert(1)</script>&amp;`
	got := El("p", Set("title", evil), Text(evil)).HTML()
	want := `<p title="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;">&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;</p>` + "\n"
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

func TestHTMLShape(t *testing.T) {
	n := El("ul", Key("list"),
		Each([]string{"a", "b"}, func(_ int, s string) Part { return El("li", Key(s), Text(s), El("b", Text("!"))) }),
		If(false, El("li", Text("no"))),
		If(true, El("li", El("input", Set("type", "text"), Value(""), Flag("disabled", true), Flag("required", false)))))
	want := `<ul>
  <li>a<b>!</b></li>
  <li>b<b>!</b></li>
  <li>
    <input type="text" value="" disabled>
  </li>
</ul>
`
	if got := n.HTML(); got != want {
		t.Errorf("got %s", got)
	}
}

func TestRefusesWhatCouldRun(t *testing.T) {
	for _, c := range []struct {
		name string
		part Part
	}{
		{"handler attribute", Set("onclick", "x()")},
		{"style", Set("style", "color:red")},
		{"javascript address", Set("href", "javascript:alert(1)")},
		{"javascript address with a tab", Set("href", "java\tscript:alert(1)")},
		{"data address", Set("href", "data:text/html,x")},
		{"http address", Set("href", "http://example.org")},
		{"other host", Set("href", "//example.org/x")},
		{"image from elsewhere", Set("src", "https://example.org/x.png")},
		{"image outside icons", Set("src", "../icons/../x")},
		{"aria with digits", Set("aria-x1", "y")},
		{"aria alone", Set("aria-", "y")},
		{"srcdoc", Set("srcdoc", "<p>")},
		{"unknown flag", Flag("autofocus", true)},
		{"unknown event", On("error", Send(1))},
	} {
		n := El("a", c.part)
		if len(n.Refused()) != 1 || n.HTML() != "<a></a>\n" {
			t.Errorf("%s: refused %q, html %s", c.name, n.Refused(), n.HTML())
		}
	}
	for _, tag := range []string{"script", "style", "iframe", "object", "embed", "link", "meta", "base", "svg"} {
		n := El("div", El(tag, Text("x")))
		if len(n.Refused()) != 1 || strings.Contains(n.HTML(), "<"+tag) {
			t.Errorf("%s: refused %q, html %s", tag, n.Refused(), n.HTML())
		}
	}
}

func TestAllowsOwnAddresses(t *testing.T) {
	for _, p := range []Part{Set("href", "https://example.org/x?y"), Set("href", "#top"), Set("href", "offline.html"), Set("src", "../icons/seal.svg"), Set("aria-describedby", "x")} {
		if r := El("a", p).Refused(); len(r) != 0 {
			t.Errorf("refused %q", r)
		}
	}
}

func TestHandlersGetTheEvent(t *testing.T) {
	n := El("input", On("input", func(e Event) any { return "got " + e.Value }), On("click", Send(7)))
	if got := n.handle("input")(Event{Value: "x"}); got != "got x" {
		t.Errorf("input: %v", got)
	}
	if got := n.handle("click")(Event{}); got != 7 {
		t.Errorf("click: %v", got)
	}
	if n.handle("change") != nil {
		t.Error("change has a handler")
	}
}

func TestMatchKeepsIdentity(t *testing.T) {
	el := func(tag, key string) Node { return El(tag, Key(key)) }
	for _, c := range []struct {
		name          string
		before, after []Node
		want          []int
	}{
		{"same", []Node{el("p", ""), el("b", "")}, []Node{el("p", ""), el("b", "")}, []int{0, 1}},
		{"one before", []Node{el("p", "")}, []Node{el("b", ""), el("p", "")}, []int{-1, 0}},
		{"one gone", []Node{el("b", ""), el("p", "")}, []Node{el("p", "")}, []int{1}},
		{"keys move", []Node{el("li", "a"), el("li", "b"), el("li", "c")}, []Node{el("li", "c"), el("li", "a")}, []int{2, 0}},
		{"key with another tag", []Node{el("li", "a")}, []Node{el("p", "a")}, []int{-1}},
		{"same key twice", []Node{el("li", "a")}, []Node{el("li", "a"), el("li", "a")}, []int{0, -1}},
		{"key is not position", []Node{el("p", "a")}, []Node{el("p", "")}, []int{-1}},
		{"text", []Node{Text("x"), el("p", "")}, []Node{Text("y"), el("p", "")}, []int{0, 1}},
	} {
		if got := match(c.before, c.after); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
