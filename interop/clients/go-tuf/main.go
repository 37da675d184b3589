// Reads and makes TUF repositories with go-tuf, for the interop suite.
//
//	go-tuf read ROOT.json METADATA_URL TARGETS_URL DIRECTORY TARGET...
//	go-tuf make PLANS.json DIRECTORY
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) >= 5 && args[0] == "read":
		return read(args[1], args[2], args[3], args[4], args[5:])
	case len(args) == 3 && args[0] == "make":
		return makeAll(args[1], args[2])
	}
	return fmt.Errorf("usage: go-tuf read ROOT.json METADATA_URL TARGETS_URL DIRECTORY TARGET... | make PLANS.json DIRECTORY")
}
