package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// point is one size with what it took, in seconds.
type point struct {
	size       int64 // bytes
	seal, open float64
}

// growth seals and opens 1 MiB to 1 GiB and prints a table; the same goes as
// a plot into folder.
func (s *sealing) growth(folder string) error {
	var points []point
	for size := int64(1 << 20); size <= 1<<30; size *= 4 {
		in, err := s.content(size)
		if err != nil {
			return err
		}
		var seals, opens []float64
		for range 3 {
			a, sealErr := s.seal(in, s.path("ours"))
			b, openErr := s.open(s.path("ours"), s.path("opened"))
			if err := errors.Join(sealErr, openErr); err != nil {
				return err
			}
			seals, opens = append(seals, a), append(opens, b)
		}
		points = append(points, point{size, middle(seals), middle(opens)})
	}
	fmt.Println("native growth, file to file, medians of 3")
	for _, p := range points {
		mib := float64(p.size) / (1 << 20)
		fmt.Printf("  %5.0f MiB  seal %7.3f s (%6.2f ms/MiB)  open %7.3f s (%6.2f ms/MiB)\n",
			mib, p.seal, p.seal*1000/mib, p.open, p.open*1000/mib)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	path := filepath.Join(folder, "envelope-native.svg")
	fmt.Printf("  plot: %s\n", path)
	return os.WriteFile(path, plot(points), 0o644)
}

// plot draws time against size, both logarithmic: linear growth is a straight
// line of slope one, which is drawn beside.
func plot(points []point) []byte {
	const width, height, margin = 640, 420, 60
	low, high := math.Inf(1), 0.0
	for _, p := range points {
		low, high = min(low, p.seal, p.open), max(high, p.seal, p.open)
	}
	first, last := float64(points[0].size), float64(points[len(points)-1].size)
	x := func(size float64) float64 {
		return margin + math.Log(size/first)/math.Log(last/first)*(width-2*margin)
	}
	y := func(seconds float64) float64 {
		return height - margin - math.Log(seconds/low)/math.Log(high/low)*(height-2*margin)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/><text x="%d" y="24">scelle seal, scelle open: seconds by size (both logarithmic)</text>`+"\n", width, height, margin)
	for _, p := range points {
		at := x(float64(p.size))
		fmt.Fprintf(&b, `<line x1="%.0f" x2="%.0f" y1="%d" y2="%d" stroke="#ddd"/><text x="%.0f" y="%d" text-anchor="middle">%d MiB</text>`+"\n", at, at, margin, height-margin, at, height-margin+18, p.size>>20)
	}
	for v := math.Pow(10, math.Ceil(math.Log10(low))); v <= high; v *= 10 {
		fmt.Fprintf(&b, `<line x1="%d" x2="%d" y1="%.0f" y2="%.0f" stroke="#ddd"/><text x="%d" y="%.0f" text-anchor="end">%g s</text>`+"\n", margin, width-margin, y(v), y(v), margin-6, y(v)+4, v)
	}
	end := points[len(points)-1]
	line := func(name, colour, dash string, seconds func(point) float64) {
		var path []string
		for _, p := range points {
			path = append(path, fmt.Sprintf("%.1f,%.1f", x(float64(p.size)), y(max(seconds(p), low))))
		}
		fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2" stroke-dasharray="%s"><title>%s</title></polyline>`+"\n", strings.Join(path, " "), colour, dash, name)
	}
	line("linear", "#999", "4 4", func(p point) float64 { return end.seal * float64(p.size) / float64(end.size) })
	line("seal", "#000091", "", func(p point) float64 { return p.seal })
	line("open", "#e1000f", "", func(p point) float64 { return p.open })
	for i, name := range []string{"seal #000091", "open #e1000f", "linear #999"} {
		text, colour, _ := strings.Cut(name, " ")
		fmt.Fprintf(&b, `<text x="%d" y="%d" fill="%s">%s</text>`+"\n", width-margin+8, margin+18*i, colour, text)
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
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
