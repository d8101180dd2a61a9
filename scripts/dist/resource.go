package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Types of resources (learn.microsoft.com/windows/win32/menurc/resource-types).
const (
	typeIcon      = 3
	typeGroupIcon = 14
	typeVersion   = 16
	typeManifest  = 24
)

// neutral is the language of every resource: Windows then shows it whatever
// the user's is.
const neutral = 0

type resource struct {
	kind, id uint32
	data     []byte
}

// appManifest says that the program runs with the rights of whoever starts it
// (otherwise Windows guesses from its name), and that it knows Windows 10.
const appManifest = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
  <trustInfo xmlns="urn:schemas-microsoft-com:asm.v3">
    <security><requestedPrivileges><requestedExecutionLevel level="asInvoker" uiAccess="false"/></requestedPrivileges></security>
  </trustInfo>
  <compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1">
    <application><supportedOS Id="{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"/></application>
  </compatibility>
  <application xmlns="urn:schemas-microsoft-com:asm.v3">
    <windowsSettings><longPathAware xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">true</longPathAware></windowsSettings>
  </application>
</assembly>
`

// resources are those of the program.
func resources(version string) ([]resource, error) {
	images, err := iconImages()
	if err != nil {
		return nil, err
	}
	info, err := versionInfo(version)
	if err != nil {
		return nil, err
	}
	var all []resource
	for n, i := range images {
		all = append(all, resource{typeIcon, uint32(n + 1), i.data})
	}
	return append(all,
		resource{typeGroupIcon, 1, iconGroup(images)},
		resource{typeVersion, 1, info},
		resource{typeManifest, 1, []byte(appManifest)},
	), nil
}

// section lays resources out as a PE section that is loaded at rva: the tree
// type, id, language, then the descriptions of the data, then the data
// (PE format, "The .rsrc Section").
func section(all []resource, rva uint32) []byte {
	const dir, entry, leaf = 16, 8, 16
	var kinds []uint32
	for _, r := range all {
		if !slices.Contains(kinds, r.kind) {
			kinds = append(kinds, r.kind)
		}
	}
	idDirs := uint32(dir + entry*len(kinds))
	langDirs := idDirs + uint32(dir*len(kinds)+entry*len(all))
	leaves := langDirs + uint32((dir+entry)*len(all))
	data := leaves + uint32(leaf*len(all))

	const below = 1 << 31 // the entry leads to another directory
	var tree, ids, langs, described, content bytes.Buffer
	directory := func(b *bytes.Buffer, n int) { put(b, make([]byte, 12), uint16(0), uint16(n)) }
	directory(&tree, len(kinds))
	n := uint32(0)
	for _, kind := range kinds {
		put(&tree, kind, below|(idDirs+uint32(ids.Len())))
		group := slices.DeleteFunc(slices.Clone(all), func(r resource) bool { return r.kind != kind })
		directory(&ids, len(group))
		for _, r := range group {
			put(&ids, r.id, below|(langDirs+uint32(langs.Len())))
			directory(&langs, 1)
			put(&langs, uint32(neutral), leaves+leaf*n)
			put(&described, rva+data+uint32(content.Len()), uint32(len(r.data)), uint32(0), uint32(0))
			content.Write(r.data)
			pad(&content, 8)
			n++
		}
	}
	return slices.Concat(tree.Bytes(), ids.Bytes(), langs.Bytes(), described.Bytes(), content.Bytes())
}

// versionInfo is VS_VERSIONINFO for a version MAJOR.MINOR.PATCH.
func versionInfo(version string) ([]byte, error) {
	var n [3]uint32
	parts := strings.Split(version, ".")
	if len(parts) != len(n) {
		return nil, fmt.Errorf("version %q", version)
	}
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("version %q: %w", version, err)
		}
		n[i] = uint32(v)
	}
	var fixed bytes.Buffer
	high, low := n[0]<<16|n[1], n[2]<<16
	// Signature, structure's version, file, product, mask, flags, NT, program.
	put(&fixed, uint32(0xFEEF04BD), uint32(1<<16), high, low, high, low, uint32(0x3F), uint32(0), uint32(0x40004), uint32(1), make([]byte, 12))
	var strs [][]byte
	for _, s := range [][2]string{
		{"CompanyName", publisher}, {"FileDescription", purpose}, {"FileVersion", version}, {"InternalName", "scelle"},
		{"LegalCopyright", licence}, {"OriginalFilename", "scelle.exe"}, {"ProductName", product}, {"ProductVersion", version},
	} {
		strs = append(strs, block(s[0], 1, utf16Text(s[1])))
	}
	const unicode = 1200
	table := block("000004B0", 1, nil, strs...) // neutral language, Unicode
	translation := block("Translation", 0, binary.LittleEndian.AppendUint32(nil, unicode<<16))
	return block("VS_VERSION_INFO", 0, fixed.Bytes(), block("StringFileInfo", 1, nil, table), block("VarFileInfo", 1, nil, translation)), nil
}

// block is one node of version information: its length, its value's length (in
// characters for text), whether it is text, its name, value and children, each
// at a multiple of four bytes.
func block(name string, text uint16, value []byte, children ...[]byte) []byte {
	size := len(value)
	if text == 1 {
		size /= 2
	}
	var b bytes.Buffer
	put(&b, uint16(0), uint16(size), text, utf16Text(name))
	pad(&b, 4)
	b.Write(value)
	for _, c := range children {
		pad(&b, 4)
		b.Write(c)
	}
	data := b.Bytes()
	binary.LittleEndian.PutUint16(data, uint16(len(data)))
	return data
}

// utf16Text is text with the zero that ends it.
func utf16Text(s string) []byte {
	var b []byte
	for _, u := range append(utf16.Encode([]rune(s)), 0) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func pad(b *bytes.Buffer, to int) {
	for b.Len()%to != 0 {
		b.WriteByte(0)
	}
}
