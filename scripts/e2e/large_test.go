package e2e

import (
	"crypto/sha256"
	"io"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"scelle/scripts/e2e/journey"
)

// TestOneGiB seals and opens a file of 1 GiB.
func TestOneGiB(t *testing.T) { sealAndOpen(t, 1<<30, 600) }

// sealAndOpen seals a file of so many bytes in the page, deposits it, opens
// the pli to the downloads and compares. No renderer comes near holding it:
// none takes more than mib.
func sealAndOpen(t *testing.T, size int64, mib float64) {
	w := ready(t)
	w.Slow = 5
	must(t, w.AddLocal("Clé de Camille Lefort", false))
	name := filepath.Join(w.World.Home, "maquette.bin")
	want := writeLarge(t, name, size)
	must(t, w.Login(journey.Company))
	start := time.Now()
	must(t, w.Deposit(name))
	t.Logf("sealed and deposited in %v", time.Since(start).Round(time.Second/10))
	must(t, w.Login(journey.Agent))
	must(t, w.CloseTender())
	start = time.Now()
	must(t, w.OpenPlis(false))
	t.Logf("fetched, opened and saved in %v", time.Since(start).Round(time.Second/10))
	peak, err := w.Browser.RendererPeak()
	must(t, err)
	if peak > mib*1024 {
		t.Errorf("a renderer had %.0f MiB", peak/1024)
	}
	t.Logf("a renderer had at most %.0f MiB", peak/1024)
	f, err := os.Open(saved(t, w, "maquette.bin"))
	must(t, err)
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	must(t, err)
	if n != size || [32]byte(h.Sum(nil)) != want {
		t.Errorf("%d bytes came back, or others", n)
	}
}

// saved finds the file of this name among the downloads.
func saved(t *testing.T, w *journey.Walk, name string) string {
	t.Helper()
	var found string
	must(t, filepath.WalkDir(w.World.Downloads, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == name {
			found = p
		}
		return err
	}))
	if found == "" {
		t.Fatalf("%s was not saved", name)
	}
	return found
}

// writeLarge writes bytes that do not repeat within a chunk, and returns their
// SHA-256.
func writeLarge(t *testing.T, name string, size int64) [32]byte {
	t.Helper()
	f, err := os.Create(name)
	must(t, err)
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, h), io.LimitReader(rand.New(rand.NewSource(1)), size))
	must(t, err)
	must(t, f.Close())
	return [32]byte(h.Sum(nil))
}

// TestSealsHere seals in the page, without the extension: cancelled and begun
// again, and in little memory.
func TestSealsHere(t *testing.T) {
	lengthy(t)
	sealsHere(t, 1<<30, 600)
}

// sealsHere deposits a file of so many bytes; no renderer takes more than mib.
func sealsHere(t *testing.T, size int64, mib float64) {
	w := ready(t)
	w.Slow = 5
	must(t, w.AddLocal("Clé de Camille Lefort", false))
	name := filepath.Join(w.World.Home, "maquette.bin")
	writeLarge(t, name, size)
	must(t, w.Login(journey.Company))
	must(t, w.Forget())
	p := w.Page
	must(t, w.GoTender())
	must(t, p.Visible("#here"))
	must(t, p.Upload("#files", name))
	must(t, p.Click("#seal-here"))
	must(t, p.Click("#deposit"))
	must(t, p.Says("#progress-label", "Scellement en cours"))
	must(t, p.Click("#cancel"))
	must(t, p.Says("#message", "annulé"))
	must(t, w.DepositChosen())
	peak, err := w.Browser.RendererPeak()
	must(t, err)
	if t.Logf("a renderer had at most %.0f MiB", peak/1024); peak > mib*1024 {
		t.Errorf("a renderer had %.0f MiB", peak/1024)
	}
	info, err := os.Stat(depositedPli(t, w))
	must(t, err)
	if info.Size() < size {
		t.Errorf("the pli has %d bytes", info.Size())
	}
}
