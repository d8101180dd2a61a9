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
	"strconv"
	"time"

	"scelle/shared/envelope"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/shared/version"
)

// benchUnwraps measures content keys opened a second through the whole host,
// its journal included, beside softoken called in a bare loop by the store's
// own benchmark: the same module, kind of key and mechanism. home holds the
// key named bench.
func benchUnwraps(home, host string, n int) error {
	store := filepath.Join(home, ".local", "share", "pki", "nssdb")
	der, err := exec.Command("certutil", "-L", "-d", "sql:"+store, "-n", "bench", "-r").Output()
	if err != nil {
		return fmt.Errorf("certutil: %w", err)
	}
	bare, err := bareLoop()
	if err != nil {
		return err
	}
	ours, err := median(n, func() (float64, error) { return unwraps(home, host, der) })
	if err != nil {
		return err
	}
	row("host: content keys opened a second, RSA 3072", "/s", ours, peer{"softoken in a bare loop", bare})
	return nil
}

var perOperation = regexp.MustCompile(`BenchmarkUnwrap/BareLoop\S*\s+\d+\s+([\d.]+) ns/op`)

func bareLoop() (float64, error) {
	out, err := exec.Command("go", "test", "-run", "^$", "-bench", "Unwrap/BareLoop", "-benchtime", "3s", "./host/internal/keystore/nss").CombinedOutput()
	found := perOperation.FindSubmatch(out)
	if err != nil || found == nil {
		return 0, fmt.Errorf("the bare loop: %w: %s", err, out)
	}
	ns, err := strconv.ParseFloat(string(found[1]), 64)
	return 1e9 / ns, err
}

// unwrapsEach is how many keys one run opens, two for each envelope.
const unwrapsEach = 200

// unwraps asks a new host for content keys, one after the other as an opening
// does, and returns how many it gave a second.
func unwraps(home, host string, der []byte) (float64, error) {
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
	})
	return rate, errors.Join(err, in.Close(), cmd.Wait())
}

func askUnwraps(in io.Writer, out io.Reader, question protocol.UnwrapParams) (float64, error) {
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
	start := time.Now()
	for i := range unwrapsEach {
		question.Envelope = consent.Envelopes[i/protocol.UnwrapsPerPli]
		if err := call(in, out, protocol.HostUnwrap, question, nil); err != nil {
			return 0, err
		}
	}
	return unwrapsEach / time.Since(start).Seconds(), nil
}

// call asks the host and reads its answer into result, unless that is nil.
func call(in io.Writer, out io.Reader, method protocol.Method, params, result any) error {
	body, err := json.Marshal(params)
	if err != nil {
		return err
	}
	answer, err := exchange(in, out, protocol.Request{ID: "1", Method: method, Params: body})
	if err != nil || result == nil {
		return err
	}
	return json.Unmarshal(answer, result)
}
