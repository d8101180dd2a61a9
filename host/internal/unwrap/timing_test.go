//go:build long && linux && cgo

package unwrap_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"math"
	mathrand "math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"scelle/host/internal/journal"
	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/memory"
	"scelle/host/internal/keystore/nss"
	"scelle/host/internal/unwrap"
	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/envelope/paddingtest"
)

// How the times are judged. Welch's t is compared with 4.5, as leakage tests
// of hardware do (TVLA; one false alarm in 150,000 for equal classes). Every
// call is measured twice: by the time of day, which is what an attacker has,
// and by the processor time of this process, in which a difference still shows
// when other programs keep the machine busy. They disturb a measurement all the
// same, and do so differently in each: only a family that is beyond the bound
// in two measurements, to the same side, is a leak.
const (
	callsPerClass = 10_000
	threshold     = 4.5
	slowest       = 10 // percent of all calls that are left out: those that something interrupted
)

// TestTiming: the time of an answer to a PKCS#1 v1.5 question does not tell
// whether the padding was good. It takes minutes and wants a quiet machine:
// go test -tags long -run Timing ./host/internal/unwrap (make test-all).
func TestTiming(t *testing.T) {
	database, err := nss.Open(nss.Options{Path: filepath.Join(t.TempDir(), "nssdb")})
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close()
	for name, store := range map[string]importing{"memory": memory.New(), "nss": database} {
		t.Run(name, func(t *testing.T) {
			first := measure(t, store)
			again := map[string]float64{}
			for _, v := range first {
				if math.Abs(v) > threshold {
					again = measure(t, store)
					break
				}
			}
			for family, v := range first {
				if w := again[family]; math.Abs(v) > threshold && math.Abs(w) > threshold && v*w > 0 {
					t.Errorf("%s: answered in another time than a good padding, t = %.1f and %.1f", family, v, w)
				}
			}
		})
	}
}

type importing interface {
	keystore.Store
	keystore.Importer
}

// clocks are what a call is measured by.
var clocks = [...]struct {
	name string
	now  func() time.Duration
}{{"time of day", func() time.Duration { return time.Since(started) }}, {"processor", processorTime}}

var started = time.Now()

// processorTime is what all threads of this process have used: a store may
// work in another one.
func processorTime() time.Duration {
	var spec unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &spec); err != nil {
		panic(err)
	}
	return time.Duration(spec.Nano())
}

// class is one kind of question.
type class struct {
	name      string
	questions []unwrap.Request
	times     [len(clocks)][]float64 // nanoseconds
}

// measure asks every kind of question callsPerClass times, in an order drawn
// anew for each round, and returns t against the good padding by family.
func measure(t *testing.T, store importing) map[string]float64 {
	t.Helper()
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: fmt.Sprint("Mesure ", time.Now().UnixNano())})
	entry, err := store.Import(t.Context(), keystore.Pair{Key: pair.Key, Certificate: pair.DER, Name: "Mesure"})
	if err != nil {
		t.Fatal(err)
	}
	key, err := store.Unwrapper(t.Context(), entry.URI)
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	return measureKey(t, key, pair, callsPerClass)
}

// measureKey asks one key every kind of question so many times.
func measureKey(t *testing.T, key keystore.Unwrapper, pair *certtest.Pair, calls int) map[string]float64 {
	t.Helper()
	now := time.Now() // the clock of the rate: a second passes with every question
	guard := unwrap.New(bytes.Repeat([]byte{1}, unwrap.SecretSize), nowhere{}, func() time.Time { now = now.Add(time.Second); return now }).Guard()
	classes := makeClasses(t, pair)
	for round := range calls {
		for _, i := range mathrand.Perm(len(classes)) {
			c := &classes[i]
			q := c.questions[round%len(c.questions)]
			var start [len(clocks)]time.Duration
			for i, clock := range clocks {
				start[i] = clock.now()
			}
			got, err := guard.Unwrap(t.Context(), use(key), q)
			for i, clock := range clocks {
				c.times[i] = append(c.times[i], float64(clock.now()-start[i]))
			}
			if err != nil || len(got) != 32 {
				t.Fatalf("%s: %d bytes, %v", c.name, len(got), err)
			}
		}
	}
	return judge(t, classes)
}

// makeClasses makes a good padding, a second one that must look the same as
// the first, and families of bad ones; each question comes in many ciphertexts,
// so that no number's own arithmetic counts.
func makeClasses(t *testing.T, pair *certtest.Pair) []class {
	t.Helper()
	public := pair.Key.Public().(*rsa.PublicKey)
	families := []paddingtest.Message{}
	good := paddingtest.Good(public.Size(), bytes.Repeat([]byte{0x33}, 32))
	families = append(families, paddingtest.Message{Name: "good", EM: good}, paddingtest.Message{Name: "good again", EM: good})
	for _, m := range paddingtest.PKCS1(public.Size()) {
		if slices.Contains([]string{"first byte", "block type 1", "no separator", "separator at 5", "key of 0 bytes", "key of 16 bytes", "key of 48 bytes"}, m.Name) {
			families = append(families, m)
		}
	}
	if len(families) != 9 {
		t.Fatalf("%d families", len(families))
	}
	info, err := envelope.WrapKey(envelope.Recipient{Certificate: pair.DER, Mechanism: envelope.RSAPKCS1}, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	var classes []class
	for _, f := range families {
		c := class{name: f.Name}
		for range 256 {
			raw := bytes.Clone(info.Raw)
			copy(raw[len(raw)-public.Size():], paddingtest.Encrypt(public, varied(f.EM)))
			c.questions = append(c.questions, unwrap.Request{Certificate: pair.DER, RecipientInfo: raw, ContentAlgorithm: []byte(aes256CBC), Verb: journal.Prove})
		}
		classes = append(classes, c)
	}
	return classes
}

// varied replaces the fill of a message, from its eleventh byte on, by random
// bytes that are not zero.
func varied(em []byte) []byte {
	em = bytes.Clone(em)
	fill := make([]byte, len(em))
	rand.Read(fill)
	for i := 10; i < len(em); i++ {
		if em[i] == 0x5a || em[i] == 0x33 {
			em[i] = fill[i] | 1
		}
	}
	return em
}

// judge compares each class with the first, by each clock. The slowest calls
// are left out, by one bound for all classes.
func judge(t *testing.T, classes []class) map[string]float64 {
	t.Helper()
	values := map[string]float64{}
	for i, clock := range clocks {
		var all []float64
		for _, c := range classes {
			all = append(all, c.times[i]...)
		}
		slices.Sort(all)
		bound := all[len(all)*(100-slowest)/100]
		kept := func(c class) []float64 {
			return slices.DeleteFunc(slices.Clone(c.times[i]), func(v float64) bool { return v > bound })
		}
		good := kept(classes[0])
		base, _ := moments(good)
		for _, c := range classes[1:] {
			times := kept(c)
			mean, _ := moments(times)
			v := welch(good, times)
			values[c.name+", "+clock.name] = v
			t.Logf("%-28s %8.1f µs, good %8.1f µs, t = %6.2f (%d calls)", c.name+", "+clock.name, mean/1000, base/1000, v, len(times))
		}
	}
	return values
}

// welch is Welch's t of two samples.
func welch(a, b []float64) float64 {
	meanA, varianceA := moments(a)
	meanB, varianceB := moments(b)
	return (meanA - meanB) / math.Sqrt(varianceA/float64(len(a))+varianceB/float64(len(b)))
}

func moments(v []float64) (mean, variance float64) {
	for _, x := range v {
		mean += x
	}
	mean /= float64(len(v))
	for _, x := range v {
		variance += (x - mean) * (x - mean)
	}
	return mean, variance / float64(len(v)-1)
}

// leaky is a key that works a twenty-fifth longer after a malformed padding: what
// TestTiming is there to find.
type leaky struct {
	keystore.Unwrapper
	sessions envelope.SessionKeyDecrypter
	filler   []byte
}

// DecryptSessionKey is described at envelope.SessionKeyDecrypter.
func (l leaky) DecryptSessionKey(ctx context.Context, ciphertext, key []byte) error {
	before := bytes.Clone(key)
	err := l.sessions.DecryptSessionKey(ctx, ciphertext, key)
	if bytes.Equal(before, key) {
		sha256.Sum256(l.filler)
	}
	return err
}

// TestTimingWouldSee: such a key is found out in every family of malformed
// paddings, by half of the calls that TestTiming makes, and judged in the
// same way, twice; good paddings stay the same. On a busy machine only the
// processor's time tells.
func TestTimingWouldSee(t *testing.T) {
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Mesure"})
	store := memory.New()
	entry, err := store.Import(t.Context(), keystore.Pair{Key: pair.Key, Certificate: pair.DER, Name: "Mesure"})
	if err != nil {
		t.Fatal(err)
	}
	key, err := store.Unwrapper(t.Context(), entry.URI)
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	sessions, ok := key.(envelope.SessionKeyDecrypter)
	if !ok {
		t.Fatalf("%T decrypts no session keys", key)
	}
	slow := leaky{key, sessions, make([]byte, 80<<10)}
	values, again := measureKey(t, slow, pair, callsPerClass/2), measureKey(t, slow, pair, callsPerClass/2)
	for family, v := range values {
		name, clock, _ := strings.Cut(family, ", ")
		if clock != "processor" {
			continue
		}
		w := again[family]
		seen := math.Abs(v) > threshold && math.Abs(w) > threshold && v*w > 0
		if good := name == "good again"; seen == good {
			t.Errorf("%s: t = %.1f and %.1f", family, v, w)
		}
	}
}
