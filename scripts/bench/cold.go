package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// forget asks the kernel to drop files from its page cache, so that the next
// reader waits for the disk as after a fresh login. Pages that another process
// has mapped stay: the C library, and the NSS libraries while a browser runs.
func forget(files []string) error {
	var errs []error
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		_ = f.Sync() // read-only files of other owners may refuse
		errs = append(errs, unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED), f.Close())
	}
	return errors.Join(errs...)
}

// nssFiles are the database below home and the libraries that open it.
func nssFiles(home string) []string {
	var files []string
	_ = filepath.WalkDir(home, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			files = append(files, path)
		}
		return nil
	})
	for _, dir := range []string{"/usr/lib", "/usr/lib64"} {
		for _, pattern := range []string{"*/libsoftokn3.so", "*/libfreeblpriv3.so", "*/nss/libsoftokn3.so", "*/nss/libfreeblpriv3.so", "*/libnssutil3.so", "*/libnspr4.so", "*/libsqlite3.so.0"} {
			found, _ := filepath.Glob(filepath.Join(dir, pattern))
			files = append(files, found...)
		}
	}
	return files
}

// jvmFiles are those that a Java virtual machine reads to start.
func jvmFiles() []string {
	java, err := exec.LookPath("java")
	if err != nil {
		return nil
	}
	if java, err = filepath.EvalSymlinks(java); err != nil {
		return nil
	}
	home := strings.TrimSuffix(java, "/bin/java")
	files := []string{java}
	for _, name := range []string{"lib/modules", "lib/libjli.so", "lib/libjava.so", "lib/libjimage.so", "lib/server/libjvm.so", "lib/server/classes.jsa"} {
		if _, err := os.Stat(filepath.Join(home, name)); err == nil {
			files = append(files, filepath.Join(home, name))
		}
	}
	return files
}

// coldly runs f with files forgotten first.
func coldly(files []string, f func() (float64, error)) func() (float64, error) {
	return func() (float64, error) {
		if err := forget(files); err != nil {
			return 0, err
		}
		return f()
	}
}
