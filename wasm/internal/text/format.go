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
	return l.own.At(l.own.Day(t), t.Format("15:04")+" ("+zone+")")
}

// Size writes a number of bytes for people, in powers of 1,000 and with one
// decimal below 10: "1,2 Mo", "1.2 MB".
func (l Lang) Size(n int64) string {
	units := l.own.Units
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
	return strings.Replace(s, ".", l.own.Decimal, 1) + "\u00a0" + units[u]
}
