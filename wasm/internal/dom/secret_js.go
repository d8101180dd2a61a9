//go:build js && wasm

package dom

import (
	"errors"

	"github.com/hack-pad/safejs"
)

// TakeSecret reads what was typed into the field with this id as the bytes of
// its UTF-8 text, and empties the field. The text becomes no Go string; the
// browser's own copies of it nobody can wipe. The caller clears the bytes.
func (m *Mount) TakeSecret(id string) ([]byte, error) {
	field, err := m.find(id)
	if err != nil {
		return nil, err
	}
	typed, err := field.Get("value")
	if err != nil || typed.Type() != safejs.TypeString {
		return nil, errors.New("dom: no field with id " + id)
	}
	if err := field.Set("value", ""); err != nil {
		return nil, err
	}
	class, err := safejs.Global().Get("TextEncoder")
	if err != nil {
		return nil, err
	}
	encoder, err := class.New()
	if err != nil {
		return nil, err
	}
	encoded, err := encoder.Call("encode", typed)
	if err != nil {
		return nil, err
	}
	defer encoded.Call("fill", 0)
	n, err := encoded.Length()
	if err != nil {
		return nil, err
	}
	secret := make([]byte, n)
	_, err = safejs.CopyBytesToGo(secret, encoded)
	return secret, err
}
