// Package keyhealth says how a registered key pair stands: whether its private
// key is on this computer, when that was last proven, when it expires and what
// hangs on that. Popup, assistant, scelle.js and the reference portal all show
// what [Check] finds, in the same words.
package keyhealth

import (
	"slices"
	"time"

	"scelle/shared/checkup"
	"scelle/shared/stable"
)

// Code names one finding. Codes are never changed or reused, only added.
type Code string

// The findings.
const (
	HereYes       Code = "key-here"          // the private key is on this computer
	HereNo        Code = "key-elsewhere"     // it is not
	HereUnknown   Code = "key-unregistered"  // nobody may say: the site did not register it from this browser
	Proven        Code = "key-proven"        // At is the last proof of possession
	ProofOld      Code = "key-proof-old"     // the last proof, At, is older than ProofLife
	NeverProven   Code = "key-never-proven"  // no proof is known
	Expired       Code = "key-expired"       // since At: it opens what it received, and receives no more
	ExpiresIn7    Code = "key-expires-in-7"  // 7 days or fewer until At
	ExpiresIn30   Code = "key-expires-in-30" // 8 to 30 days until At
	ExpiresIn90   Code = "key-expires-in-90" // 31 to 90 days until At
	BeforeOpening Code = "key-expires-early" // before the opening of Tender, at At
	AlsoSigns     Code = "key-also-signs"    // the certificate lets the key sign or authenticate
	ServerMade    Code = "key-server-made"   // the portal made the pair
)

// ProofLife is how long a proof of possession is taken for fresh.
const ProofLife = 180 * 24 * time.Hour

// Here says whether the private key is on this computer.
type Here string

// The answers; "" where nobody looked.
const (
	Yes     Here = "yes"
	No      Here = "no"
	Unknown Here = "unknown" // the site may not know
)

// Opening is a consultation that counts on a key, and when it is opened.
type Opening struct {
	Tender string
	At     time.Time
}

// Key is what is known of a key. Zero fields are not known, and nothing is
// found about them.
type Key struct {
	NotAfter  time.Time
	AlsoSigns bool
	Server    bool // the portal made the pair
	Here      Here
	Active    bool // registered and proven once: a date of the proof is expected
	Proven    time.Time
	Openings  []Opening // those to come
}

// Finding is one thing to know about a key. At and Tender are set where the
// code says so; Text goes on with At, when it is set.
type Finding struct {
	Code   Code
	Level  checkup.Level
	At     time.Time
	Tender string
	Days   int // whole days until At, of ExpiresIn7, 30 and 90
}

const day = 24 * time.Hour

// Check finds what there is to know about a key at the time now, what matters
// most first.
func Check(k Key, now time.Time) []Finding {
	var found []Finding
	add := func(c Code, at time.Time) { found = append(found, Finding{Code: c, Level: c.Level(), At: at}) }
	expiry(k, now, add)
	for i, f := range found {
		if f.Code != Expired {
			found[i].Days = int(k.NotAfter.Sub(now) / day)
		}
	}
	for _, o := range k.Openings {
		if now.Before(k.NotAfter) && k.NotAfter.Before(o.At) { // of one that is over more is said already
			found = append(found, Finding{Code: BeforeOpening, Level: BeforeOpening.Level(), At: o.At, Tender: o.Tender})
		}
	}
	possession(k, now, add)
	if k.AlsoSigns {
		add(AlsoSigns, time.Time{})
	}
	if k.Server {
		add(ServerMade, time.Time{})
	}
	stable.Sort(found, func(a, b Finding) int { return a.Level.Rank() - b.Level.Rank() })
	return found
}

// expiry is the ladder. The days are package keypair's: whole ones, 0 on the
// last.
func expiry(k Key, now time.Time, add func(Code, time.Time)) {
	days := int(k.NotAfter.Sub(now) / day)
	switch {
	case k.NotAfter.IsZero():
	case !now.Before(k.NotAfter):
		add(Expired, k.NotAfter)
	case days <= 7:
		add(ExpiresIn7, k.NotAfter)
	case days <= 30:
		add(ExpiresIn30, k.NotAfter)
	case days <= 90:
		add(ExpiresIn90, k.NotAfter)
	}
}

// possession is where the private key is, and when that was proven.
func possession(k Key, now time.Time, add func(Code, time.Time)) {
	switch k.Here {
	case Yes:
		add(HereYes, time.Time{})
	case No:
		add(HereNo, time.Time{})
	case Unknown:
		add(HereUnknown, time.Time{})
	}
	switch {
	case k.Proven.IsZero() && k.Active:
		add(NeverProven, time.Time{})
	case k.Proven.IsZero():
	case now.Sub(k.Proven) > ProofLife:
		add(ProofOld, k.Proven)
	default:
		add(Proven, k.Proven)
	}
}

// Worst is the level of the finding that matters most, Good without any.
func Worst(found []Finding) checkup.Level {
	worst := checkup.Good
	for _, f := range found {
		if f.Level.Rank() < worst.Rank() {
			worst = f.Level
		}
	}
	return worst
}

// Has reports whether one of the findings has this code.
func Has(found []Finding, c Code) bool {
	return slices.ContainsFunc(found, func(f Finding) bool { return f.Code == c })
}
