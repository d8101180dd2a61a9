//go:build js && wasm

package main

import (
	"encoding/json"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/bridge"
)

func main() {
	if _, asked := bridge.Lookup("scelleUpdate"); asked {
		bridge.Log(judgeUpdate())
		return
	}
	bridge.Log(bridge.Own().Post(answer()))
}

// answer verifies the list that the worker script was given.
func answer() map[string]any {
	var text []byte
	err := bridge.Guard(func() error {
		list, ok := bridge.Lookup("scelleList")
		if !ok {
			return fault.Newf(fault.Internal, "no list")
		}
		der, err := bridge.ToGo(list, protocol.MaxSignedList)
		if err != nil {
			return err
		}
		signed, err := verify(der, time.Now())
		if err != nil {
			return err
		}
		text, err = json.Marshal(signed)
		return err
	})
	if err != nil {
		f := protocol.FaultOf(err)
		return map[string]any{"ok": false, "fault": map[string]any{"code": string(f.Code), "detail": f.Detail}}
	}
	return map[string]any{"ok": true, "result": string(text)}
}
