package e2e

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

// worlds is how many tests run side by side: they wait for browsers more than
// they compute, so that there is room for one more than there are processors.
const worlds = "3"

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.parallel").Value.String() == flag.Lookup("test.parallel").DefValue {
		if err := flag.Set("test.parallel", worlds); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}
