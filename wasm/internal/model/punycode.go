package model

// decodePunycode reads the part of a label after "xn--" (RFC 3492). ok is
// false for what no encoder writes.
func decodePunycode(s string) (label string, ok bool) {
	const base, initialN, initialBias = 36, 128, 72
	var out []rune
	rest := s
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '-' {
			out, rest = []rune(s[:i]), s[i+1:]
			break
		}
	}
	n, i, bias := initialN, 0, initialBias
	for len(rest) > 0 {
		before, weight := i, 1
		for k := base; ; k += base {
			if rest == "" {
				return "", false
			}
			digit := punycodeDigit(rest[0])
			rest = rest[1:]
			if digit < 0 || digit > (1<<30-i)/weight {
				return "", false
			}
			i += digit * weight
			t := min(max(k-bias, 1), 26)
			if digit < t {
				break
			}
			weight *= base - t
		}
		count := len(out) + 1
		bias = adaptBias(i-before, count, before == 0)
		n += i / count
		i %= count
		if n > 0x10ffff || count > 63 {
			return "", false
		}
		out = append(out, 0)
		copy(out[i+1:], out[i:])
		out[i] = rune(n)
		i++
	}
	return string(out), true
}

func punycodeDigit(c byte) int {
	switch {
	case c >= 'a' && c <= 'z':
		return int(c - 'a')
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= '0' && c <= '9':
		return int(c-'0') + 26
	}
	return -1
}

// adaptBias is the adapt function of RFC 3492 6.1.
func adaptBias(delta, count int, first bool) int {
	if first {
		delta /= 700
	} else {
		delta /= 2
	}
	delta += delta / count
	k := 0
	for ; delta > 455; k += 36 {
		delta /= 35
	}
	return k + 36*delta/(delta+38)
}
