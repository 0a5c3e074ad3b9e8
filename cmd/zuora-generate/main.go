// Command zuora-generate makes a package of typed calls of an OpenAPI document:
//
//	go run github.com/zuora-go/zuora/cmd/zuora-generate@latest -spec openapi.yaml -out accounts/
//
// The packages of api/ are made by it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	var o options
	flag.StringVar(&o.spec, "spec", "", "the OpenAPI `document`; required")
	flag.StringVar(&o.out, "out", "", "the `folder` to write the package to; required")
	flag.StringVar(&o.name, "package", "", "the package's `name`; the folder's, if it is not given")
	flag.Parse()
	if err := run(o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "zuora-generate:", err)
		os.Exit(1)
	}
}

type options struct{ spec, out, name string }

func run(o options, rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("%q is not a flag", rest[0])
	case o.spec == "":
		return errors.New("-spec names no document")
	case o.out == "":
		return errors.New("-out names no folder")
	}
	if o.name == "" {
		folder, err := filepath.Abs(o.out)
		if err != nil {
			return err
		}
		o.name = filepath.Base(folder)
	}
	code, err := generate(o.spec, o.name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.out, o.name+".gen.go"), []byte(code), 0o644)
}
