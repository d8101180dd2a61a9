//go:build linux

package cardtest

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"sync"
)

// PIN is the right PIN of a new card; Tries is how many wrong ones lock it.
const (
	PIN   = "739184"
	Tries = 3
)

// atr is a card's answer to reset: T=1, with historical bytes that name the
// application, which tell OpenSC that the card knows elliptic curves.
func atr() []byte {
	out := append([]byte{0x3B, 0x8D, 0x80, 0x01, 0x80, 0xFB}, application...)
	sum := byte(0)
	for _, b := range out[1:] {
		sum ^= b
	}
	return append(out, sum)
}

// application is the PIV application's identifier, version 1.
var application = []byte{0xA0, 0, 0, 0x03, 0x08, 0, 0, 0x10, 0, 0x01, 0}

// Status words of ISO 7816-4.
var (
	fine        = []byte{0x90, 0x00}
	notFound    = []byte{0x6A, 0x82}
	wrongData   = []byte{0x6A, 0x80}
	unsupported = []byte{0x6D, 0x00}
	notAllowed  = []byte{0x69, 0x82}
	locked      = []byte{0x69, 0x83}
)

// place is where a PIV card keeps one key and its certificate.
type place struct {
	key    byte // reference in GENERAL AUTHENTICATE
	object byte // last byte of the certificate's tag 5FC1xx
}

// places are those for keys that decrypt: key management first, then the
// twenty of its predecessors.
func places() []place {
	all := []place{{0x9D, 0x0B}}
	for i := range byte(20) {
		all = append(all, place{0x82 + i, 0x0D + i})
	}
	return all
}

// Card is an emulated PIV card. Its keys decrypt and agree; it signs nothing.
type Card struct {
	mu       sync.Mutex
	guid     [16]byte
	keys     map[byte]crypto.Signer // by reference
	objects  map[byte][]byte        // certificates, by tag
	used     int                    // places taken
	tries    int                    // left
	verified bool
	Shown    int         // PINs that were shown to the card
	before   func() bool // called before the next use of a key; false takes the card away under it

	pending  []byte // data of a chained command
	response []byte // what GET RESPONSE gives
}

// NewCard returns an empty card with a number of its own.
func NewCard() *Card {
	c := &Card{keys: make(map[byte]crypto.Signer), objects: make(map[byte][]byte), tries: Tries}
	_, _ = rand.Read(c.guid[:])
	return c
}

// Add puts a certificate (DER) on the card, with its key unless that is nil,
// and reports whether there was room. The key is RSA 2048, P-256 or P-384.
// Programs that know the card see it when the card is inserted again.
func (c *Card) Add(der []byte, key crypto.Signer) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.used == len(places()) {
		return false
	}
	p := places()[c.used]
	c.used++
	c.objects[p.object] = bytes.Join([][]byte{tlv(0x70, der), tlv(0x71, []byte{0}), tlv(0xFE, nil)}, nil)
	if key != nil {
		c.keys[p.key] = key
	}
	return true
}

// BeforeUse has f called before the next use of a key, once; when f returns
// false the card does not answer, as one that was pulled out.
func (c *Card) BeforeUse(f func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before = f
}

// TriesLeft is how many wrong PINs are left.
func (c *Card) TriesLeft() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tries
}

// PINs is how many PINs were shown to the card.
func (c *Card) PINs() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Shown
}

// tlv is one BER element with a tag of one byte or, for tags above 255, two.
func tlv(tag int, value []byte) []byte {
	var out []byte
	if tag > 0xFF {
		out = append(out, byte(tag>>8))
	}
	out = append(out, byte(tag))
	switch n := len(value); {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 0x100:
		out = append(out, 0x81, byte(n))
	default:
		out = append(out, 0x82, byte(n>>8), byte(n))
	}
	return append(out, value...)
}

// receive answers one message of the reader; nil is no answer.
func (c *Card) receive(message []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(message) == 1 {
		switch message[0] {
		case 0, 1, 2: // power off, power on, reset: the PIN is forgotten
			c.verified, c.pending, c.response = false, nil, nil
		case 4:
			return atr()
		}
		return nil
	}
	return c.apdu(message)
}

// apdu answers a short command of ISO 7816-4.
func (c *Card) apdu(command []byte) []byte {
	if len(command) < 4 {
		return wrongData
	}
	var data []byte
	rest := command[4:]
	if len(rest) > 1 {
		n := int(rest[0])
		if len(rest) < 1+n {
			return wrongData
		}
		data, rest = rest[1:1+n], rest[1+n:]
	}
	limit := expected(rest)
	if command[0]&0x10 != 0 {
		c.pending = append(c.pending, data...)
		return fine
	}
	data = append(c.pending, data...)
	c.pending = nil
	if command[1] == 0xC0 {
		return c.next(limit)
	}
	answer, status := c.run(command[1], command[2], command[3], data)
	if len(answer) == 0 {
		return status
	}
	c.response = answer
	return c.next(limit)
}

// expected is the length that a command's last byte asks for, 256 at most.
func expected(rest []byte) int {
	if len(rest) == 0 || rest[0] == 0 {
		return 256
	}
	return int(rest[0])
}

// next gives at most limit bytes of the response, and says how many follow.
func (c *Card) next(limit int) []byte {
	n := min(len(c.response), limit)
	part := c.response[:n:n]
	c.response = c.response[n:]
	if left := len(c.response); left > 0 {
		return append(part, 0x61, byte(min(left, 0xFF)))
	}
	return append(part, fine...)
}

// run carries one instruction out.
func (c *Card) run(instruction, p1, p2 byte, data []byte) (answer, status []byte) {
	switch instruction {
	case 0xA4: // SELECT
		if p1 != 0x04 || len(data) < 5 || !bytes.HasPrefix(application, data) {
			return nil, notFound
		}
		return tlv(0x61, append(tlv(0x4F, application[5:]), tlv(0x79, tlv(0x4F, application[:5]))...)), fine
	case 0xCB: // GET DATA
		return c.object(data)
	case 0x20: // VERIFY
		return nil, c.verify(p2, data)
	case 0x87: // GENERAL AUTHENTICATE
		return c.authenticate(p1, p2, data)
	}
	return nil, unsupported
}

func (c *Card) object(request []byte) (answer, status []byte) {
	if len(request) == 3 && request[0] == 0x5C && request[2] == 0x7E {
		return tlv(0x7E, append(tlv(0x4F, application), tlv(0x5F2F, []byte{0x40, 0})...)), fine
	}
	if len(request) != 5 || !bytes.HasPrefix(request, []byte{0x5C, 3, 0x5F, 0xC1}) {
		return nil, notFound
	}
	switch tag := request[4]; tag {
	case 0x02: // CHUID; this agency code has the GUID for a number
		fascn := []byte{0xD4, 0xE7, 0x39, 0xDA, 0x73, 0x9C, 0xED, 0x39, 0xCE, 0x73, 0x9D, 0xA1, 0x68, 0x5A, 0x10, 0x82, 0x10, 0x8C, 0xE7, 0x39, 0x84, 0x11, 0x92, 0x57, 0xFC}
		return tlv(0x53, bytes.Join([][]byte{
			tlv(0x30, fascn), tlv(0x34, c.guid[:]), tlv(0x35, []byte("20500101")), tlv(0x3E, nil), tlv(0xFE, nil),
		}, nil)), fine
	case 0x0C: // key history: how many predecessors are on the card
		return tlv(0x53, bytes.Join([][]byte{
			tlv(0xC1, []byte{byte(max(c.used-1, 0))}), tlv(0xC2, []byte{0}), tlv(0xFE, nil),
		}, nil)), fine
	default:
		if object, ok := c.objects[tag]; ok {
			return tlv(0x53, object), fine
		}
	}
	return nil, notFound
}

func (c *Card) verify(reference byte, pin []byte) []byte {
	if reference != 0x80 {
		return notFound
	}
	switch {
	case len(pin) == 0 && c.verified:
		return fine
	case c.tries == 0:
		return locked
	case len(pin) == 0:
		return []byte{0x63, 0xC0 | byte(c.tries)}
	}
	c.Shown++
	c.verified = bytes.Equal(bytes.TrimRight(pin, "\xFF"), []byte(PIN)) && len(pin) == 8
	if c.verified {
		c.tries = Tries
		return fine
	}
	c.tries--
	if c.tries == 0 {
		return locked
	}
	return []byte{0x63, 0xC0 | byte(c.tries)}
}

// authenticate uses a private key: 7C { 82 (empty), 81 block } is raw RSA,
// 7C { 82 (empty), 85 point } is ECDH.
func (c *Card) authenticate(algorithm, reference byte, data []byte) (answer, status []byte) {
	if before := c.before; before != nil {
		c.before = nil
		c.mu.Unlock()
		stays := before()
		c.mu.Lock()
		if !stays {
			return nil, []byte{0x6F, 0x00}
		}
	}
	key, ok := c.keys[reference]
	switch {
	case !ok:
		return nil, notFound
	case !c.verified:
		return nil, notAllowed
	}
	fields := children(child(data, 0x7C))
	switch k := key.(type) {
	case *rsa.PrivateKey:
		block := new(big.Int).SetBytes(fields[0x81])
		if algorithm != 0x07 || len(fields[0x81]) != k.Size() || block.Cmp(k.N) >= 0 {
			return nil, wrongData
		}
		plain := new(big.Int).Exp(block, k.D, k.N).FillBytes(make([]byte, k.Size()))
		return tlv(0x7C, tlv(0x82, plain)), fine
	case *ecdsa.PrivateKey:
		secret, ok := agree(k, fields[0x85])
		if want := map[int]byte{256: 0x11, 384: 0x14}[k.Curve.Params().BitSize]; !ok || algorithm != want {
			return nil, wrongData
		}
		return tlv(0x7C, tlv(0x82, secret)), fine
	}
	return nil, wrongData
}

func agree(k *ecdsa.PrivateKey, point []byte) ([]byte, bool) {
	own, err := k.ECDH()
	if err != nil {
		return nil, false
	}
	var peer *ecdh.PublicKey
	if peer, err = own.Curve().NewPublicKey(point); err != nil {
		return nil, false
	}
	secret, err := own.ECDH(peer)
	return secret, err == nil
}

// child is the content of the one element with this tag.
func child(data []byte, tag byte) []byte { return children(data)[tag] }

// children reads elements with tags of one byte and lengths of at most three.
func children(data []byte) map[byte][]byte {
	all := make(map[byte][]byte)
	for len(data) >= 2 {
		tag, n, head := data[0], int(data[1]), 2
		if n > 0x80 { // that many bytes of length follow
			head += n - 0x80
			if len(data) < head || head > 4 {
				return all
			}
			n = 0
			for _, b := range data[2:head] {
				n = n<<8 | int(b)
			}
		}
		if len(data) < head+n {
			return all
		}
		all[tag] = data[head : head+n]
		data = data[head+n:]
	}
	return all
}
