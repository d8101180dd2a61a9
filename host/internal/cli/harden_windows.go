package cli

func harden() {}
