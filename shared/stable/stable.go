// Package stable sorts, for programs that have to be small: slices.SortStableFunc
// adds five functions, ten kilobytes of WebAssembly, for each type of elements.
package stable

import "slices"

// Sort sorts by a comparison as slices.SortStableFunc does. It takes memory for
// as many elements as there are.
func Sort[E any](s []E, compare func(a, b E) int) {
	if len(s) < 2 {
		return
	}
	right := len(s) / 2
	left := slices.Clone(s[:right])
	Sort(left, compare)
	Sort(s[right:], compare)
	for at, next := 0, 0; next < len(left); at++ {
		if right < len(s) && compare(s[right], left[next]) < 0 {
			s[at] = s[right]
			right++
		} else {
			s[at] = left[next]
			next++
		}
	}
}
