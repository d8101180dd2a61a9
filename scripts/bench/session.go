package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/journey"
	"scelle/scripts/e2e/stack"
	"scelle/shared/envelope"
	"scelle/shared/pli"
)

// The opening session that is measured: plis of the demonstration's tender,
// each with one file, and how long all of them may take. What is in the files
// is random; what they are called counts: Chromium looks into a download that
// has the name of an archive, in a process that it starts for each.
const (
	sessionPlis   = 100
	sessionSize   = 1 << 20
	sessionBar    = 10 * time.Second
	sessionKey    = "Clé du banc"
	sessionTender = "2027-VOI-014"
	sessionLot    = "1"
)

// delivered is one thing that becomes of the opened files. A directory of the
// origin private file system stands in for a folder that a person chose, since
// nothing can drive the browser's dialog.
type delivered struct {
	name, button string
	handOver     bool
	file         string // the name of what is in each pli
}

// benchSession opens many small plis in one session, with the packed
// extension, the real host, a key in a real NSS database and the real portal:
// from the click that consents to the results.
func benchSession(ctx context.Context, dir, build string) error {
	a, err := stack.Built(build)
	if err != nil {
		return err
	}
	w, err := stack.New(ctx, a, filepath.Join(dir, "session"), io.Discard)
	if err != nil {
		return err
	}
	defer w.Close()
	c, err := w.Browse(ctx, false)
	if err != nil {
		return err
	}
	defer c.Close()
	walk := journey.New(w, c, nil)
	deliveries := []delivered{
		{name: "to a folder", button: "#choose-folder", file: "offre.pdf"},
		{name: "to the downloads", button: "#deliver-downloads", file: "offre.pdf"},
		{name: "to the portal", button: "#deliver-portal", handOver: true, file: "offre.pdf"},
		{name: "to the downloads, archives", button: "#deliver-downloads", file: "offre.zip"},
	}
	if err := prepareSession(ctx, walk, deliveries); err != nil {
		return err
	}
	fmt.Printf("\nan opening session of %d plis of %d MiB, one software key, from the consent to the results\n", sessionPlis, sessionSize>>20)
	for _, d := range deliveries {
		before, err := processorTime(os.Getpid())
		if err != nil {
			return err
		}
		took, err := openSession(walk, d)
		if err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
		after, err := processorTime(os.Getpid())
		if err != nil {
			return err
		}
		fmt.Printf("%-46s %9.1f s     (bar %.0f: %s)  %.1f s of the processors with the page before it\n",
			d.name, took.Seconds(), sessionBar.Seconds(), met(took < sessionBar), after-before)
	}
	return nil
}

// prepareSession registers a key, deposits the plis of each delivery, sealed to
// it, and moves the deadline to now.
func prepareSession(ctx context.Context, w *journey.Walk, deliveries []delivered) error {
	for _, step := range []func() error{
		func() error { return w.Login(journey.Agent) },
		w.GoKeys, w.Allow, w.Online,
		func() error { return w.AddLocal(sessionKey, false) },
		func() error { return w.Login(journey.Company) },
		w.GoTender,
		func() error { return depositSealed(ctx, w, deliveries) },
		func() error { return w.Login(journey.Agent) },
		w.CloseTender,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// sealedPli is what the portal is told of a pli.
type sealedPli struct {
	Name          string `json:"name"`
	SHA256        string `json:"sha256"`
	ContentSHA256 string `json:"contentSha256"`
}

// depositSealed seals the plis of each delivery in turn, outside the browser, and
// has the company's page send them as it would its own: the portal lists them in
// that order.
func depositSealed(ctx context.Context, w *journey.Walk, deliveries []delivered) error {
	certificate, err := w.World.Run("certutil", "-L", "-d", "sql:"+w.World.StoreDir(), "-n", sessionKey, "-r")
	if err != nil {
		return err
	}
	var paths []string
	var sealed []sealedPli
	for i := range len(deliveries) * sessionPlis {
		path := filepath.Join(w.World.Dir, fmt.Sprintf("offre-%03d.p7m", i))
		receipt, err := sealPli(ctx, path, deliveries[i/sessionPlis].file, []byte(certificate))
		if err != nil {
			return err
		}
		paths = append(paths, path)
		sealed = append(sealed, sealedPli{filepath.Base(path), hex.EncodeToString(receipt.SHA256[:]), hex.EncodeToString(receipt.ContentSHA256[:])})
	}
	list, err := json.Marshal(sealed)
	if err != nil {
		return err
	}
	send := fmt.Sprintf(`globalThis.ended = null; (async (plis) => {
		const files = document.querySelector("#files").files;
		const csrf = document.querySelector('meta[name="csrf"]').content;
		for (const [i, pli] of plis.entries()) {
			const query = new URLSearchParams({ ...pli, lot: %q, kind: "offre" });
			const answer = await fetch("/api/tenders/pont-2027/plis?" + query, { method: "POST", headers: { "X-CSRF-Token": csrf, "Content-Type": "application/pkcs7-mime" }, body: files[i] });
			if (!answer.ok) throw new Error(await answer.text());
		}
		return 1;
	})(%s).then((ms) => { ended = { ms }; }, (error) => { ended = { error: String(error) }; }); true`, sessionLot, list)
	if err := errors.Join(w.Page.Upload("#files", paths...), w.Page.Eval(send, nil)); err != nil {
		return err
	}
	_, err = waitEnded(w.Page, longest)
	return err
}

// sealPli seals one file of random bytes, called name, as an offer.
func sealPli(ctx context.Context, path, name string, certificate []byte) (r envelope.Receipt, err error) {
	content := make([]byte, sessionSize)
	rand.Read(content)
	reader, err := pli.NewReader(pli.Manifest{Tender: sessionTender, Lot: sessionLot, Kind: pli.Offre, Depositor: "Banc", SealedAt: time.Now().UTC().Truncate(time.Second),
		Files: []pli.File{{Name: name, Size: sessionSize}}}, func(int) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
	if err != nil {
		return r, err
	}
	defer reader.Close()
	out, err := os.Create(path)
	if err != nil {
		return r, err
	}
	r, err = envelope.Seal(ctx, out, reader, envelope.SealOptions{Length: reader.Size(),
		Recipients: []envelope.Recipient{{Certificate: certificate, Mechanism: envelope.RSAOAEPSHA256}}})
	return r, errors.Join(err, out.Close())
}

// openSession opens the next plis that are not open yet.
func openSession(w *journey.Walk, d delivered) (time.Duration, error) {
	tick := fmt.Sprintf(`document.querySelectorAll('input[name="pli"]').forEach((box) => { box.checked = false; });
		[...document.querySelectorAll('.pli:not([data-opened="yes"]) input[name="pli"]')].slice(0, %d).forEach((box) => { box.checked = true; });
		document.querySelectorAll('input[name="pli"]:checked').length`, sessionPlis)
	var ticked int
	if err := errors.Join(w.GoTender(), w.Online(), w.Page.Eval(tick, &ticked)); err != nil {
		return 0, err
	}
	if ticked != sessionPlis {
		return 0, fmt.Errorf("%d plis are left to open", ticked)
	}
	a, err := w.StartOpen(d.handOver)
	if err != nil {
		return 0, err
	}
	if err := patiently(a, `document.querySelector("#use-key")`); err != nil {
		return 0, err
	}
	const setUp = `globalThis.showDirectoryPicker = async () => (await navigator.storage.getDirectory()).getDirectoryHandle("bench", { create: true });
		globalThis.ended = null;
		document.addEventListener("click", ({ target }) => { if (target.id === "use-key") globalThis.began = performance.now(); }, true);
		new MutationObserver(() => { if (!ended && document.querySelector(".results")) ended = { ms: performance.now() - began }; }).observe(document.body, { childList: true, subtree: true });
		true`
	if err := errors.Join(a.Eval(setUp, nil), a.Click(d.button), overheard(false, w.Page, a), a.Click("#use-key")); err != nil {
		return 0, err
	}
	seconds, err := waitEnded(a, longest)
	if err != nil {
		return 0, err
	}
	if err := overheard(true, w.Page, a); err != nil {
		return 0, err
	}
	var open int
	if err := a.Eval(`document.querySelectorAll(".result.good").length`, &open); err != nil {
		return 0, err
	}
	if open != sessionPlis {
		return 0, fmt.Errorf("%d of %d plis are open", open, sessionPlis)
	}
	return time.Duration(seconds * float64(time.Second)), a.CloseBy(".actions .primary")
}

// overheard says whether the requests of pages are told to this program, as they are
// unless it says no: DevTools do it at the cost of some of what is measured.
func overheard(yes bool, pages ...browser.Page) error {
	for _, p := range pages {
		if w, ok := p.(browser.Overheard); ok {
			if err := w.Overhear(yes); err != nil {
				return err
			}
		}
	}
	return nil
}

// patiently waits for something as long as a measure may take.
func patiently(p browser.Page, expression string) error {
	var err error
	for range longest {
		if err = p.Until(expression); err == nil {
			return nil
		}
	}
	return err
}
