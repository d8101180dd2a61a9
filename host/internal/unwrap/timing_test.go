//go:build long && linux && cgo

package unwrap_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"math"
	mathrand "math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/memory"
	"scelle/host/internal/keystore/nss"
	"scelle/host/internal/unwrap"
	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/envelope/paddingtest"
)

// How the times are judged. Welch's t is compared with 4.5, as leakage tests
// of hardware do (TVLA; one false alarm in 150,000 for equal classes). Other
// programs disturb a measurement, and do so differently in each: only a family
// that is beyond it in two measurements, to the same side, is a leak.
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

// class is one kind of question.
type class struct {
	name      string
	questions []unwrap.Request
	times     []float64 // nanoseconds
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
	now := time.Now() // the clock of the rate: a second passes with every question
	guard := unwrap.New(bytes.Repeat([]byte{1}, unwrap.SecretSize), nowhere{}, func() time.Time { now = now.Add(time.Second); return now }).Guard()
	classes := makeClasses(t, pair)
	for round := range callsPerClass {
		for _, i := range mathrand.Perm(len(classes)) {
			c := &classes[i]
			q := c.questions[round%len(c.questions)]
			start := time.Now()
			got, err := guard.Unwrap(t.Context(), use(key), q)
			took := time.Since(start)
			if err != nil || len(got) != 32 {
				t.Fatalf("%s: %d bytes, %v", c.name, len(got), err)
			}
			c.times = append(c.times, float64(took))
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
			c.questions = append(c.questions, unwrap.Request{Certificate: pair.DER, RecipientInfo: raw, ContentAlgorithm: []byte(aes256CBC)})
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

// judge leaves out the slowest calls, by one bound for all classes, and
// compares each class with the first.
func judge(t *testing.T, classes []class) map[string]float64 {
	t.Helper()
	var all []float64
	for _, c := range classes {
		all = append(all, c.times...)
	}
	slices.Sort(all)
	bound := all[len(all)*(100-slowest)/100]
	values := map[string]float64{}
	for i := range classes {
		classes[i].times = slices.DeleteFunc(classes[i].times, func(v float64) bool { return v > bound })
	}
	for _, c := range classes[1:] {
		values[c.name] = welch(classes[0].times, c.times)
		mean, _ := moments(c.times)
		base, _ := moments(classes[0].times)
		t.Logf("%-18s %8.1f µs, good %8.1f µs, t = %5.2f (%d calls)", c.name, mean/1000, base/1000, values[c.name], len(c.times))
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

// TestTimingWouldSee: a difference of a fiftieth between two classes, under
// noise of the size that stores have, is beyond the threshold; none is not.
func TestTimingWouldSee(t *testing.T) {
	sample := func(mean float64) class {
		c := class{name: fmt.Sprint(mean)}
		for range callsPerClass {
			c.times = append(c.times, mean+mathrand.NormFloat64()*mean/5)
		}
		return c
	}
	values := judge(t, []class{sample(1e6), sample(1.02e6), sample(1e6)})
	if v := values["1.02e+06"]; math.Abs(v) <= threshold {
		t.Errorf("a difference of 2 %% has t = %.1f", v)
	}
	if v := values["1e+06"]; math.Abs(v) > threshold {
		t.Errorf("no difference has t = %.1f", v)
	}
}
