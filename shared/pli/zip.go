package pli

import (
	"encoding/binary"
	"hash/crc32"
)

// MediaType is the content of a pli's first entry.
const MediaType = "application/vnd.scelle.pli+zip"

// PrefixSize is the length of Prefix in bytes: a local header of 30, the name
// "mimetype" of 8, the media type of 30.
const PrefixSize = 68

const (
	mimetypeName = "mimetype"
	manifestName = "pli.json"
)

// Signatures, versions, flags and fixed values, APPNOTE 4.3 and 4.4.
const (
	localSignature      = 0x04034b50
	descriptorSignature = 0x08074b50
	centralSignature    = 0x02014b50
	end64Signature      = 0x06064b50
	locatorSignature    = 0x07064b50
	endSignature        = 0x06054b50

	version20   = 20
	version45   = 45     // ZIP64
	madeByUnix  = 3 << 8 // upper byte of "version made by"
	fileMode    = 0o100644 << 16
	flagsFile   = 1<<3 | 1<<11 // descriptor follows, name in UTF-8
	dosDate1980 = 1<<5 | 1     // 1980-01-01; the time is 0

	max32        = 0xFFFFFFFF // a 32-bit field with this value points to ZIP64
	localSize    = 30
	zip64ExtraID = 1
)

// Prefix returns the first 68 bytes of every pli. That they are fixed names
// the format and, inside AES-GCM, commits the ciphertext to its key.
func Prefix() []byte {
	e := entry{name: mimetypeName, size: int64(len(MediaType)), crc: crc32.ChecksumIEEE([]byte(MediaType))}
	return append(e.local(), MediaType...)
}

// entry is one member of the archive.
type entry struct {
	name   string
	size   int64
	offset int64  // of its local header
	crc    uint32 // of a file: known only after its bytes went by
	file   bool   // has a descriptor; the first two entries have none
	large  bool   // its sizes need ZIP64
}

func (e entry) version() uint16 {
	if e.large {
		return version45
	}
	return version20
}

// local is the local file header with name and extra field.
func (e entry) local() []byte {
	var flags uint16
	crc, size := e.crc, uint32(e.size)
	if e.file {
		flags, crc, size = flagsFile, 0, 0
	}
	var extra []byte
	if e.large {
		size = max32
		extra = zip64Extra(0, 0)
	}
	le := binary.LittleEndian
	b := make([]byte, 0, localSize+len(e.name)+len(extra))
	b = le.AppendUint32(b, localSignature)
	b = le.AppendUint16(b, e.version())
	b = appendCommon(b, flags, crc, size, size, len(e.name), len(extra))
	b = append(b, e.name...)
	return append(b, extra...)
}

// appendCommon writes the fields that local and central headers share.
func appendCommon(b []byte, flags uint16, crc, compressed, size uint32, name, extra int) []byte {
	le := binary.LittleEndian
	b = le.AppendUint16(b, flags)
	b = le.AppendUint16(b, 0) // stored
	b = le.AppendUint16(b, 0) // 00:00
	b = le.AppendUint16(b, dosDate1980)
	b = le.AppendUint32(b, crc)
	b = le.AppendUint32(b, compressed)
	b = le.AppendUint32(b, size)
	b = le.AppendUint16(b, uint16(name))
	return le.AppendUint16(b, uint16(extra))
}

// zip64Extra is the ZIP64 extended information, APPNOTE 4.5.3.
func zip64Extra(values ...uint64) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(nil, zip64ExtraID)
	b = le.AppendUint16(b, uint16(8*len(values)))
	for _, v := range values {
		b = le.AppendUint64(b, v)
	}
	return b
}

// descriptor follows the bytes of a file, APPNOTE 4.3.9.
func (e entry) descriptor() []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, descriptorSignature)
	b = le.AppendUint32(b, e.crc)
	for range 2 {
		if e.large {
			b = le.AppendUint64(b, uint64(e.size))
		} else {
			b = le.AppendUint32(b, uint32(e.size))
		}
	}
	return b
}

// central is the entry's header in the central directory, APPNOTE 4.3.12.
func (e entry) central(far int64) []byte {
	size, offset := uint32(e.size), uint32(e.offset)
	version := e.version()
	var values []uint64
	if e.large {
		size = max32
		values = append(values, uint64(e.size), uint64(e.size))
	}
	if e.offset >= far {
		version, offset = version45, max32
		values = append(values, uint64(e.offset))
	}
	var extra []byte
	if len(values) > 0 {
		extra = zip64Extra(values...)
	}
	var flags uint16
	if e.file {
		flags = flagsFile
	}
	le := binary.LittleEndian
	b := le.AppendUint32(nil, centralSignature)
	b = le.AppendUint16(b, madeByUnix|version)
	b = le.AppendUint16(b, version)
	b = appendCommon(b, flags, e.crc, size, size, len(e.name), len(extra))
	b = le.AppendUint16(b, 0) // comment length
	b = le.AppendUint16(b, 0) // disk
	b = le.AppendUint16(b, 0) // internal attributes
	b = le.AppendUint32(b, fileMode)
	b = le.AppendUint32(b, offset)
	b = append(b, e.name...)
	return append(b, extra...)
}

// layout is a whole archive: where everything is, and all that is not a file.
type layout struct {
	document []byte  // pli.json
	entries  []entry // mimetype, pli.json, then the files
	far      int64   // sizes and offsets from here on need ZIP64: 0xFFFFFFFF, less in tests
}

// newLayout places the files after a manifest of these bytes.
func newLayout(document []byte, files []File, far int64) *layout {
	l := &layout{document: document, far: far}
	l.entries = append(make([]entry, 0, 2+len(files)),
		entry{name: mimetypeName, size: int64(len(MediaType)), crc: crc32.ChecksumIEEE([]byte(MediaType))},
		entry{name: manifestName, size: int64(len(document)), crc: crc32.ChecksumIEEE(document), offset: PrefixSize})
	offset := int64(PrefixSize + localSize + len(manifestName) + len(document))
	for _, f := range files {
		e := entry{name: f.Name, size: f.Size, offset: offset, file: true, large: f.Size >= far}
		l.entries = append(l.entries, e)
		offset += int64(len(e.local())) + e.size + int64(len(e.descriptor()))
	}
	return l
}

// head is everything before the first file's header.
func (l *layout) head() []byte {
	b := Prefix()
	b = append(b, l.entries[1].local()...)
	return append(b, l.document...)
}

// tail is the central directory and the end records; the files' CRCs must be
// known, but its length does not depend on them.
func (l *layout) tail() []byte {
	start := l.directory()
	var b []byte
	for _, e := range l.entries {
		b = append(b, e.central(l.far)...)
	}
	size, count := len(b), len(l.entries)
	le := binary.LittleEndian
	offset := uint32(start)
	if start >= l.far {
		offset = max32
		end := start + int64(size)
		b = le.AppendUint32(b, end64Signature)
		b = le.AppendUint64(b, 44) // bytes of this record that follow
		b = le.AppendUint16(b, madeByUnix|version45)
		b = le.AppendUint16(b, version45)
		b = le.AppendUint64(b, 0) // this disk, and the directory's
		b = le.AppendUint64(b, uint64(count))
		b = le.AppendUint64(b, uint64(count))
		b = le.AppendUint64(b, uint64(size))
		b = le.AppendUint64(b, uint64(start))
		b = le.AppendUint32(b, locatorSignature)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, uint64(end))
		b = le.AppendUint32(b, 1) // disks
	}
	b = le.AppendUint32(b, endSignature)
	b = le.AppendUint32(b, 0) // this disk, and the directory's
	b = le.AppendUint16(b, uint16(count))
	b = le.AppendUint16(b, uint16(count))
	b = le.AppendUint32(b, uint32(size))
	b = le.AppendUint32(b, offset)
	return le.AppendUint16(b, 0) // comment length
}

// directory is the offset of the central directory.
func (l *layout) directory() int64 {
	last := l.entries[len(l.entries)-1]
	end := last.offset + int64(len(last.local())) + last.size
	if last.file {
		end += int64(len(last.descriptor()))
	}
	return end
}

// size is the length of the whole archive.
func (l *layout) size() int64 { return l.directory() + int64(len(l.tail())) }
