package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"io/fs"

	"scelle/extension"
)

// iconImage is one size of the icon: its pixels as Windows has them in icons
// (a BITMAPINFOHEADER, colours from the bottom up, an empty mask).
type iconImage struct {
	size int
	data []byte
}

// iconImages are the extension's icons in the sizes that Windows shows.
func iconImages() ([]iconImage, error) {
	var images []iconImage
	for _, size := range []int{16, 32, 48} {
		data, err := fs.ReadFile(extension.Files(), fmt.Sprintf("icons/icon-%d.png", size))
		if err != nil {
			return nil, err
		}
		picture, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		if picture.Bounds() != image.Rect(0, 0, size, size) {
			return nil, fmt.Errorf("icon-%d.png measures %v", size, picture.Bounds())
		}
		images = append(images, iconImage{size, bitmap(picture, size)})
	}
	return images, nil
}

func bitmap(picture image.Image, size int) []byte {
	mask := (size + 31) / 32 * 4 * size // one bit a pixel, rows of whole 32-bit words
	var b bytes.Buffer
	put(&b, uint32(40), int32(size), int32(2*size), uint16(1), uint16(32), uint32(0), uint32(4*size*size+mask), make([]byte, 16))
	for y := size - 1; y >= 0; y-- {
		for x := range size {
			r, g, bl, a := picture.At(x, y).RGBA()
			if a > 0 { // colours of an icon are not multiplied by their opacity
				r, g, bl = r*0xffff/a, g*0xffff/a, bl*0xffff/a
			}
			b.Write([]byte{byte(bl >> 8), byte(g >> 8), byte(r >> 8), byte(a >> 8)})
		}
	}
	b.Write(make([]byte, mask))
	return b.Bytes()
}

// iconFile is the icon as a file (.ico).
func iconFile(images []iconImage) []byte {
	var b bytes.Buffer
	put(&b, uint16(0), uint16(1), uint16(len(images)))
	offset := 6 + 16*len(images)
	for _, i := range images {
		put(&b, byte(i.size), byte(i.size), uint16(0), uint16(1), uint16(32), uint32(len(i.data)), uint32(offset))
		offset += len(i.data)
	}
	for _, i := range images {
		b.Write(i.data)
	}
	return b.Bytes()
}

// iconGroup is the directory of icons whose images are resources of their own,
// numbered from 1.
func iconGroup(images []iconImage) []byte {
	var b bytes.Buffer
	put(&b, uint16(0), uint16(1), uint16(len(images)))
	for n, i := range images {
		put(&b, byte(i.size), byte(i.size), uint16(0), uint16(1), uint16(32), uint32(len(i.data)), uint16(n+1))
	}
	return b.Bytes()
}

// put writes fixed-size values in little-endian order; a buffer takes all.
func put(b *bytes.Buffer, values ...any) {
	for _, v := range values {
		_ = binary.Write(b, binary.LittleEndian, v)
	}
}
