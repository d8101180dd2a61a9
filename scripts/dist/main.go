// Command dist builds every package of Scellé on Linux, the same bytes from
// the same commit:
//
//	go run ./scripts/dist -out build/dist
//	go run ./scripts/dist -out build/dist -sign-p12 certificate.p12 -sign-pass-file password.txt -sign-ts http://timestamp.example/
//	go run ./scripts/dist -out build/dist -update-url https://extensions.example/scelle/ -crx-key key.pem
//
// The last one also makes what a department serves itself: a CRX with its
// update.xml for Chromium browsers, an unsigned XPI with its updates.json for
// Firefox. Only Mozilla signs an XPI; -signed-xpi takes in what it signed.
//
//	go run ./scripts/dist -out build/dist -packages-url https://updates.example/scelle/ -update-key update.pem
//
// That one also signs update.json, by which extensions of the same build learn
// of the packages beside it. "-only update" signs it anew over packages that
// are there, before it expires.
//
// Times in the packages are SOURCE_DATE_EPOCH's, or the last commit's without
// it. It needs gcc and the Debian packages nsis, wixl and, to sign, osslsigncode;
// deb and rpm are made by nfpm, which comes through the Go module proxy.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"scelle/shared/version"
)

func main() {
	o := options{version: version.Version}
	flag.StringVar(&o.out, "out", "", "folder to write to; other files in it stay")
	flag.StringVar(&o.sign.p12, "sign-p12", "", "PKCS#12 file with the key and certificate that sign the Windows packages; unsigned without")
	flag.StringVar(&o.sign.passFile, "sign-pass-file", "", "file whose first line is its password")
	flag.StringVar(&o.sign.options, "sign-options", "", "instead of -sign-p12, osslsigncode's options for a key elsewhere, such as \"-pkcs11module card.so -key pkcs11:object=signing -certs chain.pem -readpass pin.txt\"")
	flag.StringVar(&o.sign.timestamp, "sign-ts", "", "address of an RFC 3161 timestamp server; signed packages are not the same twice with one")
	flag.StringVar(&o.updateURL, "update-url", "", "https address of the folder from which a department serves the extension itself, for update.xml, updates.json and an XPI to be signed by Mozilla; nothing of this without")
	flag.StringVar(&o.crxKeyFile, "crx-key", "", "PEM file of the RSA key that signs the extension for Chromium and gives it its id, which everything in this build then knows; a CRX is only made with one")
	flag.StringVar(&o.signedXPI, "signed-xpi", "", "the unsigned XPI of the same build as Mozilla signed it, to be put beside updates.json")
	flag.StringVar(&o.portals, "portals", "", "file with the portals of an organisation, one https origin a line, # before comments: its extension serves them without a prompt")
	flag.StringVar(&o.edgeID, "edge-id", "", "the extension's id from Edge's store, in place of the one in shared/protocol/ids.go")
	flag.StringVar(&o.packagesURL, "packages-url", "", "https address of the folder from which the packages and update.json will be served; the extension looks there for newer hosts, and nowhere without")
	flag.StringVar(&o.keyFile, "update-key", "", "PEM file of the Ed25519 key that signs update.json (openssl genpkey -algorithm ed25519 -out key.pem)")
	flag.StringVar(&o.nextKeyFile, "update-next-key", "", "PEM file of the public key that will sign after it (openssl pkey -in next.pem -pubout), which this build's extension accepts too")
	flag.StringVar(&o.floor, "update-floor", "", "oldest version of the host that may still be installed from a later update.json; this one without")
	flag.IntVar(&o.days, "update-days", 90, "days after which update.json is no longer believed")
	flag.Func("only", "steps to make, separated by commas, in place of all", func(s string) error {
		o.only = strings.Split(s, ",")
		return o.knownSteps()
	})
	flag.Parse()
	if o.out == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := o.run(); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}
