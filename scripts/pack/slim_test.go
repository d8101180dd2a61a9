package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// linked is a module as Go's linker writes one, with a table of n functions
// between other data: what follows the table looks like one more bucket.
func linked(n int) []byte {
	add := func(b []byte, at int, data ...byte) []byte {
		b = appendSigned(append(b, 0, opConst), uint64(at))
		return append(binary.AppendUvarint(append(b, opEnd), uint64(len(data))), data...)
	}
	const table = 4096
	data, count := add(nil, 16, 1, 2, 3), 1
	for k := bucketsPerFunc; k < n*bucketsPerFunc; k++ {
		at, idx := table+k*bucketSize, k/bucketsPerFunc
		switch {
		case idx < 256:
			data = add(data, at, byte(idx))
		case idx%256 == 0:
			data = add(data, at+1, byte(idx>>8))
		default:
			data = add(data, at, byte(idx), byte(idx>>8))
		}
		count++
	}
	end := table + n*bucketsPerFunc*bucketSize
	data = add(add(data, end, byte(n), byte(n>>8)), end+bucketSize/2, 7)
	return writeSections([]section{
		{sectionType, vector(1, []byte{typeFunction, 0, 0})},
		{sectionImport, vector(1, []byte{2, 'g', 'o', 1, 'f', 0, 0})},
		{sectionFunction, vector(1, []byte{0})},
		{5, []byte{1, 0, 32}},
		{7, vector(1, []byte{3, 'm', 'e', 'm', 2, 0})},
		{sectionElement, vector(0)},
		{sectionCode, vector(1, []byte{2, 0, opEnd})},
		{sectionData, vector(uint64(count+2), data)},
	})
}

// TestSlim runs both forms of a module in the JavaScript engine that is there
// for the other tests of the extension: they begin with the same memory.
func TestSlim(t *testing.T) {
	whole := linked(700)
	small, err := slim(whole)
	if err != nil || len(small) > len(whole)/100 {
		t.Fatalf("%d bytes of %d, %v", len(small), len(whole), err)
	}
	again, err := slim(small)
	if err != nil || !bytes.Equal(again, small) {
		t.Errorf("slim of what is slim already: %v", err)
	}
	if short := linked(20); !unchanged(t, short) {
		t.Error("a short table was taken out")
	}
	sections, err := readSections(whole)
	if err != nil {
		t.Fatal(err)
	}
	if crossed := rewritten(t, sections, func(all []segment) []segment {
		return append(all, segment{entry: []byte{0, opConst, 0x80, 0x28, opEnd, 1, 9}}) // a byte at 5120, of the table
	}); !unchanged(t, crossed) {
		t.Error("a table was taken out that something else writes into")
	}
	if headless := writeSections(slices.DeleteFunc(slices.Clone(sections), func(s section) bool { return s.id == sectionElement })); !unchanged(t, headless) {
		t.Error("a table was taken out that nothing writes again")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node here")
	}
	shuffled, err := slim(rewritten(t, sections, func(all []segment) []segment {
		n := len(all) - 1
		return append([]segment{all[n]}, all[:n]...)
	}))
	if err != nil || len(shuffled) != len(small) {
		t.Errorf("the order of segments decides: %d bytes, %v", len(shuffled), err)
	}
	dir := t.TempDir()
	for name, module := range map[string][]byte{"whole": whole, "small": small, "shuffled": shuffled} {
		if err := os.WriteFile(filepath.Join(dir, name), module, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(node, "-e", `
		const memory = (name) => new Uint8Array(new WebAssembly.Instance(
			new WebAssembly.Module(require("fs").readFileSync(name)), {go: {f() {}}}).exports.mem.buffer);
		const [whole, small] = [memory("whole"), memory("small")];
		const last = 4096 + 20 * (700 * 16 - 1);
		if (whole[last] + 256 * whole[last + 1] !== 699 || whole[last + 30] !== 7) throw new Error("no table");
		if (Buffer.compare(whole, small) || Buffer.compare(whole, memory("shuffled"))) throw new Error("another memory");`)
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

// rewritten is the module with its data segments as change returns them.
func rewritten(t *testing.T, sections []section, change func([]segment) []segment) []byte {
	t.Helper()
	sections = slices.Clone(sections)
	last := &sections[len(sections)-1]
	segments, err := readSegments(last.body)
	if err != nil || len(segments) < 2 {
		t.Fatal(len(segments), err)
	}
	var entries [][]byte
	for _, s := range change(segments) {
		entries = append(entries, s.entry)
	}
	last.body = vector(uint64(len(entries)), entries...)
	return writeSections(sections)
}

func unchanged(t *testing.T, module []byte) bool {
	t.Helper()
	out, err := slim(module)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(out, module)
}

// FuzzSlim: what is no module is refused, and nothing is made of it but itself
// or a smaller module.
func FuzzSlim(f *testing.F) {
	whole := linked(70)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, module []byte) {
		out, err := slim(module)
		if err != nil {
			return
		}
		if _, err := readSections(out); err != nil {
			t.Error(err)
		}
	})
}
