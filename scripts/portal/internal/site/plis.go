package site

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"time"

	"scelle/scripts/portal/internal/store"
	"scelle/scripts/portal/internal/vault"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// receiptJSON is the acknowledgement of a deposit.
type receiptJSON struct {
	ID            string    `json:"id"`
	Tender        string    `json:"tender"` // reference
	Lot           string    `json:"lot"`
	Kind          string    `json:"kind"`
	Name          string    `json:"name"`
	Size          int64     `json:"size"`
	SHA256        string    `json:"sha256"`
	ContentSHA256 string    `json:"contentSha256"`
	Received      time.Time `json:"received"`
	SealedBy      string    `json:"sealedBy,omitempty"` // "extension" or "page"
	Receipt       string    `json:"receipt"`            // path of the receipt's page
}

func receiptOf(t store.Tender, p store.Pli) receiptJSON {
	return receiptJSON{
		ID: p.ID, Tender: t.Reference, Lot: p.Lot, Kind: p.Kind, Name: p.Name, Size: p.Size,
		SHA256: p.SHA256, ContentSHA256: p.ContentSHA256, Received: p.Received, SealedBy: p.SealedBy, Receipt: "/depots/" + p.ID,
	}
}

// deposit takes a sealed pli as the request's body. The query announces what
// it is and both fingerprints; what arrived has to match them. A deposit that
// ends after the deadline is late.
func (s *Server) deposit(c *call) error {
	t, err := s.tender(c)
	if err != nil {
		return err
	}
	q := c.URL.Query()
	p := store.Pli{ID: store.NewID(), Tender: t.ID, Lot: q.Get("lot"), Kind: q.Get("kind"), Company: c.user().Company, Depositor: c.user().ID}
	if p.Name, err = checkedName(q.Get("name"), 255); err != nil {
		return err
	}
	if err := checkPlace(t, p.Lot, p.Kind); err != nil {
		return err
	}
	if p.SealedBy, err = checkSealedBy(q.Get("sealedBy")); err != nil {
		return err
	}
	if !t.Open(s.Now()) {
		return fault.Newf(fault.PortalRefused, "deadline")
	}
	in, err := s.receive(c)
	if err != nil {
		return err
	}
	defer in.Discard()
	if p, err = s.accept(c, t, p, in); err != nil {
		return err
	}
	return c.reply(receiptOf(t, p))
}

// checkSealedBy takes what a page says of who sealed the pli: nothing at all
// from an older page.
func checkSealedBy(text string) (string, error) {
	if text != "" && text != store.SealedByExtension && text != store.SealedByPage {
		return "", fault.Newf(fault.BadRequest, "sealedBy")
	}
	return text, nil
}

// receive streams the request's body to disk.
func (s *Server) receive(c *call) (*vault.Incoming, error) {
	if c.ContentLength > s.MaxPli {
		return nil, fault.Newf(fault.EnvelopeTooLarge, "%d", c.ContentLength)
	}
	in, err := s.vault.Receive(http.MaxBytesReader(c.w, c.Body, s.MaxPli))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		err = fault.Recode(fault.EnvelopeTooLarge, err)
	}
	return in, err
}

// accept checks an arrived pli and keeps it.
func (s *Server) accept(c *call, t store.Tender, p store.Pli, in *vault.Incoming) (store.Pli, error) {
	q := c.URL.Query()
	if in.SHA256 != q.Get("sha256") {
		return p, &refusal{http.StatusUnprocessableEntity, fault.Newf(fault.PortalRefused, "sha256")}
	}
	e, err := in.Envelope()
	if err != nil {
		return p, err
	}
	if e.ContentSHA256 != q.Get("contentSha256") {
		return p, &refusal{http.StatusUnprocessableEntity, fault.Newf(fault.PortalRefused, "contentSha256")}
	}
	if p.Keys, err = s.addressed(c, t, e); err != nil {
		return p, err
	}
	p.HeaderSHA256 = hex.EncodeToString(e.HeaderSHA256[:])
	p.Size, p.SHA256, p.ContentSHA256, p.Received = in.Size, in.SHA256, e.ContentSHA256, s.Now().UTC().Truncate(time.Millisecond)
	if t, err = s.store.Tender(c.Context(), t.ID); err == nil && !t.Open(p.Received) {
		err = fault.Newf(fault.PortalRefused, "deadline")
	}
	if err != nil {
		return p, err
	}
	return s.keep(c, p, in)
}

// keep gives the file its place before its row, so that no row is without its
// file; a file without a row is swept at the next start.
func (s *Server) keep(c *call, p store.Pli, in *vault.Incoming) (store.Pli, error) {
	if err := in.Keep(vault.Plis, p.ID); err != nil {
		return p, err
	}
	added, known, err := s.store.AddPli(c.Context(), p)
	if err != nil || known {
		err = errors.Join(err, s.vault.Drop(vault.Plis, p.ID))
	}
	return added, err
}

// addressed finds the keys of the service that an envelope is sealed to. A
// pli that none of them opens would be found unreadable after the deadline,
// when nothing can be done any more: it is refused now.
func (s *Server) addressed(c *call, t store.Tender, e *vault.Envelope) ([]string, error) {
	keys, err := s.store.Keys(c.Context(), t.Service.ID)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, k := range keys {
		certificate, err := keypair.Parse(k.Certificate)
		if err != nil {
			return nil, err
		}
		for _, a := range e.Recipients {
			if k.State == protocol.Active && a.Matches(certificate) && !slices.Contains(ids, k.ID) {
				ids = append(ids, k.ID)
			}
		}
	}
	if len(ids) == 0 {
		return nil, fault.New(fault.NoRecipient)
	}
	return ids, nil
}

// pliJSON is a received pli as a buyer sees it.
type pliJSON struct {
	receiptJSON
	Company string `json:"company"`
	Copies  int    `json:"copies"` // other plis with the same encrypted content
	Opened  bool   `json:"opened"`
}

func (s *Server) listPlis(c *call) error {
	t, err := s.tender(c)
	if err != nil {
		return err
	}
	plis, err := s.store.Plis(c.Context(), t.ID)
	if err != nil {
		return err
	}
	list := make([]pliJSON, len(plis))
	for i, p := range plis {
		list[i] = pliJSON{receiptOf(t, p), p.CompanyName, p.Copies, len(p.Openings) > 0}
	}
	return c.reply(map[string][]pliJSON{"plis": list})
}

// openablePli is a pli for an agent who may open it now: never before the
// deadline.
func (s *Server) openablePli(c *call, id string) (store.Pli, error) {
	p, err := s.store.Pli(c.Context(), id)
	if err != nil {
		return p, err
	}
	t, err := s.store.Tender(c.Context(), p.Tender)
	if err != nil {
		return p, err
	}
	if !c.user().May(store.PlisOpen, t.Service.ID) {
		return p, errRight
	}
	if t.Open(s.Now()) {
		return p, &refusal{http.StatusForbidden, fault.Newf(fault.PortalRefused, "deadline")}
	}
	return p, nil
}

// pliContent streams the sealed bytes.
func (s *Server) pliContent(c *call) error {
	p, err := s.openablePli(c, c.PathValue("id"))
	if err != nil {
		return err
	}
	f, _, err := s.pliFile(c.Context(), p)
	if err != nil {
		return err
	}
	return send(c, f, "application/pkcs7-mime", p.Name)
}

// pliFile opens a kept pli, and returns what the store says of it then: a
// transfer may have given it another file since p was read.
func (s *Server) pliFile(ctx context.Context, p store.Pli) (*os.File, store.Pli, error) {
	f, err := s.vault.Get(vault.Plis, p.File)
	if errors.Is(err, fs.ErrNotExist) {
		if p, err = s.store.Pli(ctx, p.ID); err != nil {
			return nil, p, err
		}
		f, err = s.vault.Get(vault.Plis, p.File)
	}
	return f, p, err
}

// reportOpening notes what the agent's page says came out of a pli.
func (s *Server) reportOpening(c *call) error {
	p, err := s.openablePli(c, c.PathValue("id"))
	if err != nil {
		return err
	}
	var args struct {
		Authenticated bool               `json:"authenticated"`
		SHA256        string             `json:"sha256"`
		ContentSHA256 string             `json:"contentSha256"`
		Files         []protocol.PliFile `json:"files"`
	}
	if err := c.decode(&args); err != nil {
		return err
	}
	if err := s.sameAsOpened(c, p, args.SHA256, args.ContentSHA256); err != nil {
		return err
	}
	for i := range args.Files {
		args.Files[i].Name = keypair.Clean(args.Files[i].Name)
	}
	o := store.Opening{By: c.user().ID, Authenticated: args.Authenticated, Files: args.Files}
	if err := s.store.AddOpening(c.Context(), p.ID, o); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// sameAsOpened compares what was opened with what is kept, as far as the page
// says. A pli may have got other keys since its file was fetched.
func (s *Server) sameAsOpened(c *call, p store.Pli, sha256, contentSHA256 string) error {
	same := (sha256 == "" || sha256 == p.Current) && (contentSHA256 == "" || contentSHA256 == p.ContentSHA256)
	if !same && contentSHA256 == p.ContentSHA256 {
		before, err := s.store.FormerSHA256(c.Context(), p.ID)
		if err != nil {
			return err
		}
		same = slices.Contains(before, sha256)
	}
	if !same {
		return &refusal{http.StatusUnprocessableEntity, fault.Newf(fault.PortalRefused, "sha256")}
	}
	return nil
}

// handedJSON is an opened file that the portal received.
type handedJSON struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// handOver takes one opened file, as the request's body, from an agent who
// chose to give it to the portal.
func (s *Server) handOver(c *call) error {
	p, err := s.openablePli(c, c.PathValue("id"))
	if err != nil {
		return err
	}
	f := store.HandedFile{ID: store.NewID(), Pli: p.ID, By: c.user().ID}
	if f.Name, err = checkedName(c.URL.Query().Get("name"), 255); err != nil {
		return err
	}
	in, err := s.receive(c)
	if err != nil {
		return err
	}
	defer in.Discard()
	if announced := c.URL.Query().Get("sha256"); announced != "" && announced != in.SHA256 {
		return &refusal{http.StatusUnprocessableEntity, fault.Newf(fault.PortalRefused, "sha256")}
	}
	f.Size, f.SHA256 = in.Size, in.SHA256
	if err := in.Keep(vault.Opened, f.ID); err != nil {
		return err
	}
	added, err := s.store.AddHanded(c.Context(), f)
	if err != nil || !added {
		err = errors.Join(err, s.vault.Drop(vault.Opened, f.ID))
	}
	if err != nil {
		return err
	}
	return c.reply(handedJSON{f.ID, f.Name, f.Size, f.SHA256})
}

// handedFile gives an opened file back, always as a download: it was written
// by a stranger and must never be shown in the portal's origin.
func (s *Server) handedFile(c *call) error {
	f, err := s.store.Handed(c.Context(), c.PathValue("id"))
	if err != nil {
		return err
	}
	if _, err := s.openablePli(c, f.Pli); err != nil {
		return err
	}
	return s.sendFile(c, vault.Opened, f.ID, "application/octet-stream", f.Name)
}

func (s *Server) sendFile(c *call, shelf vault.Shelf, id, mediaType, name string) error {
	f, err := s.vault.Get(shelf, id)
	if err != nil {
		return err
	}
	return send(c, f, mediaType, name)
}

// send streams a file as a download and closes it.
func send(c *call, f *os.File, mediaType, name string) error {
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	setDownload(c.w, mediaType, name, info.Size())
	_, _ = io.Copy(c.w, f) // the browser went away: nobody is left to tell
	return nil
}
