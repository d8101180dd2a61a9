// Package transport makes one-time keys, under which a portal sends a key
// pair that it generated: the portal's answer is a PKCS#12 sealed to the
// one-time certificate, so that page, extension and network carry ciphertext
// only. A key lives in memory, ten minutes at most, and opens one envelope.
package transport

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"scelle/host/internal/keystore"
	"scelle/host/internal/selfsign"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// maxLive is how many one-time keys may wait at a time, more than a person
// has assistant windows open.
const maxLive = 4

// commonName is the subject of every one-time certificate.
const commonName = "scelle transport"

// Keys holds the one-time keys of one connection. Its methods may be called
// from several goroutines. Make it with New and end it with Close.
type Keys struct {
	now  func() time.Time
	mu   sync.Mutex
	live map[string]*oneTime
}

type oneTime struct {
	key         *rsa.PrivateKey
	certificate []byte
	expires     time.Time
}

// New returns an empty set. now is time.Now, or a test's clock.
func New(now func() time.Time) *Keys {
	return &Keys{now: now, live: make(map[string]*oneTime)}
}

// Ticket is a one-time key as the portal gets to know it.
type Ticket struct {
	ID          string // 32 hex digits, random
	Certificate []byte // DER, self-signed, RSA-3072
	Expires     time.Time
}

// Begin makes a one-time key, valid for protocol.TransportSeconds; that takes
// 0.1 to 1 s, during which ctx may end it. fault.Busy when too many wait.
func (k *Keys) Begin(ctx context.Context) (Ticket, error) {
	id, err := k.reserve()
	if err != nil {
		return Ticket{}, err
	}
	pair, err := selfsign.MakePair(ctx, keystore.GenerateOptions{
		CommonName: commonName,
		NotAfter:   k.now().Add(protocol.TransportSeconds * time.Second),
	})
	if err != nil {
		k.Forget(id)
		return Ticket{}, err
	}
	return k.keep(id, pair)
}

// reserve takes a place before the key is made, so that calls at the same
// time cannot make more than maxLive.
func (k *Keys) reserve() (string, error) {
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		return "", fault.Wrap(fault.Internal, err)
	}
	id := hex.EncodeToString(random)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.live == nil {
		return "", fault.Newf(fault.TransportFailed, "closed")
	}
	k.expire()
	if len(k.live) >= maxLive {
		return "", fault.New(fault.Busy)
	}
	k.live[id] = &oneTime{expires: k.now().Add(protocol.TransportSeconds * time.Second)}
	return id, nil
}

func (k *Keys) keep(id string, pair keystore.Pair) (Ticket, error) {
	key, ok := pair.Key.(*rsa.PrivateKey)
	if !ok {
		return Ticket{}, fault.Newf(fault.Internal, "%T", pair.Key)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	one, ok := k.live[id]
	if !ok { // closed, or expired while the key was made
		return Ticket{}, fault.New(fault.TransportExpired)
	}
	one.key, one.certificate = key, pair.Certificate
	return Ticket{ID: id, Certificate: bytes.Clone(pair.Certificate), Expires: one.expires}, nil
}

// Open opens the portal's answer, a CMS envelope in any profile, and returns
// the PKCS#12 in it with its password (lower-case hex SHA-256 of the one-time
// certificate's DER). The caller wipes both. The key is used up whatever
// happens. Errors: fault.TransportExpired when there is no such key any more,
// fault.TransportFailed when the envelope is not for it, too large or cannot
// be opened, fault.Cancelled.
func (k *Keys) Open(ctx context.Context, id string, sealed []byte) (p12, password []byte, err error) {
	one := k.take(id)
	if one == nil {
		return nil, nil, fault.New(fault.TransportExpired)
	}
	defer one.wipe()
	if len(sealed) > protocol.MaxSealedKey {
		return nil, nil, fault.Newf(fault.TransportFailed, "%d bytes", len(sealed))
	}
	identity, err := envelope.NewPrivateKeyUnwrapper(one.key, one.certificate)
	if err != nil {
		return nil, nil, fault.Recode(fault.TransportFailed, err)
	}
	// Room for the whole content: a buffer that grew would leave copies of
	// the private key behind.
	out := bytes.NewBuffer(make([]byte, 0, len(sealed)))
	if _, err := envelope.Open(ctx, out, bytes.NewReader(sealed), envelope.OpenOptions{Unwrapper: identity}); err != nil {
		clear(out.Bytes())
		if ended := keystore.Interrupted(ctx); ended != nil {
			return nil, nil, ended
		}
		return nil, nil, fault.Recode(fault.TransportFailed, err)
	}
	return out.Bytes(), passwordOf(one.certificate), nil
}

// passwordOf is keypair.Thumbprint in bytes that can be wiped.
func passwordOf(certificate []byte) []byte {
	sum := sha256.Sum256(certificate)
	defer clear(sum[:])
	return hex.AppendEncode(make([]byte, 0, hex.EncodedLen(len(sum))), sum[:])
}

// Forget wipes a one-time key that will not be used.
func (k *Keys) Forget(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if one := k.live[id]; one != nil {
		one.wipe()
		delete(k.live, id)
	}
}

// Close wipes all keys; after it Begin fails.
func (k *Keys) Close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, one := range k.live {
		one.wipe()
	}
	k.live = nil
}

// take removes a key from the set, nil when there is none of this name.
func (k *Keys) take(id string) *oneTime {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.expire()
	one := k.live[id]
	if one == nil || one.key == nil { // not there, or still being made
		return nil
	}
	delete(k.live, id)
	return one
}

// expire wipes what is over. Call it with mu held.
func (k *Keys) expire() {
	now := k.now()
	for id, one := range k.live {
		if !now.Before(one.expires) {
			one.wipe()
			delete(k.live, id)
		}
	}
}

// wipe clears the private numbers that can be reached; crypto/rsa keeps
// another form of them, which is left to the garbage collector.
func (o *oneTime) wipe() {
	if o.key == nil {
		return
	}
	clear(o.key.D.Bits())
	for _, p := range o.key.Primes {
		clear(p.Bits())
	}
	pre := &o.key.Precomputed
	clear(pre.Dp.Bits())
	clear(pre.Dq.Bits())
	clear(pre.Qinv.Bits())
	o.key = nil
}
