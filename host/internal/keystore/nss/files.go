package nss

import (
	"os"
	"path/filepath"
)

// databaseFiles are the files of a database in NSS's format since 3.12.
func databaseFiles() [2]string { return [2]string{"cert9.db", "key4.db"} }

// legacyFiles are those of the format before, which no browser reads any more.
func legacyFiles() [2]string { return [2]string{"cert8.db", "key3.db"} }

// anyFile says whether one of these files is there.
func anyFile(dir string, names [2]string) bool {
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}
