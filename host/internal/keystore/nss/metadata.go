package nss

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// NSS keeps what proves a database's password in one row of key4.db's table
// metaData, whose id is "password" and whose item1 is a salt. NSS 3.118
// (Firefox 146) made that salt 48 bytes long and derives from it otherwise
// than before: an older softoken calls the right password wrong. Softoken
// does not tell the salt, and its answer to a wrong password and to a salt
// that it cannot use is the same, so that the row is read here, without
// SQLite: its file format (sqlite.org/fileformat2.html) is stable, and four
// pages of it are all that is needed. Nothing is decided on a file that is not
// understood.

// newerSalt is the length, in bytes, of a salt that NSS 3.118 made.
const newerSalt = 48

// passwordSalt returns the length of the password's salt in a key4.db, in
// bytes, 0 when the database has no password that can be found.
//
// It opens and closes the file, and closing drops this process's POSIX locks
// on it (fcntl(2)): not while the database is open here.
func passwordSalt(dir string) int {
	f, err := os.Open(filepath.Join(dir, "key4.db"))
	if err != nil {
		return 0
	}
	defer f.Close()
	n, err := saltIn(f)
	if err != nil {
		return 0
	}
	return n
}

var errNotSQLite = errors.New("not a SQLite file as NSS writes them")

// sqliteFile reads the pages of a SQLite file.
type sqliteFile struct {
	r        io.ReaderAt
	pageSize int
	usable   int // bytes of a page that hold cells
	left     int // pages that may still be read
}

// maxPages bounds the pages that are read for one answer.
const maxPages = 64

func saltIn(r io.ReaderAt) (int, error) {
	header := make([]byte, 100)
	if _, err := r.ReadAt(header, 0); err != nil {
		return 0, err
	}
	size := int(binary.BigEndian.Uint16(header[16:]))
	if size == 1 {
		size = 1 << 16
	}
	if !bytes.HasPrefix(header, []byte("SQLite format 3\x00")) || size < 512 || size&(size-1) != 0 {
		return 0, errNotSQLite
	}
	f := &sqliteFile{r: r, pageSize: size, usable: size - int(header[20]), left: maxPages}
	root, salt := 0, 0
	// sqlite_schema(type, name, tbl_name, rootpage, sql)
	err := f.rows(1, func(row [][]byte) bool {
		if len(row) > 3 && string(row[0]) == "table" && string(row[1]) == "metaData" {
			for _, b := range row[3] {
				root = root<<8 | int(b)
			}
		}
		return root == 0
	})
	if err != nil || root <= 0 {
		return 0, errors.Join(err, errNotSQLite)
	}
	// metaData(id PRIMARY KEY UNIQUE ON CONFLICT REPLACE, item1, item2)
	err = f.rows(root, func(row [][]byte) bool {
		if len(row) > 1 && string(row[0]) == "password" {
			salt = len(row[1])
		}
		return salt == 0
	})
	return salt, err
}

// rows gives each row of a table's tree to f, until f returns false.
func (f *sqliteFile) rows(page int, visit func(row [][]byte) bool) error {
	_, err := f.walk(page, visit)
	return err
}

// Kinds of pages of a table's tree.
const (
	interiorPage = 5
	leafPage     = 13
)

func (f *sqliteFile) walk(number int, visit func(row [][]byte) bool) (more bool, err error) {
	page, err := f.page(number)
	if err != nil {
		return false, err
	}
	head := page
	if number == 1 {
		head = page[100:] // after the file's header
	}
	cells := int(binary.BigEndian.Uint16(head[3:]))
	pointers := head[8:]
	if head[0] == interiorPage {
		pointers = head[12:]
	} else if head[0] != leafPage {
		return false, errNotSQLite
	}
	if cells*2 > len(pointers) {
		return false, errNotSQLite
	}
	for i := range cells {
		at := int(binary.BigEndian.Uint16(pointers[2*i:]))
		if at > len(page)-4 {
			return false, errNotSQLite
		}
		if head[0] == interiorPage {
			more, err = f.walk(int(binary.BigEndian.Uint32(page[at:])), visit)
		} else if row, ok := leafRow(page[at:]); ok {
			more = visit(row)
		} else {
			more = true // goes on in other pages: no row that is looked for
		}
		if err != nil || !more {
			return false, err
		}
	}
	if head[0] == interiorPage {
		return f.walk(int(binary.BigEndian.Uint32(head[8:])), visit)
	}
	return true, nil
}

func (f *sqliteFile) page(number int) ([]byte, error) {
	if f.left--; f.left < 0 || number < 1 || f.usable < 480 {
		return nil, errNotSQLite
	}
	page := make([]byte, f.pageSize)
	if _, err := f.r.ReadAt(page, int64(number-1)*int64(f.pageSize)); err != nil {
		return nil, err
	}
	return page[:f.usable], nil
}

// leafRow reads a cell of a table's leaf: the size of the record, the row id,
// and the record, which is a header of serial types and then the values.
func leafRow(cell []byte) (row [][]byte, ok bool) {
	size, cell := varint(cell)
	_, cell = varint(cell)
	if size < 1 || size > len(cell) {
		return nil, false
	}
	record := cell[:size]
	headerSize, rest := varint(record)
	if headerSize < 1 || headerSize > len(record) || len(rest) < len(record)-headerSize {
		return nil, false
	}
	types, values := record[len(record)-len(rest):headerSize], record[headerSize:]
	for len(types) > 0 {
		var kind int
		kind, types = varint(types)
		n := valueSize(kind)
		if n < 0 || n > len(values) {
			return nil, false
		}
		row, values = append(row, values[:n]), values[n:]
	}
	return row, true
}

// valueSize is the size of a value by its serial type; -1 for none.
func valueSize(kind int) int {
	switch {
	case kind >= 12:
		return (kind - 12) / 2
	case kind < 0 || kind > 9:
		return -1
	}
	return []int{0, 1, 2, 3, 4, 6, 8, 8, 0, 0}[kind]
}

// varint reads a number of at most 28 bits, which is plenty for a page; -1 for
// others.
func varint(b []byte) (int, []byte) {
	n := 0
	for i := 0; i < len(b) && i < 4; i++ {
		n = n<<7 | int(b[i]&0x7F)
		if b[i] < 0x80 {
			return n, b[i+1:]
		}
	}
	return -1, nil
}
