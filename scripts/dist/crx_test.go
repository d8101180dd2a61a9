package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// fields splits a protobuf message that only has fields of bytes, as
// protobuf.dev/programming-guides/encoding says: a tag, a length, the bytes.
func fields(message []byte) (map[uint64][][]byte, error) {
	found := map[uint64][][]byte{}
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 || tag&7 != 2 {
			return nil, errors.New("not a field of bytes")
		}
		message = message[n:]
		size, n := binary.Uvarint(message)
		if n <= 0 || size > uint64(len(message)-n) {
			return nil, errors.New("a length beyond the end")
		}
		found[tag>>3] = append(found[tag>>3], message[n:n+int(size)])
		message = message[n+int(size):]
	}
	return found, nil
}

// crxFile is what a CRX3 file says.
type crxFile struct {
	id      string
	public  []byte
	archive []byte
}

// readCRX reads a CRX3 file as the comments of Chromium's crx3.proto describe
// it, and verifies it: one RSA proof, of the key that the signed id follows
// from, over "CRX3 SignedData", a zero, the signed data's length, that data
// and the archive.
func readCRX(data []byte) (crxFile, error) {
	var c crxFile
	if len(data) < 12 || string(data[:4]) != "Cr24" || binary.LittleEndian.Uint32(data[4:]) != 3 {
		return c, errors.New("no CRX3")
	}
	size := binary.LittleEndian.Uint32(data[8:])
	if uint64(size) > uint64(len(data)-12) {
		return c, errors.New("the header is longer than the file")
	}
	header, err := fields(data[12 : 12+size])
	if err != nil || len(header) != 2 || len(header[2]) != 1 || len(header[10000]) != 1 {
		return c, fmt.Errorf("header %v, %w", header, err)
	}
	proof, err := fields(header[2][0])
	if err != nil || len(proof[1]) != 1 || len(proof[2]) != 1 {
		return c, fmt.Errorf("proof %v, %w", proof, err)
	}
	signed, err := fields(header[10000][0])
	if err != nil || len(signed[1]) != 1 {
		return c, fmt.Errorf("signed data %v, %w", signed, err)
	}
	c.public, c.archive = proof[1][0], data[12+size:]
	sum := sha256.Sum256(c.public)
	if !bytes.Equal(signed[1][0], sum[:16]) {
		return c, errors.New("the id is not the key's")
	}
	for _, digit := range fmt.Sprintf("%x", signed[1][0]) {
		if digit >= 'a' {
			digit -= 'a' - '9' - 1
		}
		c.id += string('a' + digit - '0')
	}
	key, err := x509.ParsePKIXPublicKey(c.public)
	if err != nil {
		return c, err
	}
	text := append([]byte("CRX3 SignedData\x00"), byte(len(header[10000][0])), 0, 0, 0)
	hash := sha256.Sum256(append(append(text, header[10000][0]...), c.archive...))
	return c, rsa.VerifyPKCS1v15(key.(*rsa.PublicKey), crypto.SHA256, hash[:], proof[2][0])
}

// crxKey makes a throw-away key and its file.
func crxKey(t *testing.T) (*rsa.PrivateKey, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key, pemFile(t, "PRIVATE KEY", pkcs8(t, key))
}

func pkcs8(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func pemFile(t *testing.T, kind string, der []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestCRX: an independent reader verifies what is written, and not if one bit
// is another in header or archive.
func TestCRX(t *testing.T) {
	key, _ := crxKey(t)
	archive := []byte("PK\x03\x04 stands for a zip")
	file, err := packCRX(key, archive)
	if err != nil {
		t.Fatal(err)
	}
	c, err := readCRX(file)
	if err != nil || !bytes.Equal(c.archive, archive) || c.id != chromiumID(c.public) {
		t.Fatalf("%+v, %v", c, err)
	}
	for i := range file {
		changed := bytes.Clone(file)
		changed[i] ^= 1
		if _, err := readCRX(changed); err == nil {
			t.Errorf("with byte %d changed it passes", i)
		}
	}
	again, err := packCRX(key, archive)
	if err != nil || !bytes.Equal(again, file) {
		t.Errorf("made twice it differs, %v", err)
	}
}

// TestCRXAsChromiumPacks: with the key and the archive of a file that Chromium
// itself packed, ours has the same bytes.
func TestCRXAsChromiumPacks(t *testing.T) {
	key, name := crxKey(t)
	dir := t.TempDir()
	folder := filepath.Join(dir, "extension")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "manifest.json"), []byte(`{"manifest_version":3,"name":"x","version":"1.0"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("chromium", "--headless", "--no-sandbox", "--user-data-dir="+filepath.Join(dir, "profile"), "--pack-extension="+folder, "--pack-extension-key="+name)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	theirs := read(t, folder+".crx")
	c, err := readCRX(theirs)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := packCRX(key, c.archive)
	if err != nil || !bytes.Equal(ours, theirs) {
		t.Errorf("%v: Chromium has\n%x\nours is\n%x", err, theirs, ours)
	}
}

// TestCRXKeys: RSA keys in both notations are the same key; others are refused.
func TestCRXKeys(t *testing.T) {
	key, modern := crxKey(t)
	old := pemFile(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	for _, name := range []string{modern, old} {
		if got, err := readCRXKey(name); err != nil || !got.Equal(key) {
			t.Errorf("%s: %v", name, err)
		}
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	noPEM := filepath.Join(t.TempDir(), "key.der")
	if err := os.WriteFile(noPEM, pkcs8(t, key), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, name := range map[string]string{
		"a curve":     pemFile(t, "PRIVATE KEY", pkcs8(t, curve)),
		"encrypted":   pemFile(t, "ENCRYPTED PRIVATE KEY", []byte("x")),
		"a public":    pemFile(t, "PUBLIC KEY", []byte("x")),
		"broken":      pemFile(t, "PRIVATE KEY", []byte("x")),
		"no PEM":      noPEM,
		"not there":   filepath.Join(t.TempDir(), "none"),
		"a short RSA": pemFile(t, "PRIVATE KEY", pkcs8(t, shortRSA(t))),
	} {
		if _, err := readCRXKey(name); err == nil {
			t.Errorf("%s is accepted", what)
		}
	}
}

// shortRSA is a key of 1024 bits, too few for a signature that others trust.
func shortRSA(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
