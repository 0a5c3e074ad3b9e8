// Command rules tells where the repository breaks its rules about what may
// import what. CONTRIBUTING.md has the reasons.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	root := flag.String("root", "..", "`folder` of the repository")
	flag.Parse()

	broken, err := check(os.DirFS(*root))
	if err != nil {
		fmt.Fprintln(os.Stderr, "rules:", err)
		os.Exit(1)
	}
	for _, b := range broken {
		fmt.Println(b)
	}
	if broken != nil {
		os.Exit(1)
	}
}
