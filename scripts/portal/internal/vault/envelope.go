package vault

import (
	"crypto/sha256"
	"encoding/hex"
	"io"

	"scelle/shared/cms"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

func readEnvelope(f io.ReadSeeker) (*Envelope, error) {
	info, err := envelope.Inspect(f)
	if err != nil {
		return nil, err
	}
	if info.Encoding != envelope.Binary || !info.Authenticated || info.Algorithm != envelope.AES256GCM {
		return nil, fault.Newf(fault.EnvelopeUnsupported, "%s", info.Algorithm)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, fault.Wrap(fault.ReadFailed, err)
	}
	sum, err := contentFingerprint(f)
	return &Envelope{info, sum}, err
}

// contentFingerprint is SHA-256 of the encrypted content followed by the mac.
func contentFingerprint(src io.Reader) (string, error) {
	reader := cms.NewReader(src)
	if _, err := reader.Header(); err != nil {
		return "", err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, reader); err != nil {
		return "", err
	}
	trailer, err := reader.Trailer()
	if err != nil {
		return "", err
	}
	if len(trailer.MAC) != envelope.TagSize {
		return "", fault.Newf(fault.EnvelopeMalformed, "mac of %d bytes", len(trailer.MAC))
	}
	sum.Write(trailer.MAC)
	return hex.EncodeToString(sum.Sum(nil)), nil
}
