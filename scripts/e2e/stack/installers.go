package stack

import (
	"archive/zip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Stock gives the portal something to offer: this world's own host, the demo
// build of the extensions (others may not be allowed on loopback), and what
// packages of other systems were built.
func (w *World) Stock() error {
	err := copyFile(filepath.Join(w.Installers, w.HostFile()), w.Host)
	for name, folder := range map[string]string{"chrome": w.Extension, "firefox": w.Firefox} {
		err = errors.Join(err, zipFolder(filepath.Join(w.Installers, "scelle-extension-"+name+".zip"), folder))
	}
	packages, listErr := os.ReadDir(w.Dist)
	if listErr != nil && !errors.Is(listErr, fs.ErrNotExist) {
		return errors.Join(err, listErr)
	}
	for _, e := range packages {
		if e.Type().IsRegular() && isPackage(e.Name()) {
			err = errors.Join(err, copyFile(filepath.Join(w.Installers, e.Name()), filepath.Join(w.Dist, e.Name())))
		}
	}
	return err
}

// HostFile is what the bare program of this computer is called among
// installers.
func (w *World) HostFile() string { return "scelle-linux-" + runtime.GOARCH }

// isPackage leaves out programs and extensions, of which Stock has its own.
func isPackage(name string) bool {
	for _, suffix := range []string{".exe", ".msi", ".deb", ".rpm", ".pkg", "-macos.zip"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// copyFile copies a file, without the right to run it: a download has none.
func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func zipFolder(name, folder string) error {
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	w := zip.NewWriter(out)
	err = w.AddFS(os.DirFS(folder))
	return errors.Join(err, w.Close(), out.Close())
}
