package e2e

import (
	"testing"
)

// TestFirefox walks the journeys of Chromium's tests in Firefox: newWorld
// knows by the test's name which browser it is to be.
func TestFirefox(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"the whole journey":           TestTheWholeJourney,
		"six clicks":                  TestCasesTakeSixClicks,
		"to the downloads":            TestOpenToDownloads,
		"the keys page":               TestKeysPage,
		"cancelled deposit":           TestCancelledDeposit,
		"interrupted opening":         TestInterruptedOpening,
		"reload while registering":    TestReloadDuringRegistration,
		"the host dies while opening": TestHostDiesDuringOpening,
		"the host comes and goes":     TestHostComesAndGoes,
		"no host":                     TestNoHost,
	} {
		t.Run(name, test)
	}
}
