package main

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// envelopeRuns is how often each measure on envelopes is taken.
const envelopeRuns = 5

// envelopeSize is the content of the comparison with openssl, in bytes.
const envelopeSize = 256 << 20

// sealing is what the measures on envelopes share: programs, a recipient, and
// the folder in which everything lies.
type sealing struct {
	scelle, dir, home, cert, key string
}

// benchEnvelope measures the command line on envelopes, file to file, beside
// openssl cms with the same algorithms and beside a plain copy of the file.
// Ours puts the file on the disk before it gives it its name, openssl does
// not: the copy is therefore made both ways.
func benchEnvelope(dir, build string, largest int64) error {
	s, err := newSealing(filepath.Join(dir, "envelope"), build)
	if err != nil {
		return err
	}
	defer os.RemoveAll(s.dir)
	fmt.Println()
	return errors.Join(s.compare(), s.growth(filepath.Join(build, "bench"), largest), benchRecipients(s.cert))
}

func newSealing(dir, build string) (*sealing, error) {
	s := &sealing{
		scelle: filepath.Join(build, "scelle"), dir: dir, home: filepath.Join(dir, "home"),
		cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"),
	}
	if err := os.MkdirAll(s.home, 0o700); err != nil {
		return nil, err
	}
	out, err := exec.Command("openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-keyout", s.key, "-out", s.cert,
		"-subj", "/CN=Banc de mesure", "-days", "30", "-addext", "keyUsage=keyEncipherment").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("openssl req: %w: %s", err, out)
	}
	return s, nil
}

// path is a file of the measures.
func (s *sealing) path(name string) string { return filepath.Join(s.dir, name) }

// content makes a file of n bytes that cannot be compressed.
func (s *sealing) content(n int64) (string, error) {
	path := s.path("content")
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		return "", err
	}
	stream := &cipher.StreamWriter{S: cipher.NewCTR(block, make([]byte, aes.BlockSize)), W: f}
	_, err = io.CopyN(stream, zeros{}, n)
	return path, errors.Join(err, f.Sync(), f.Close())
}

type zeros struct{}

// Read gives zeros without end.
func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// seal and open are whole runs of the program, in seconds.
func (s *sealing) seal(in, out string) (float64, error) {
	return s.run(inHome(s.home, s.scelle, "seal", in, "--raw", "--force", "--to", s.cert, "-o", out))
}

func (s *sealing) open(in, out string) (float64, error) {
	return s.run(inHome(s.home, s.scelle, "open", in, "--raw", "--force", "--key", s.key, "--cert", s.cert, "-o", out))
}

// openssl is a whole run of openssl cms.
func (s *sealing) openssl(args ...string) (float64, error) {
	return s.run(exec.Command("openssl", append([]string{"cms", "-binary"}, args...)...))
}

func (s *sealing) run(cmd *exec.Cmd) (float64, error) {
	ms, err := elapsed(cmd)
	if err != nil {
		err = fmt.Errorf("%v: %w", cmd.Args, err)
	}
	return ms / 1000, err
}

// copyFile is a plain copy through user memory in pieces of 512 KiB, in
// seconds; synced also waits for the disk.
func (s *sealing) copyFile(in string, synced bool) (float64, error) {
	return timed(func() error {
		from, err := os.Open(in)
		if err != nil {
			return err
		}
		defer from.Close()
		to, err := os.Create(s.path("copy"))
		if err != nil {
			return err
		}
		// The wrappers keep the kernel from copying by itself.
		_, err = io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, make([]byte, 512<<10))
		if synced {
			err = errors.Join(err, to.Sync())
		}
		return errors.Join(err, to.Close())
	})
}

// measured is one way to do the same work.
type measured struct {
	name string
	run  func() (float64, error)
	bar  float64 // that our speed should reach as a multiple of this one's, 0 when there is none
}

// compare prints 256 MiB in MB/s, with ratios to the peers.
func (s *sealing) compare() error {
	in, err := s.content(envelopeSize)
	if err != nil {
		return err
	}
	ours, theirs := s.path("ours"), s.path("theirs")
	encrypt := []string{"-encrypt", "-aes-256-gcm", "-outform", "DER", "-in", in, "-out", theirs}
	recipient := []string{"-recip", s.cert, "-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256"}
	decrypt := func(file string) []string {
		return []string{"-decrypt", "-inform", "DER", "-in", file, "-out", s.path("opened"), "-recip", s.cert, "-inkey", s.key}
	}
	plain := measured{"copy", func() (float64, error) { return s.copyFile(in, false) }, 0}
	synced := measured{"copy to the disk", func() (float64, error) { return s.copyFile(in, true) }, 0}
	err = table("native seal, 256 MiB, file to file",
		measured{"scelle seal", func() (float64, error) { return s.seal(in, ours) }, 0},
		measured{"openssl cms -encrypt", func() (float64, error) { return s.openssl(append(encrypt, recipient...)...) }, 1},
		measured{"the same with -stream", func() (float64, error) {
			return s.openssl(append(append([]string{"-stream"}, encrypt...), recipient...)...)
		}, 1}, plain, synced)
	return errors.Join(err, table("native open, 256 MiB, file to file",
		measured{"scelle open", func() (float64, error) { return s.open(ours, s.path("opened")) }, 0},
		measured{"openssl cms -decrypt", func() (float64, error) { return s.openssl(decrypt(ours)...) }, 2},
		measured{"the same of its own stream", func() (float64, error) { return s.openssl(decrypt(theirs)...) }, 2}, plain, synced))
}

// table measures all in turn, so that what disturbs one disturbs all, and
// prints how much faster the first is than each of the others.
func table(title string, all ...measured) error {
	times := make([][]float64, len(all))
	for round := range envelopeRuns + 1 {
		for i, m := range all {
			v, err := m.run()
			if err != nil {
				return err
			}
			if round > 0 { // the first one warms the caches
				times[i] = append(times[i], v)
			}
		}
	}
	fmt.Println(title)
	first := middle(times[0])
	for i, m := range all {
		v := middle(times[i])
		fmt.Printf("  %-32s %8.0f MB/s", m.name, envelopeSize/v/1e6)
		if i > 0 {
			fmt.Printf("  ours: x%.2f", v/first)
		}
		if m.bar > 0 {
			fmt.Printf("  (bar %.1f: %s)", m.bar, met(v/first >= m.bar))
		}
		fmt.Println()
	}
	return nil
}
