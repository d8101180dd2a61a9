package unwrap

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"scelle/shared/fault"
)

// SecretSize is the length of an install secret, in bytes.
const SecretSize = 32

const secretFile = "install-secret"

// StateDir is where the host keeps what it must remember: $XDG_STATE_HOME/scelle
// or ~/.local/state/scelle, %LOCALAPPDATA%\Scelle on Windows,
// ~/Library/Application Support/Scelle on macOS. goos is runtime.GOOS, getenv
// os.Getenv, home the user's home directory.
func StateDir(goos, home string, getenv func(string) string) string {
	switch goos {
	case "windows":
		if base := getenv("LOCALAPPDATA"); base != "" {
			return filepath.Join(base, "Scelle")
		}
		return filepath.Join(home, "AppData", "Local", "Scelle")
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", "Scelle")
	}
	state := getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) { // XDG base directories: relative values are ignored
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "scelle")
}

// LoadOrCreateSecret returns the install secret of dir: SecretSize random
// bytes in a file that only the user may read. The first call makes it; of
// several processes at once, one makes it and all return the same.
// Errors: fault.ReadFailed, fault.WriteFailed, also for a file of another
// length or that others may read.
func LoadOrCreateSecret(dir string) ([]byte, error) {
	path := filepath.Join(dir, secretFile)
	secret, err := readPatiently(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, fault.Wrap(fault.ReadFailed, err)
	}
	if err := createSecret(dir, path); err != nil {
		return nil, fault.Wrap(fault.WriteFailed, err)
	}
	secret, err = readPatiently(path)
	return secret, fault.Wrap(fault.ReadFailed, err)
}

func readSecret(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() != SecretSize {
		return nil, fault.Newf(fault.ReadFailed, "%s is not %d bytes", secretFile, SecretSize)
	}
	var shut error
	if permissionsMatter && info.Mode().Perm()&0o077 != 0 {
		shut = os.Chmod(path, 0o600)
	}
	secret, err := os.ReadFile(path)
	return secret, errors.Join(shut, err)
}

// createSecret writes a whole file aside and gives it its name, which
// fails when another process was first: then that one's secret counts.
func createSecret(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	secret := make([]byte, SecretSize)
	defer clear(secret)
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, secretFile+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(secret)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := publish(f.Name(), path); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
