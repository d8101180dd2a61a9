package cli

// outliveBrowser has nothing to do: Windows has no signal for a broken pipe.
func outliveBrowser() {}

// closeMemory has nothing to do yet on Windows.
func closeMemory() {}
