//go:build js && wasm

package main

import (
	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
)

func main() { bridge.Log(run()) }

// run plays the role that boot.js gave. A document's
// returns only when it cannot begin; the script then shows the static text.
func run() error {
	switch role := bridge.String(bridge.Global(), "scelleRole"); role {
	case "popup":
		return runDocument(openPopup)
	case "assistant":
		return runDocument(openAssistant)
	case "check":
		return runDocument(openCheck)
	case "backup":
		return runDocument(openBackup)
	case "offline":
		return runDocument(openOffline)
	case "options":
		return runDocument(openOptions)
	default:
		return fault.Newf(fault.Internal, "role %s", role)
	}
}
