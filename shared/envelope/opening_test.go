package envelope_test

import (
	"bytes"
	"context"
	"testing"

	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// moved opens an envelope as a caller does that takes the content from its
// place in the source.
func moved(t *testing.T, sealed []byte, u envelope.KeyUnwrapper) ([]byte, error) {
	t.Helper()
	ctx := context.Background()
	o, err := envelope.NewOpening(ctx, bytes.NewReader(sealed), u)
	if err != nil {
		return nil, err
	}
	defer o.Key.Wipe()
	if !o.Contiguous() {
		t.Fatal("the content is in segments")
	}
	dec, err := envelope.Native().Decrypter(ctx, o.Key)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	end := o.Info.ContentOffset + o.Info.ContentLength
	plain, err := dec.Decrypt(ctx, nil, sealed[o.Info.ContentOffset:end])
	if err != nil {
		return nil, err
	}
	tag, aad, err := o.Trailer(bytes.NewReader(sealed[end:]))
	if err != nil {
		return nil, err
	}
	return dec.Finish(ctx, plain, tag, aad)
}

// TestOpening opens by the parts of Open, and sees what Open sees.
func TestOpening(t *testing.T) {
	pair := rsaPair(t, 0)
	content := random(3000)
	for _, profile := range []envelope.Profile{envelope.ProfileDefault, envelope.ProfileCBC} {
		sealed := seal(t, content, envelope.SealOptions{Recipients: to(pair), Length: int64(len(content)), Profile: profile})
		plain, err := moved(t, sealed, unwrapper(t, pair))
		if err != nil || !bytes.Equal(plain, content) {
			t.Errorf("%q: %d bytes, %v", profile, len(plain), err)
		}
		_, err = moved(t, append(bytes.Clone(sealed), 0), unwrapper(t, pair))
		wantCode(t, err, fault.EnvelopeMalformed)
	}
	sealed := seal(t, content, envelope.SealOptions{Recipients: to(pair), Length: int64(len(content))})
	_, err := moved(t, sealed[:len(sealed)-1], unwrapper(t, pair))
	wantCode(t, err, fault.EnvelopeMalformed)
	sealed[len(sealed)-1] ^= 1
	_, err = moved(t, sealed, unwrapper(t, pair))
	wantCode(t, err, fault.EnvelopeUnreadable)
	_, err = moved(t, sealed, unwrapper(t, rsaPair(t, 1)))
	wantCode(t, err, fault.EnvelopeNotForYou)
}

// TestOpeningSegments: a content in segments has no one place.
func TestOpeningSegments(t *testing.T) {
	pair := rsaPair(t, 0)
	sealed := seal(t, random(100), envelope.SealOptions{Recipients: to(pair), Length: envelope.UnknownLength})
	o, err := envelope.NewOpening(context.Background(), bytes.NewReader(sealed), unwrapper(t, pair))
	if err != nil {
		t.Fatal(err)
	}
	if o.Contiguous() {
		t.Error("segments in one piece")
	}
	_, _, err = o.Trailer(bytes.NewReader(nil))
	wantCode(t, err, fault.Internal)
}
