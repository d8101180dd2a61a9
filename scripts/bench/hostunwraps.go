package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"scelle/shared/envelope"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/shared/version"
)

// benchUnwraps measures content keys opened a second through the whole host,
// its journal included, beside softoken called in a bare loop by the store's
// own benchmark: the same module, kind of key and mechanism. The host is asked
// for one key at a time, and for two, as an opening asks it once a software key
// gave its first one. A round has all three, since a machine's speed drifts.
func benchUnwraps(dir, build string, n int) error {
	host := filepath.Join(build, "scelle")
	home, err := homeWithKey(dir, host)
	if err != nil {
		return err
	}
	store := filepath.Join(home, ".local", "share", "pki", "nssdb")
	der, err := exec.Command("certutil", "-L", "-d", "sql:"+store, "-n", "bench", "-r").Output()
	if err != nil {
		return fmt.Errorf("certutil: %w", err)
	}
	loop := filepath.Join(home, "bareloop.test")
	if out, err := exec.Command("go", "test", "-c", "-o", loop, "./host/internal/keystore/nss").CombinedOutput(); err != nil {
		return fmt.Errorf("the bare loop: %w: %s", err, out)
	}
	measures := []func() (float64, error){
		func() (float64, error) { return bareLoop(loop) },
		func() (float64, error) { return unwraps(home, host, der, 1) },
		func() (float64, error) { return unwraps(home, host, der, 2) },
	}
	rates := make([][]float64, len(measures))
	for range n {
		for i, measure := range measures {
			rate, err := measure()
			if err != nil {
				return err
			}
			rates[i] = append(rates[i], rate)
		}
	}
	for _, all := range rates {
		slices.Sort(all)
	}
	bare := peer{"softoken in a bare loop", rates[0][n/2]}
	row("host: RSA 3072 keys opened a second, one by one", "/s", rates[1][n/2], bare)
	row("host: the same, asked for two at a time", "/s", rates[2][n/2], bare)
	return nil
}

var perOperation = regexp.MustCompile(`BenchmarkUnwrap/BareLoop\S*\s+\d+\s+([\d.]+) ns/op`)

// bareLoop runs the benchmark of a test binary.
func bareLoop(binary string) (float64, error) {
	out, err := exec.Command(binary, "-test.run", "^$", "-test.bench", "Unwrap/BareLoop", "-test.benchtime", "2s").CombinedOutput()
	found := perOperation.FindSubmatch(out)
	if err != nil || found == nil {
		return 0, fmt.Errorf("the bare loop: %w: %s", err, out)
	}
	ns, err := strconv.ParseFloat(string(found[1]), 64)
	return 1e9 / ns, err
}

// unwrapsEach is how many keys one run opens, two for each envelope.
const unwrapsEach = 200

// unwraps asks a new host for content keys, as many at a time, and returns how
// many it gave a second.
func unwraps(home, host string, der []byte, atOnce int) (float64, error) {
	var sealed bytes.Buffer
	_, err := envelope.Seal(context.Background(), &sealed, bytes.NewReader(nil), envelope.SealOptions{
		Recipients: []envelope.Recipient{{Certificate: der, Mechanism: envelope.RSAPKCS1}},
	})
	if err != nil {
		return 0, err
	}
	info, err := envelope.Inspect(&sealed)
	if err != nil {
		return 0, err
	}
	cmd, in, out, err := startHost(home, host)
	if err != nil {
		return 0, err
	}
	rate, err := askUnwraps(in, out, protocol.UnwrapParams{
		Thumbprint: keypair.Thumbprint(der), RecipientInfo: info.Recipients[0].Info,
		ContentAlgorithm: info.Content.Raw, Verb: protocol.VerbOpen,
	}, atOnce)
	return rate, errors.Join(err, in.Close(), cmd.Wait())
}

func askUnwraps(in io.Writer, out io.Reader, question protocol.UnwrapParams, atOnce int) (float64, error) {
	consent := protocol.BatchParams{}
	for i := range unwrapsEach / protocol.UnwrapsPerPli {
		name := make([]byte, 32)
		binary.BigEndian.PutUint32(name, uint32(i))
		consent.Envelopes = append(consent.Envelopes, hex.EncodeToString(name))
	}
	var batch protocol.BatchResult
	err := errors.Join(
		call(in, out, protocol.HostHello, protocol.HelloParams{Version: version.Version, Protocol: version.Protocol}, nil),
		call(in, out, protocol.HostBatchBegin, consent, &batch))
	if err != nil {
		return 0, err
	}
	question.Batch = batch.ID
	ask := func(i int) error {
		question.Envelope = consent.Envelopes[i/protocol.UnwrapsPerPli]
		return send(in, protocol.HostUnwrap, question)
	}
	start, asked := time.Now(), 0
	for answered := range unwrapsEach {
		for asked < unwrapsEach && asked-answered < atOnce {
			if err := ask(asked); err != nil {
				return 0, err
			}
			asked++
		}
		if _, err := receive(out); err != nil {
			return 0, fmt.Errorf("content key %d: %w", answered, err)
		}
	}
	return unwrapsEach / time.Since(start).Seconds(), nil
}

// call asks the host and reads its answer into result, unless that is nil.
func call(in io.Writer, out io.Reader, method protocol.Method, params, result any) error {
	if err := send(in, method, params); err != nil {
		return err
	}
	answer, err := receive(out)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", method, err)
	case result == nil:
		return nil
	}
	return json.Unmarshal(answer, result)
}
