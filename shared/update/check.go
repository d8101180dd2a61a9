package update

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"scelle/shared/fault"
)

// maxPart bounds each of a version's three numbers; browser stores take no
// larger one either.
const maxPart = 65535

// ParseVersion reads MAJOR.MINOR.PATCH, decimal without leading zeros.
func ParseVersion(s string) (version [3]int, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) != len(version) {
		return version, false
	}
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 || n > maxPart || strconv.Itoa(n) != part {
			return version, false
		}
		version[i] = n
	}
	return version, true
}

// Compare orders versions: -1 when a comes before b, 0, or 1. What is no
// version, such as "", comes before every version.
func Compare(a, b string) int {
	x, okX := ParseVersion(a)
	y, okY := ParseVersion(b)
	if !okX || !okY {
		return cmp.Compare(truth(okX), truth(okY))
	}
	return slices.Compare(x[:], y[:])
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// moment reads a time in the one form that manifests have.
func moment(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err == nil && Moment(t) != s {
		err = fault.Newf(fault.UpdateUnreadable, "time")
	}
	return t, err
}

// Moment writes a time as manifests have it, in UTC and to the second.
func Moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// check holds a manifest to what it may say: fault.UpdateUnreadable with the
// name of what is wrong.
func (m Manifest) check() *fault.Fault {
	issued, errIssued := moment(m.Issued)
	expires, errExpires := moment(m.Expires)
	wrong := ""
	switch _, isVersion := ParseVersion(m.Version); {
	case m.Product != Product:
		wrong = "product"
	case !isVersion:
		wrong = "version"
	case Compare(m.Floor, "") <= 0 || Compare(m.Floor, m.Version) > 0:
		wrong = "floor"
	case errIssued != nil:
		wrong = "issued"
	case errExpires != nil || !issued.Before(expires):
		wrong = "expires"
	case len(m.Packages) == 0 || len(m.Packages) > MaxPackages:
		wrong = "packages"
	}
	for i, p := range m.Packages {
		same := func(q Package) bool { return q.Name == p.Name || q.Kind == p.Kind && q.OS == p.OS && q.Arch == p.Arch }
		if !p.valid() || slices.ContainsFunc(m.Packages[:i], same) {
			wrong = "package " + strconv.Itoa(i)
		}
	}
	if wrong != "" {
		return fault.Newf(fault.UpdateUnreadable, "%s", wrong)
	}
	return nil
}

// systems are those that packages are made for.
var systems = map[Kind]string{Setup: "windows", MSI: "windows", Deb: "linux", RPM: "linux", Zip: "darwin"}

func (p Package) valid() bool {
	return systems[p.Kind] == p.OS && p.OS != "" && slices.Contains([]string{"", "amd64", "arm64"}, p.Arch) &&
		validName(p.Name) && p.Size > 0 && p.Size <= MaxPackage && isHash(p.SHA256)
}

// validName takes names that mean the same in an address, in a command and on
// every system.
func validName(s string) bool {
	plain := func(c byte) bool {
		return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
	}
	if s == "" || len(s) > MaxName || !plain(s[0]) || !plain(s[len(s)-1]) {
		return false
	}
	for _, c := range []byte(s) {
		if !plain(c) && !strings.ContainsRune("._-", rune(c)) {
			return false
		}
	}
	return true
}

// isHash reports whether s is a SHA-256 in lower-case hexadecimal.
func isHash(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) == 64
}
