package site

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"slices"

	"scelle/scripts/portal/internal/store"
	"scelle/scripts/portal/internal/vault"
	"scelle/shared/cms"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// transfer is one replaceRecipients.
type transfer struct {
	args  protocol.ReplaceRecipientsArgs
	pli   store.Pli
	from  store.Key
	to    []store.Key
	asked []store.Key         // to, with those that open the pli already
	info  []cms.RecipientInfo // for to, in its order

	tried bool // the content key on the content, which nobody gets before the deadline

	old *envelope.Info
	raw []byte // the old file up to its content
}

// replaceRecipients gives one pli to other keys. The encrypted content never
// leaves this place: what comes is the content key in a form that only the new
// keys open, and the header is written anew around it.
func (s *Server) replaceRecipients(c *call) error {
	t := &transfer{}
	var err error
	if t.pli, err = s.servicePli(c); err != nil {
		return err
	}
	if err := c.decode(&t.args); err != nil {
		return err
	}
	if t.args.ID != t.pli.ID {
		return fault.Newf(fault.BadRequest, "id")
	}
	var to []string
	for _, r := range t.args.Recipients {
		to = append(to, r.Thumbprint)
	}
	done, err := s.store.Transferred(c.Context(), t.pli.ID, t.args.Header, t.args.From, to)
	if err == nil && !done {
		err = s.readTransfer(c, t)
	}
	if err == nil && !done {
		err = s.transfer(c, t)
	}
	if err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// readTransfer finds the keys that the request names by their certificates.
func (s *Server) readTransfer(c *call, t *transfer) error {
	tender, err := s.store.Tender(c.Context(), t.pli.Tender)
	if err != nil {
		return err
	}
	held, err := s.store.Holding(c.Context(), tender.Service.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(held, func(k store.Key) bool { return k.Thumbprint == t.args.From })
	switch {
	case i < 0 && t.pli.HeaderSHA256 != "" && t.pli.HeaderSHA256 != t.args.Header: // somebody was faster
		return &refusal{http.StatusConflict, fault.New(fault.TransferChanged)}
	case i < 0:
		return fault.Newf(fault.BadRequest, "from")
	}
	keys, err := s.store.Keys(c.Context(), tender.Service.ID)
	if err != nil {
		return err
	}
	if len(t.args.Recipients) == 0 || len(t.args.Recipients) > protocol.MaxRecipients {
		return fault.Newf(fault.BadRequest, "recipients")
	}
	t.from, t.tried = held[i], t.args.Verified && !tender.Open(s.Now())
	for _, r := range t.args.Recipients {
		k := slices.IndexFunc(keys, func(k store.Key) bool { return k.Thumbprint == r.Thumbprint })
		if k < 0 || keys[k].ID == t.from.ID || !keys[k].Usable(s.Now()) || slices.ContainsFunc(t.to, func(other store.Key) bool { return other.ID == keys[k].ID }) {
			return fault.Newf(fault.BadRequest, "recipients")
		}
		info, err := cms.ParseRecipientInfo(r.RecipientInfo)
		if err != nil {
			return err
		}
		t.to, t.info = append(t.to, keys[k]), append(t.info, info)
	}
	return nil
}

// transfer writes the new envelope beside the old one, reads it again from the
// disk, compares, and only then puts it in its place.
func (s *Server) transfer(c *call, t *transfer) error {
	in, err := s.rewrite(c, t)
	if err != nil {
		return err
	}
	defer in.Discard()
	e, err := in.Envelope()
	if err != nil {
		return err
	}
	if err := t.compare(e); err != nil {
		return err
	}
	keys, err := s.sealedTo(c, t, e)
	if err != nil {
		return err
	}
	file := store.NewID()
	if err := in.Keep(vault.Plis, file); err != nil {
		return err
	}
	err = s.store.AddTransfer(c.Context(), store.Transfer{Pli: t.pli.ID, By: c.user().ID, From: t.from.ID, To: idsOf(t.asked),
		SHA256Before: t.pli.Current, SHA256After: in.SHA256, HeaderBefore: t.args.Header, HeaderAfter: hex.EncodeToString(e.HeaderSHA256[:]),
		Head: t.raw, Verified: t.tried}, file, keys)
	switch {
	case errors.Is(err, store.ErrNotFound):
		err = &refusal{http.StatusConflict, fault.New(fault.TransferChanged)}
		fallthrough
	case err != nil:
		return errors.Join(err, s.vault.Drop(vault.Plis, file))
	}
	return s.vault.Drop(vault.Plis, t.pli.File)
}

func idsOf(keys []store.Key) []string {
	ids := make([]string, len(keys))
	for i, k := range keys {
		ids[i] = k.ID
	}
	return ids
}

// rewrite streams the kept pli into a new file with the other recipients.
func (s *Server) rewrite(c *call, t *transfer) (*vault.Incoming, error) {
	old, now, err := s.pliFile(c.Context(), t.pli)
	if err != nil {
		return nil, err
	}
	defer old.Close()
	t.pli = now
	if t.old, err = envelope.Inspect(old); err != nil {
		return nil, err
	}
	if hex.EncodeToString(t.old.HeaderSHA256[:]) != t.args.Header {
		return nil, &refusal{http.StatusConflict, fault.New(fault.TransferChanged)}
	}
	certificates, err := t.narrow()
	if err != nil {
		return nil, err
	}
	if _, err := old.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if t.raw, err = headOf(old, t.old); err != nil {
		return nil, err
	}
	keep := func(r *cms.RecipientInfo) bool { return !onlyFor(r, certificates) }
	return s.vault.Make(func(dst io.Writer) error {
		_, err := envelope.Rewrap(c.Context(), dst, old, envelope.RewrapOptions{Keep: keep, Ready: t.info})
		return err
	})
}

// narrow leaves out the new keys that open the pli already: nobody here can try
// what comes for them, and it must not take the place of what they have. Where
// that leaves none, the old key goes all the same.
func (t *transfer) narrow() ([]*keypair.Certificate, error) {
	certificates, err := t.certificates()
	if err != nil {
		return nil, err
	}
	opens := func(c *keypair.Certificate) bool {
		return slices.ContainsFunc(t.old.Recipients, func(a envelope.Addressee) bool { return a.Matches(c) })
	}
	to, infos := t.to, t.info
	t.asked, t.to, t.info = to, nil, nil
	for i := range to {
		if !opens(certificates[i+1]) {
			t.to, t.info = append(t.to, to[i]), append(t.info, infos[i])
		}
	}
	if len(t.to) == 0 && !opens(certificates[0]) {
		return nil, &refusal{http.StatusConflict, fault.New(fault.TransferChanged)}
	}
	return t.certificates()
}

// headOf is a file up to its content, or its header in segmented form where the
// content is in segments; it leaves the file at its start.
func headOf(f io.ReadSeeker, info *envelope.Info) ([]byte, error) {
	if info.ContentOffset < 0 {
		return cms.MarshalHeader(info.Header, cms.UnknownLength, 0)
	}
	head := make([]byte, info.ContentOffset)
	_, err := io.ReadFull(f, head)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	return head, err
}

// certificates are those of the old key and of the new ones.
func (t *transfer) certificates() ([]*keypair.Certificate, error) {
	var all []*keypair.Certificate
	for _, k := range append([]store.Key{t.from}, t.to...) {
		c, err := keypair.Parse(k.Certificate)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// onlyFor reports a RecipientInfo that is for these certificates and no other:
// one that several share stays.
func onlyFor(r *cms.RecipientInfo, certificates []*keypair.Certificate) bool {
	ids := r.Identifiers()
	return len(ids) > 0 && !slices.ContainsFunc(ids, func(id cms.RecipientIdentifier) bool {
		a := envelope.Addressee{RecipientIdentifier: id}
		return !slices.ContainsFunc(certificates, a.Matches)
	})
}

// compare holds the new envelope to the old one: the same encrypted content and
// tag under the same algorithm and nonce, the recipients of before without the
// old key's, and exactly one for each new key, of the kind that it has proven.
func (t *transfer) compare(e *vault.Envelope) error {
	certificates, err := t.certificates()
	if err != nil {
		return err
	}
	var want [][]byte
	for i := range t.old.Header.RecipientInfos {
		if r := &t.old.Header.RecipientInfos[i]; !onlyFor(r, certificates) {
			want = append(want, r.Raw)
		}
	}
	for i := range t.info {
		want = append(want, t.info[i].Raw)
	}
	var got [][]byte
	for i := range e.Header.RecipientInfos {
		got = append(got, e.Header.RecipientInfos[i].Raw)
	}
	sort := func(all [][]byte) { slices.SortFunc(all, bytes.Compare) }
	sort(want)
	sort(got)
	same := e.ContentSHA256 == t.pli.ContentSHA256 && bytes.Equal(e.Content.Raw, t.old.Content.Raw) && slices.EqualFunc(want, got, bytes.Equal)
	for i, k := range t.to {
		ours := 0
		for _, a := range e.Recipients {
			if a.Matches(certificates[i+1]) && bytes.Equal(a.Info, t.info[i].Raw) && a.Err == nil && a.Mechanism == k.Mechanism {
				ours++
			}
		}
		same = same && ours == 1
	}
	if !same {
		return &refusal{http.StatusUnprocessableEntity, fault.New(fault.TransferChanged)}
	}
	return nil
}

// sealedTo lists the portal's keys that open the new envelope.
func (s *Server) sealedTo(c *call, t *transfer, e *vault.Envelope) ([]string, error) {
	before, err := s.store.PliKeys(c.Context(), t.pli.ID)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, id := range append(before, idsOf(t.to)...) {
		k, err := s.store.Key(c.Context(), id)
		if err != nil {
			return nil, err
		}
		certificate, err := keypair.Parse(k.Certificate)
		if err != nil {
			return nil, err
		}
		opens := slices.ContainsFunc(e.Recipients, func(a envelope.Addressee) bool { return a.Matches(certificate) })
		if opens && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
