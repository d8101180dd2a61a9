package pli

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"scelle/shared/fault"
)

// sample is a manifest with its files' bytes.
func sample(contents map[string]string, names ...string) (Manifest, [][]byte) {
	m := Manifest{Tender: "2026-TX-0042", Lot: "3", Kind: Offre, Depositor: "Établissements Léger & fils",
		SealedAt: time.Date(2026, 11, 3, 9, 30, 15, 0, time.UTC)}
	var bodies [][]byte
	for _, n := range names {
		body := []byte(contents[n])
		m.Files = append(m.Files, File{Name: n, Size: int64(len(body)), MediaType: "application/pdf"})
		bodies = append(bodies, body)
	}
	return m, bodies
}

func standard() (Manifest, [][]byte) {
	return sample(map[string]string{
		"acte d'engagement.pdf": "premier contenu",
		"mémoire technique.pdf": strings.Repeat("0123456789", 5000),
		"vide.txt":              "",
	}, "acte d'engagement.pdf", "mémoire technique.pdf", "vide.txt")
}

func opener(bodies [][]byte) Open {
	return func(i int) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(bodies[i])), nil }
}

// write returns the bytes of a pli, and fails when Size was wrong.
func write(t testing.TB, m Manifest, bodies [][]byte, far int64) []byte {
	t.Helper()
	r, err := newReader(m, opener(bodies), far)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(data)) != r.Size() {
		t.Fatalf("Size said %d, %d bytes came", r.Size(), len(data))
	}
	return data
}

// folder is a Sink that keeps files in memory and notices files left open.
type folder struct {
	names    []string
	bodies   []*bytes.Buffer
	open     int
	manifest *Manifest
}

type member struct {
	*bytes.Buffer
	f *folder
}

func (m member) Close() error { m.f.open--; return nil }

func (f *folder) sink() Sink {
	return Sink{
		Manifest: func(m *Manifest) error { f.manifest = m; return nil },
		File: func(i FileInfo) (io.WriteCloser, error) {
			b := new(bytes.Buffer)
			f.names, f.bodies, f.open = append(f.names, i.SafeName), append(f.bodies, b), f.open+1
			return member{b, f}, nil
		},
	}
}

// extract runs data through an extractor in pieces of at most size bytes.
func extract(data []byte, size int, far int64) (*folder, []Result, error) {
	f := new(folder)
	x := newExtractor(f.sink(), far)
	for len(data) > 0 {
		n, err := x.Write(data[:min(size, len(data))])
		data = data[n:]
		if err != nil {
			break
		}
	}
	_, results, err := x.Close()
	if f.open != 0 {
		return f, results, errors.New("a file was left open")
	}
	return f, results, err
}

func TestPrefixIs68FixedBytes(t *testing.T) {
	want := "504b0304" + "1400" + "0000" + "0000" + "0000" + "2100" + // signature, version 2.0, flags, stored, 00:00, 1980-01-01
		"61cbb358" + "1e000000" + "1e000000" + "0800" + "0000" + // CRC-32, sizes, name and extra length
		hex.EncodeToString([]byte("mimetypeapplication/vnd.scelle.pli+zip"))
	got := Prefix()
	if len(got) != PrefixSize || len(MediaType) != 30 {
		t.Fatalf("prefix has %d bytes, media type %d", len(got), len(MediaType))
	}
	if hex.EncodeToString(got) != want {
		t.Errorf("prefix is\n%x, want\n%s", got, want)
	}
	for _, far := range []int64{max32, 1} {
		m, bodies := standard()
		if data := write(t, m, bodies, far); !bytes.HasPrefix(data, got) {
			t.Errorf("a pli begins with %x", data[:PrefixSize])
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, far := range []int64{max32, 1000, 1} { // 1: ZIP64 records everywhere
		for _, size := range []int{1, 7, 68, 4096, 1 << 20} {
			m, bodies := standard()
			f, results, err := extract(write(t, m, bodies, far), size, far)
			if err != nil {
				t.Fatalf("far %d, pieces of %d: %v", far, size, err)
			}
			if f.manifest.Tender != m.Tender || f.manifest.Lot != "3" || f.manifest.Kind != Offre ||
				f.manifest.Depositor != m.Depositor || !f.manifest.SealedAt.Equal(m.SealedAt) {
				t.Errorf("manifest came back as %+v", f.manifest)
			}
			for i, r := range results {
				sum := sha256.Sum256(bodies[i])
				if !bytes.Equal(f.bodies[i].Bytes(), bodies[i]) || r.Sum != hex.EncodeToString(sum[:]) ||
					r.SafeName != m.Files[i].Name || r.Size != m.Files[i].Size || r.MediaType != "application/pdf" {
					t.Errorf("file %d came back as %+v", i, r)
				}
			}
			if len(results) != len(bodies) {
				t.Errorf("%d files came back", len(results))
			}
		}
	}
}

func TestReaderHonoursTheContract(t *testing.T) {
	m, bodies := standard()
	want := write(t, m, bodies, max32)
	r, err := NewReader(m, opener(bodies))
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(r, want); err != nil {
		t.Error(err)
	}
}

func TestTwoWritesAreEqual(t *testing.T) {
	m, bodies := standard()
	if !bytes.Equal(write(t, m, bodies, max32), write(t, m, bodies, max32)) {
		t.Error("the same pli was written in two ways")
	}
}

// TestOtherReaders has the tools that people have read our archives, with and
// without ZIP64 records.
func TestOtherReaders(t *testing.T) {
	m, bodies := standard()
	for _, far := range []int64{max32, 1000, 1} {
		data := write(t, m, bodies, far)
		path := filepath.Join(t.TempDir(), "pli.zip")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Run(fmt.Sprintf("far=%d/archive-zip", far), func(t *testing.T) { readWithGo(t, path, m, bodies) })
		for _, tool := range [][]string{
			{"unzip", "-tqq", path},
			{"jar", "tf", path},
			{"python3", "-c", "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print('\\n'.join(z.namelist()))", path},
			{"bsdtar", "tf", path},
			{"7z", "t", path},
		} {
			t.Run(fmt.Sprintf("far=%d/%s", far, tool[0]), func(t *testing.T) {
				if _, err := exec.LookPath(tool[0]); err != nil {
					t.Skip(err)
				}
				out, err := exec.Command(tool[0], tool[1:]...).CombinedOutput()
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				if tool[0] == "jar" && strings.Count(string(out), "\n") != 5 {
					t.Errorf("jar lists\n%s", out)
				}
			})
		}
	}
}

func readWithGo(t *testing.T, path string, m Manifest, bodies [][]byte) {
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if len(z.File) != 2+len(bodies) || z.File[0].Name != "mimetype" || z.File[1].Name != "pli.json" {
		t.Fatalf("archive/zip sees %d entries", len(z.File))
	}
	for i, want := range bodies {
		entry := z.File[2+i]
		body, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(body) // checks the CRC
		body.Close()
		if err != nil || !bytes.Equal(got, want) || entry.Name != m.Files[i].Name || entry.NonUTF8 {
			t.Errorf("entry %q: %v", entry.Name, err)
		}
	}
}

func TestSourceThatChanged(t *testing.T) {
	m, bodies := standard()
	boom := errors.New("boom")
	for name, open := range map[string]Open{
		"shorter": func(i int) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(bodies[i][:len(bodies[i])/2])), nil
		},
		"longer": func(i int) (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(bytes.NewReader(bodies[i]), strings.NewReader("x"))), nil
		},
		"fails": func(i int) (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(bytes.NewReader(bodies[i][:3]), iotest.ErrReader(boom))), nil
		},
		"gone":   func(int) (io.ReadCloser, error) { return nil, os.ErrNotExist },
		"silent": func(int) (io.ReadCloser, error) { return io.NopCloser(silent{}), nil },
	} {
		r, err := NewReader(m, open)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(r)
		if f := fault.Of(err); f == nil || f.Code != fault.ReadFailed || f.Detail != m.Files[0].Name {
			t.Errorf("%s: %v", name, err)
		}
		if _, again := r.Read(make([]byte, 1)); fault.CodeOf(again) != fault.ReadFailed {
			t.Errorf("%s: the error did not stay: %v", name, again)
		}
	}
}

type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

func TestNamedFailureOfASourceIsKept(t *testing.T) {
	m, _ := standard()
	r, _ := NewReader(m, func(int) (io.ReadCloser, error) { return nil, fault.New(fault.Cancelled) })
	if _, err := io.ReadAll(r); fault.CodeOf(err) != fault.Cancelled {
		t.Error(err)
	}
}

type closing struct {
	io.Reader
	closed *int
}

func (c closing) Close() error { *c.closed++; return nil }

func TestCloseInTheMiddle(t *testing.T) {
	m, bodies := standard()
	closed := 0
	r, _ := NewReader(m, func(i int) (io.ReadCloser, error) { return closing{bytes.NewReader(bodies[i]), &closed}, nil })
	if _, err := io.ReadFull(r, make([]byte, PrefixSize+1000)); err != nil {
		t.Fatal(err)
	}
	r.Close()
	if _, err := r.Read(make([]byte, 1)); closed == 0 || fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("closed %d, then %v", closed, err)
	}
}

func TestRefusedManifests(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*Manifest)
		code fault.Code
	}{
		"no file":       {func(m *Manifest) { m.Files = nil }, fault.NoFile},
		"many files":    {func(m *Manifest) { m.Files = make([]File, MaxFiles+1) }, fault.EnvelopeTooLarge},
		"no tender":     {func(m *Manifest) { m.Tender = " \u202e\n" }, fault.BadRequest},
		"kind":          {func(m *Manifest) { m.Kind = "autre" }, fault.BadRequest},
		"no time":       {func(m *Manifest) { m.SealedAt = time.Time{} }, fault.BadRequest},
		"negative size": {func(m *Manifest) { m.Files[0].Size = -1 }, fault.BadRequest},
		"total size":    {func(m *Manifest) { m.Files[0].Size, m.Files[1].Size = MaxSize/2, MaxSize/2 }, fault.EnvelopeTooLarge},
		"large json": {func(m *Manifest) {
			m.Files = make([]File, MaxFiles)
			for i := range m.Files {
				m.Files[i].Name = strings.Repeat("n", 140) + ".pdf"
			}
		}, fault.EnvelopeTooLarge},
	} {
		m, _ := standard()
		c.edit(&m)
		if _, err := NewReader(m, nil); fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
		if _, err := Size(m); fault.CodeOf(err) != c.code {
			t.Errorf("%s: Size: %v, want %s", name, err, c.code)
		}
	}
}

func TestWritingCleans(t *testing.T) {
	m, bodies := standard()
	m.Depositor = "Sté\u202e Bidi\x00\n SARL"
	m.Files[0].Name, m.Files[1].Name, m.Files[2].Name = `C:\Mes documents\acte.pdf`, "../acte.PDF", "pli.json"
	f, _, err := extract(write(t, m, bodies, max32), 4096, max32)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(f.names, "|"); got != "acte.pdf|acte (2).PDF|pli (2).json" {
		t.Errorf("names %s", got)
	}
	if f.manifest.Depositor != "Sté Bidi  SARL" {
		t.Errorf("depositor %q", f.manifest.Depositor)
	}
}

// TestManyFiles goes through the limits in number.
func TestManyFiles(t *testing.T) {
	m, _ := standard()
	m.Files = make([]File, MaxFiles)
	for i := range m.Files {
		m.Files[i] = File{Name: "a", Size: 1}
	}
	bodies := make([][]byte, MaxFiles)
	for i := range bodies {
		bodies[i] = []byte{byte(i)}
	}
	_, results, err := extract(write(t, m, bodies, max32), 1<<16, max32)
	if err != nil || len(results) != MaxFiles || results[MaxFiles-1].SafeName != "a (10000)" {
		t.Fatalf("%d files, %v", len(results), err)
	}
}

// TestSinkErrors makes sure that the sink's refusals come out as they are.
func TestSinkErrors(t *testing.T) {
	m, bodies := standard()
	data := write(t, m, bodies, max32)
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		sink Sink
		code fault.Code
	}{
		"manifest": {Sink{Manifest: func(*Manifest) error { return fault.New(fault.PliOtherTender) }}, fault.PliOtherTender},
		"file":     {Sink{File: func(FileInfo) (io.WriteCloser, error) { return nil, boom }}, fault.WriteFailed},
		"write":    {Sink{File: func(FileInfo) (io.WriteCloser, error) { return broken{write: boom}, nil }}, fault.WriteFailed},
		"close":    {Sink{File: func(FileInfo) (io.WriteCloser, error) { return broken{close: boom}, nil }}, fault.WriteFailed},
	} {
		x := NewExtractor(c.sink)
		_, err := x.Write(data)
		_, results, after := x.Close()
		if fault.CodeOf(err) != c.code || fault.CodeOf(after) != c.code || results != nil {
			t.Errorf("%s: %v, then %v", name, err, after)
		}
	}
}

type broken struct{ write, close error }

func (b broken) Write(p []byte) (int, error) { return len(p), b.write }
func (b broken) Close() error                { return b.close }

// TestMemory holds the extractor and the reader to a bound, whatever a pli's size.
func TestMemory(t *testing.T) {
	const size = 64 << 20
	m, _ := sample(nil, "grand.bin")
	m.Files[0].Size = size
	r, err := NewReader(m, func(int) (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(rand.NewChaCha8([32]byte{}), size)), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	x := NewExtractor(Sink{File: func(FileInfo) (io.WriteCloser, error) { return broken{}, nil }})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n, err := io.CopyBuffer(struct{ io.Writer }{x}, struct{ io.Reader }{r}, make([]byte, 64<<10))
	if err != nil || n != r.Size() {
		t.Fatal(n, err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("%d bytes were allocated for a pli of %d", used, size)
	}
	if _, results, err := x.Close(); err != nil || results[0].Size != size {
		t.Fatal(err)
	}
}
