package main

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

// The CRX3 format (Chromium, components/crx_file/crx3.proto): "Cr24", 3 and
// the header's length, both as little-endian uint32, the header, a zip. The
// header is a protobuf message CrxFileHeader; these are its fields that are
// used, those of an AsymmetricKeyProof and that of SignedData.
const (
	crxSha256WithRSA    = 2     // CrxFileHeader: AsymmetricKeyProof
	crxSignedHeaderData = 10000 // CrxFileHeader: SignedData
	crxPublicKey        = 1     // AsymmetricKeyProof: SubjectPublicKeyInfo
	crxSignature        = 2     // AsymmetricKeyProof
	crxID               = 1     // SignedData: the id's 16 bytes

	crxSignedPrefix = "CRX3 SignedData\x00"
	crxIDSize       = 16
)

// protobufBytes appends a protobuf field of bytes, or of an inner message.
func protobufBytes(to []byte, number uint64, data []byte) []byte {
	const lengthDelimited = 2
	to = binary.AppendUvarint(to, number<<3|lengthDelimited)
	to = binary.AppendUvarint(to, uint64(len(data)))
	return append(to, data...)
}

// packCRX signs a zip as a CRX3 file. PKCS#1 v1.5 makes the same signature
// each time.
func packCRX(key *rsa.PrivateKey, archive []byte) ([]byte, error) {
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(public)
	signed := protobufBytes(nil, crxID, id[:crxIDSize])
	h := sha256.New()
	h.Write([]byte(crxSignedPrefix))
	h.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(signed))))
	h.Write(signed)
	h.Write(archive)
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, h.Sum(nil))
	if err != nil {
		return nil, err
	}
	proof := protobufBytes(protobufBytes(nil, crxPublicKey, public), crxSignature, signature)
	header := protobufBytes(protobufBytes(nil, crxSha256WithRSA, proof), crxSignedHeaderData, signed)
	file := binary.LittleEndian.AppendUint32([]byte("Cr24"), 3)
	file = binary.LittleEndian.AppendUint32(file, uint32(len(header)))
	return append(append(file, header...), archive...), nil
}

// chromiumID is an extension's id from its public key (SubjectPublicKeyInfo),
// in the letters a to p for 0 to 15.
func chromiumID(public []byte) string {
	sum := sha256.Sum256(public)
	var id []byte
	for _, b := range sum[:crxIDSize] {
		id = append(id, 'a'+b>>4, 'a'+b&15)
	}
	return string(id)
}

// readCRXKey reads an RSA key as Chromium itself writes and takes it, PEM of a
// PKCS#8 PrivateKeyInfo, or as older tools do, PKCS#1.
func readCRXKey(name string) (*rsa.PrivateKey, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	defer clear(data)
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s is not PEM", name)
	}
	defer clear(block.Bytes)
	key, err := parseRSA(block)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if key.N.BitLen() < 2048 {
		return nil, fmt.Errorf("%s: RSA of %d bits, at least 2048 are needed", name, key.N.BitLen())
	}
	return key, nil
}

func parseRSA(block *pem.Block) (*rsa.PrivateKey, error) {
	switch block.Type {
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case "PRIVATE KEY":
		any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, err
		}
		if key, ok := any.(*rsa.PrivateKey); ok {
			return key, nil
		}
		return nil, errors.New("not an RSA key")
	}
	return nil, fmt.Errorf("a %s, not an unencrypted private key", block.Type)
}
