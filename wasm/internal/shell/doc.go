// Package shell runs the screens of package model in a document of the
// extension: it draws them, and carries out their effects in the browser.
//
// A module of wasm/ names the windows that it can be ([Run]). The linker leaves
// out the screens, views and effects of all others, so nothing here may reach a
// window but its own [Role]: no type switch over screens, no table of them.
package shell
