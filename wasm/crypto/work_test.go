package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/pli"
	"scelle/shared/protocol"
	"scelle/wasm/internal/trust"
)

// memFile is a source in memory.
type memFile struct {
	name, kind string
	data       []byte
}

func (f memFile) Name() string { return f.name }
func (f memFile) Type() string { return f.kind }
func (f memFile) Size() int64  { return int64(len(f.data)) }
func (f memFile) Open(context.Context) io.ReadCloser {
	return io.NopCloser(bytes.NewReader(f.data))
}

// memDir is a place for files in memory. full is after how many bytes its
// disk is full, 0 never.
type memDir struct {
	files map[string]*memOut
	full  int
}

type memOut struct {
	bytes.Buffer
	dir    *memDir
	closed bool
}

func (o *memOut) Write(b []byte) (int, error) {
	if o.dir.full > 0 && o.Len()+len(b) > o.dir.full {
		return 0, fault.New(fault.DiskFull)
	}
	return o.Buffer.Write(b)
}

func (o *memOut) Close() error { o.closed = true; return nil }

func (d *memDir) create(_ context.Context, name string) (io.WriteCloser, error) {
	out := &memOut{dir: d}
	d.files[name] = out
	return out, nil
}

func newDir() *memDir { return &memDir{files: map[string]*memOut{}} }

func moment() time.Time { return time.Now() }

func sum(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }

// unlisted is a portal that signs no lists, at a site where that is allowed.
func unlisted() site {
	return site{
		settle: func(context.Context) (protocol.TrustResult, error) {
			return protocol.TrustResult{Unsigned: protocol.WarnUnsigned}, nil
		},
		verify: func(context.Context, []byte) (*trust.Signed, error) { return nil, nil },
	}
}

// newSealing is a sealing of files to certificates into dir.
func newSealing(dir *memDir, files []source, certificates ...[]byte) *sealing {
	p := protocol.SealParams{Tender: "2026-07", Kind: "offre", Depositor: "Ateliers Réunis"}
	for _, der := range certificates {
		p.Recipients = append(p.Recipients, protocol.SealRecipient{Certificate: der})
	}
	return &sealing{
		site: unlisted(), params: p, files: files, newHash: sha256.New, now: moment, progress: func(int64, int64) {},
		space:  func(context.Context, int64) error { return nil },
		create: func(ctx context.Context) (io.WriteCloser, error) { return dir.create(ctx, "sealed") },
	}
}

func twoFiles() []source {
	return []source{
		memFile{"offre.pdf", "application/pdf", bytes.Repeat([]byte("prix "), 300_000)},
		memFile{"../é\u202e.txt", "texte", []byte("note")},
	}
}

// contentKey unwraps the key as the host does.
func contentKey(t *testing.T, sealed []byte, pair *certtest.Pair) []byte {
	t.Helper()
	info, err := envelope.Inspect(bytes.NewReader(sealed))
	if err != nil {
		t.Fatal(err)
	}
	id, err := envelope.NewPrivateKeyUnwrapper(pair.Key, pair.DER)
	if err != nil {
		t.Fatal(err)
	}
	for i := range info.Header.RecipientInfos {
		if r := &info.Header.RecipientInfos[i]; id.Owns(r) {
			key, err := id.Unwrap(t.Context(), r, info.Content)
			if err != nil {
				t.Fatal(err)
			}
			return key
		}
	}
	t.Fatal("not sealed to this key")
	return nil
}

func newOpening(dir *memDir, sealed, key []byte) *opening {
	return &opening{
		file: memFile{name: "recu.p7m", data: sealed}, key: bytes.Clone(key), tender: "2026-07",
		newHash: sha256.New, now: moment, create: dir.create, progress: func(int64, int64) {},
	}
}

// sealOne seals files to one RSA key and returns the envelope and its key.
func sealOne(t *testing.T, files []source, change func(*sealing)) (sealed, key []byte) {
	t.Helper()
	pair := certtest.NewCA(t, "CA").Issue(t, certtest.Options{CommonName: "Agent"})
	dir := newDir()
	s := newSealing(dir, files, pair.DER)
	if change != nil {
		change(s)
	}
	if _, err := s.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	sealed = dir.files["sealed"].Bytes()
	return sealed, contentKey(t, sealed, pair)
}

func TestSealAndOpen(t *testing.T) {
	ca := certtest.NewCA(t, "CA")
	agent := ca.Issue(t, certtest.Options{CommonName: "Agent"})
	expired := ca.Issue(t, certtest.Options{CommonName: "Ancien", Key: 1, NotAfter: time.Now().Add(-time.Hour)})
	dir := newDir()
	s := newSealing(dir, twoFiles(), agent.DER, expired.DER, agent.DER, []byte("no certificate"))
	s.params.Recipients[0].Recovery = true
	s.params.Recipients[1].Label = "Clé de l'ancien agent"
	r, err := s.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sealed := dir.files["sealed"].Bytes()
	if r.Name != "offre-2026-07.p7m" || r.Size != int64(len(sealed)) || r.SHA256 != sum(sealed) {
		t.Errorf("%s, %d of %d bytes, %s", r.Name, r.Size, len(sealed), r.SHA256)
	}
	if len(r.Recipients) != 1 || r.Recipients[0] != (protocol.SealedTo{Thumbprint: keypair.Thumbprint(agent.DER), Mechanism: envelope.RSAOAEPSHA256, Recovery: true}) {
		t.Errorf("sealed to %v", r.Recipients)
	}
	if len(r.LeftOut) != 2 || r.LeftOut[0].Fault.Code != fault.CertificateExpired || r.LeftOut[0].Label != "Clé de l'ancien agent" || r.LeftOut[1].Fault.Code != fault.CertificateBad {
		t.Errorf("left out %v", r.LeftOut)
	}
	if !dir.files["sealed"].closed {
		t.Error("the sealed file is still open")
	}
	checkOpened(t, sealed, contentKey(t, sealed, agent), r)
}

// checkOpened opens what TestSealAndOpen sealed.
func checkOpened(t *testing.T, sealed, key []byte, r protocol.SealResult) {
	dir := newDir()
	o := newOpening(dir, sealed, key)
	opened, err := o.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !opened.Authenticated || opened.SHA256 != r.SHA256 || opened.ContentSHA256 != r.ContentSHA256 {
		t.Errorf("fingerprints %+v of %+v", opened, r)
	}
	if opened.Tender != "2026-07" || opened.Kind != "offre" || opened.Depositor != "Ateliers Réunis" {
		t.Errorf("%+v", opened)
	}
	for i, f := range twoFiles() {
		data := f.(memFile).data
		name := []string{"0", "1"}[i]
		if !bytes.Equal(dir.files[name].Bytes(), data) || !dir.files[name].closed {
			t.Errorf("file %d has %d of %d bytes", i, dir.files[name].Len(), len(data))
		}
		if d := opened.Details[i]; d.SHA256 != sum(data) || d.SHA256 != r.Files[i].SHA256 || d.Name != r.Files[i].Name || opened.Files[i].Handle != i {
			t.Errorf("%+v, sealed as %+v", d, r.Files[i])
		}
	}
	if n := opened.Details[1].Name; strings.ContainsAny(n, "/\u202e") {
		t.Errorf("unsafe name %q", n)
	}
	if opened.Details[0].MediaType != "application/pdf" || opened.Details[1].MediaType != "" {
		t.Errorf("media types %+v", opened.Details)
	}
	if !bytes.Equal(o.key, make([]byte, len(key))) {
		t.Error("the content key was not wiped")
	}
}

func TestSealRefuses(t *testing.T) {
	agent := certtest.NewCA(t, "CA").Issue(t, certtest.Options{CommonName: "Agent"})
	signer := certtest.NewCA(t, "CA").Issue(t, certtest.Options{CommonName: "Signature", KeyUsage: 1})
	for name, c := range map[string]struct {
		change func(*sealing)
		want   fault.Code
	}{
		"no file":      {func(s *sealing) { s.files = nil }, fault.NoFile},
		"no recipient": {func(s *sealing) { s.params.Recipients = nil }, fault.NoRecipient},
		"none usable":  {func(s *sealing) { s.params.Recipients[0].Certificate = signer.DER }, fault.NoRecipient},
		"raw, two":     {func(s *sealing) { s.params.Raw = true }, fault.BadRequest},
		"many":         {func(s *sealing) { s.params.Recipients = make([]protocol.SealRecipient, 101) }, fault.BadRequest},
		"profile":      {func(s *sealing) { s.params.Profile = "rot13" }, fault.BadRequest},
		"kind":         {func(s *sealing) { s.params.Kind = "autre" }, fault.BadRequest},
		"disk":         {func(s *sealing) { s.space = func(context.Context, int64) error { return fault.New(fault.DiskFull) } }, fault.DiskFull},
		"changed":      {func(s *sealing) { s.files[0] = longer{s.files[0]} }, fault.ReadFailed},
	} {
		s := newSealing(newDir(), twoFiles(), agent.DER)
		c.change(s)
		if _, err := s.run(t.Context()); fault.CodeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// longer is a file that grew after it was chosen.
type longer struct{ source }

func (f longer) Size() int64 { return f.source.Size() - 1 }

func TestSealCancelled(t *testing.T) {
	agent := certtest.NewCA(t, "CA").Issue(t, certtest.Options{CommonName: "Agent"})
	ctx, cancel := context.WithCancel(t.Context())
	s := newSealing(newDir(), twoFiles(), agent.DER)
	s.progress = func(int64, int64) { cancel() }
	if _, err := s.run(ctx); fault.CodeOf(err) != fault.Cancelled {
		t.Error(err)
	}
}

func TestRaw(t *testing.T) {
	data := []byte("anything at all")
	for _, profile := range []string{"", "cbc"} {
		sealed, key := sealOne(t, []source{memFile{name: "note.txt", data: data}}, func(s *sealing) {
			s.params.Raw, s.params.Profile = true, profile
		})
		dir := newDir()
		o := newOpening(dir, sealed, key)
		o.raw = true
		opened, err := o.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(dir.files["0"].Bytes(), data) || opened.Details[0].SHA256 != sum(data) || opened.Files[0].Name != "recu" || opened.Authenticated != (profile == "") {
			t.Errorf("%q: %+v", profile, opened)
		}
		if _, err := newOpening(newDir(), sealed, key).run(t.Context()); fault.CodeOf(err) != fault.PliNotOurs {
			t.Errorf("%q as a pli: %v", profile, err)
		}
	}
}

func TestRawNames(t *testing.T) {
	for name, want := range map[string]string{"a.pdf.p7m": "a.pdf", "A.P7M": "A", ".p7m": "p7m", "": "contenu", "x": "x", "../b.cms": "b"} {
		if got := rawName(name); got != want {
			t.Errorf("%q is %q, not %q", name, got, want)
		}
	}
}

// TestUnreadable: whatever is wrong with an authenticated envelope's bytes is
// one code, also where the changed plaintext would not be a pli any more.
func TestUnreadable(t *testing.T) {
	sealed, key := sealOne(t, twoFiles(), nil)
	for name, at := range map[string]int{
		"prefix": len(sealed) - 1_500_000, "manifest": len(sealed) - 1_500_400, "file": len(sealed) / 2, "directory": len(sealed) - 60, "tag": len(sealed) - 1,
	} {
		bad := bytes.Clone(sealed)
		bad[at] ^= 1
		if _, err := newOpening(newDir(), bad, key).run(t.Context()); fault.CodeOf(err) != fault.EnvelopeUnreadable {
			t.Errorf("%s changed: %v", name, err)
		}
	}
	other := bytes.Clone(key)
	other[0] ^= 1
	if _, err := newOpening(newDir(), sealed, other).run(t.Context()); fault.CodeOf(err) != fault.EnvelopeUnreadable {
		t.Errorf("another key: %v", err)
	}
}

// TestStructure: content that its writer authenticated and that is no pli.
func TestStructure(t *testing.T) {
	good, err := pli.NewReader(pli.Manifest{Tender: "2026-07", Kind: pli.Offre, SealedAt: moment(), Files: []pli.File{{Name: "a", Size: 1}}},
		func(int) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil })
	if err != nil {
		t.Fatal(err)
	}
	archive, err := io.ReadAll(good)
	if err != nil {
		t.Fatal(err)
	}
	bad := bytes.Clone(archive)
	bad[len(bad)-30] ^= 1
	for name, c := range map[string]struct {
		content []byte
		want    fault.Code
	}{
		"good": {archive, ""}, "directory": {bad, fault.PliMalformed}, "short": {archive[:len(archive)-1], fault.PliMalformed},
		"long": {append(bytes.Clone(archive), 0), fault.PliMalformed}, "other": {[]byte("PK"), fault.PliNotOurs},
	} {
		sealed, key := sealOne(t, []source{memFile{name: "x", data: c.content}}, func(s *sealing) { s.params.Raw = true })
		if _, err := newOpening(newDir(), sealed, key).run(t.Context()); fault.CodeOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOtherTender(t *testing.T) {
	sealed, key := sealOne(t, twoFiles(), nil)
	o := newOpening(newDir(), sealed, key)
	o.tender = "2026-08"
	if _, err := o.run(t.Context()); fault.CodeOf(err) != fault.PliOtherTender {
		t.Error(err)
	}
	o = newOpening(newDir(), sealed, key)
	o.tender = ""
	if _, err := o.run(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestOpenDiskFull(t *testing.T) {
	sealed, key := sealOne(t, twoFiles(), nil)
	dir := newDir()
	dir.full = 1_000_000
	if _, err := newOpening(dir, sealed, key).run(t.Context()); fault.CodeOf(err) != fault.DiskFull {
		t.Error(err)
	}
}

func TestMeter(t *testing.T) {
	now := time.Unix(0, 0)
	var reports []int64
	m := &meter{total: 1000, report: func(done, _ int64) { reports = append(reports, done) }, now: func() time.Time {
		now = now.Add(30 * time.Millisecond)
		return now
	}}
	if _, err := io.CopyBuffer(m, struct{ io.Reader }{bytes.NewReader(make([]byte, 1000))}, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if n := len(reports); n < 20 || n > 35 || reports[n-1] != 1000 { // 100 reads in 3 s
		t.Errorf("%d reports, the last %v", n, reports)
	}
}
