package pkcs12x

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	encasn1 "encoding/asn1"
	"strconv"
	"strings"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// Format chooses the algorithms of a file that is written.
type Format int

// The formats.
const (
	// Modern is PBES2 with AES-256-CBC, PBKDF2 with HMAC-SHA-256, and a
	// SHA-256 MAC: OpenSSL from 1.1.1, Java from 12, Windows from 10 (1709)
	// and Server 2019, NSS.
	Modern Format = iota
	// TripleDES is for stores that know nothing newer: 3DES and a SHA-1 MAC.
	// Only with a random password that lives for one call.
	TripleDES
)

// Iterations that are written: many where a person chose the password, few
// where it is random and lives for one call.
const (
	personIterations = 600_000
	storeIterations  = 2048
)

const saltSize = 16

// Encode writes a modern file with one key, its certificate and, unless it is
// empty, a friendly name. The password is UTF-8 and stays the caller's to
// clear. Errors: fault.P12Mismatch when key and certificate do not belong
// together, the faults of keypair.Parse, fault.CertificateKeyKind, fault.NameBad.
func Encode(key crypto.Signer, certificate []byte, name string, password []byte) ([]byte, error) {
	return encode(key, certificate, name, password, Modern, personIterations)
}

// Remake writes a bundle again for one store: its one key and certificate,
// nothing else that was in the file it came from. The password should be
// random, and cleared after the store's call.
func Remake(b *Bundle, password []byte, f Format) ([]byte, error) {
	return encode(b.Key, b.Certificate, b.FriendlyName, password, f, storeIterations)
}

func encode(key crypto.Signer, certificate []byte, name string, password []byte, f Format, iterations int) ([]byte, error) {
	parsed, err := keypair.Parse(certificate)
	if err != nil {
		return nil, err
	}
	if !parsed.Matches(key.Public()) {
		return nil, fault.New(fault.P12Mismatch)
	}
	if len(name) > 1024 {
		return nil, fault.New(fault.NameBad)
	}
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fault.New(fault.CertificateKeyKind)
	}
	defer clear(plain)
	p := newPasswords(password)
	defer p.clear()
	id := sha1.Sum(certificate) // what OpenSSL and NSS use to join the two
	w := writer{format: f, iterations: iterations, passwords: p}
	keys := w.safeContents(oidShroudedKey, name, id[:], func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			algorithm, sealed := w.seal(plain)
			b.AddBytes(algorithm)
			b.AddASN1OctetString(sealed)
		})
	})
	certificates := w.safeContents(oidCertBag, name, id[:], func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addOID(b, oidX509Certificate)
			addExplicit(b, func(b *cryptobyte.Builder) { b.AddASN1OctetString(certificate) })
		})
	})
	return w.pfx(keys, certificates)
}

// writer keeps the first error of cryptobyte and of the ciphers.
type writer struct {
	format     Format
	iterations int
	passwords  *passwords
	err        error
}

func (w *writer) bytes(b *cryptobyte.Builder) []byte {
	out, err := b.Bytes()
	if err != nil && w.err == nil {
		w.err = err
	}
	return out
}

func addExplicit(b *cryptobyte.Builder, f cryptobyte.BuilderContinuation) {
	b.AddASN1(asn1.Tag(0).ContextSpecific().Constructed(), f)
}

// addOID writes an object identifier in dotted form; ours are constants.
func addOID(b *cryptobyte.Builder, dotted string) {
	var oid encasn1.ObjectIdentifier
	for _, arc := range strings.Split(dotted, ".") {
		n, err := strconv.Atoi(arc)
		if err != nil {
			b.SetError(err)
			return
		}
		oid = append(oid, n)
	}
	b.AddASN1ObjectIdentifier(oid)
}

// addAlgorithm writes an AlgorithmIdentifier, with NULL for nil parameters.
func addAlgorithm(b *cryptobyte.Builder, oid string, parameters cryptobyte.BuilderContinuation) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addOID(b, oid)
		if parameters == nil {
			b.AddASN1NULL()
			return
		}
		parameters(b)
	})
}

// safeContents is a SafeContents with one bag.
func (w *writer) safeContents(bag, name string, id []byte, value cryptobyte.BuilderContinuation) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addOID(b, bag)
			addExplicit(b, value)
			b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
				if name != "" {
					addAttribute(b, oidFriendlyName, asn1.Tag(30), bmpName(name))
				}
				addAttribute(b, oidLocalKeyID, asn1.OCTET_STRING, id)
			})
		})
	})
	return w.bytes(&b)
}

func addAttribute(b *cryptobyte.Builder, oid string, tag asn1.Tag, value []byte) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addOID(b, oid)
		b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
			b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes(value) })
		})
	})
}

func bmpName(name string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(name)) {
		out = append(out, byte(unit>>8), byte(unit))
	}
	return out
}

// pfx joins the two contents and authenticates them.
func (w *writer) pfx(keys, certificates []byte) ([]byte, error) {
	var safe cryptobyte.Builder
	safe.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { w.addEncryptedData(b, certificates) })
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { addData(b, keys) })
	})
	authenticated := w.bytes(&safe)
	var pfx cryptobyte.Builder
	pfx.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(3)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { addData(b, authenticated) })
		w.addMAC(b, authenticated)
	})
	out := w.bytes(&pfx)
	if w.err != nil {
		return nil, fault.Wrap(fault.Internal, w.err)
	}
	return out, nil
}

func addData(b *cryptobyte.Builder, content []byte) {
	addOID(b, oidData)
	addExplicit(b, func(b *cryptobyte.Builder) { b.AddASN1OctetString(content) })
}

func (w *writer) addEncryptedData(b *cryptobyte.Builder, content []byte) {
	algorithm, sealed := w.seal(content)
	addOID(b, oidEncryptedData)
	addExplicit(b, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1Int64(0)
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addOID(b, oidData)
				b.AddBytes(algorithm)
				b.AddASN1(asn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(sealed) })
			})
		})
	})
}

func (w *writer) addMAC(b *cryptobyte.Builder, authenticated []byte) {
	h, oid := sha256.New, oidSHA256
	if w.format == TripleDES {
		h, oid = sha1.New, "1.3.14.3.2.26"
	}
	salt := random(saltSize)
	key := deriveP12(h, forMAC, w.passwords.bmp[0], salt, w.iterations, h().Size())
	defer clear(key)
	sum := hmac.New(h, key)
	sum.Write(authenticated)
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addAlgorithm(b, oid, nil)
			b.AddASN1OctetString(sum.Sum(nil))
		})
		b.AddASN1OctetString(salt)
		b.AddASN1Int64(int64(w.iterations))
	})
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	return b
}

// seal encrypts with the password and returns the AlgorithmIdentifier too.
func (w *writer) seal(plain []byte) (algorithm, sealed []byte) {
	c := &scheme{hash: sha256.New, pbkdf2: true, salt: random(saltSize), iterations: w.iterations,
		keySize: 32, iv: random(aes.BlockSize)}
	form, size := w.passwords.raw[0], aes.BlockSize
	if w.format == TripleDES {
		c = &scheme{hash: sha1.New, salt: random(8), iterations: w.iterations, mode: tripleDESCBC, keySize: 24}
		form, size = w.passwords.bmp[0], des.BlockSize
	}
	key, iv := c.derive(form)
	defer clear(key)
	block, err := c.block(key)
	if err != nil {
		w.err = err
		return nil, nil
	}
	padding := size - len(plain)%size
	sealed = make([]byte, len(plain)+padding)
	copy(sealed, plain)
	for i := len(plain); i < len(sealed); i++ {
		sealed[i] = byte(padding)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(sealed, sealed)
	return w.algorithm(c), sealed
}

// algorithm is the AlgorithmIdentifier of one of the two schemes we write.
func (w *writer) algorithm(c *scheme) []byte {
	var b cryptobyte.Builder
	counted := func(b *cryptobyte.Builder, more cryptobyte.BuilderContinuation) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1OctetString(c.salt)
			b.AddASN1Int64(int64(c.iterations))
			more(b)
		})
	}
	if !c.pbkdf2 {
		addAlgorithm(&b, oidPBE3DES, func(b *cryptobyte.Builder) { counted(b, func(*cryptobyte.Builder) {}) })
		return w.bytes(&b)
	}
	addAlgorithm(&b, oidPBES2, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addAlgorithm(b, oidPBKDF2, func(b *cryptobyte.Builder) {
				counted(b, func(b *cryptobyte.Builder) { addAlgorithm(b, oidHMACSHA256, nil) })
			})
			addAlgorithm(b, oidAES256CBC, func(b *cryptobyte.Builder) { b.AddASN1OctetString(c.iv) })
		})
	})
	return w.bytes(&b)
}
