package pkcs12x

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/sha1"
	encasn1 "encoding/asn1"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"scelle/shared/fault"
)

const (
	oidSHA256     = "2.16.840.1.101.3.4.2.1"
	oidHMACSHA256 = "1.2.840.113549.2.9"
	oidHMACSHA1   = "1.2.840.113549.2.7"
	oidPBES2      = "1.2.840.113549.1.5.13"
	oidPBKDF2     = "1.2.840.113549.1.5.12"
	oidPBMAC1     = "1.2.840.113549.1.5.14"
	oidAES256CBC  = "2.16.840.1.101.3.4.1.42"
	oidPBE3DES    = "1.2.840.113549.1.12.1.3"
)

// mode names a block cipher in CBC mode.
type mode int

const (
	aesCBC mode = iota
	tripleDESCBC
	rc2CBC
)

// scheme is a way to encrypt with a password: a derivation and a cipher. All
// its counts have been checked.
type scheme struct {
	hash       newHash
	pbkdf2     bool // RFC 8018; otherwise RFC 7292 B.2
	salt       []byte
	iterations int
	mode       mode
	keySize    int    // bytes
	iv         []byte // nil when derived, as RFC 7292 does
}

// budget adds up the iterations that a file asks for.
type budget struct{ spent int }

// spend reads an iteration count and refuses one that is out of range, or too
// much together with the others.
func (b *budget) spend(s *cryptobyte.String) (int, error) {
	count := new(big.Int)
	if !s.ReadASN1Integer(count) {
		return 0, fault.Newf(fault.P12Damaged, "iterations")
	}
	return b.spendInt(count)
}

func (b *budget) spendInt(count *big.Int) (int, error) {
	if !count.IsInt64() || count.Int64() < 1 || count.Int64() > MaxIterations {
		if count.BitLen() > 64 {
			return 0, fault.New(fault.P12Iterations)
		}
		return 0, fault.Newf(fault.P12Iterations, "%s", count)
	}
	b.spent += int(count.Int64())
	if b.spent > MaxTotalIterations {
		return 0, fault.Newf(fault.P12Iterations, "%d", b.spent)
	}
	return int(count.Int64()), nil
}

// readAlgorithm reads an AlgorithmIdentifier; parameters is what follows the OID.
func readAlgorithm(s *cryptobyte.String) (oid string, parameters cryptobyte.String, ok bool) {
	var body cryptobyte.String
	var id encasn1.ObjectIdentifier
	ok = s.ReadASN1(&body, asn1.SEQUENCE) && body.ReadASN1ObjectIdentifier(&id)
	return id.String(), body, ok
}

func unsupported(oid string) error { return fault.Newf(fault.P12Unsupported, "%s", oid) }

// readScheme reads the AlgorithmIdentifier of an encryption.
func readScheme(s *cryptobyte.String, b *budget) (*scheme, error) {
	oid, parameters, ok := readAlgorithm(s)
	if !ok {
		return nil, fault.Newf(fault.P12Damaged, "algorithm")
	}
	if oid == oidPBES2 {
		return readPBES2(parameters, b)
	}
	c := &scheme{hash: sha1.New}
	switch oid { // RFC 7292 appendix C
	case oidPBE3DES:
		c.mode, c.keySize = tripleDESCBC, 24
	case "1.2.840.113549.1.12.1.4":
		c.mode, c.keySize = tripleDESCBC, 16
	case "1.2.840.113549.1.12.1.5":
		c.mode, c.keySize = rc2CBC, 16
	case "1.2.840.113549.1.12.1.6":
		c.mode, c.keySize = rc2CBC, 5
	default:
		return nil, unsupported(oid)
	}
	var body, salt cryptobyte.String
	if !parameters.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1(&salt, asn1.OCTET_STRING) {
		return nil, fault.Newf(fault.P12Damaged, "algorithm")
	}
	c.salt = salt
	var err error
	c.iterations, err = b.spend(&body)
	return c, err
}

// readPBES2 reads PBES2-params, RFC 8018 A.4.
func readPBES2(parameters cryptobyte.String, b *budget) (*scheme, error) {
	var body, iv cryptobyte.String
	if !parameters.ReadASN1(&body, asn1.SEQUENCE) {
		return nil, fault.Newf(fault.P12Damaged, "PBES2")
	}
	c, length, err := readPBKDF2(&body, b)
	if err != nil {
		return nil, err
	}
	oid, rest, ok := readAlgorithm(&body)
	if !ok {
		return nil, fault.Newf(fault.P12Damaged, "PBES2")
	}
	block := aes.BlockSize
	switch oid {
	case "2.16.840.1.101.3.4.1.2":
		c.keySize = 16
	case "2.16.840.1.101.3.4.1.22":
		c.keySize = 24
	case oidAES256CBC:
		c.keySize = 32
	case "1.2.840.113549.3.7":
		c.mode, c.keySize, block = tripleDESCBC, 24, des.BlockSize
	default:
		return nil, unsupported(oid)
	}
	if !rest.ReadASN1(&iv, asn1.OCTET_STRING) || len(iv) != block || (length != 0 && length != c.keySize) {
		return nil, fault.Newf(fault.P12Damaged, "PBES2")
	}
	c.iv = iv
	return c, nil
}

// readPBKDF2 reads the AlgorithmIdentifier of a PBKDF2 derivation (RFC 8018
// A.2) and its key length in bytes, 0 when absent.
func readPBKDF2(s *cryptobyte.String, b *budget) (c *scheme, length int, err error) {
	damaged := fault.Newf(fault.P12Damaged, "PBKDF2")
	oid, parameters, ok := readAlgorithm(s)
	if !ok {
		return nil, 0, damaged
	}
	if oid != oidPBKDF2 {
		return nil, 0, unsupported(oid)
	}
	var body, salt cryptobyte.String
	if !parameters.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1(&salt, asn1.OCTET_STRING) {
		return nil, 0, damaged
	}
	c = &scheme{pbkdf2: true, salt: salt}
	if c.iterations, err = b.spend(&body); err != nil {
		return nil, 0, err
	}
	if body.PeekASN1Tag(asn1.INTEGER) && (!body.ReadASN1Integer(&length) || length < 1) {
		return nil, 0, damaged
	}
	prf := oidHMACSHA1
	if !body.Empty() {
		if prf, _, ok = readAlgorithm(&body); !ok {
			return nil, 0, damaged
		}
	}
	if c.hash = hmacByOID(prf); c.hash == nil {
		return nil, 0, unsupported(prf)
	}
	return c, length, nil
}

// open decrypts with each form of the password in turn and returns what look
// accepts first, nil when it accepts none. The caller clears the result.
func (c *scheme) open(data []byte, p *passwords, look func([]byte) bool) []byte {
	forms := p.bmp
	if c.pbkdf2 {
		forms = p.raw
	}
	for _, form := range forms {
		if plain := c.decrypt(data, form); plain != nil {
			if look(plain) {
				return plain
			}
			clear(plain)
		}
	}
	return nil
}

// derive returns the key and the initialisation vector for one password.
func (c *scheme) derive(password []byte) (key, iv []byte) {
	if c.pbkdf2 {
		return derivePBKDF2(c.hash, password, c.salt, c.iterations, c.keySize), c.iv
	}
	return deriveP12(c.hash, forKey, password, c.salt, c.iterations, c.keySize),
		deriveP12(c.hash, forIV, password, c.salt, c.iterations, des.BlockSize)
}

// block returns the block cipher under key, for the two modes of the standard
// library.
func (c *scheme) block(key []byte) (cipher.Block, error) {
	if c.mode == aesCBC {
		return aes.NewCipher(key)
	}
	if len(key) == 16 { // two-key triple DES
		long := append(bytes.Clone(key), key[:8]...)
		defer clear(long)
		return des.NewTripleDESCipher(long)
	}
	return des.NewTripleDESCipher(key)
}

// decrypt returns the plaintext without its padding, nil when the length or
// the padding is wrong.
func (c *scheme) decrypt(data, password []byte) []byte {
	size := des.BlockSize
	if c.mode == aesCBC {
		size = aes.BlockSize
	}
	if len(data) == 0 || len(data)%size != 0 {
		return nil
	}
	key, iv := c.derive(password)
	defer clear(key)
	plain := make([]byte, len(data))
	if c.mode == rc2CBC {
		newRC2(key).decryptCBC(plain, data, iv)
	} else {
		block, err := c.block(key)
		if err != nil {
			return nil
		}
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	}
	padding := int(plain[len(plain)-1])
	if padding < 1 || padding > size || bytes.Count(plain[len(plain)-padding:], plain[len(plain)-1:]) != padding {
		clear(plain)
		return nil
	}
	return plain[:len(plain)-padding]
}
