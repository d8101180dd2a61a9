package cli

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"

	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// The largest files of each kind that are read whole, in bytes.
const (
	maxCertificate = 2 * keypair.MaxSize // room for PEM and text around it
	maxKeyFile     = 64 << 10
	maxPassword    = 4 << 10
	maxP12         = 1<<20 + 1 // one more than pkcs12x takes, so that it refuses
)

// source is a file or standard input, with its size where it has one.
type source struct {
	io.Reader
	name string // base name
	size int64  // bytes, -1 when unknown
	io.Closer
}

// openSource opens path, "-" for standard input.
func (c *command) openSource(path string) (*source, error) {
	if path == stdio {
		return &source{c.In, stdio, -1, io.NopCloser(nil)}, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, readFault(path)
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("a folder")
	}
	if err != nil {
		file.Close()
		return nil, readFault(path)
	}
	s := &source{file, filepath.Base(path), -1, file}
	if info.Mode().IsRegular() {
		s.size = info.Size()
	}
	return s, nil
}

// readFault is a file that cannot be read, by its base name.
func readFault(path string) error {
	return fault.Newf(fault.ReadFailed, "%s", filepath.Base(path))
}

// readAll reads a whole file of at most limit bytes; what is longer is cut,
// and refused by whoever parses it.
func (c *command) readAll(path string, limit int64) ([]byte, error) {
	s, err := c.openSource(path)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	data, err := io.ReadAll(io.LimitReader(s, limit))
	if err != nil {
		return nil, readFault(path)
	}
	return data, nil
}

// certificate reads a certificate file, PEM or DER.
func (c *command) certificate(path string) (*keypair.Certificate, error) {
	data, err := c.readAll(path, maxCertificate)
	if err != nil {
		return nil, err
	}
	certificate, err := keypair.Read(data)
	if err != nil {
		return nil, fault.Newf(fault.CodeOf(err), "%s", filepath.Base(path))
	}
	return certificate, nil
}

// privateKey reads a private key file: PEM of PKCS#8, PKCS#1 (RSA) or SEC 1
// (EC), not encrypted. fault.P12NoKey for anything else.
func (c *command) privateKey(path string) (crypto.PrivateKey, error) {
	data, err := c.readAll(path, maxKeyFile)
	if err != nil {
		return nil, err
	}
	defer clear(data)
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, fault.Newf(fault.P12NoKey, "%s", filepath.Base(path))
		}
		key := parseKey(block)
		clear(block.Bytes)
		if key != nil {
			return key, nil
		}
	}
}

func parseKey(block *pem.Block) crypto.PrivateKey {
	switch block.Type {
	case "PRIVATE KEY":
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil
		}
		switch key.(type) {
		case *rsa.PrivateKey, *ecdsa.PrivateKey:
			return key
		}
	case "RSA PRIVATE KEY":
		if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			return key
		}
	case "EC PRIVATE KEY":
		if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
			return key
		}
	}
	return nil
}

// password reads the first line of a file, or asks on the terminal when there
// is none. The caller clears it.
func (c *command) password(ctx context.Context, path string) ([]byte, error) {
	if path == "" {
		password, err := askPassword(ctx, c.text(txtPasswordPrompt))
		if err != nil {
			return nil, misuse(c.text(txtNeedPasswordFile))
		}
		return password, nil
	}
	data, err := c.readAll(path, maxPassword)
	if err != nil {
		return nil, err
	}
	line, rest, _ := bytes.Cut(data, []byte("\n"))
	clear(rest)
	return bytes.TrimSuffix(line, []byte("\r")), nil
}
