package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"scelle/shared/envelope"
	"scelle/shared/keypair"
)

// timed is how long f takes, in seconds.
func timed(f func() error) (float64, error) {
	start := time.Now()
	err := f()
	return time.Since(start).Seconds(), err
}

// middle is the median.
func middle(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// once is from which size on a measure of growth is taken once: it is long
// enough then, and what disturbs it is small beside it.
const once = 1 << 30

// growth seals and opens 1 MiB to largest bytes and prints a table; the same goes as
// a plot into folder.
func (s *sealing) growth(folder string, largest int64) error {
	var points []point
	for size := int64(1 << 20); size <= largest; size *= 4 {
		in, err := s.content(size)
		if err != nil {
			return err
		}
		p, err := measurePoint(size,
			func() (float64, error) { return s.seal(in, s.path("ours")) },
			func() (float64, error) { return s.open(s.path("ours"), s.path("opened")) })
		if err != nil {
			return err
		}
		points = append(points, p)
	}
	return showGrowth("native", points, folder)
}

// benchRecipients compares an envelope to a hundred recipients with a hundred
// bare RSA operations of the same kind.
func benchRecipients(certFile string) error {
	text, err := os.ReadFile(certFile)
	if err != nil {
		return err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return fmt.Errorf("%s holds no PEM", certFile)
	}
	cert, err := keypair.Parse(block.Bytes)
	if err != nil {
		return err
	}
	public, err := cert.PublicKey()
	if err != nil {
		return err
	}
	key, ok := public.(*rsa.PublicKey)
	if !ok {
		return fmt.Errorf("%T is no RSA key", public)
	}
	to := slices.Repeat([]envelope.Recipient{{Certificate: block.Bytes}}, 100)
	content := make([]byte, 1024)
	var sealed, bare []float64
	for range 3 * envelopeRuns { // in turn, so that what disturbs one disturbs both
		ours, err := timed(func() error {
			_, err := envelope.Seal(context.Background(), io.Discard, bytes.NewReader(content), envelope.SealOptions{Recipients: to, Length: int64(len(content))})
			return err
		})
		if err != nil {
			return err
		}
		theirs, err := timed(func() error {
			for range len(to) {
				if _, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, key, content[:32], nil); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		sealed, bare = append(sealed, ours), append(bare, theirs)
	}
	row("seal to 100 recipients (RSA-3072)", "ms", middle(sealed)*1000, peer{"100 RSA operations one after the other", middle(bare) * 1000})
	return nil
}
