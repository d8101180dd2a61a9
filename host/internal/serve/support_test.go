package serve

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"scelle/host/internal/wire"
	"scelle/shared/envelope"
	"scelle/shared/protocol"
	"scelle/shared/version"
)

func readPEM(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		t.Fatalf("%s holds no PEM", name)
	}
	return block.Bytes
}

func readKey(t *testing.T, name string) crypto.Signer {
	t.Helper()
	key, err := x509.ParsePKCS8PrivateKey(readPEM(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return key.(*rsa.PrivateKey)
}

// letterKey gets the letter's content key by crypto/rsa alone and proves it by
// decrypting the letter, whose text is known.
func letterKey(t *testing.T, letter []byte, info *envelope.Info) string {
	t.Helper()
	key := readKey(t, "alice.key.pem").(*rsa.PrivateKey)
	recipient := info.Recipients[0].Info
	wrapped := recipient[len(recipient)-key.Size():] // encryptedKey ends a KeyTransRecipientInfo
	contentKey, err := rsa.DecryptOAEP(sha256.New(), nil, key, wrapped, nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(contentKey)
	if err != nil {
		t.Fatal(err)
	}
	plain := make([]byte, 16)
	parameters := info.Content.Parameters
	cipher.NewCBCDecrypter(block, parameters[len(parameters)-16:]).CryptBlocks(plain, letter[len(letter)-16:])
	if !bytes.HasPrefix(plain, []byte("Offre de test\n")) {
		t.Fatalf("the letter says %q", plain)
	}
	return base64.StdEncoding.EncodeToString(contentKey)
}

// peer is a browser at the other end of a connection.
type peer struct {
	t    *testing.T
	in   io.WriteCloser // to the host
	out  *wire.Reader   // from the host
	done chan error     // what Serve returned
	next int
}

// connect serves one connection until the test ends.
func connect(t *testing.T, s *Service) *peer {
	t.Helper()
	fromPeer, toHost := io.Pipe()
	fromHost, toPeer := io.Pipe()
	p := &peer{t: t, in: toHost, out: wire.NewReader(fromHost), done: make(chan error, 1)}
	go func() {
		err := s.Serve(t.Context(), fromPeer, toPeer)
		toPeer.Close()
		fromPeer.Close()
		p.done <- err
	}()
	t.Cleanup(func() { toHost.Close(); fromHost.Close() })
	return p
}

// send writes one frame as it is.
func (p *peer) send(payload []byte) {
	p.t.Helper()
	frame := make([]byte, 4, 4+len(payload))
	frame[0], frame[1], frame[2], frame[3] = byte(len(payload)), byte(len(payload)>>8), byte(len(payload)>>16), byte(len(payload)>>24)
	if _, err := p.in.Write(append(frame, payload...)); err != nil {
		p.t.Fatal(err)
	}
}

// receive reads one frame.
func (p *peer) receive() []byte {
	p.t.Helper()
	payload, err := p.out.Next()
	if err != nil {
		p.t.Fatalf("no answer: %v", err)
	}
	return payload
}

func (p *peer) exchange(payload []byte) []byte {
	p.t.Helper()
	p.send(payload)
	return p.receive()
}

// ask sends a request without waiting.
func (p *peer) ask(m protocol.Method, params any) string {
	p.t.Helper()
	raw, err := json.Marshal(params)
	if err != nil {
		p.t.Fatal(err)
	}
	p.next++
	id := strconv.Itoa(p.next)
	payload, err := json.Marshal(protocol.Request{ID: id, Method: m, Params: raw})
	if err != nil {
		p.t.Fatal(err)
	}
	p.send(payload)
	return id
}

// answer reads one response.
func (p *peer) answer() protocol.Response {
	p.t.Helper()
	var r protocol.Response
	if err := wire.Decode(p.receive(), &r); err != nil {
		p.t.Fatal(err)
	}
	return r
}

func (p *peer) call(m protocol.Method, params any) protocol.Response {
	p.t.Helper()
	id := p.ask(m, params)
	r := p.answer()
	if r.ID != id {
		p.t.Fatalf("answer to %q, not to %q", r.ID, id)
	}
	return r
}

func (p *peer) hello() {
	p.t.Helper()
	if r := p.call(protocol.HostHello, protocol.HelloParams{Version: version.Version, Protocol: version.Protocol}); !r.OK {
		p.t.Fatalf("%+v", r.Fault)
	}
}

// end closes the port and returns what Serve said.
func (p *peer) end() error {
	p.t.Helper()
	p.in.Close()
	return <-p.done
}
