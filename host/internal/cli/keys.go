package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"scelle/host/internal/backup"
	"scelle/host/internal/doctor"
	"scelle/host/internal/keystore"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/shared/storename"
)

// dates are shown to the day in tables, to the second elsewhere.
const (
	day    = "2006-01-02"
	moment = "2006-01-02 15:04:05 MST"
)

// printJSON writes v, indented, to standard output.
func (c *command) printJSON(v any) error {
	e := json.NewEncoder(c.Out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return fault.Wrap(fault.WriteFailed, e.Encode(v))
}

// list prints every certificate of this computer.
func (c *command) list(ctx context.Context, args []string) error {
	f := c.flags("list")
	asJSON := f.Bool("json", false, "")
	verify := f.Bool("verify", false, "")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	all, err := c.everything(ctx)
	if err != nil {
		return err
	}
	switch {
	case *verify:
		return c.verify(all, *asJSON)
	case *asJSON:
		return c.printJSON(all)
	}
	c.printList(all)
	return nil
}

// verify says where a second reader of the system's store sees something else.
func (c *command) verify(all protocol.ListResult, asJSON bool) error {
	var ours []string
	for _, k := range all.Certificates {
		if k.HasKey {
			ours = append(ours, k.Thumbprint)
		}
	}
	d, err := doctor.Verify(ours)
	if err != nil {
		return err
	}
	if asJSON {
		return c.printJSON(d)
	}
	if d.Agree() {
		c.say(txtReadersAgree)
	}
	for _, t := range d.OnlyOurs {
		fmt.Fprintln(c.Out, c.text(txtOnlyOurs, t))
	}
	for _, t := range d.OnlyTheirs {
		fmt.Fprintln(c.Out, c.text(txtOnlyTheirs, t))
	}
	return nil
}

// everything is the whole list.
func (c *command) everything(ctx context.Context) (protocol.ListResult, error) {
	if err := keystore.Interrupted(ctx); err != nil {
		return protocol.ListResult{}, err
	}
	host, done := c.host()
	defer done()
	all := host.Everything(ctx)
	return all, keystore.Interrupted(ctx)
}

func (c *command) printList(all protocol.ListResult) {
	if len(all.Certificates) > 0 {
		out := bufio.NewWriter(c.Out) // tabwriter writes each cell by itself
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, c.text(txtListHead))
		for _, k := range all.Certificates {
			state := strings.Join(append([]string{c.verdict(k.Reasons)}, c.warnings(k.Warnings)...), ", ")
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", k.Name, k.NotAfter.Format(day), c.yesNo(k.HasKey), state, strings.Join(storename.AllIn(c.lang, k.Places), ", "), k.Issuer, k.Thumbprint)
		}
		w.Flush()
		out.Flush()
	} else {
		c.say(txtNoCertificate)
	}
	for _, s := range all.Failed {
		fmt.Fprintln(c.Err, c.text(txtStoreFailed, storename.In(c.lang, s.Name), s.Fault.Code.Text(c.lang)))
	}
}

func (c *command) yesNo(b bool) string {
	if b {
		return c.text(txtYes)
	}
	return c.text(txtNo)
}

// verdict is one line: usable, or the codes of why not.
func (c *command) verdict(reasons []fault.Code) string {
	if len(reasons) == 0 {
		return c.text(txtUsable)
	}
	codes := make([]string, len(reasons))
	for i, r := range reasons {
		codes[i] = string(r)
	}
	return strings.Join(codes, ", ")
}

// checked is the JSON form of check.
type checked struct {
	CommonName    string            `json:"commonName"`
	Issuer        string            `json:"issuer"`
	NotBefore     time.Time         `json:"notBefore"`
	NotAfter      time.Time         `json:"notAfter"`
	KeyKind       string            `json:"keyKind"`
	Bits          int               `json:"bits"`
	Curve         string            `json:"curve,omitempty"`
	Thumbprint    string            `json:"thumbprint"`
	PublicKeyHash string            `json:"publicKeySha256"`
	SelfSigned    bool              `json:"selfSigned"`
	Usable        bool              `json:"usable"`
	Reasons       []fault.Code      `json:"reasons"`
	Warnings      []keypair.Warning `json:"warnings"`
	DaysLeft      int               `json:"daysLeft"`
}

// check says whether a certificate can receive plis; the answer is also the
// exit code.
func (c *command) check(_ context.Context, args []string) error {
	f := c.flags("check")
	asJSON := f.Bool("json", false, "")
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	certificate, err := c.certificate(rest[0])
	if err != nil {
		return err
	}
	verdict := keypair.Check(certificate, time.Now())
	if *asJSON {
		err = c.printJSON(describe(certificate, verdict))
	} else {
		c.printCertificate(certificate, verdict)
	}
	if err != nil {
		return err
	}
	return verdict.Err()
}

func describe(k *keypair.Certificate, v keypair.Verdict) checked {
	return checked{
		CommonName: k.CommonName, Issuer: k.Issuer, NotBefore: k.NotBefore, NotAfter: k.NotAfter,
		KeyKind: string(k.Kind), Bits: k.Bits, Curve: k.Curve,
		Thumbprint: k.Thumbprint(), PublicKeyHash: k.SPKIThumbprint(), SelfSigned: k.SelfIssued,
		Usable: v.OK(), Reasons: append([]fault.Code{}, v.Reasons...),
		Warnings: append([]keypair.Warning{}, v.Warnings...), DaysLeft: v.DaysLeft,
	}
}

func (c *command) printCertificate(k *keypair.Certificate, v keypair.Verdict) {
	c.say(txtSubject, k.Subject)
	c.say(txtIssuer, k.Issuer)
	c.say(txtValid, k.NotBefore.Format(moment), k.NotAfter.Format(moment))
	kind := strings.ToUpper(string(k.Kind))
	if k.Curve != "" {
		kind += " " + k.Curve
	} else {
		kind += fmt.Sprintf(" %d", k.Bits)
	}
	c.say(txtKey, kind)
	c.say(txtThumbprint, k.Thumbprint())
	c.say(txtSPKI, k.SPKIThumbprint())
	for _, w := range v.Warnings {
		fmt.Fprintf(c.Out, "! %s\n", c.worded(warningTexts(), string(w)))
	}
	fmt.Fprintf(c.Out, "=> %s\n", c.verdict(v.Reasons))
}

// importFile brings the key pair of a PKCS#12 file into the store, or only
// says whether it would.
func (c *command) importFile(ctx context.Context, args []string) error {
	f := c.flags("import")
	passwordFile := f.String("password-file", "", "")
	name := f.String("name", "", "")
	onlyCheck := f.Bool("check", false, "")
	rest, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	p12, err := c.readAll(rest[0], maxP12)
	if err != nil {
		return err
	}
	defer clear(p12)
	password, err := c.password(ctx, *passwordFile)
	if err != nil {
		return err
	}
	defer clear(password)
	if *onlyCheck {
		return c.checkFile(ctx, p12, password)
	}
	host, done := c.host()
	defer done()
	result, err := host.ImportFile(ctx, p12, password, *name)
	if err != nil {
		return err
	}
	return c.printKey(txtImported, result)
}

// checkFile is import without a store: the file opens, and its key opens what
// is sealed to its certificate.
func (c *command) checkFile(ctx context.Context, p12, password []byte) error {
	bundle, err := backup.Open(p12, password)
	if err != nil {
		return err
	}
	certificate, err := keypair.Parse(bundle.Certificate)
	if err != nil {
		return err
	}
	if err := backup.Prove(ctx, bundle); err != nil {
		return err
	}
	verdict := keypair.Check(certificate, time.Now())
	c.printCertificate(certificate, verdict)
	c.say(txtProven, time.Now().Format(moment))
	c.say(txtNotImported)
	return verdict.Err()
}

// generate makes a key pair on this computer.
func (c *command) generate(ctx context.Context, args []string) error {
	f := c.flags("generate")
	cn := f.String("cn", "", "")
	name := f.String("name", "", "")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	host, done := c.host()
	defer done()
	result, err := host.Generate(ctx, protocol.GenerateParams{CommonName: *cn, Name: *name})
	if err != nil {
		return err
	}
	return c.printKey(txtGenerated, result)
}

// printKey shows a pair that is now in the store.
func (c *command) printKey(key textKey, r protocol.KeyResult) error {
	certificate, err := keypair.Parse(r.DER)
	if err != nil {
		return err
	}
	c.say(key, r.Certificate.Name)
	c.printCertificate(certificate, keypair.Check(certificate, time.Now()))
	return nil
}
