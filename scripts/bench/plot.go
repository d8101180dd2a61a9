package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// point is one size with what it took, in seconds.
type point struct {
	size       int64 // bytes
	seal, open float64
}

// measurePoint takes medians of three, or from [once] on one run.
func measurePoint(size int64, seal, open func() (float64, error)) (point, error) {
	runs := 3
	if size >= once {
		runs = 1
	}
	var seals, opens []float64
	for range runs {
		a, sealErr := seal()
		if sealErr != nil {
			return point{}, sealErr
		}
		b, openErr := open()
		if openErr != nil {
			return point{}, openErr
		}
		seals, opens = append(seals, a), append(opens, b)
	}
	return point{size, middle(seals), middle(opens)}, nil
}

// showGrowth prints a table and writes the plot where says what was measured.
// Linear is said of the slope between 64 MiB and the end: the exponent of the
// power law through the two, 1 for a cost that doubles with the size.
func showGrowth(where string, points []point, folder string) error {
	fmt.Printf("%s growth, file to file, medians of 3 below %d MiB\n", where, once>>20)
	for _, p := range points {
		mib := float64(p.size) / (1 << 20)
		fmt.Printf("  %5.0f MiB  seal %7.3f s (%6.2f ms/MiB)  open %7.3f s (%6.2f ms/MiB)\n",
			mib, p.seal, p.seal*1000/mib, p.open, p.open*1000/mib)
	}
	if seal, open, ok := exponents(points); ok {
		fmt.Printf("  cost grows as size to the power of %.2f (seal) and %.2f (open) from 64 MiB on; 1 is linear\n", seal, open)
	}
	path := filepath.Join(folder, "envelope-"+strings.ToLower(where)+".svg")
	fmt.Printf("  plot: %s\n", path)
	return errors.Join(os.MkdirAll(folder, 0o755), os.WriteFile(path, plot(where, points), 0o644))
}

// exponents are those of the power laws through the point of 64 MiB and the
// last one; ok is false when there are no two such points.
func exponents(points []point) (seal, open float64, ok bool) {
	if len(points) == 0 {
		return 0, 0, false
	}
	last := points[len(points)-1]
	for _, p := range points {
		if p.size < 64<<20 || p.size >= last.size {
			continue
		}
		by := math.Log(float64(last.size) / float64(p.size))
		return math.Log(last.seal/p.seal) / by, math.Log(last.open/p.open) / by, true
	}
	return 0, 0, false
}

// canvas is a plot with two logarithmic axes, of size and of time.
type canvas struct {
	strings.Builder
	first, last, low, high float64 // bytes and seconds
}

// The plot's own measures.
const (
	plotWidth, plotHeight, plotMargin = 640, 420, 60
)

func (c *canvas) x(size float64) float64 {
	return plotMargin + math.Log(size/c.first)/math.Log(c.last/c.first)*(plotWidth-2*plotMargin)
}

func (c *canvas) y(seconds float64) float64 {
	return plotHeight - plotMargin - math.Log(seconds/c.low)/math.Log(c.high/c.low)*(plotHeight-2*plotMargin)
}

// plot draws time against size, both logarithmic: linear growth is a straight
// line of slope one, which is drawn beside.
func plot(where string, points []point) []byte {
	c := &canvas{first: float64(points[0].size), last: float64(points[len(points)-1].size), low: math.Inf(1)}
	for _, p := range points {
		c.low, c.high = min(c.low, p.seal, p.open), max(c.high, p.seal, p.open)
	}
	fmt.Fprintf(c, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(c, `<rect width="%d" height="%d" fill="white"/><text x="%d" y="24">%s: seal and open, seconds by size (both logarithmic)</text>`+"\n", plotWidth, plotHeight, plotMargin, where)
	c.axes(points)
	end := points[len(points)-1]
	c.line(points, "linear", "#999", "4 4", 36, func(p point) float64 { return end.seal * float64(p.size) / float64(end.size) })
	c.line(points, "seal", "#000091", "", 0, func(p point) float64 { return p.seal })
	c.line(points, "open", "#e1000f", "", 18, func(p point) float64 { return p.open })
	c.WriteString("</svg>\n")
	return []byte(c.String())
}

// axes draws a line at each size and at each power of ten of seconds.
func (c *canvas) axes(points []point) {
	for _, p := range points {
		at := c.x(float64(p.size))
		fmt.Fprintf(c, `<line x1="%.0f" x2="%.0f" y1="%d" y2="%d" stroke="#ddd"/><text x="%.0f" y="%d" text-anchor="middle">%d MiB</text>`+"\n",
			at, at, plotMargin, plotHeight-plotMargin, at, plotHeight-plotMargin+18, p.size>>20)
	}
	for v := math.Pow(10, math.Ceil(math.Log10(c.low))); v <= c.high; v *= 10 {
		fmt.Fprintf(c, `<line x1="%d" x2="%d" y1="%.0f" y2="%.0f" stroke="#ddd"/><text x="%d" y="%.0f" text-anchor="end">%g s</text>`+"\n",
			plotMargin, plotWidth-plotMargin, c.y(v), c.y(v), plotMargin-6, c.y(v)+4, v)
	}
}

// line draws one measure, as far as it is in the picture, and its name so far
// below the top.
func (c *canvas) line(points []point, name, colour, dash string, below int, seconds func(point) float64) {
	var path []string
	for _, p := range points {
		path = append(path, fmt.Sprintf("%.1f,%.1f", c.x(float64(p.size)), c.y(max(seconds(p), c.low))))
	}
	fmt.Fprintf(c, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2" stroke-dasharray="%s"/>`+"\n", strings.Join(path, " "), colour, dash)
	fmt.Fprintf(c, `<text x="%d" y="%d" fill="%s">%s</text>`+"\n", plotWidth-plotMargin+8, plotMargin+below, colour, name)
}
