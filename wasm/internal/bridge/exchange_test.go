//go:build js && wasm

package bridge

import (
	"context"
	"strconv"
	"testing"
	"time"

	"scelle/shared/fault"
)

func TestExchange(t *testing.T) {
	ctx := context.Background()
	var here, there Exchanges // of two documents
	offered := make(chan error, 1)
	go func() { // long before the other side listens
		offered <- here.Offer(ctx, "s1", "c1", map[string]any{"file": "the file", "other": 1})
	}()
	time.Sleep(50 * time.Millisecond)
	take, err := there.Take("s1", "c1", "file")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := there.Take("s1", "c1", "file"); fault.CodeOf(err) != fault.Internal {
		t.Errorf("the same call twice: %v", err)
	}
	wrong, err := there.Take("s1", "c2", "file")
	if err != nil {
		t.Fatal(err)
	}
	defer wrong.Close()
	v, err := take.Wait(ctx)
	if text, _ := v.String(); err != nil || text != "the file" {
		t.Errorf("took %v, %v", text, err)
	}
	if err := <-offered; err != nil {
		t.Errorf("offered: %v", err)
	}
	select {
	case <-wrong.offered:
		t.Error("another call took the file")
	default:
	}
	wrong.Close()
	if len(here.open) != 0 || len(there.open) != 0 {
		t.Error("a channel is left open")
	}
}

// TestExchangesTogether hands over many at once, with one channel on each side.
func TestExchangesTogether(t *testing.T) {
	ctx := context.Background()
	var here, there Exchanges
	offered, takes := make(chan error), map[string]*Take{}
	for i := range 20 {
		call := strconv.Itoa(i)
		take, err := there.Take("s3", call, "file")
		if err != nil {
			t.Fatal(err)
		}
		takes[call] = take
		go func() { offered <- here.Offer(ctx, "s3", call, map[string]any{"file": "file " + call}) }()
	}
	for call, take := range takes {
		v, err := take.Wait(ctx)
		if text, _ := v.String(); err != nil || text != "file "+call {
			t.Errorf("%s: took %v, %v", call, text, err)
		}
	}
	for range takes {
		if err := <-offered; err != nil {
			t.Errorf("offered: %v", err)
		}
	}
	if len(here.open) != 0 || len(there.open) != 0 {
		t.Error("a channel is left open")
	}
}

func TestExchangeEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := new(Exchanges).Offer(ctx, "s2", "c", nil); fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("an offer: %v", err)
	}
	if err := exchangeError(fault.New(fault.Timeout)); fault.CodeOf(err) != fault.SessionLost {
		t.Errorf("silence is %v", err)
	}
}
