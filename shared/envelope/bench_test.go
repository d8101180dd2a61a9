package envelope_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"scelle/shared/envelope"
)

const benchSize = 64 << 20

func BenchmarkSeal(b *testing.B) {
	pair := rsaPair(b, 0)
	content := make([]byte, benchSize)
	for _, profile := range []envelope.Profile{envelope.ProfileDefault, envelope.ProfileCBC} {
		b.Run("profile="+string(profile), func(b *testing.B) {
			b.SetBytes(benchSize)
			for b.Loop() {
				_, err := envelope.Seal(context.Background(), io.Discard, bytes.NewReader(content),
					envelope.SealOptions{Recipients: to(pair), Profile: profile, Length: benchSize})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	pair := rsaPair(b, 0)
	u := unwrapper(b, pair)
	content := make([]byte, benchSize)
	for _, profile := range []envelope.Profile{envelope.ProfileDefault, envelope.ProfileCBC} {
		sealed := seal(b, content, envelope.SealOptions{Recipients: to(pair), Profile: profile, Length: benchSize})
		b.Run("profile="+string(profile), func(b *testing.B) {
			b.SetBytes(benchSize)
			for b.Loop() {
				_, err := envelope.Open(context.Background(), io.Discard, bytes.NewReader(sealed), envelope.OpenOptions{Unwrapper: u})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkNativeCipher is the cipher alone.
func BenchmarkNativeCipher(b *testing.B) {
	for _, a := range []envelope.ContentAlgorithm{envelope.AES256GCM, envelope.AES256CBC} {
		b.Run(string(a), func(b *testing.B) {
			ctx := context.Background()
			chunk := make([]byte, envelope.ChunkSize)
			buf := make([]byte, 0, envelope.ChunkSize+64)
			dec, err := envelope.Native().Decrypter(ctx, newKey(a))
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(envelope.ChunkSize)
			for i := 0; b.Loop(); i++ {
				if i%1024 == 1023 { // a content has an end
					if dec, err = envelope.Native().Decrypter(ctx, newKey(a)); err != nil {
						b.Fatal(err)
					}
				}
				if buf, err = dec.Decrypt(ctx, buf[:0], chunk); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
