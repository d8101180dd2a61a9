package cli

import (
	"strings"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// TestOpenRecord: the record of the command line is that of the browser, for a
// pli that opens, with a key of the store or of a file, and for one that does
// not.
func TestOpenRecord(t *testing.T) {
	p := sit(t)
	alice := p.pair("alice", certtest.Options{})
	p.write("alice.p12", string(alice.P12(t, "é", certtest.Modern)))
	p.write("password", "é")
	p.write("prix.txt", "12 345 €\n")
	p.does("seal", "prix.txt", "--to", "alice.pem", "--tender", "2026-017", "--kind", "offre", "--depositor", "Dupont", "-o", "offre.p7m")
	sum, _, _ := strings.Cut(p.tool("sha256sum", "offre.p7m"), " ")
	inside, _, _ := strings.Cut(p.tool("sha256sum", "prix.txt"), " ")
	p.does("import", "alice.p12", "--password-file", "password")
	for name, key := range map[string][]string{"magasin": nil, "fichier": {"--key", "alice.key", "--cert", "alice.pem"}} {
		p.does(append([]string{"open", "offre.p7m", "-o", name, "--record", name + ".json"}, key...)...)
		r := readRecord(p, name+".json")
		pli := r.Plis[0]
		if !pli.Opened || !pli.Authenticated || pli.SHA256 != sum || pli.Kind != "offre" || pli.Depositor != "Dupont" || pli.Label != "offre.p7m" || pli.Size == 0 || pli.OpenedAt == nil ||
			len(pli.Files) != 1 || pli.Files[0].SHA256 != inside || r.Tender != "2026-017" {
			t.Errorf("%s: %+v", name, r)
		}
		if thumbprint := keypair.Thumbprint(alice.DER); pli.Key != thumbprint || len(r.Keys) != 1 || r.Keys[0].Thumbprint != thumbprint {
			t.Errorf("%s: key %s, %v", name, pli.Key, r.Keys)
		}
		used := int64(0)
		if key == nil {
			used = 1
		}
		if r.JournalBefore == nil || r.JournalAfter == nil || r.JournalAfter.Lines-r.JournalBefore.Lines != used {
			t.Errorf("%s: journal %v to %v", name, r.JournalBefore, r.JournalAfter)
		}
	}
	p.refused("file-exists", "open", "offre.p7m", "-o", "encore", "--record", "magasin.json")
	p.misused("open", "offre.p7m", "-o", "encore", "--record", "-")
	p.write("abîmé.p7m", p.read("offre.p7m")[:len(p.read("offre.p7m"))-20])
	p.run("open", "abîmé.p7m", "-o", "rien", "--record", "échec.json")
	if pli := readRecord(p, "échec.json").Plis[0]; pli.Opened || pli.Fault == nil || pli.Fault.Code == fault.Internal || len(pli.Files) > 0 {
		t.Errorf("a damaged pli: %+v", pli)
	}
}

func readRecord(p *person, name string) protocol.OpeningRecord {
	p.t.Helper()
	p.out = p.read(name)
	var r protocol.OpeningRecord
	p.json(&r)
	if r.Format != protocol.RecordFormat || r.Origin != "" || r.Host == "" || r.Started.IsZero() || r.Finished.Before(r.Started) || len(r.Plis) != 1 {
		p.t.Fatalf("%s: %+v", name, r)
	}
	return r
}
