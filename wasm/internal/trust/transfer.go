package trust

import "scelle/shared/signeddata/lists"

// Transfer reads the list of plis that get other keys and checks that it is
// good here and now. Errors: those of [lists.ParseTransfer] and
// [lists.Transfer.Check].
func Transfer(signed *Signed, e lists.Expected) (*lists.Transfer, error) {
	list, err := lists.ParseTransfer(signed.JSON)
	if err != nil {
		return nil, err
	}
	return list, list.Check(e)
}
