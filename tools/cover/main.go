// Command cover prints how many lines of the hand-written code the tests have
// run, and which they have not. It reads what go test -coverprofile has written.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	root := flag.String("root", "..", "`folder` of the module")
	profile := flag.String("profile", "../cover.out", "`file` that go test has written")
	flag.Parse()

	text, err := os.ReadFile(*profile)
	if err == nil {
		err = report(os.Stdout, os.DirFS(*root), string(text))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cover:", err)
		os.Exit(1)
	}
}
