package site

import (
	"time"
	"unicode/utf8"

	"scelle/scripts/portal/internal/store"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// keyJSON is a key pair in the API.
type keyJSON struct {
	ID           string                     `json:"id"`
	Service      string                     `json:"service"`
	Name         string                     `json:"name"`
	Recovery     bool                       `json:"recovery"`
	State        protocol.RegistrationState `json:"state"`
	Mode         protocol.Mode              `json:"mode"`
	CommonName   string                     `json:"commonName"`
	Issuer       string                     `json:"issuer"`
	NotAfter     time.Time                  `json:"notAfter"`
	Expired      bool                       `json:"expired"`
	Thumbprint   string                     `json:"thumbprint"`
	Certificate  []byte                     `json:"certificate"` // DER
	Mechanism    envelope.Mechanism         `json:"mechanism"`
	Proven       *time.Time                 `json:"proven,omitempty"`
	Openings     []protocol.KeyOpening      `json:"openings"`
	PendingUntil *time.Time                 `json:"pendingUntil,omitempty"`
	Plis         int                        `json:"plis"`
}

func (s *Server) keyJSON(k store.Key) keyJSON {
	v := keyJSON{
		ID: k.ID, Service: k.Service, Name: k.Name, Recovery: k.Recovery, State: k.State, Mode: k.Mode,
		CommonName: k.CommonName, Issuer: k.Issuer, NotAfter: k.NotAfter, Expired: !s.Now().Before(k.NotAfter),
		Thumbprint: k.Thumbprint, Certificate: k.Certificate, Mechanism: k.Mechanism, Openings: []protocol.KeyOpening{}, Plis: k.Plis,
	}
	if !k.Proven.IsZero() {
		v.Proven = &k.Proven
	}
	if k.Pending() {
		v.PendingUntil = &k.PendingUntil
	}
	return v
}

// service is the service that a request is about: the one it names, or the
// agent's own. The agent must have the power there.
func (c *call) service(named string, p store.Power) (string, error) {
	if named == "" {
		named = c.user().Service.ID
	}
	if !c.user().May(p, named) {
		return "", errRight
	}
	return named, nil
}

// managedKey is the key of the request's path, if the agent may manage it.
func (s *Server) managedKey(c *call) (store.Key, error) {
	k, err := s.store.Key(c.Context(), c.PathValue("id"))
	if err != nil {
		return k, err
	}
	if !c.user().May(store.KeysManage, k.Service) {
		return k, errRight
	}
	return k, nil
}

func (s *Server) listKeys(c *call) error {
	service, err := c.service(c.FormValue("service"), store.KeysRead)
	if err != nil {
		return err
	}
	keys, err := s.store.Keys(c.Context(), service)
	if err != nil {
		return err
	}
	openings, err := s.openings(c.Context(), service)
	if err != nil {
		return err
	}
	list := make([]keyJSON, len(keys))
	for i, k := range keys {
		list[i] = s.keyJSON(k)
		list[i].Openings = append(list[i].Openings, openings[k.ID]...)
	}
	return c.reply(map[string][]keyJSON{"keys": list})
}

// certificateRequest is protocol.SubmitCertificateArgs and the service, which
// only the page knows.
type certificateRequest struct {
	protocol.SubmitCertificateArgs
	Service string `json:"service"`
}

// submitCertificate registers a certificate whose private key is in a store
// of the agent's computer. It is idempotent on the thumbprint.
func (s *Server) submitCertificate(c *call) error {
	var args certificateRequest
	if err := c.decode(&args); err != nil {
		return err
	}
	service, err := c.service(args.Service, store.KeysManage)
	if err != nil {
		return err
	}
	if args.Mode != protocol.ModeExisting && args.Mode != protocol.ModeLocal {
		return fault.Newf(fault.BadRequest, "mode")
	}
	certificate, err := s.checkedCertificate(args.Certificate)
	if err != nil {
		return err
	}
	if certificate.Thumbprint() != args.Thumbprint {
		return fault.Newf(fault.CertificateBad, "thumbprint")
	}
	return s.register(c, store.Key{Service: service, Name: args.Name, Recovery: args.Recovery, State: protocol.AwaitingProof, Mode: args.Mode}, certificate)
}

// checkedCertificate reads a certificate that can receive plis today.
func (s *Server) checkedCertificate(der []byte) (*keypair.Certificate, error) {
	if len(der) > protocol.MaxRecipientDER {
		return nil, fault.Newf(fault.CertificateBad, "%d bytes", len(der))
	}
	certificate, err := keypair.Parse(der)
	if err != nil {
		return nil, err
	}
	return certificate, keypair.Check(certificate, s.Now()).Err()
}

// register adds the registration and answers with it.
func (s *Server) register(c *call, k store.Key, certificate *keypair.Certificate) error {
	k, err := s.addKey(c, k, certificate)
	if err != nil {
		return err
	}
	return c.reply(k.Registration())
}

func (s *Server) addKey(c *call, k store.Key, certificate *keypair.Certificate) (store.Key, error) {
	var err error
	if k.Name, err = checkedName(k.Name, protocol.MaxName); err != nil {
		return k, err
	}
	k.Certificate, k.Thumbprint = certificate.Raw, certificate.Thumbprint()
	k.CommonName, k.Issuer, k.NotAfter = certificate.Subject, certificate.Issuer, certificate.NotAfter
	k.CreatedBy = c.user().ID
	return s.store.Register(c.Context(), k)
}

// checkedName makes a name safe to show, and refuses one that is empty or
// longer than limit characters.
func checkedName(name string, limit int) (string, error) {
	clean := keypair.Clean(name)
	if clean == "" || utf8.RuneCountInString(name) > limit {
		return "", fault.New(fault.NameBad)
	}
	return clean, nil
}

// serverKeyRequest is protocol.RequestServerKeyArgs and the service.
type serverKeyRequest struct {
	protocol.RequestServerKeyArgs
	Service string `json:"service"`
}

// maxCommonName is ub-common-name of RFC 5280 A.1, in characters.
const maxCommonName = 64

// requestServerKey makes a pair and gives it out sealed to the host's one-time
// certificate. The private key never enters this process (package authority).
func (s *Server) requestServerKey(c *call) error {
	var args serverKeyRequest
	if err := c.decode(&args); err != nil {
		return err
	}
	service, err := c.service(args.Service, store.KeysManage)
	if err != nil {
		return err
	}
	if _, err := checkedName(args.Name, protocol.MaxName); err != nil {
		return err
	}
	commonName, err := checkedName(args.CommonName, maxCommonName)
	if err != nil {
		return err
	}
	oneTime, err := s.checkedCertificate(args.OneTimeCertificate)
	if err != nil {
		return err
	}
	der, sealed, err := s.makePair(c, commonName, args.Name, oneTime.Raw)
	if err != nil {
		return err
	}
	certificate, err := keypair.Parse(der)
	if err != nil {
		return err
	}
	k, err := s.addKey(c, store.Key{Service: service, Name: args.Name, Recovery: args.Recovery, State: protocol.AwaitingImport, Mode: protocol.ModeServer}, certificate)
	if err != nil {
		return err
	}
	return c.reply(protocol.ServerKey{Registration: k.Registration(), Envelope: sealed})
}

// makePair waits for a free slot: making a pair costs seconds of processor.
func (s *Server) makePair(c *call, commonName, name string, oneTime []byte) (certificate, sealed []byte, err error) {
	select {
	case s.making <- struct{}{}:
		defer func() { <-s.making }()
	case <-c.Context().Done():
		return nil, nil, fault.Wrap(fault.Busy, c.Context().Err())
	}
	return s.keyMaker.Make(c.Context(), name, oneTime, func(spki []byte) ([]byte, error) {
		return s.authority.Issue(spki, commonName, s.Now())
	})
}

// editKey changes the name, or whether it is a recovery key.
func (s *Server) editKey(c *call) error {
	k, err := s.managedKey(c)
	if err != nil {
		return err
	}
	var edit struct {
		Name     *string `json:"name"`
		Recovery *bool   `json:"recovery"`
	}
	if err := c.decode(&edit); err != nil {
		return err
	}
	if k.State == protocol.Discarded {
		return fault.New(fault.RegistrationUnknown)
	}
	if edit.Name != nil {
		if k.Name, err = checkedName(*edit.Name, protocol.MaxName); err != nil {
			return err
		}
	}
	if edit.Recovery != nil {
		k.Recovery = *edit.Recovery
	}
	if err := s.store.EditKey(c.Context(), k.ID, k.Name, k.Recovery); err != nil {
		return err
	}
	return c.reply(s.keyJSON(k))
}

func (s *Server) deleteKey(c *call) error {
	k, err := s.managedKey(c)
	if err != nil {
		return err
	}
	if k.State == protocol.Discarded {
		return fault.New(fault.RegistrationUnknown)
	}
	if err := s.store.DeleteKey(c.Context(), k.ID); err != nil {
		return err
	}
	c.w.WriteHeader(204)
	return nil
}

func (s *Server) discardKey(c *call) error {
	k, err := s.managedKey(c)
	if err != nil {
		return err
	}
	if k, err = s.store.Discard(c.Context(), k.ID); err != nil {
		return err
	}
	return c.reply(k.Registration())
}
