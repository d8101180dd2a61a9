package cli

import (
	"context"
	"crypto"
	"encoding/hex"

	"scelle/host/internal/journal"
	"scelle/shared/envelope"
	"scelle/shared/keypair"
	"scelle/shared/pkcs12x"
)

// keyOptions say which private key opens an envelope.
type keyOptions struct {
	key, cert, p12, passwordFile *string
}

func (f *flags) keyOptions() keyOptions {
	return keyOptions{
		key:          f.String("key", "", ""),
		cert:         f.String("cert", "", ""),
		p12:          f.String("p12", "", ""),
		passwordFile: f.String("password-file", "", ""),
	}
}

// oneKey is a key of the command line's own.
type oneKey struct {
	envelope.KeyUnwrapper
	certificate *keypair.Certificate
}

// Used is its certificate.
func (k oneKey) Used() *keypair.Certificate { return k.certificate }

func newOneKey(key crypto.PrivateKey, der []byte) (oneKey, error) {
	certificate, err := keypair.Parse(der)
	if err != nil {
		return oneKey{}, err
	}
	unwrapper, err := envelope.NewPrivateKeyUnwrapper(key, der)
	return oneKey{unwrapper, certificate}, err
}

// unwrapper makes the key ready for the envelope at path; the function returned
// gives it back. Without an option it is every key of this computer's stores,
// whose uses go to the journal. name is the command's.
func (c *command) unwrapper(ctx context.Context, name, path string, o keyOptions) (envelope.KeyUnwrapper, func(), error) {
	files := *o.key != "" || *o.cert != ""
	switch {
	case files && (*o.key == "" || *o.cert == "" || *o.p12 != "" || *o.passwordFile != ""),
		*o.p12 == "" && *o.passwordFile != "":
		return nil, nil, misuse(c.text(txtKeyOptions, name))
	case files:
		key, err := c.keyFromFiles(*o.key, *o.cert)
		return key, func() {}, err
	case *o.p12 != "":
		key, err := c.keyFromP12(ctx, *o.p12, *o.passwordFile)
		return key, func() {}, err
	}
	secret, err := c.Secret()
	if err != nil {
		return nil, nil, err
	}
	host, done := c.host()
	ring, err := host.Keyring(ctx, secret, verbs[name])
	if err != nil {
		done()
		return nil, nil, err
	}
	ring.About(c.header(path))
	return ring, done, nil
}

// verbs are what the journal calls the commands.
var verbs = map[string]journal.Verb{"open": journal.Open, "rewrap": journal.Rewrap}

// header is the SHA-256 of an envelope's header, in hex: "" when the envelope
// cannot be read twice, or not at all, which its opening then says.
func (c *command) header(path string) string {
	if path == stdio {
		return ""
	}
	source, err := c.openSource(path)
	if err != nil {
		return ""
	}
	defer source.Close()
	if source.size < 0 { // a pipe
		return ""
	}
	info, err := envelope.Inspect(source)
	if err != nil {
		return ""
	}
	return hex.EncodeToString(info.HeaderSHA256[:])
}

func (c *command) keyFromFiles(keyPath, certPath string) (envelope.KeyUnwrapper, error) {
	certificate, err := c.certificate(certPath)
	if err != nil {
		return nil, err
	}
	key, err := c.privateKey(keyPath)
	if err != nil {
		return nil, err
	}
	return newOneKey(key, certificate.Raw)
}

func (c *command) keyFromP12(ctx context.Context, path, passwordFile string) (envelope.KeyUnwrapper, error) {
	p12, err := c.readAll(path, maxP12)
	if err != nil {
		return nil, err
	}
	defer clear(p12)
	password, err := c.password(ctx, passwordFile)
	if err != nil {
		return nil, err
	}
	defer clear(password)
	bundle, err := pkcs12x.Decode(p12, password)
	if err != nil {
		return nil, err
	}
	return newOneKey(bundle.Key, bundle.Certificate)
}
