package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"scelle/shared/protocol"
	"scelle/shared/version"
)

// benchLists measures opening the store and listing it, whole process, with
// 1, 50 and 500 certificates that have keys, beside certutil, which lists the
// same database through the same library. The last list is also read as the
// extension reads it, page by page.
func benchLists(dir, host string, n int) error {
	home := filepath.Join(dir, "lists")
	store := filepath.Join(home, ".local", "share", "pki", "nssdb")
	if err := os.MkdirAll(store, 0o700); err != nil {
		return err
	}
	noise := filepath.Join(dir, "noise")
	if err := os.WriteFile(noise, make([]byte, 64), 0o600); err != nil {
		return err
	}
	if err := quietly("certutil", "-N", "-d", "sql:"+store, "--empty-password"); err != nil {
		return err
	}
	made := 0
	for _, certificates := range []int{1, 50, 500} {
		for ; made < certificates; made++ {
			name := fmt.Sprintf("Clé %d", made)
			err := quietly("certutil", "-S", "-d", "sql:"+store, "-n", name, "-s", "CN="+name, "-x", "-t", ",,", "-m", strconv.Itoa(made+1),
				"-z", noise, "-k", "ec", "-q", "nistp256", "-v", "36", "--keyUsage", "keyAgreement,critical")
			if err != nil {
				return err
			}
		}
		list, err := median(n, func() (float64, error) { return elapsed(inHome(home, host, "list")) })
		if err != nil {
			return err
		}
		theirs, err := median(n, func() (float64, error) { return elapsed(exec.Command("certutil", "-L", "-d", "sql:"+store)) })
		if err != nil {
			return err
		}
		row(fmt.Sprintf("host: scelle list, %d certificates", certificates), "ms", list, peer{"certutil -L", theirs})
		if certificates <= protocol.MaxList {
			continue
		}
		paged, err := median(n, func() (float64, error) { return askPages(home, host, certificates) })
		if err != nil {
			return err
		}
		row(fmt.Sprintf("host: start, hello, %d certificates in pages, end", certificates), "ms", paged, peer{"scelle list", list}, peer{"certutil -L", theirs})
	}
	return nil
}

// askPages starts the host as Chromium does, reads its list to the last page,
// which must come to this many certificates, and ends it.
func askPages(home, host string, certificates int) (ms float64, err error) {
	start := time.Now()
	cmd, in, out, err := startHost(home, host)
	if err != nil {
		return 0, err
	}
	err = call(in, out, protocol.HostHello, protocol.HelloParams{Version: version.Version, Protocol: version.Protocol}, nil)
	var p protocol.ListParams
	seen := 0
	for err == nil {
		var page protocol.ListResult
		err = call(in, out, protocol.HostList, p, &page)
		seen += len(page.Certificates)
		if p.Cursor = page.Next; p.Cursor == "" {
			break
		}
	}
	err = errors.Join(err, in.Close(), cmd.Wait())
	if err == nil && seen != certificates {
		err = fmt.Errorf("%d certificates of %d", seen, certificates)
	}
	return float64(time.Since(start).Microseconds()) / 1000, err
}

// quietly runs a program whose words matter only when it fails.
func quietly(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}
