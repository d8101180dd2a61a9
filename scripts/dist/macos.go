package main

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
)

//go:embed macos.txt
var macReadme []byte

func (b *build) macName() string { return "scelle-" + b.version + "-macos.zip" }

// macZip makes the zip for macOS: one program for both processors, and how to
// install it. A .pkg must be signed on a Mac to be of more use than that.
func (b *build) macZip() error {
	var programs [][]byte
	for _, goarch := range []string{"amd64", "arm64"} {
		path := filepath.Join(b.work, "darwin", goarch)
		if err := b.compile(program, "darwin", goarch, path); err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		programs = append(programs, data)
	}
	universal := universal(programs[0], programs[1])
	return b.writeZip(b.output(b.macName()), []zipped{
		{"scelle", 0o755, universal}, {"LISEZMOI.txt", 0o644, macReadme},
	})
}

// Values of mach-o/fat.h and mach/machine.h.
const (
	fatMagic     = 0xCAFEBABE
	cpuAMD64     = 0x01000007
	cpuARM64     = 0x0100000C
	subtypeAMD64 = 3
	subtypeARM64 = 0
	fatAlign     = 14 // a page of an arm64 Mac, as a power of two
)

// universal joins the programs for both processors into one, as lipo does.
func universal(amd64, arm64 []byte) []byte {
	const page = 1 << fatAlign
	first := page
	second := (first + len(amd64) + page - 1) / page * page
	out := make([]byte, second+len(arm64))
	header := out[:0]
	for _, v := range []int{
		fatMagic, 2,
		cpuAMD64, subtypeAMD64, first, len(amd64), fatAlign,
		cpuARM64, subtypeARM64, second, len(arm64), fatAlign,
	} {
		header = binary.BigEndian.AppendUint32(header, uint32(v))
	}
	copy(out[first:], amd64)
	copy(out[second:], arm64)
	return out
}

type zipped struct {
	name string
	mode fs.FileMode
	data []byte
}

// writeZip writes files in the order given, with the packages' time.
func (b *build) writeZip(path string, files []zipped) error {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, z := range files {
		h := &zip.FileHeader{Name: z.name, Method: zip.Deflate, Modified: b.epoch}
		h.SetMode(z.mode)
		f, err := w.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := f.Write(z.data); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}
