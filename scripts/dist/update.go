package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"scelle/shared/update"
)

// updating is how extensions in the field learn of this build's host; without
// an address and a key nothing is made for it.
type updating struct {
	packagesURL string // of the folder in which the extension will look
	keyFile     string // PEM (PKCS#8) of the Ed25519 key that signs update.json
	nextKeyFile string // PEM of the public key that will sign after it, "" for none
	floor       string // no version below it is to be installed any more; "" is this version
	days        int    // that update.json is good for
}

// updateKeys are an updating's keys, once they are read.
type updateKeys struct {
	sign     ed25519.PrivateKey
	accepted []ed25519.PublicKey
}

// checked gives the address its last slash and reads the keys.
func (u updating) checked() (updating, updateKeys, error) {
	var keys updateKeys
	if u.packagesURL == "" && u.keyFile == "" && u.nextKeyFile == "" {
		return u, keys, nil
	}
	if u.packagesURL == "" || u.keyFile == "" {
		return u, keys, errors.New("-packages-url and -update-key go together")
	}
	if u.days < 1 {
		return u, keys, fmt.Errorf("-update-days: %d", u.days)
	}
	u.packagesURL = strings.TrimSuffix(u.packagesURL, "/") + "/" // scripts/pack checks the rest
	block, err := readPEM(u.keyFile, "PRIVATE KEY")
	if err != nil {
		return u, keys, err
	}
	key, err := x509.ParsePKCS8PrivateKey(block)
	var ok bool
	if keys.sign, ok = key.(ed25519.PrivateKey); err != nil || !ok {
		return u, keys, fmt.Errorf("%s holds no Ed25519 key", u.keyFile)
	}
	keys.accepted = append(keys.accepted, keys.sign.Public().(ed25519.PublicKey))
	if u.nextKeyFile == "" {
		return u, keys, nil
	}
	if block, err = readPEM(u.nextKeyFile, "PUBLIC KEY"); err != nil {
		return u, keys, err
	}
	public, err := x509.ParsePKIXPublicKey(block)
	next, ok := public.(ed25519.PublicKey)
	if err != nil || !ok {
		return u, keys, fmt.Errorf("%s holds no public Ed25519 key", u.nextKeyFile)
	}
	keys.accepted = append(keys.accepted, next)
	return u, keys, nil
}

func readPEM(name, kind string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != kind {
		return nil, fmt.Errorf("%s is no PEM file of a %s", name, strings.ToLower(kind))
	}
	return block.Bytes, nil
}

// packFlags tell scripts/pack where the extension looks, and whose word counts.
func (b *build) packFlags() []string {
	if b.keys.sign == nil {
		return nil
	}
	var keys []string
	for _, key := range b.keys.accepted {
		keys = append(keys, hex.EncodeToString(key))
	}
	return []string{"-packages-url", b.packagesURL, "-update-keys", strings.Join(keys, ",")}
}

// announce writes update.json: what of the host lies beside it. It describes
// the files that are there, so that it can be signed anew before it expires
// (-only update) without building anything.
func (b *build) announce() error {
	if b.keys.sign == nil {
		return nil
	}
	floor := b.floor
	if floor == "" {
		floor = b.version
	}
	m := update.Manifest{
		Product: update.Product, Version: b.version, Floor: floor,
		Issued: update.Moment(b.epoch), Expires: update.Moment(b.epoch.Add(time.Duration(b.days) * 24 * time.Hour)),
	}
	for _, p := range b.hostPackages() {
		data, err := os.ReadFile(filepath.Join(b.out, p.Name))
		if errors.Is(err, os.ErrNotExist) {
			continue // -only left it out
		} else if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		p.Size, p.SHA256 = int64(len(data)), hex.EncodeToString(sum[:])
		m.Packages = append(m.Packages, p)
	}
	data, err := update.Sign(m, b.keys.sign)
	if err != nil {
		return err
	}
	return b.write(update.FileName, data)
}

// hostPackages are the host's packages of this build. The Windows ones are for
// every processor: arm64 runs them.
func (b *build) hostPackages() []update.Package {
	return []update.Package{
		{Kind: update.Setup, OS: "windows", Name: b.setupName()},
		{Kind: update.MSI, OS: "windows", Name: b.msiName()},
		{Kind: update.Zip, OS: "darwin", Name: b.macName()},
		{Kind: update.Deb, OS: "linux", Arch: arch, Name: b.packageName("deb")},
		{Kind: update.RPM, OS: "linux", Arch: arch, Name: b.packageName("rpm")},
	}
}
