package model

import "time"

// minPace is how long bytes must have come before a guess is worth saying.
const minPace = 3 * time.Second

// pace is how fast the pli in work is decrypted.
type pace struct {
	pli   *Pli
	since time.Time
	from  int64 // bytes that were done then
}

// advance notes how far the pli in work is, and guesses from its pace how long
// it and those behind it take. Another pli starts a new measure and keeps the
// guess until it has one of its own.
func (o *Opening) advance(m progress) {
	m.pli.Done, m.pli.Total = m.done, m.total
	now := o.Env.Time()
	if o.pace.pli != m.pli || m.done < o.pace.from {
		o.pace = pace{m.pli, now, m.done}
		return
	}
	elapsed, moved := now.Sub(o.pace.since), m.done-o.pace.from
	if elapsed < minPace || moved <= 0 {
		return
	}
	left := m.total - m.done
	for _, p := range o.Ready() {
		left += p.Total
	}
	o.TimeLeft = time.Duration(float64(elapsed) * float64(max(left, 0)) / float64(moved))
}
