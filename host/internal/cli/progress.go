package cli

import (
	"fmt"
	"io"
	"time"
)

// progress counts what is read and shows it on a terminal, a few times a
// second; elsewhere it only reads.
type progress struct {
	r     io.Reader
	to    io.Writer // nil where nobody looks
	total int64     // bytes, -1 when unknown
	read  int64
	shown time.Time
	drawn bool
}

// every is the time between two pictures.
const every = 200 * time.Millisecond

func (c *command) progress(r io.Reader, total int64) *progress {
	p := &progress{r: r, total: total, shown: time.Now()}
	if isTerminal(c.Err) {
		p.to = c.Err
	}
	return p
}

// Read implements io.Reader.
func (p *progress) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.read += int64(n)
	if p.to != nil && time.Since(p.shown) >= every {
		p.shown, p.drawn = time.Now(), true
		fmt.Fprintf(p.to, "\r\x1b[K%s", p.line())
	}
	return n, err
}

func (p *progress) line() string {
	const mega = 1e6
	if p.total <= 0 {
		return fmt.Sprintf("%.0f Mo", float64(p.read)/mega)
	}
	return fmt.Sprintf("%3d %%  %.0f / %.0f Mo", p.read*100/p.total, float64(p.read)/mega, float64(p.total)/mega)
}

// end takes the line away again.
func (p *progress) end() {
	if p.drawn {
		io.WriteString(p.to, "\r\x1b[K")
		p.drawn = false
	}
}
