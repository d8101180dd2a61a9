package keystoretest

import (
	"bytes"
	"crypto/elliptic"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"scelle/host/internal/keystore"
	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

func testEmpty(t *testing.T, w world) {
	if list := w.list(t); len(list) != 0 {
		t.Errorf("a new store lists %d certificates", len(list))
	}
	status := w.store.Status(t.Context())
	if status.State == keystore.Failed || status.Err != nil {
		t.Errorf("status %s, %v", status.State, status.Err)
	}
	if status.Certificates != 0 || status.Keys != 0 {
		t.Errorf("a new store counts %d certificates, %d keys", status.Certificates, status.Keys)
	}
	if status.ID == "" || status.Name == "" || status.Location == "" {
		t.Errorf("status names nothing: %+v", status)
	}
}

// testCapabilities compares what is declared with the methods that are there.
func testCapabilities(t *testing.T, w world) {
	c := w.store.Status(t.Context()).Capabilities
	_, imports := w.store.(keystore.Importer)
	_, generates := w.store.(keystore.Generator)
	_, deletes := w.store.(keystore.Deleter)
	if c.Import != imports || c.Generate != generates || c.Delete != deletes {
		t.Errorf("declared %+v, methods: import %v, generate %v, delete %v", c, imports, generates, deletes)
	}
	if len(c.Mechanisms) == 0 {
		t.Error("no mechanism declared")
	}
	for i, m := range c.Mechanisms {
		if !slices.Contains(keystore.AllMechanisms(), m) || slices.Contains(c.Mechanisms[:i], m) {
			t.Errorf("mechanism %q is unknown or declared twice", m)
		}
	}
}

func testImport(t *testing.T, w world) {
	for kind, options := range w.kinds(t) {
		t.Run(kind, func(t *testing.T) {
			pair := pairOf(t, "Clé "+kind, options)
			before := w.store.Status(t.Context())
			e := w.add(t, pair)
			if e.URI == "" || e.Store != before.ID || !e.HasKey || (e.Name != pair.Name && !w.subject.OwnNames) || !bytes.Equal(e.Certificate, pair.Certificate) {
				t.Errorf("imported entry %+v", e)
			}
			i := slices.IndexFunc(w.list(t), func(x keystore.Entry) bool { return x.URI == e.URI })
			if i < 0 {
				t.Fatal("not in the list")
			}
			if x := w.list(t)[i]; !x.HasKey || x.Name != e.Name || x.Store != e.Store || !bytes.Equal(x.Certificate, e.Certificate) {
				t.Errorf("listed %+v, imported %+v", x, e)
			}
			after := w.store.Status(t.Context())
			if after.Certificates != before.Certificates+1 || after.Keys != before.Keys+1 {
				t.Errorf("status went from %d/%d to %d/%d", before.Certificates, before.Keys, after.Certificates, after.Keys)
			}
		})
	}
}

func testImportTwice(t *testing.T, w world) {
	w.importer(t) // or there is nothing to test
	pair := pairOf(t, "Deux fois", certtest.Options{})
	first := w.add(t, pair)
	pair.Name = "Un autre nom"
	second := w.add(t, pair)
	if first.URI != second.URI || first.Name != second.Name {
		t.Errorf("first %q %q, then %q %q", first.Name, first.URI, second.Name, second.URI)
	}
	if list := w.list(t); len(list) != 1 {
		t.Errorf("%d certificates after importing one twice", len(list))
	}
	if err := opens(t.Context(), t, w.unwrapper(t, second.URI), w.rsa(t)); err != nil {
		t.Error(err)
	}
}

// testImportBesideCertificate imports a key whose certificate came earlier,
// alone, under a name of its own.
func testImportBesideCertificate(t *testing.T, w world) {
	w.importer(t) // or there is nothing to test
	for kind, options := range w.kinds(t) {
		pair := pairOf(t, "Seul "+kind, options)
		w.place.AddCertificate(t, w.store, pair.Certificate, "déjà là "+kind)
		list := w.list(t)
		i := slices.IndexFunc(list, func(e keystore.Entry) bool { return bytes.Equal(e.Certificate, pair.Certificate) })
		if i < 0 || list[i].HasKey {
			t.Fatalf("%s: certificate alone: %d of %+v", kind, i, list)
		}
		if _, err := w.store.Unwrapper(t.Context(), list[i].URI); fault.CodeOf(err) != fault.KeyNotFound {
			t.Errorf("%s: unwrapper without a key: %v", kind, err)
		}
		e := w.add(t, pair)
		if after := w.list(t); len(after) != len(list) || !e.HasKey {
			t.Errorf("%s: %d certificates, had %d; key %v", kind, len(after), len(list), e.HasKey)
		}
		u := w.unwrapper(t, e.URI)
		if err := opens(t.Context(), t, u, w.rsa(t)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// testImportRefused gives pairs that no store takes; nothing of them stays.
func testImportRefused(t *testing.T, w world) {
	importer := w.importer(t)
	good := pairOf(t, "Bonne", certtest.Options{})
	other := pairOf(t, "Autre", certtest.Options{Key: 1})
	ec := pairOf(t, "EC", certtest.Options{Curve: elliptic.P256()})
	for name, test := range map[string]struct {
		pair keystore.Pair
		code fault.Code
	}{
		"another key":     {keystore.Pair{Key: other.Key, Certificate: good.Certificate, Name: "x"}, fault.P12Mismatch},
		"another kind":    {keystore.Pair{Key: ec.Key, Certificate: good.Certificate, Name: "x"}, fault.P12Mismatch},
		"no key":          {keystore.Pair{Certificate: good.Certificate, Name: "x"}, fault.CertificateKeyKind},
		"no certificate":  {keystore.Pair{Key: good.Key, Name: "x"}, fault.CertificateBad},
		"cut certificate": {keystore.Pair{Key: good.Key, Certificate: good.Certificate[:100], Name: "x"}, fault.CertificateBad},
		"P-224":           {pairOf(t, "x", certtest.Options{Curve: elliptic.P224()}), fault.CertificateKeyKind},
	} {
		_, err := importer.Import(t.Context(), test.pair)
		wantFault(t, name, err, test.code)
	}
	if list := w.list(t); len(list) != 0 {
		t.Errorf("%d certificates stayed", len(list))
	}
}

// testImportUnsuitable: a key that no declared mechanism goes with is refused,
// rather than stored where it would be of no use.
func testImportUnsuitable(t *testing.T, w world) {
	importer := w.importer(t)
	suitable := w.kinds(t)
	for kind, options := range keyKinds() {
		if _, ok := suitable[kind]; ok {
			continue
		}
		_, err := importer.Import(t.Context(), pairOf(t, kind, options))
		wantFault(t, kind, err, fault.MechanismMissing)
	}
	if list := w.list(t); len(list) != 0 {
		t.Errorf("%d certificates stayed", len(list))
	}
}

// testNames imports different keys under one name, and names that a store
// could trip over.
func testNames(t *testing.T, w world) {
	w.importer(t) // or there is nothing to test
	subject := &pkix.Name{CommonName: "Anne"}
	names := map[string]bool{}
	for i, o := range []certtest.Options{
		{CommonName: "Bruno"}, {CommonName: "Chloé", Key: 1}, // one name, other subjects
		{Subject: subject, Key: 2}, {Subject: subject, Key: 3}, // one subject too
	} {
		e := w.add(t, pairOf(t, "Marchés publics", o))
		if names[e.Name] {
			t.Errorf("import %d: %q is the name of another key", i, e.Name)
		}
		names[e.Name] = true
		if err := opens(t.Context(), t, w.unwrapper(t, e.URI), w.rsa(t)); err != nil {
			t.Errorf("import %d: %v", i, err)
		}
	}
	for i, name := range []string{"Clé d'été : 1; \\ \"x\" %s", "ключ 🔑", string(bytes.Repeat([]byte("long "), 50)), ""} {
		o := w.quick(t, 4+i)
		o.CommonName = "n"
		e := w.add(t, pairOf(t, name, o))
		if e.Name == "" || (name != "" && e.Name != name) {
			t.Errorf("%q became %q", name, e.Name)
		}
	}
	if list := w.list(t); len(list) != 8 {
		t.Errorf("%d entries, want 8", len(list))
	}
}

// testOddCertificates has certificates in the store that crypto/x509 refuses,
// or that are none. They are listed as they are and disturb no other.
func testOddCertificates(t *testing.T, w world) {
	want := [][]byte{}
	for i, o := range []certtest.Options{
		{Serial: big.NewInt(-5)}, {Serial: new(big.Int).Lsh(big.NewInt(1), 150)}, {Serial: big.NewInt(0)},
		{NoKeyUsage: true, NoSKI: true}, {Subject: &pkix.Name{}},
	} {
		key := w.quick(t, i)
		o.Key, o.Curve = key.Key, key.Curve
		pair := pairOf(t, fmt.Sprintf("étrange %d", i), o)
		e := w.add(t, pair)
		if err := opens(t.Context(), t, w.unwrapper(t, e.URI), w.rsa(t)); err != nil {
			t.Errorf("odd %d: %v", i, err)
		}
		want = append(want, pair.Certificate)
	}
	if w.subject.Any {
		for i, der := range [][]byte{{0x30, 0x00}, []byte("not a certificate"), bytes.Repeat([]byte{0x30, 0x80}, 3000)} {
			w.place.AddCertificate(t, w.store, der, fmt.Sprintf("rien %d", i))
			want = append(want, der)
		}
	}
	list := w.list(t)
	for i, der := range want {
		if !slices.ContainsFunc(list, func(e keystore.Entry) bool { return bytes.Equal(e.Certificate, der) }) {
			t.Errorf("certificate %d is not listed", i)
		}
	}
	if len(list) != len(want) {
		t.Errorf("%d entries, want %d", len(list), len(want))
	}
}

// testValidity: an expired key opens what was sealed to it, and is listed.
func testValidity(t *testing.T, w world) {
	year := 365 * 24 * time.Hour
	for name, o := range map[string]certtest.Options{
		"expired":       {NotBefore: time.Now().Add(-2 * year), NotAfter: time.Now().Add(-year)},
		"not yet valid": {NotBefore: time.Now().Add(year), NotAfter: time.Now().Add(2 * year), Key: 1},
	} {
		e := w.add(t, pairOf(t, name, o))
		if !slices.ContainsFunc(w.list(t), func(x keystore.Entry) bool { return x.URI == e.URI && x.HasKey }) {
			t.Errorf("%s: not listed", name)
		}
		if err := opens(t.Context(), t, w.unwrapper(t, e.URI), w.rsa(t)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// testRenewed has two certificates for one key. Removing one leaves the other
// usable.
func testRenewed(t *testing.T, w world) {
	old := w.add(t, pairOf(t, "Clé", certtest.Options{CommonName: "Anne"}))
	renewed := w.add(t, pairOf(t, "Clé", certtest.Options{CommonName: "Anne"}))
	if old.URI == renewed.URI {
		t.Fatal("two certificates, one URI")
	}
	for _, e := range w.list(t) {
		if !e.HasKey {
			t.Errorf("%s lost its key", e.Name)
		}
	}
	deleter, ok := w.store.(keystore.Deleter)
	if !ok {
		return
	}
	if err := deleter.Delete(t.Context(), old.URI); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	wantFault(t, "second Delete", deleter.Delete(t.Context(), old.URI), fault.KeyNotFound)
	if err := opens(t.Context(), t, w.unwrapper(t, renewed.URI), w.rsa(t)); err != nil {
		t.Error(err)
	}
}

func testGenerate(t *testing.T, w world) {
	if !w.store.Status(t.Context()).Capabilities.Generate {
		t.Skip("the store declares no generation")
	}
	notAfter := time.Now().AddDate(1, 0, 0)
	e, err := w.store.(keystore.Generator).Generate(t.Context(), keystore.GenerateOptions{
		CommonName: "Anne Générée", Name: "Ma clé", Bits: 2048, NotAfter: notAfter})
	if err != nil {
		t.Fatal(err)
	}
	c, err := keypair.Parse(e.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	if e.Name != "Ma clé" || c.CommonName != "Anne Générée" || c.Bits != 2048 || notAfter.Sub(c.NotAfter).Abs() > time.Minute {
		t.Errorf("generated %q, %q, %d bits, until %s", e.Name, c.CommonName, c.Bits, c.NotAfter)
	}
	if v := keypair.Check(c, time.Now()); !v.OK() {
		t.Errorf("a generated key cannot receive plis: %v", v.Reasons)
	}
	if err := opens(t.Context(), t, w.unwrapper(t, e.URI), w.rsa(t)); err != nil {
		t.Error(err)
	}
}
