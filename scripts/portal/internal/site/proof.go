package site

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"scelle/scripts/portal/internal/authority"
	"scelle/scripts/portal/internal/store"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// challengeLife is how long a challenge can be answered: long enough for a
// card, its PIN and a slow person.
const challengeLife = 10 * time.Minute

// requestChallenge seals a fresh secret to the new certificate, with the best
// mechanism that its store did not refuse.
func (s *Server) requestChallenge(c *call) error {
	k, err := s.managedKey(c)
	if err != nil {
		return err
	}
	var args struct {
		Refused []envelope.Mechanism `json:"refused"`
	}
	if err := c.decode(&args); err != nil {
		return err
	}
	mechanism, err := nextMechanism(k.Certificate, args.Refused)
	if err != nil {
		return err
	}
	origin, err := s.origin(c.Request)
	if err != nil {
		return err
	}
	return s.challenge(c, k, mechanism, proofText(origin, k.Thumbprint))
}

func (s *Server) challenge(c *call, k store.Key, mechanism envelope.Mechanism, plaintext []byte) error {
	defer clear(plaintext)
	sealed, err := authority.Seal(plaintext, k.Certificate, mechanism)
	if err != nil {
		return err
	}
	if err := s.store.SetChallenge(c.Context(), k.ID, mechanism, keypair.Thumbprint(plaintext), challengeLife); err != nil {
		return err
	}
	return c.reply(protocol.Challenge{Mechanism: mechanism, Envelope: sealed})
}

// proofText is the plaintext of a challenge, as protocol.Challenge describes
// it: four lines, each ended by \n.
func proofText(origin, thumbprint string) []byte {
	secret := make([]byte, 32)
	rand.Read(secret)
	return []byte(strings.Join([]string{protocol.ProofPrefix, origin, thumbprint, hex.EncodeToString(secret), ""}, "\n"))
}

// nextMechanism is the best mechanism for a certificate's key that is not
// among the refused ones.
func nextMechanism(der []byte, refused []envelope.Mechanism) (envelope.Mechanism, error) {
	certificate, err := keypair.Parse(der)
	if err != nil {
		return "", err
	}
	order := []envelope.Mechanism{envelope.RSAOAEPSHA256, envelope.RSAOAEPSHA1, envelope.RSAPKCS1}
	if certificate.Kind == keypair.EC {
		order = []envelope.Mechanism{envelope.ECDH}
	}
	for _, m := range order {
		if !slices.Contains(refused, m) {
			return m, nil
		}
	}
	return "", fault.New(fault.MechanismMissing)
}

// submitProof activates the key whose challenge was opened.
func (s *Server) submitProof(c *call) error {
	k, err := s.managedKey(c)
	if err != nil {
		return err
	}
	var args struct {
		Mechanism envelope.Mechanism `json:"mechanism"`
		Proof     string             `json:"proof"`
	}
	if err := c.decode(&args); err != nil {
		return err
	}
	if k, err = s.store.Prove(c.Context(), k.ID, args.Mechanism, args.Proof); err != nil {
		return err
	}
	return c.reply(k.Registration())
}
