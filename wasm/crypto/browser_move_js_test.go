//go:build js && wasm

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strconv"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/vault"
	"scelle/wasm/internal/webcrypto"
)

// place is a folder of the browser for one test.
type place struct {
	t       *testing.T
	dir     bridge.Dir
	digests *webcrypto.Digests
	pair    *certtest.Pair
}

func newPlace(t *testing.T) *place {
	inBrowser(t)
	v, err := vault.New(t.Context())
	done(t, err)
	t.Cleanup(func() { v.Leave(); v.Unlock() })
	return &place{t, v.Dir, webcrypto.NewDigests(), certtest.NewCA(t, "CA").Issue(t, certtest.Options{CommonName: "Agent"})}
}

func done(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// file puts bytes into the browser.
func (p *place) file(name string, b []byte) source {
	blob, err := bridge.NewBlob(b)
	done(p.t, err)
	f, err := bridge.NewFile(blob, name)
	done(p.t, err)
	return browserFile{f}
}

// seal seals files, with a mover or without.
func (p *place) seal(m mover, raw bool, files ...source) (sealed []byte, r protocol.SealResult) {
	p.t.Helper()
	job := &sealing{
		site: unlisted(), params: protocol.SealParams{Recipients: []protocol.SealRecipient{{Certificate: p.pair.DER}}, Tender: "T", Kind: "offre", Raw: raw},
		files: files, cipher: webcrypto.Cipher(), newHash: p.digests.For(p.t.Context(), 1<<30), mover: m, now: time.Now,
		space:    func(context.Context, int64) error { return nil },
		create:   func(ctx context.Context) (io.WriteCloser, error) { return p.dir.Create(ctx, "sealed") },
		progress: func(int64, int64) {},
	}
	r, err := job.run(p.t.Context())
	done(p.t, err)
	return p.read("sealed"), r
}

func (p *place) read(name string) []byte {
	p.t.Helper()
	f, err := p.dir.Open(p.t.Context(), name)
	done(p.t, err)
	b, err := io.ReadAll(browserFile{f}.Open(p.t.Context()))
	done(p.t, err)
	return b
}

// opening opens an envelope whose content key is key.
func (p *place) opening(m mover, sealed, key []byte) *opening {
	return &opening{
		file: p.file("recu.p7m", sealed), key: bytes.Clone(key), tender: "T", cipher: webcrypto.Cipher(),
		newHash: p.digests.For(p.t.Context(), 1<<30), mover: m, now: time.Now, progress: func(int64, int64) {},
		create: func(ctx context.Context, name string) (io.WriteCloser, error) { return p.dir.Create(ctx, name) },
	}
}

func noise(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// plis are contents around slices and chunks, and many small ones.
func plis() map[string][][]byte {
	small := make([][]byte, 40)
	for i := range small {
		small[i] = noise(i * 377)
	}
	return map[string][][]byte{
		"one":   {noise(bridge.SliceSize + 12345)},
		"long":  {noise(70_001), noise(3*bridge.SliceSize + 777), noise(5)},
		"small": small,
		"mixed": {noise(1), noise(600_000), nil, noise(512 << 10), noise(512<<10 - 1), noise(99)},
	}
}

// TestBrowserMove seals and opens with the bytes in JavaScript's memory and
// through Go's, in all four pairs, and compares bytes and fingerprints.
func TestBrowserMove(t *testing.T) {
	p := newPlace(t)
	for name, contents := range plis() {
		var files []source
		for i, c := range contents {
			files = append(files, p.file(fmt.Sprintf("f%d", i), c))
		}
		for _, sealer := range []mover{nil, browserMover{}} {
			sealed, r := p.seal(sealer, false, files...)
			if r.Size != int64(len(sealed)) || r.SHA256 != sum(sealed) {
				t.Errorf("%s: %d of %d bytes, or another fingerprint", name, r.Size, len(sealed))
			}
			key := contentKey(t, sealed, p.pair)
			for _, opener := range []mover{nil, browserMover{}} {
				opened, err := p.opening(opener, sealed, key).run(t.Context())
				if err != nil {
					t.Fatalf("%s, %T to %T: %v", name, sealer, opener, err)
				}
				if opened.SHA256 != r.SHA256 || opened.ContentSHA256 != r.ContentSHA256 || !opened.Authenticated {
					t.Errorf("%s, %T to %T: %+v", name, sealer, opener, opened)
				}
				for i, c := range contents {
					if !bytes.Equal(p.read(strconv.Itoa(i)), c) || opened.Details[i].SHA256 != sum(c) || r.Files[i].SHA256 != sum(c) {
						t.Errorf("%s, %T to %T: file %d differs", name, sealer, opener, i)
					}
				}
			}
		}
	}
}

// TestBrowserMoveRaw keeps any content as it is.
func TestBrowserMoveRaw(t *testing.T) {
	p := newPlace(t)
	content := noise(bridge.SliceSize + 4321)
	sealed, r := p.seal(browserMover{}, true, p.file("note", content))
	o := p.opening(browserMover{}, sealed, contentKey(t, sealed, p.pair))
	o.raw = true
	opened, err := o.run(t.Context())
	done(t, err)
	if !bytes.Equal(p.read("0"), content) || opened.Details[0].SHA256 != sum(content) || opened.SHA256 != r.SHA256 || opened.Files[0].Size != int64(len(content)) {
		t.Errorf("%+v", opened)
	}
	if _, err := p.opening(browserMover{}, sealed, o.key).run(t.Context()); err == nil {
		t.Error("opens with a wiped key")
	}
	if _, err := p.opening(browserMover{}, sealed, contentKey(t, sealed, p.pair)).run(t.Context()); fault.CodeOf(err) != fault.PliNotOurs {
		t.Errorf("as a pli: %v", err)
	}
}

// TestBrowserHead: of a file whose header is long no stream stays open.
func TestBrowserHead(t *testing.T) {
	p := newPlace(t)
	counted, err := bridge.Call(bridge.Global(), "eval", `(() => {
		const { scelleChunks: own } = globalThis;
		const counted = { opened: 0, stopped: 0, restore: () => (globalThis.scelleChunks = own) };
		globalThis.scelleChunks = { ...own, read: (...args) => {
			const stream = own.read(...args);
			counted.opened++;
			return { ...stream, stop: () => (counted.stopped++, stream.stop()) };
		} };
		return counted;
	})()`)
	done(t, err)
	defer bridge.Call(counted, "restore")
	head, err := headOf(t.Context(), p.file("a", make([]byte, maxHeaderRead+bridge.SliceSize+1)).(browserFile))
	done(t, err)
	if n, err := io.CopyN(io.Discard, head, 2*maxHeaderRead); err != nil {
		t.Fatal(n, err)
	}
	done(t, head.Close())
	if opened, stopped := bridge.Number(counted, "opened"), bridge.Number(counted, "stopped"); opened != 1 || stopped != 1 {
		t.Errorf("%v streams were opened and %v stopped", opened, stopped)
	}
}

// TestBrowserMoveRefuses: what the mover says of bad envelopes is what is said
// of them through Go's memory.
func TestBrowserMoveRefuses(t *testing.T) {
	p := newPlace(t)
	content := noise(1_300_000)
	sealed, _ := p.seal(browserMover{}, false, p.file("a", content), p.file("b", content[:100]))
	key := contentKey(t, sealed, p.pair)
	flip := func(at int) []byte { return changed(sealed, at) }
	plain, err := envelope.Inspect(bytes.NewReader(sealed))
	done(t, err)
	start := int(plain.ContentOffset)
	archive := p.decrypted(sealed, key)
	check := func(name string, bad, key []byte) {
		t.Helper()
		_, want := p.opening(nil, bad, key).run(t.Context())
		_, got := p.opening(browserMover{}, bad, key).run(t.Context())
		if want == nil || fault.CodeOf(got) != fault.CodeOf(want) {
			t.Errorf("%s: %v, through Go's memory: %v", name, got, want)
		}
	}
	for name, bad := range map[string][]byte{
		"prefix": flip(start + 3), "manifest": flip(start + 120), "file": flip(start + 600_000), "directory": flip(len(sealed) - 60),
		"tag": flip(len(sealed) - 1), "tag's length": flip(len(sealed) - 17), "cut": sealed[:len(sealed)-1], "cut in the middle": sealed[:900_000],
		"longer": append(bytes.Clone(sealed), 0), "header": flip(1), "algorithm": flip(start - 20),
	} {
		check(name, bad, key)
	}
	for name, content := range map[string][]byte{
		"structure": changed(archive, len(archive)-30), "crc": changed(archive, 600_000), "not a pli": changed(archive, 5),
		"more behind": append(bytes.Clone(archive), 0), "less": archive[:len(archive)-1],
	} {
		bad, _ := p.seal(nil, true, p.file("x", content))
		check(name, bad, contentKey(t, bad, p.pair))
	}
	long, _ := p.seal(browserMover{}, false, p.file("a", noise(2*bridge.SliceSize))) // of which most goes by runs
	longKey := contentKey(t, long, p.pair)
	for name, bad := range map[string][]byte{
		"long, first run": changed(long, 1_000_000), "long, later": changed(long, 6_000_000), "long, tag": changed(long, len(long)-1),
		"long, cut": long[:5_000_000],
	} {
		check(name, bad, longKey)
	}
	badCRC, _ := p.seal(nil, true, p.file("x", changed(p.decrypted(long, longKey), 1_000_000)))
	check("long, crc", badCRC, contentKey(t, badCRC, p.pair))
	other := p.opening(browserMover{}, sealed, key)
	other.tender = "another"
	if _, err := other.run(t.Context()); fault.CodeOf(err) != fault.PliOtherTender {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	late := p.opening(browserMover{}, long, longKey)
	late.progress = func(int64, int64) { cancel() }
	if _, err := late.run(ctx); fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("cancelled: %v", err)
	}
}

func changed(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

// decrypted is the content of an envelope.
func (p *place) decrypted(sealed, key []byte) []byte {
	var out bytes.Buffer
	_, err := envelope.Open(p.t.Context(), &out, bytes.NewReader(sealed), envelope.OpenOptions{Unwrapper: &givenKey{key: key}})
	done(p.t, err)
	return out.Bytes()
}
