// Command lint tells what in OpenAPI documents is not valid, or contradicts
// itself. It accepts no warning either; only an example may be off.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/oasdiff/checker"
	"github.com/oasdiff/oasdiff/validate"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "lint:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, files []string) error {
	if len(files) == 0 {
		return errors.New("usage: lint FILE…")
	}
	failed := false
	for _, file := range files {
		loader := openapi3.NewLoader()
		loader.IncludeOrigin = true // for the lines
		spec, err := loader.LoadFromFile(file)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		for _, f := range validate.Validate(spec, file) {
			fmt.Fprintf(w, "%s:%d: %s [%s]\n", file, f.Source.Line, f.Text, f.Id)
			failed = failed || f.Level >= checker.WARN
		}
	}
	if failed {
		return errors.New("the spec is not as it has to be")
	}
	return nil
}
