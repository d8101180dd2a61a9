package serve

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/host/internal/backup"
	"scelle/host/internal/doctor"
	"scelle/host/internal/install"
	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/memory"
	"scelle/host/internal/managed"
	"scelle/host/internal/pinentry"
	"scelle/host/internal/wire"
	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/shared/version"
)

// pairCase is one request with its answer.
type pairCase struct {
	Name     string            `json:"name"`
	Request  json.RawMessage   `json:"request"`
	Response json.RawMessage   `json:"response"`
	Capture  map[string]string `json:"capture"` // variable <- key of the result, for later cases
}

// TestGolden plays every pair of testdata/golden over a connection. There is
// a file for each method that the protocol declares for the host, and every
// method has a success and a refusal, where it can refuse at all.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	seen := map[protocol.Method]bool{}
	for _, file := range files {
		method := protocol.Method(strings.TrimSuffix(filepath.Base(file), ".json"))
		seen[method] = true
		t.Run(string(method), func(t *testing.T) { playGolden(t, file, method) })
	}
	for _, spec := range protocol.Methods() {
		if spec.To == protocol.Host && !seen[spec.Method] {
			t.Errorf("%s has no golden pair", spec.Method)
		}
		delete(seen, spec.Method)
	}
	for method := range seen {
		t.Errorf("%s is no method", method)
	}
}

func playGolden(t *testing.T, file string, method protocol.Method) {
	cases := readCases(t, file)
	w := newWorld(t)
	if method == protocol.HostPINAwait || method == protocol.HostPINAnswer {
		w.service.window = pinentry.NewWindow(func() bool { return true })
	}
	peer := connect(t, w.service)
	if method != protocol.HostHello {
		peer.hello()
	}
	w.prepare(t, method)
	good := 0
	for _, c := range cases {
		request := w.fill(t, c.Request)
		var head protocol.Request
		if err := wire.Decode(request, &head); err == nil && head.Method != method {
			t.Fatalf("%s: asks %s", c.Name, head.Method)
		}
		answer := peer.exchange(request)
		if diff := match(w.decode(t, c.Response), decodeAny(t, answer), "response"); diff != "" {
			t.Errorf("%s: %s\nanswer: %s", c.Name, diff, answer)
		}
		var response protocol.Response
		if err := wire.Decode(answer, &response); err != nil {
			t.Fatalf("%s: the answer is not strict JSON: %v", c.Name, err)
		}
		if response.OK {
			good++
			w.checkShape(t, method, response.Result)
		}
		w.capture(t, c.Capture, response.Result)
	}
	if good == 0 {
		t.Error("no pair shows a success")
	}
}

func readCases(t *testing.T, file string) []pairCase {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []pairCase
	if err := json.Unmarshal(data, &cases); err != nil || len(cases) == 0 {
		t.Fatalf("%d pairs, %v", len(cases), err)
	}
	return cases
}

// world is a Service over known stores, and the values behind $names.
type world struct {
	service *Service
	vars    map[string]string
}

// noon is when the tests play.
var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

func newWorld(t *testing.T) *world {
	t.Helper()
	alice, bob := readPEM(t, "alice.crt.pem"), readPEM(t, "bob.crt.pem")
	garbage := []byte("no certificate at all")
	store := memory.New()
	store.AddCertificate(garbage, "Abîmé")
	store.AddCertificate(bob, "Bob")
	if _, err := store.Import(t.Context(), keystore.Pair{Key: readKey(t, "alice.key.pem"), Certificate: alice, Name: "Clé du service"}); err != nil {
		t.Fatal(err)
	}
	missing := keystore.Unavailable("nss", "Base NSS partagée", fault.New(fault.StoreMissing))
	w := &world{
		service: newService(t, store, missing),
		vars: map[string]string{
			"$version": version.Version, "$os": runtime.GOOS, "$arch": runtime.GOARCH,
			"$alice":             base64.StdEncoding.EncodeToString(alice),
			"$garbageThumbprint": keypair.Thumbprint(garbage),
		},
	}
	w.readLetter(t, alice)
	return w
}

func newService(t *testing.T, stores ...keystore.Store) *Service {
	t.Helper()
	s := New(Options{
		Stores:   func() []keystore.Store { return stores },
		Secret:   func() ([]byte, error) { return bytes.Repeat([]byte{7}, 32), nil },
		StateDir: func() (string, error) { return t.TempDir(), nil },
		Computer: func() (doctor.Computer, error) { return bareComputer(t), nil },
		Now:      func() time.Time { return noon },
		Log:      t.Logf,
	})
	t.Cleanup(func() { s.Close() })
	return s
}

// bareComputer is one where nothing was ever installed or used.
func bareComputer(t *testing.T) doctor.Computer {
	t.Helper()
	root := t.TempDir()
	return doctor.Computer{
		System: install.System{Root: root, Home: root, OS: "linux", Hive: `Software\Scelle serve test\`, Executable: filepath.Join(root, "scelle"),
			Getenv: func(string) string { return "" }},
		Settings: managed.Place{Root: root, OS: "linux", Owner: os.Getuid()},
		StateDir: filepath.Join(root, "state"),
		Native: doctor.Native{
			Second:       func([]string) (doctor.Difference, error) { return doctor.Difference{}, nil },
			Free:         func(string) (uint64, error) { return 2 << 30, nil },
			Synchronised: func() (yes, known bool) { return true, true },
			Outdated:     func() (bool, string) { return false, "" },
			Programs:     func() ([]doctor.Program, error) { return nil, nil },
			Pinentry:     func() bool { return false },
			Ours:         func(string) (ours, closed, known bool) { return true, true, true },
		},
	}
}

// readLetter takes the header of the letter that openssl wrote to Alice, and
// its content key, by a way that shares nothing with the host's.
func (w *world) readLetter(t *testing.T, alice []byte) {
	t.Helper()
	letter, err := os.ReadFile("testdata/letter.p7m")
	if err != nil {
		t.Fatal(err)
	}
	info, err := envelope.Inspect(bytes.NewReader(letter))
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := keypair.Parse(alice)
	if err != nil || len(info.Recipients) != 1 || !info.Recipients[0].Matches(certificate) {
		t.Fatalf("the letter is not to Alice: %v", err)
	}
	w.vars["$recipientInfo"] = base64.StdEncoding.EncodeToString(info.Recipients[0].Info)
	w.vars["$contentAlgorithm"] = base64.StdEncoding.EncodeToString(info.Content.Raw)
	w.vars["$header"] = hex.EncodeToString(info.HeaderSHA256[:])
	w.vars["$contentKey"] = letterKey(t, letter, info)
}

// prepare makes what the cases of a method need beforehand.
func (w *world) prepare(t *testing.T, method protocol.Method) {
	t.Helper()
	switch method {
	case protocol.HostImport:
		ticket, err := w.service.BeginTransport(t.Context(), protocol.Empty{})
		if err != nil {
			t.Fatal(err)
		}
		pair := certtest.NewCA(t, "AC du portail").Issue(t, certtest.Options{CommonName: "Clé faite au portail", NotAfter: noon.AddDate(3, 0, 0)})
		w.vars["$transport"] = ticket.ID
		w.vars["$sealedPair"] = base64.StdEncoding.EncodeToString(sealPair(t, pair, ticket.Certificate))
	case protocol.HostBackupTest, protocol.HostRestore:
		c := keptCopy(t)
		w.vars["$copy"] = base64.StdEncoding.EncodeToString(c.File)
		w.vars["$words"] = base64.StdEncoding.EncodeToString(c.Passphrase)
		w.vars["$otherWords"] = base64.StdEncoding.EncodeToString([]byte(otherWords))
	case protocol.HostUnwrap, protocol.HostBatchEnd:
		batch, err := w.service.BeginBatch(t.Context(), protocol.BatchParams{
			Origin: "https://marches.example", Tender: "2026-017", Envelopes: []string{w.vars["$header"]},
		})
		if err != nil {
			t.Fatal(err)
		}
		w.vars["$batch"] = batch.ID
	case protocol.HostPINAwait, protocol.HostPINAnswer:
		window := w.service.window
		go func() { // until the connection ends, at the latest
			_, _ = window.PIN(t.Context(), pinentry.Request{
				Origin: "https://marches.example", Action: "open", Token: "Carte d'Anne", Tries: 1, Few: true, Min: 4, Max: 12,
			})
		}()
		if method == protocol.HostPINAwait {
			break
		}
		id, _, err := window.Await(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		w.vars["$question"] = id
	}
}

// otherWords open nothing.
const otherWords = "abeille-abord-abricot-accent-accord-acier-acteur-action-affaire-affiche-agenda-agneau"

// keptPair is a pair that no store of a world has.
func keptPair(t *testing.T) *certtest.Pair {
	return certtest.SelfSigned(t, certtest.Options{CommonName: "Clé gardée", NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(2, 0, 0)})
}

var kept *backup.Copy

// keptCopy is its protected copy: made once, since that takes half a second.
func keptCopy(t *testing.T) backup.Copy {
	t.Helper()
	if kept == nil {
		pair := keptPair(t)
		c, err := backup.Make(keystore.Pair{Key: pair.Key, Certificate: pair.DER, Name: "Clé gardée"})
		if err != nil {
			t.Fatal(err)
		}
		kept = c
	}
	return backup.Copy{File: bytes.Clone(kept.File), Passphrase: bytes.Clone(kept.Passphrase)}
}

// sealPair does what a portal does with a key pair that it made.
func sealPair(t *testing.T, pair *certtest.Pair, to []byte) []byte {
	t.Helper()
	p12 := pair.P12(t, keypair.Thumbprint(to), certtest.Modern)
	var sealed bytes.Buffer
	_, err := envelope.Seal(t.Context(), &sealed, bytes.NewReader(p12), envelope.SealOptions{
		Recipients: []envelope.Recipient{{Certificate: to}},
		Profile:    envelope.ProfileCBC, // as PHP's openssl_cms_encrypt writes it
		Length:     int64(len(p12)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return sealed.Bytes()
}

var variable = regexp.MustCompile(`\$[a-zA-Z]+`)

// fill replaces $names.
func (w *world) fill(t *testing.T, text []byte) []byte {
	t.Helper()
	return variable.ReplaceAllFunc(text, func(name []byte) []byte {
		value, ok := w.vars[string(name)]
		if !ok {
			t.Fatalf("%s has no value", name)
		}
		return []byte(value)
	})
}

func (w *world) decode(t *testing.T, text []byte) any { return decodeAny(t, w.fill(t, text)) }

func decodeAny(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

func (w *world) capture(t *testing.T, names map[string]string, result json.RawMessage) {
	t.Helper()
	for name, key := range names {
		value, ok := decodeAny(t, result).(map[string]any)[key].(string)
		if !ok {
			t.Fatalf("no %s in %s", key, result)
		}
		w.vars["$"+name] = value
	}
}

// checkShape decodes a result strictly into the struct that the protocol
// declares, so that no undeclared key can creep in.
func (w *world) checkShape(t *testing.T, method protocol.Method, result json.RawMessage) {
	t.Helper()
	spec, _ := protocol.Find(method)
	v := reflect.New(spec.Result).Interface()
	if err := wire.Decode(result, v); err != nil {
		t.Errorf("%s answers what the protocol does not declare: %v", method, err)
	}
}

var forms = map[string]*regexp.Regexp{
	"<any>":    regexp.MustCompile(`^.+$`),
	"<hex32>":  regexp.MustCompile(`^[0-9a-f]{32}$`),
	"<hex64>":  regexp.MustCompile(`^[0-9a-f]{64}$`),
	"<base64>": regexp.MustCompile(`^[A-Za-z0-9+/]{40,}={0,2}$`),
	"<time>":   regexp.MustCompile(`^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$`),
}

// match returns where got is not what is wanted, "" when it is.
func match(want, got any, at string) string {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok || !slices.Equal(keys(want), keys(object)) {
			return fmt.Sprintf("%s is %v, not with the keys %v", at, got, keys(want))
		}
		for _, k := range keys(want) {
			if diff := match(want[k], object[k], at+"."+k); diff != "" {
				return diff
			}
		}
		return ""
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Sprintf("%s is %v, not %d long", at, got, len(want))
		}
		for i := range want {
			if diff := match(want[i], list[i], fmt.Sprintf("%s[%d]", at, i)); diff != "" {
				return diff
			}
		}
		return ""
	case string:
		if form, ok := forms[want]; ok {
			if s, ok := got.(string); ok && form.MatchString(s) {
				return ""
			}
		}
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Sprintf("%s is %v, not %v", at, got, want)
	}
	return ""
}

func keys(m map[string]any) []string {
	var names []string
	for k := range m {
		names = append(names, k)
	}
	slices.Sort(names)
	return names
}

// TestHandlersFollowTheProtocol compares the table of handlers with that of
// the protocol: the same methods, the same structs.
func TestHandlersFollowTheProtocol(t *testing.T) {
	table := handlers()
	declared := 0
	for _, spec := range protocol.Methods() {
		h, ok := table[spec.Method]
		if spec.To != protocol.Host {
			if ok {
				t.Errorf("%s is not for the host", spec.Method)
			}
			continue
		}
		declared++
		switch {
		case !ok:
			t.Errorf("%s has no handler", spec.Method)
		case h.params != spec.Params || h.result != spec.Result:
			t.Errorf("%s takes %v and returns %v; the protocol says %v and %v", spec.Method, h.params, h.result, spec.Params, spec.Result)
		}
	}
	if declared == 0 || declared != len(table) {
		t.Errorf("%d methods, %d handlers", declared, len(table))
	}
}
