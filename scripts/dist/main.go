// Command dist builds every package of Scellé on Linux, the same bytes from
// the same commit:
//
//	go run ./scripts/dist -out build/dist
//	go run ./scripts/dist -out build/dist -sign-p12 certificate.p12 -sign-pass-file password.txt -sign-ts http://timestamp.example/
//
// Times in the packages are SOURCE_DATE_EPOCH's, or the last commit's without
// it. It needs gcc and the Debian packages nsis, wixl and, to sign, osslsigncode;
// deb and rpm are made by nfpm, which comes through the Go module proxy.
package main

import (
	"flag"
	"fmt"
	"os"

	"scelle/shared/version"
)

func main() {
	o := options{version: version.Version}
	flag.StringVar(&o.out, "out", "", "folder to write to; other files in it stay")
	flag.StringVar(&o.sign.p12, "sign-p12", "", "PKCS#12 file with the key and certificate that sign the Windows packages; unsigned without")
	flag.StringVar(&o.sign.passFile, "sign-pass-file", "", "file whose first line is its password")
	flag.StringVar(&o.sign.options, "sign-options", "", "instead of -sign-p12, osslsigncode's options for a key elsewhere, such as \"-pkcs11module card.so -key pkcs11:object=signing -certs chain.pem -readpass pin.txt\"")
	flag.StringVar(&o.sign.timestamp, "sign-ts", "", "address of an RFC 3161 timestamp server; signed packages are not the same twice with one")
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
