package authority

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"time"

	"scelle/shared/envelope"
	"scelle/shared/keypair"
	"scelle/shared/pkcs12x"
	"scelle/shared/protocol"
)

// A Go program cannot wipe an RSA key: big.Int values, the primality tests and
// the garbage collector leave copies. So the pair is made by a process of its
// own that gives out the public key, takes the certificate, gives out the
// sealed PKCS#12 and ends; with it goes every copy. The portal's own process
// never holds the private key at all.

// KeyMaker runs that process.
type KeyMaker struct {
	Command []string // program and arguments that run [Child]
}

// makeTimeout bounds one making; RSA 3072 takes a few seconds at most.
const makeTimeout = 2 * time.Minute

// childStart is the first message to the child.
type childStart struct {
	Name    string `json:"name"`    // friendly name inside the PKCS#12
	OneTime []byte `json:"oneTime"` // DER of the certificate to seal to
}

// childKey is the child's first answer.
type childKey struct {
	SPKI []byte `json:"spki"`
}

// childCertificate is the second message to the child.
type childCertificate struct {
	Certificate []byte `json:"certificate"`
}

// childSealed is the child's second answer.
type childSealed struct {
	Envelope []byte `json:"envelope"`
}

// Make makes a pair. issue signs the certificate for its SubjectPublicKeyInfo.
// The result is that certificate, and a CMS envelope to the one-time
// certificate (DER) with the PKCS#12 as protocol.ServerKey describes it.
func (m KeyMaker) Make(ctx context.Context, name string, oneTime []byte, issue func(spki []byte) ([]byte, error)) (certificate, sealed []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, makeTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, m.Command[0], m.Command[1:]...)
	cmd.Env = []string{"GOTRACEBACK=none"}
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("start key maker: %w", err)
	}
	certificate, sealed, err = converse(in, out, childStart{name, oneTime}, issue)
	in.Close()
	if waited := cmd.Wait(); err != nil || waited != nil {
		return nil, nil, fmt.Errorf("key maker: %v, %v: %.200s", err, waited, complaints.Bytes())
	}
	return certificate, sealed, nil
}

// converse is the parent's side.
func converse(in io.Writer, out io.Reader, start childStart, issue func([]byte) ([]byte, error)) (certificate, sealed []byte, err error) {
	to, from := json.NewEncoder(in), json.NewDecoder(out)
	if err := to.Encode(start); err != nil {
		return nil, nil, err
	}
	var key childKey
	if err := from.Decode(&key); err != nil {
		return nil, nil, err
	}
	if certificate, err = issue(key.SPKI); err != nil {
		return nil, nil, err
	}
	if err := to.Encode(childCertificate{certificate}); err != nil {
		return nil, nil, err
	}
	var result childSealed
	err = from.Decode(&result)
	return certificate, result.Envelope, err
}

// Child is the other side of [KeyMaker]: the whole life of the process that
// makes one pair, from its standard input to its standard output.
func Child(in io.Reader, out io.Writer) error {
	forbidDumps()
	to, from := json.NewEncoder(out), json.NewDecoder(in)
	var start childStart
	if err := from.Decode(&start); err != nil {
		return err
	}
	key, err := rsa.GenerateKey(rand.Reader, protocol.GeneratedKeyBits)
	if err != nil {
		return err
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	if err := to.Encode(childKey{spki}); err != nil {
		return err
	}
	var answer childCertificate
	if err := from.Decode(&answer); err != nil {
		return err
	}
	sealed, err := sealPair(key, answer.Certificate, start)
	if err != nil {
		return err
	}
	return to.Encode(childSealed{sealed})
}

// sealPair puts the pair into a PKCS#12 whose password is the lower-case hex
// SHA-256 of the one-time certificate, and seals that file to it.
func sealPair(key *rsa.PrivateKey, certificate []byte, start childStart) ([]byte, error) {
	p12, err := pkcs12x.Encode(key, certificate, keypair.Clean(start.Name), []byte(keypair.Thumbprint(start.OneTime)))
	if err != nil {
		return nil, err
	}
	defer clear(p12)
	return Seal(p12, start.OneTime, "")
}

// Seal seals a short content to one certificate (DER) with this mechanism, in
// the default profile. An empty mechanism is the best for the key.
func Seal(content, certificate []byte, mechanism envelope.Mechanism) ([]byte, error) {
	var sealed bytes.Buffer
	_, err := envelope.Seal(context.Background(), &sealed, bytes.NewReader(content), envelope.SealOptions{
		Recipients: []envelope.Recipient{{Certificate: certificate, Mechanism: mechanism}},
		Length:     int64(len(content)),
	})
	return sealed.Bytes(), err
}
