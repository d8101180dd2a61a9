package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// powerLaw are points from 1 MiB to 4 GiB whose time is size to a power.
func powerLaw(power float64) (points []point) {
	for size := int64(1 << 20); size <= 4<<30; size *= 4 {
		v := math.Pow(float64(size)/1e9, power)
		points = append(points, point{size, v, 2 * v})
	}
	return points
}

func TestExponents(t *testing.T) {
	for _, power := range []float64{0.5, 1, 2} {
		seal, open, ok := exponents(powerLaw(power))
		if !ok || math.Abs(seal-power) > 1e-9 || math.Abs(open-power) > 1e-9 {
			t.Errorf("power %g: %g and %g, %v", power, seal, open, ok)
		}
	}
	if _, _, ok := exponents(powerLaw(1)[:4]); ok {
		t.Error("sizes up to 64 MiB have no slope from 64 MiB on")
	}
}

// The plot is a picture: XML all through, three lines with a point for each
// size, all of them on it.
func TestPlot(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "bench")
	points := powerLaw(1)
	if err := showGrowth("Native", points, folder); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(folder, "envelope-native.svg"))
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for d := xml.NewDecoder(strings.NewReader(string(b))); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "polyline" {
			continue
		}
		lines++
		if n := len(strings.Fields(start.Attr[0].Value)); n != len(points) {
			t.Errorf("line of %d points for %d sizes", n, len(points))
		}
	}
	if lines != 3 {
		t.Errorf("%d lines", lines)
	}
}
