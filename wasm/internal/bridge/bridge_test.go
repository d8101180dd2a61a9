//go:build js && wasm

package bridge

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand"
	"strconv"
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

func TestReader(t *testing.T) {
	for _, size := range []int{0, 1, SliceSize - 1, SliceSize, SliceSize + 1, 2*SliceSize + 77} {
		want := make([]byte, size)
		rand.New(rand.NewSource(int64(size))).Read(want)
		array, err := ToJS(want)
		if err != nil {
			t.Fatal(err)
		}
		blob, err := New("Blob", []any{array})
		if err != nil {
			t.Fatal(err)
		}
		file, err := AsFile(blob)
		if err != nil {
			t.Fatal(err)
		}
		r := file.Reader(context.Background())
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, want) || file.Size() != int64(size) {
			t.Errorf("%d bytes: %d, %v", size, len(got), err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		part := make([]byte, 50)
		n, err := file.ReaderAt(context.Background()).ReadAt(part, int64(max(0, size-20)))
		if n != min(size, 20) || err != io.EOF || !bytes.Equal(part[:n], want[size-n:]) {
			t.Errorf("the end of %d bytes: %d, %v", size, n, err)
		}
	}
}

// TestReaderOfChangedFile begins to read a file, which somebody then writes
// anew or cuts off: what was read is not one file. Firefox notices only the
// latter.
func TestReaderOfChangedFile(t *testing.T) {
	inBrowser(t)
	ctx := t.Context()
	root, err := RootDir(ctx)
	if err != nil {
		t.Fatal(err)
	}
	sizes := map[string]int{"rewritten": 3 * SliceSize, "cut off": SliceSize}
	if _, chromium := Lookup("navigator", "userAgentData"); !chromium {
		delete(sizes, "rewritten")
	}
	for name, size := range sizes {
		write := func(n int) {
			out, err := root.Create(ctx, "changed")
			if err == nil {
				_, err = out.Write(make([]byte, n))
			}
			if err == nil {
				err = out.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		write(3 * SliceSize)
		file, err := root.Open(ctx, "changed")
		if err != nil {
			t.Fatal(err)
		}
		r := file.Reader(ctx).Begin()
		if _, n, err := r.Next(); n == 0 || err != nil {
			t.Fatal(n, err)
		}
		write(size)
		for err == nil {
			_, _, err = r.Next()
		}
		if fault.CodeOf(err) != fault.ReadFailed {
			t.Errorf("%s: %v", name, err)
		}
		r.Close()
	}
	if err := root.Remove(ctx, "changed"); err != nil {
		t.Error(err)
	}
}

// TestHeld: a file that was read whole gives the same bytes as one that is asked
// for each of its parts, and one that changed meanwhile gives none.
func TestHeld(t *testing.T) {
	inBrowser(t)
	ctx := context.Background()
	root, err := RootDir(ctx)
	if err != nil {
		t.Fatal(err)
	}
	write := func(data []byte) File {
		out, err := root.Create(ctx, "held")
		if err == nil {
			if _, err = out.Write(data); err == nil {
				err = out.Close()
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		file, err := out.File(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	data := make([]byte, 300_001)
	rand.New(rand.NewSource(4)).Read(data)
	file := write(data)
	held, err := file.Held(ctx)
	if err != nil || held.Size() != int64(len(data)) {
		t.Fatal(held.Size(), err)
	}
	for _, part := range [][2]int64{{0, 300_001}, {0, 0}, {7, 64 << 10}, {299_999, 300_001}} {
		p, err := held.Part(part[0], part[1])
		if err != nil || p.Size() != part[1]-part[0] {
			t.Fatal(part, p.Size(), err)
		}
		got, err := io.ReadAll(p.Reader(ctx))
		if err != nil || !bytes.Equal(got, data[part[0]:part[1]]) {
			t.Errorf("%v: %d bytes, %v", part, len(got), err)
		}
	}
	held.Drop()
	write(data[:1000])
	if _, err := file.Held(ctx); fault.CodeOf(err) != fault.ReadFailed {
		t.Errorf("a file that changed: %v", err)
	}
	if err := root.Remove(ctx, "held"); err != nil {
		t.Error(err)
	}
}

func TestReaderCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	file, err := AsFile(eval(t, "new Blob(['x'])"))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(file.Reader(ctx)); fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("%v", err)
	}
	if _, err := AsFile(eval(t, "{size: 5}")); fault.CodeOf(err) != fault.BadRequest {
		t.Errorf("no file: %v", err)
	}
}

func TestExchange(t *testing.T) {
	ctx := context.Background()
	var here, there Exchanges // of two documents
	offered := make(chan error, 1)
	go func() { // long before the other side listens
		offered <- here.Offer(ctx, "s1", "c1", map[string]any{"file": "the file", "other": 1})
	}()
	time.Sleep(50 * time.Millisecond)
	take, err := there.Take("s1", "c1", "file")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := there.Take("s1", "c1", "file"); fault.CodeOf(err) != fault.Internal {
		t.Errorf("the same call twice: %v", err)
	}
	wrong, err := there.Take("s1", "c2", "file")
	if err != nil {
		t.Fatal(err)
	}
	defer wrong.Close()
	v, err := take.Wait(ctx)
	if text, _ := v.String(); err != nil || text != "the file" {
		t.Errorf("took %v, %v", text, err)
	}
	if err := <-offered; err != nil {
		t.Errorf("offered: %v", err)
	}
	select {
	case <-wrong.offered:
		t.Error("another call took the file")
	default:
	}
	wrong.Close()
	if len(here.open) != 0 || len(there.open) != 0 {
		t.Error("a channel is left open")
	}
}

// TestExchangesTogether hands over many at once, with one channel on each side.
func TestExchangesTogether(t *testing.T) {
	ctx := context.Background()
	var here, there Exchanges
	offered, takes := make(chan error), map[string]*Take{}
	for i := range 20 {
		call := strconv.Itoa(i)
		take, err := there.Take("s3", call, "file")
		if err != nil {
			t.Fatal(err)
		}
		takes[call] = take
		go func() { offered <- here.Offer(ctx, "s3", call, map[string]any{"file": "file " + call}) }()
	}
	for call, take := range takes {
		v, err := take.Wait(ctx)
		if text, _ := v.String(); err != nil || text != "file "+call {
			t.Errorf("%s: took %v, %v", call, text, err)
		}
	}
	for range takes {
		if err := <-offered; err != nil {
			t.Errorf("offered: %v", err)
		}
	}
	if len(here.open) != 0 || len(there.open) != 0 {
		t.Error("a channel is left open")
	}
}

func TestExchangeEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := new(Exchanges).Offer(ctx, "s2", "c", nil); fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("an offer: %v", err)
	}
	if err := exchangeError(fault.New(fault.Timeout)); fault.CodeOf(err) != fault.SessionLost {
		t.Errorf("silence is %v", err)
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

// TestNewFolders: of those who ask for one name at once each gets a folder.
func TestNewFolders(t *testing.T) {
	inBrowser(t)
	ctx := t.Context()
	root, err := RootDir(ctx)
	if err != nil {
		t.Fatal(err)
	}
	made := make(chan string, 5)
	for range cap(made) {
		go func() {
			dir, err := root.New(ctx, "pli")
			if err != nil {
				t.Error(err)
			}
			made <- dir.Name()
		}()
	}
	names := map[string]bool{}
	for range cap(made) {
		names[<-made] = true
	}
	for name := range names {
		if err := root.Remove(ctx, name); err != nil {
			t.Error(err)
		}
	}
	if len(names) != cap(made) || !names["pli"] {
		t.Errorf("folders %v", names)
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
