package model_test

import (
	"testing"
	"time"

	"scelle/wasm/internal/model"
)

// TestTimeLeft: nothing is guessed in the first seconds; then the pace so far
// counts for what is left of the pli in work and for those behind it, and a
// new pli keeps the guess until it has a pace of its own.
func TestTimeLeft(t *testing.T) {
	p := newPortal(t)
	player, o := p.open(plis(2))
	for _, pli := range o.Plis {
		pli.Total = 100_000_000
	}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	o.Env.Now = func() time.Time { return now }
	opened := 0
	was := p.world.Open
	p.world.Open = func(f model.OpenFile) (model.Opened, error) {
		opened++
		for _, step := range []struct {
			done        int64
			after       time.Duration
			first, then time.Duration // guess while the first pli is opened, and the second
		}{
			{0, 0, 0, 150 * time.Second},
			{10_000_000, 2 * time.Second, 0, 150 * time.Second},
			{10_000_000, 0, 0, 150 * time.Second},
			{20_000_000, 8 * time.Second, 90 * time.Second, 40 * time.Second},
			{50_000_000, 40 * time.Second, 150 * time.Second, 50 * time.Second},
		} {
			now = now.Add(step.after)
			player.Send(f.Progress(step.done, 100_000_000))
			want := step.first
			if opened == 2 {
				want = step.then
			}
			if o.TimeLeft != want {
				t.Errorf("pli %d, %d bytes: %v left, not %v", opened, step.done, o.TimeLeft, want)
			}
		}
		return was(f)
	}
	player.Send(model.Consent{Trusted: true})
	if opened != 2 || o.Phase != model.OpenResults {
		t.Fatalf("%d opened, phase %s", opened, o.Phase)
	}
}
