package site

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
)

const (
	largePli   = 512 << 20 // bytes
	mayGrow    = 48 << 10  // KiB: buffers and what the collector leaves, a tenth of the pli
	blockBytes = 1 << 20
)

// TestStreaming sends a pli of 512 MiB through a portal in a process of its
// own: deposit, download, an opened file handed over, and that one back. At
// no time does the portal hold more than a small part of it in memory.
func TestStreaming(t *testing.T) {
	process, address := startPortal(t, t.TempDir())
	agent, company := newClient(t, address), newClient(t, address)
	agent.enter("agent")
	company.enter("entreprise")
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Camille"})
	agent.assistant().activate("Camille", true, pair)
	file, query, content := sealLarge(t, pair)
	before := peakMemory(t, process.Pid)

	var receipt receiptJSON
	if status, f := company.raw(http.MethodPost, "/api/tenders/"+salt+"/plis?"+query.Encode(), file(), &receipt); f != nil {
		t.Fatalf("deposit: %d %v", status, *f)
	}
	if receipt.SHA256 != query.Get("sha256") || receipt.Size <= largePli {
		t.Errorf("%+v", receipt)
	}
	if status, body := agent.form("/consultations/"+salt+"/cloture", url.Values{}); status != http.StatusSeeOther {
		t.Fatalf("close: %d %s", status, body)
	}
	if sum := agent.digest("/api/plis/" + receipt.ID + "/content"); sum != receipt.SHA256 {
		t.Errorf("%s came back, want %s", sum, receipt.SHA256)
	}
	var handed handedJSON
	if status, f := agent.raw(http.MethodPost, "/api/plis/"+receipt.ID+"/files?name=offre.bin&sha256="+content, largeContent(), &handed); f != nil {
		t.Fatalf("hand-over: %d %v", status, *f)
	}
	if sum := agent.digest("/api/files/" + handed.ID); sum != content {
		t.Errorf("%s came back, want %s", sum, content)
	}
	grown := peakMemory(t, process.Pid) - before
	t.Logf("the portal had %d KiB and grew by %d KiB for a pli of %d KiB", before, grown, receipt.Size>>10)
	if grown > mayGrow {
		t.Errorf("the portal grew by %d KiB, want at most %d", grown, mayGrow)
	}
}

// block is repeated to make a large content.
var block = func() []byte {
	b := make([]byte, blockBytes)
	_, _ = rand.Read(b) // never fails
	return b
}()

func largeContent() io.Reader {
	blocks := make([]io.Reader, largePli/blockBytes)
	for i := range blocks {
		blocks[i] = bytes.NewReader(block)
	}
	return io.MultiReader(blocks...)
}

// sealLarge seals the large content to a file, as the page does; it returns
// what opens the file, what announces it, and the content's fingerprint.
func sealLarge(t *testing.T, pair *certtest.Pair) (open func() io.Reader, query url.Values, content string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "large.p7m")
	out, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	sum := sha256.New()
	receipt, err := envelope.Seal(t.Context(), out, io.TeeReader(largeContent(), sum), envelope.SealOptions{
		Recipients: []envelope.Recipient{{Certificate: pair.DER}}, Length: largePli,
	})
	if err != nil {
		t.Fatal(err)
	}
	query = url.Values{"lot": {""}, "kind": {"offre"}, "name": {"large.p7m"},
		"sha256": {hex.EncodeToString(receipt.SHA256[:])}, "contentSha256": {hex.EncodeToString(receipt.ContentSHA256[:])}}
	open = func() io.Reader {
		in, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { in.Close() })
		return in
	}
	return open, query, hex.EncodeToString(sum.Sum(nil))
}

// digest downloads without keeping.
func (c *client) digest(path string) string {
	c.t.Helper()
	response, err := c.http.Get(c.url + path)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, response.Body); err != nil || response.StatusCode != http.StatusOK {
		c.t.Fatalf("%s: %d %v", path, response.StatusCode, err)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// peakMemory is the most that a process ever had resident, in KiB.
func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		var kib int
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			return kib
		}
	}
	t.Fatal("the kernel tells no VmHWM")
	return 0
}
