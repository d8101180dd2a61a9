package model

import (
	"bytes"
	"encoding/json"
	"testing"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// TestAnswersAreWiped: the text of an answer, which may be a content key's, is
// gone once it was read, and when it came too late to be read.
func TestAnswersAreWiped(t *testing.T) {
	for _, late := range []bool{false, true} {
		var r runs
		var key []byte
		then := decoded(&r, fault.Internal, func(u protocol.UnwrapResult, err error) []Effect {
			key = u.ContentKey
			return nil
		})
		raw := json.RawMessage(`{"contentKey":"QUJDRA=="}`)
		msg := then(raw, nil).(answer)
		if late {
			r.end()
		}
		r.take(msg)
		if (string(key) == "ABCD") == late {
			t.Errorf("late %v: the key is %q", late, key)
		}
		if !bytes.Equal(raw, make([]byte, len(raw))) {
			t.Errorf("late %v: %q is left", late, raw)
		}
	}
}
