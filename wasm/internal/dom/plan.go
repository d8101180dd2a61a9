package dom

// match says which child of before each child of after continues: its index,
// or -1 for a new one. Children with a key continue the child with that key
// and tag; the others continue in order the next one without a key and with
// the same tag, so that an element keeps its identity (and with it focus,
// caret and scroll) when siblings come and go.
func match(before, after []Node) []int {
	keyed := map[string]int{}
	for i := range before {
		if before[i].key != "" {
			keyed[before[i].key] = i
		}
	}
	taken := make([]bool, len(before))
	plan := make([]int, len(after))
	next := 0
	for i := range after {
		plan[i] = -1
		if key := after[i].key; key != "" {
			if j, ok := keyed[key]; ok && !taken[j] && before[j].tag == after[i].tag {
				plan[i], taken[j] = j, true
			}
			continue
		}
		for j := next; j < len(before); j++ {
			if before[j].key == "" && !taken[j] && before[j].tag == after[i].tag {
				plan[i], taken[j], next = j, true, j+1
				break
			}
		}
	}
	return plan
}
