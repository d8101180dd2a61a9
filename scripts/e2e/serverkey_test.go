package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/journey"
	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// forgedKey is a pair that a portal has no right to deliver, in an envelope to
// which nothing is to be said. registered is what the portal says of it.
type forgedKey struct {
	name  string
	code  fault.Code
	forge func(t *testing.T, password string) (p12 []byte, registered string)
}

func forgedKeys() []forgedKey {
	pair := func(t *testing.T, number int) *certtest.Pair {
		return certtest.SelfSigned(t, certtest.Options{CommonName: forgedName, Key: number})
	}
	return []forgedKey{
		{"another key than the certificate's", fault.P12Mismatch, func(t *testing.T, password string) ([]byte, string) {
			p := *pair(t, 0)
			p.Key = pair(t, 1).Key
			return p.P12(t, password, certtest.Modern), keypair.Thumbprint(p.DER)
		}},
		{"another password", fault.P12Password, func(t *testing.T, password string) ([]byte, string) {
			p := pair(t, 0)
			return p.P12(t, strings.ToUpper(password), certtest.Modern), keypair.Thumbprint(p.DER)
		}},
		{"a certificate of another name", fault.TransportFailed, func(t *testing.T, password string) ([]byte, string) {
			other := certtest.SelfSigned(t, certtest.Options{CommonName: "Quelqu’un d’autre", Key: 1})
			return other.P12(t, password, certtest.Modern), keypair.Thumbprint(pair(t, 0).DER)
		}},
		{"a key that is too weak", fault.CertificateWeak, func(t *testing.T, password string) ([]byte, string) {
			weak := certtest.SelfSigned(t, certtest.Options{CommonName: forgedName, Bits: 1024})
			return weak.P12(t, password, certtest.Modern), keypair.Thumbprint(weak.DER)
		}},
	}
}

const forgedName = "Clé contrefaite"

// TestForgedServerKey: a well-formed envelope with a wrong key pair in it puts
// nothing into the store, and the person reads why.
func TestForgedServerKey(t *testing.T) {
	lengthy(t)
	w := ready(t)
	must(t, w.MakeCertificate("pour que la base existe"))
	before := inStore(t, w)
	for _, forged := range forgedKeys() {
		must(t, w.GoKeys())
		must(t, w.Online())
		answerInstead(t, w.Page)
		a, err := w.StartAdd(forgedName, false)
		must(t, err)
		must(t, a.Click("#mode-server"))
		must(t, a.Fill("#common-name", forgedName))
		must(t, a.Click("#use-key"))
		giveForged(t, w.Page, forged)
		must(t, a.Visible("#fault"))
		said, err := a.Text("#fault")
		must(t, err)
		if !strings.Contains(said, forged.code.Text("fr")) || !strings.Contains(said, string(forged.code)) {
			t.Errorf("%s: the person reads %q, want %s", forged.name, said, forged.code)
		}
		must(t, a.Shut())
		if after := inStore(t, w); after != before {
			t.Errorf("%s: the store holds\n%s\nand before\n%s", forged.name, after, before)
		}
		if state := portalKeys(t, w)[forgedName]; state != "awaiting-import" {
			t.Errorf("%s: the portal says %q", forged.name, state)
		}
	}
}

// inStore is what certutil sees: certificates, then private keys.
func inStore(t *testing.T, w *journey.Walk) string {
	t.Helper()
	var seen string
	for _, what := range []string{"-L", "-K"} {
		out, err := w.World.Run("certutil", what, "-d", "sql:"+w.World.StoreDir())
		must(t, err)
		seen += out
	}
	return seen
}

// answerInstead makes the page wait for what the test answers in the portal's
// place, once the portal has registered the key.
func answerInstead(t *testing.T, p browser.Page) {
	t.Helper()
	must(t, p.Eval(`(() => {
		const real = window.fetch;
		window.asked = null;
		window.fetch = async (input, init) => {
			const response = await real(input, init);
			if (!String(input?.url ?? input).endsWith("/api/keys/server")) return response;
			const { registration } = await response.json();
			window.asked = JSON.parse(init.body).oneTimeCertificate;
			const { envelope, thumbprint } = await new Promise((give) => { window.give = give; });
			return Response.json({ registration: { ...registration, thumbprint }, envelope });
		};
	})()`, nil))
}

// giveForged seals a forged pair to the one-time certificate that the page was
// given, and answers with it.
func giveForged(t *testing.T, p browser.Page, forged forgedKey) {
	t.Helper()
	must(t, p.Until("window.asked"))
	var oneTime []byte
	must(t, p.Eval("window.asked", &oneTime))
	p12, thumbprint := forged.forge(t, keypair.Thumbprint(oneTime))
	var sealed bytes.Buffer
	_, err := envelope.Seal(t.Context(), &sealed, bytes.NewReader(p12), envelope.SealOptions{
		Recipients: []envelope.Recipient{{Certificate: oneTime}}, Length: int64(len(p12)),
	})
	must(t, err)
	answer, err := json.Marshal(map[string]string{"envelope": base64.StdEncoding.EncodeToString(sealed.Bytes()), "thumbprint": thumbprint})
	must(t, err)
	must(t, p.Eval(fmt.Sprintf("window.give(%s)", answer), nil))
}
