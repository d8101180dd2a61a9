//go:build js && wasm

package bridge

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"scelle/shared/fault"
)

// eval makes a value from JavaScript source, in tests only: pages of the
// extension do not allow it.
func eval(t *testing.T, source string) Value {
	t.Helper()
	v, err := Call(Global(), "eval", "("+source+")")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func inBrowser(t *testing.T) {
	t.Helper()
	if _, ok := Lookup("navigator", "storage", "getDirectory"); !ok {
		t.Skip("needs a browser: run go test ./scripts/e2e/wasmtest")
	}
}

func TestAwait(t *testing.T) {
	ctx := context.Background()
	v, err := Await(ctx, eval(t, "Promise.resolve(42)"), fault.Internal)
	if n, _ := v.Int(); err != nil || n != 42 {
		t.Errorf("%d, %v", n, err)
	}
	for source, want := range map[string]fault.Code{
		"Promise.reject(new Error('no'))":                                           fault.StoreFailed,
		"Promise.reject()":                                                          fault.StoreFailed,
		"Promise.reject({code: 'pin-locked', detail: 'x'})":                         fault.PINLocked,
		"Promise.reject(new DOMException('full', 'QuotaExceededError'))":            fault.DiskFull,
		"Promise.reject(Object.assign(new Error('x'), {name: 'NotReadableError'}))": fault.ReadFailed,
	} {
		if _, err := Await(ctx, eval(t, source), fault.StoreFailed); fault.CodeOf(err) != want {
			t.Errorf("%s: %v", source, err)
		}
	}
}

func TestAwaitEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	never := eval(t, "new Promise(() => {})")
	if _, err := Await(ctx, never, fault.Internal); fault.CodeOf(err) != fault.Timeout {
		t.Errorf("after its deadline: %v", err)
	}
	cancelled, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Await(cancelled, never, fault.Internal); fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("after a cancel: %v", err)
	}
	if _, err := Await(context.Background(), eval(t, "5"), fault.Internal); fault.CodeOf(err) != fault.Internal {
		t.Errorf("what is no promise: %v", err)
	}
}

func TestCallThrows(t *testing.T) {
	o := eval(t, "{f() { throw new DOMException('x', 'QuotaExceededError') }, g() { throw 7 }}")
	if _, err := Call(o, "f"); fault.CodeOf(err) != fault.DiskFull {
		t.Errorf("a known name: %v", err)
	}
	if _, err := Call(o, "g"); fault.CodeOf(err) != fault.Internal {
		t.Errorf("no error object: %v", err)
	}
	if _, err := Call(o, "missing"); fault.CodeOf(err) != fault.Internal {
		t.Errorf("no method: %v", err)
	}
}

func TestPanicInCallback(t *testing.T) {
	f, err := NewFunc(func([]Value) { panic("secret") })
	if err != nil {
		t.Fatal(err)
	}
	defer f.Release()
	if _, err := f.Value().Invoke(); err != nil {
		t.Errorf("the caller sees %v", err)
	}
	err = Guard(func() error { panic("secret") })
	if fault.CodeOf(err) != fault.Internal || strings.Contains(err.Error(), "secret") {
		t.Errorf("a panic became %v", err)
	}
}

func TestBytes(t *testing.T) {
	want := []byte{1, 2, 3, 250}
	array, err := ToJS(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ToGo(array, 4)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := ToGo(array, 3); fault.CodeOf(err) != fault.MessageTooLarge {
		t.Errorf("above the limit: %v", err)
	}
	if err := Read(make([]byte, 5), array); err == nil {
		t.Error("a longer destination is taken")
	}
	if err := Fill(array, want[:3]); err == nil {
		t.Error("fewer bytes are taken")
	}
	if _, err := ToGo(eval(t, "[1,2]"), 9); fault.CodeOf(err) != fault.BadRequest {
		t.Errorf("an array that is no bytes: %v", err)
	}
	Wipe(array)
	if got, err := ToGo(array, 4); err != nil || !bytes.Equal(got, make([]byte, 4)) {
		t.Errorf("after a wipe: %v, %v", got, err)
	}
}

func TestJSON(t *testing.T) {
	v, err := ToObject(struct {
		B []byte `json:"b"`
		N int    `json:"n"`
	}{[]byte("hi"), 3})
	if err != nil || String(v, "b") != "aGk=" || Number(v, "n") != 3 {
		t.Errorf("%v", err)
	}
	text, err := Text(v)
	if err != nil || string(text) != `{"b":"aGk=","n":3}` {
		t.Errorf("%s, %v", text, err)
	}
	if text, err := Text(Undefined()); err != nil || text != nil {
		t.Errorf("undefined: %s, %v", text, err)
	}
	if text, err := Text(eval(t, "() => 1")); fault.CodeOf(err) != fault.BadRequest {
		t.Errorf("a function: %s, %v", text, err)
	}
	if _, err := Result(eval(t, "{ok: false, fault: {code: 'busy'}}")); fault.CodeOf(err) != fault.Busy {
		t.Errorf("a fault: %v", err)
	}
	if _, err := Result(Undefined()); fault.CodeOf(err) != fault.Internal {
		t.Errorf("no answer: %v", err)
	}
}

func TestPrivateFiles(t *testing.T) {
	inBrowser(t)
	ctx := context.Background()
	root, err := RootDir(ctx)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := root.Sub(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	f, err := dir.Create(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dir.Create(ctx, "a"); fault.CodeOf(err) != fault.Busy {
		t.Errorf("a second writer: %v", err)
	}
	var want []byte
	for _, n := range []int{3, 1000, 5, 0, 70_000} {
		b := bytes.Repeat([]byte{byte(n)}, n)
		want = append(want, b...)
		if k, err := f.Write(b); k != n || err != nil {
			t.Fatalf("%d of %d, %v", k, n, err)
		}
	}
	if err := errors.Join(f.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	stored, err := dir.Open(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	named, err := NewFile(stored, "offre.pdf")
	if err != nil || named.Name() != "offre.pdf" || named.Type() != "application/octet-stream" {
		t.Errorf("%s %s %v", named.Name(), named.Type(), err)
	}
	got, err := io.ReadAll(named.Reader(ctx))
	if err != nil || !bytes.Equal(got, want) || f.Size() != int64(len(want)) {
		t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
	}
	if names, err := dir.Names(ctx); err != nil || len(names) != 1 || names[0] != "a" {
		t.Errorf("%v %v", names, err)
	}
	if err := root.Remove(ctx, "test"); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(named.Reader(ctx)); fault.CodeOf(err) != fault.ReadFailed {
		t.Errorf("a removed file: %v", err)
	}
	if _, err := dir.Open(ctx, "b"); err == nil {
		t.Error("opened what is not there")
	}
}

func TestLocks(t *testing.T) {
	inBrowser(t)
	ctx := context.Background()
	held, ok, err := TryLock(ctx, "l")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if _, ok, err := TryLock(ctx, "l"); err != nil || ok {
		t.Errorf("taken twice: %v, %v", ok, err)
	}
	if _, ok, err := TryLock(ctx, "other"); err != nil || !ok {
		t.Errorf("another one: %v, %v", ok, err)
	}
	held.Release()
	for range 50 {
		if _, ok, err = TryLock(ctx, "l"); ok || err != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil || !ok {
		t.Errorf("after its release: %v, %v", ok, err)
	}
}

func TestNeedSpace(t *testing.T) {
	inBrowser(t)
	if err := NeedSpace(context.Background(), 1000); err != nil {
		t.Error(err)
	}
	if err := NeedSpace(context.Background(), 1<<60); fault.CodeOf(err) != fault.DiskFull {
		t.Errorf("an exabyte: %v", err)
	}
}

func TestPorts(t *testing.T) {
	channel := eval(t, "new MessageChannel()")
	one, err := Get(channel, "port1")
	if err != nil {
		t.Fatal(err)
	}
	two, err := Get(channel, "port2")
	if err != nil {
		t.Fatal(err)
	}
	a, b := NewPort(one), NewPort(two)
	if err := a.Post(map[string]any{"n": 1}); err != nil { // before anybody listens
		t.Fatal(err)
	}
	got := make(chan float64, 2)
	if err := b.Listen(func(data Value) { got <- Number(data, "n") }); err != nil {
		t.Fatal(err)
	}
	if err := b.Listen(func(Value) {}); err == nil {
		t.Error("two listeners")
	}
	array, err := ToJS([]byte("moved"))
	if err != nil {
		t.Fatal(err)
	}
	buffer, err := Get(array, "buffer")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Post(map[string]any{"n": 2, "bytes": array}, buffer); err != nil {
		t.Fatal(err)
	}
	if n, m := <-got, <-got; n != 1 || m != 2 {
		t.Errorf("%v, %v", n, m)
	}
	if n, _ := array.Length(); n != 0 {
		t.Error("what was transferred is still here")
	}
	a.Close()
	b.Close()
}

func TestSmallReads(t *testing.T) {
	o := eval(t, "{s: 'x', n: 2, b: true, l: [1, 2], d: {e: {f: 'deep'}}}")
	if String(o, "s") != "x" || String(o, "n") != "" || Number(o, "n") != 2 || Number(o, "s") != 0 || !Bool(o, "b") || Bool(o, "s") {
		t.Error("wrong properties")
	}
	if len(List(o, "l")) != 2 || List(o, "s") != nil || List(o, "none") != nil {
		t.Error("wrong lists")
	}
	v, err := Get(o, "d", "e")
	if err != nil || String(v, "f") != "deep" {
		t.Error(err)
	}
	if _, err := Get(o, "none", "e"); fault.CodeOf(err) != fault.Internal {
		t.Errorf("through undefined: %v", err)
	}
	if baseName(`C:\a\b.pdf`) != "b.pdf" || baseName("/x/y") != "y" || baseName("z") != "z" {
		t.Error("base names")
	}
}
