package pinentry

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"scelle/shared/fault"
)

// Window asks in the assistant's window, a document of the browser extension:
// the prompt of last resort, only where the administrator allows it. What is
// typed there passes through the browser, whose strings cannot be wiped.
//
// The browser's connection is asked from within one of its own requests: a
// prompt leaves its question here, the assistant fetches it with [Window.Await]
// and answers it with [Window.Answer].
type Window struct {
	allowed func() bool
	// start bounds the wait for an assistant that asks at all, patience that
	// for the person.
	start, patience time.Duration
	turn            chan struct{} // holds one while a question is open
	fetched         chan *question

	mu   sync.Mutex
	open *question     // waits for its answer
	over chan struct{} // closed at the end of the connection; nil without one
}

// question is one that waits.
type question struct {
	id      string
	request Request
	answer  chan []byte // what was typed; nil when it was cancelled
}

// NewWindow returns a window that nobody can be asked in before Connect.
// allowed is what the administrator settled; it is looked at once, when first
// needed.
func NewWindow(allowed func() bool) *Window {
	return &Window{
		allowed: sync.OnceValue(allowed), start: 5 * time.Second, patience: 2 * time.Minute,
		turn: make(chan struct{}, 1), fetched: make(chan *question),
	}
}

// Connect says that a browser is there, and Disconnect that it is gone: then
// questions that are open count as cancelled.
func (w *Window) Connect() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = make(chan struct{})
}

// Disconnect ends the connection.
func (w *Window) Disconnect() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over != nil {
		close(w.over)
		w.over = nil
	}
}

// Patience is how long a question that was fetched waits for its answer.
func (w *Window) Patience() time.Duration { return w.patience }

// Available implements Prompt: a browser is there and the administrator allows
// it.
func (w *Window) Available() bool { return w.end() != nil }

// end is closed when the connection is over, nil when nobody can be asked.
func (w *Window) end() <-chan struct{} {
	if !w.allowed() {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.over
}

// PIN implements Prompt. fault.PINPromptMissing when it is not allowed, or no
// assistant asks within a few seconds; fault.Timeout when nobody answers.
func (w *Window) PIN(ctx context.Context, r Request) ([]byte, error) {
	over := w.end()
	if over == nil {
		return nil, fault.New(fault.PINPromptMissing)
	}
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	case <-over:
		return nil, fault.New(fault.PINCancelled)
	case <-ctx.Done():
		return nil, ended(ctx)
	}
	q := &question{id: newID(), request: r, answer: make(chan []byte, 1)}
	w.put(q)
	defer w.drop(q)
	select {
	case w.fetched <- q:
	case <-time.After(w.start):
		return nil, fault.Newf(fault.PINPromptMissing, "assistant")
	case <-over:
		return nil, fault.New(fault.PINCancelled)
	case <-ctx.Done():
		return nil, ended(ctx)
	}
	select {
	case pin := <-q.answer:
		if pin == nil {
			return nil, fault.New(fault.PINCancelled)
		}
		return pin, nil
	case <-time.After(w.patience):
		return nil, fault.Newf(fault.Timeout, "PIN")
	case <-over:
		return nil, fault.New(fault.PINCancelled)
	case <-ctx.Done():
		return nil, ended(ctx)
	}
}

func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails: crypto/rand
	return hex.EncodeToString(id[:])
}

func (w *Window) put(q *question) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = q
}

// drop takes a question back. An answer that crossed that is wiped.
func (w *Window) drop(q *question) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = nil
	select {
	case pin := <-q.answer:
		clear(pin)
	default:
	}
}

// Await waits for a question and returns its name and what to ask. Errors:
// fault.PINPromptMissing where it is not allowed, fault.Cancelled at the end of
// the connection.
func (w *Window) Await(ctx context.Context) (id string, r Request, err error) {
	over := w.end()
	if over == nil {
		return "", Request{}, fault.New(fault.PINPromptMissing)
	}
	select {
	case q := <-w.fetched:
		return q.id, q.request, nil
	case <-over:
		return "", Request{}, fault.New(fault.Cancelled)
	case <-ctx.Done():
		return "", Request{}, ended(ctx)
	}
}

// Answer answers the open question; typed nil cancels it. The window keeps a
// copy of what was typed only until its prompt takes it. fault.BadRequest for
// any question that does not wait: it was answered, given up, or never asked.
func (w *Window) Answer(id string, typed []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil || id == "" || w.open.id != id {
		return fault.Newf(fault.BadRequest, "question")
	}
	if typed != nil {
		typed = append(make([]byte, 0, len(typed)), typed...)
	}
	w.open.answer <- typed
	w.open = nil
	return nil
}

// InOrder asks through the first prompt that can.
type InOrder []Prompt

// PIN implements Prompt. Whoever could ask gives the answer, also when that is
// that the person cancelled.
func (p InOrder) PIN(ctx context.Context, r Request) ([]byte, error) {
	err := error(fault.New(fault.PINPromptMissing))
	for _, prompt := range p {
		pin, failed := prompt.PIN(ctx, r)
		if fault.CodeOf(failed) != fault.PINPromptMissing {
			return pin, failed
		}
		err = failed
	}
	return nil, err
}

// Available implements Prompt.
func (p InOrder) Available() bool { return slices.ContainsFunc(p, Prompt.Available) }
