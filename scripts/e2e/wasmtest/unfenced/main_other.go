//go:build !js || !wasm

// Command unfenced is for a browser: see main_js.go.
package main

func main() {}
