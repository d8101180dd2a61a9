//go:build js && wasm

package dom

import (
	"errors"
	"fmt"

	"github.com/hack-pad/safejs"
)

// startListening listens on the root for all elements below it, with one
// function: nothing has to be released when elements go. The capture phase
// also sees events that do not bubble (toggle).
func (m *Mount) startListening() error {
	f, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		if len(args) == 1 {
			m.safely(func() error { return m.handle(args[0]) })
		}
		return nil
	})
	if err != nil {
		return err
	}
	m.listen = f
	for _, name := range events() {
		if _, err := m.root.Call("addEventListener", name, f.Value(), true); err != nil {
			return err
		}
	}
	return nil
}

// safely runs f; a panic would end the whole instance, so it becomes a report.
func (m *Mount) safely(f func() error) {
	defer func() {
		if r := recover(); r != nil {
			text := fmt.Sprintf("dom: panic in an event: %T", r)
			m.report(errors.New(text)) // fmt.Errorf would link a sorting
		}
	}()
	if err := f(); err != nil {
		m.report(err)
	}
}

// handle finds the nearest element with a handler and sends its message.
func (m *Mount) handle(event safejs.Value) error {
	name, err := stringOf(event, "type")
	if err != nil {
		return err
	}
	target, err := event.Get("target")
	if err != nil {
		return err
	}
	m.told = m.told || name == "change" || name == "toggle"
	h := m.handlerOf(target, name)
	if h == nil {
		return nil
	}
	if name == "submit" {
		if _, err := event.Call("preventDefault"); err != nil {
			return err
		}
	}
	if msg := h(eventOf(event, target)); msg != nil {
		m.send(msg)
	}
	return nil
}

func (m *Mount) handlerOf(target safejs.Value, name string) Handler {
	id, err := target.Get(idProperty)
	if err != nil || id.Type() != safejs.TypeNumber {
		return nil
	}
	n, err := id.Int()
	if err != nil {
		return nil
	}
	for e := m.byID[n]; e != nil; e = e.parent {
		_, off := e.node.attribute("disabled")
		if aria, _ := e.node.attribute("aria-disabled"); off || aria.value == "true" {
			return nil
		}
		if h := e.node.handle(name); h != nil {
			return h
		}
	}
	return nil
}

func eventOf(event, target safejs.Value) Event {
	var e Event
	e.Value, _ = stringOf(target, "value")
	e.Key, _ = stringOf(event, "key")
	if v, err := target.Get("checked"); err == nil {
		e.Checked = isTrue(v)
	}
	if e.Key == "" { // a details element tells its state by open
		if v, err := target.Get("open"); err == nil {
			e.Checked = e.Checked || isTrue(v)
		}
	}
	if v, err := event.Get("isTrusted"); err == nil {
		e.Trusted = isTrue(v)
	}
	return e
}

// stringOf reads a property; "" when it is not a string.
func stringOf(v safejs.Value, name string) (string, error) {
	p, err := v.Get(name)
	if err != nil || p.Type() != safejs.TypeString {
		return "", err
	}
	return p.String()
}
