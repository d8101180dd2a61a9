//go:build js && wasm

package main

import (
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/shell"
)

func main() {
	bridge.Log(shell.Run(map[string]shell.Role{
		"assistant": shell.Keys,
	}))
}
