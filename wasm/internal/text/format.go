package text

import (
	"strconv"
	"strings"
	"time"
)

// Int writes a number for an attribute, in no language.
func (l Lang) Int(n int) string { return strconv.Itoa(n) }

// Int64 writes a number for an attribute, in no language.
func (l Lang) Int64(n int64) string { return strconv.FormatInt(n, 10) }

// Moment writes t in a zone given by its name and its offset, in seconds east
// of UTC: "12 mars 2029 à 14:05 (CET)", "12 March 2029, 14:05 (CET)".
func (l Lang) Moment(t time.Time, zone string, offset int) string {
	t = t.In(time.FixedZone(zone, offset))
	clock := t.Format("15:04") + " (" + zone + ")"
	if l.code == "fr" {
		return l.day(t) + " à " + clock
	}
	return l.day(t) + ", " + clock
}

func (l Lang) day(t time.Time) string {
	day := strconv.Itoa(t.Day())
	if l.code == "fr" && t.Day() == 1 {
		day = "1er"
	}
	return day + "\u00a0" + l.month(t.Month()) + " " + strconv.Itoa(t.Year())
}

func (l Lang) month(m time.Month) string {
	if l.code != "fr" {
		return m.String()
	}
	return [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août",
		"septembre", "octobre", "novembre", "décembre"}[m-1]
}

// Size writes a number of bytes for people, in powers of 1,000 and with one
// decimal below 10: "1,2 Mo", "1.2 MB".
func (l Lang) Size(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	if l.code == "fr" {
		units = []string{"o", "ko", "Mo", "Go", "To"}
	}
	v, u := float64(n), 0
	for v >= 999.5 && u < len(units)-1 {
		v /= 1000
		u++
	}
	digits := 0
	if u > 0 && v < 9.95 {
		digits = 1
	}
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if l.code == "fr" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s + "\u00a0" + units[u]
}
