//go:build js && wasm

package main

import (
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/shell"
)

func main() {
	bridge.Log(shell.Run(map[string]shell.Role{
		"popup":   shell.Popup,
		"options": shell.Options,
		"check":   shell.Check,
		"backup":  shell.Backup,
	}))
}
