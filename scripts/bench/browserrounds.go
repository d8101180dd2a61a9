package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// round runs every measure once.
func (b *browserBench) round(dir, file string) error {
	pki, forge := min(b.size, pkijsSize), min(b.size, forgeSize)
	for _, m := range []struct {
		name, script string
		size         int64
	}{
		{"one-shot GCM encrypt", fmt.Sprintf(`oneShot("encrypt", "AES-GCM", %d)`, b.size), b.size},
		{"seal GCM, bare, memory", `measure("seal-memory")`, b.size},
		{"one-shot GCM decrypt", fmt.Sprintf(`oneShot("decrypt", "AES-GCM", %d)`, b.size), b.size},
		{"open GCM, bare, memory", `measure("open-memory")`, b.size},
		{"one-shot CBC encrypt", fmt.Sprintf(`oneShot("encrypt", "AES-CBC", %d)`, b.size), b.size},
		{"seal CBC, bare, memory", `measure("seal-cbc")`, b.size},
		{"one-shot CBC decrypt", fmt.Sprintf(`oneShot("decrypt", "AES-CBC", %d)`, b.size), b.size},
		{"open CBC, bare, memory", `measure("open-cbc")`, b.size},
		{"copy file", `copy()`, b.size},
		{"seal file, bare", `measure("seal-file")`, b.size},
		{"open file, bare", `measure("open-file")`, b.size},
		{"seal file, whole pli", `measure("seal-pli")`, b.size},
		{"open file, whole pli", `measure("open-pli")`, b.size},
		{"three fingerprints alone", `measure("fingerprints")`, b.size},
		{started, `measure("nothing")`, b.size},
		{"PKI.js GCM encrypt", fmt.Sprintf(`pkijs("encrypt", %d, %q, %q)`, pki, b.keys.certificate, b.keys.pkcs8), pki},
		{"PKI.js GCM decrypt", fmt.Sprintf(`pkijs("decrypt", %d, %q, %q)`, pki, b.keys.certificate, b.keys.pkcs8), pki},
		{"node-forge CBC encrypt", fmt.Sprintf(`nodeForge("encrypt", %d, %q, %q)`, forge, b.keys.certificatePEM, b.keys.keyPEM), forge},
		{"node-forge CBC decrypt", fmt.Sprintf(`nodeForge("decrypt", %d, %q, %q)`, forge, b.keys.certificatePEM, b.keys.keyPEM), forge},
	} {
		if err := b.measure(m.name, m.script, m.size); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return b.openssl(dir, file)
}

// started is the measure of what each of ours costs before its clock runs.
const started = "our program only started"

// measure runs one script, and notes its time and what this program and all
// below it, the browser above all, had of the processors meanwhile.
func (b *browserBench) measure(name, script string, size int64) error {
	before, err := processorTime(os.Getpid())
	if err != nil {
		return err
	}
	var ms float64
	if err := b.page.Eval(script, &ms); err != nil {
		return err
	}
	after, err := processorTime(os.Getpid())
	b.add(name, size, ms)
	b.processor[name] = append(b.processor[name], after-before)
	return err
}

func (b *browserBench) add(name string, size int64, ms float64) {
	b.rates[name] = append(b.rates[name], float64(size)/1e3/ms)
}

// openssl runs the peer that is not in the browser, from disk to disk.
func (b *browserBench) openssl(dir, file string) error {
	sealed, plain := filepath.Join(dir, "openssl.p7m"), filepath.Join(dir, "openssl.out")
	for _, peer := range []struct {
		name string
		args []string
	}{
		{"openssl cms -encrypt", []string{"-encrypt", "-binary", "-stream", "-outform", "DER", "-aes-256-gcm", "-in", file, "-out", sealed, b.keys.certificateFile}},
		{"openssl cms -decrypt", []string{"-decrypt", "-binary", "-inform", "DER", "-inkey", b.keys.keyFile, "-recip", b.keys.certificateFile, "-in", sealed, "-out", plain}},
	} {
		ms, err := elapsed(exec.Command("openssl", append([]string{"cms"}, peer.args...)...))
		if err != nil {
			return fmt.Errorf("%s: %w", peer.name, err)
		}
		b.add(peer.name, b.size, ms)
	}
	return nil
}

// rate is the median of a measure in MB/s.
func (b *browserBench) rate(name string) float64 {
	if len(b.rates[name]) == 0 {
		return 0
	}
	return middle(b.rates[name])
}

// print shows all rates and then the ratios that have a bar.
func (b *browserBench) print() {
	names := make([]string, 0, len(b.rates))
	for n := range b.rates {
		names = append(names, n)
	}
	slices.Sort(names)
	fmt.Printf("seconds of the processors are those of a whole run: of ours with the start of the program (%.2f s alone) and, to open, the sealing before it\n", middle(b.processor[started]))
	for _, n := range names {
		if n == started {
			continue
		}
		fmt.Printf("%-46s %9.0f MB/s  (%.0f to %.0f)", n, b.rate(n), slices.Min(b.rates[n]), slices.Max(b.rates[n]))
		if seconds := b.processor[n]; len(seconds) > 0 {
			fmt.Printf("  %.2f s of the processors", middle(seconds))
		}
		fmt.Println()
	}
	fmt.Println()
	for _, r := range compared() {
		ratio(r.what, b.rate(r.ours)/b.rate(r.peer), r.bar)
	}
	fmt.Println("\nthe same with the best round of each, for a machine that is busy")
	for _, r := range compared() {
		if r.bar > 0 {
			ratio(r.what, slices.Max(b.rates[r.ours])/slices.Max(b.rates[r.peer]), r.bar)
		}
	}
}

// comparison is two measures and the ratio that the first should reach, 0 when
// there is none.
type comparison struct {
	what, ours, peer string
	bar              float64
}

func compared() []comparison {
	return []comparison{
		{"seal GCM, memory, against one-shot", "seal GCM, bare, memory", "one-shot GCM encrypt", 1.5},
		{"open GCM, memory, against one-shot", "open GCM, bare, memory", "one-shot GCM decrypt", 1.5},
		{"seal CBC, memory, against one-shot", "seal CBC, bare, memory", "one-shot CBC encrypt", 0},
		{"open CBC, memory, against one-shot", "open CBC, bare, memory", "one-shot CBC decrypt", 0},
		{"seal file to file, against copying", "seal file, bare", "copy file", 0.9},
		{"open file to file, against copying", "open file, bare", "copy file", 0.9},
		{"seal file, against openssl cms -encrypt", "seal file, bare", "openssl cms -encrypt", 0},
		{"open file, against openssl cms -decrypt", "open file, bare", "openssl cms -decrypt", 2.5},
		{"seal memory, against PKI.js", "seal GCM, bare, memory", "PKI.js GCM encrypt", 20},
		{"open memory, against PKI.js", "open GCM, bare, memory", "PKI.js GCM decrypt", 20},
		{"seal memory, against node-forge", "seal GCM, bare, memory", "node-forge CBC encrypt", 0},
		{"open memory, against node-forge", "open GCM, bare, memory", "node-forge CBC decrypt", 0},
		{"three fingerprints alone, against the bare envelope", "three fingerprints alone", "seal file, bare", 0},
		{"whole pli sealed, against the bare envelope", "seal file, whole pli", "seal file, bare", 0.6},
		{"whole pli opened, against the bare envelope", "open file, whole pli", "open file, bare", 0.6},
	}
}

// ratio prints a ratio and, where there is one, the bar that it should reach.
func ratio(what string, value, bar float64) {
	switch {
	case bar == 0:
		fmt.Printf("%-46s %9.2f\n", what, value)
	case value >= bar:
		fmt.Printf("%-46s %9.2f  (bar %.1f: reached)\n", what, value, bar)
	default:
		fmt.Printf("%-46s %9.2f  (bar %.1f: MISSED)\n", what, value, bar)
	}
}
