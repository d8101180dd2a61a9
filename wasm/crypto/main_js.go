//go:build js && wasm

package main

import "scelle/wasm/internal/bridge"

func main() { bridge.Log(runWorker()) }
