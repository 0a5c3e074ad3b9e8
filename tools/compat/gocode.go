package main

import (
	"errors"
	"fmt"
	"go/types"
	"os"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/exp/apidiff"
	"golang.org/x/tools/go/packages"
)

// growing matches what apidiff says of an operation that the spec has gained.
// The interfaces of the generated client are as long as the spec, and not to be
// implemented by others.
var growing = regexp.MustCompile(`^Client(WithResponses)?Interface\.\w+: added$`)

// ofGo returns what in the Go module in the folder now would keep code that
// compiled with the one in old from compiling.
func ofGo(old, now string) ([]string, error) {
	was, err := importable(old)
	if err != nil {
		return nil, err
	}
	is, err := importable(now)
	if err != nil {
		return nil, err
	}
	var breaking []string
	for _, c := range apidiff.ModuleChanges(was, is).Changes {
		if !c.Compatible && !growing.MatchString(c.Message) {
			breaking = append(breaking, "Go code: "+c.Message)
		}
	}
	return breaking, nil
}

// importable returns the packages of a module that others may import.
func importable(dir string) (*apidiff.Module, error) {
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedTypes | packages.NeedModule,
		Dir:  dir,
		Env:  append(os.Environ(), "GOWORK=off"),
	}, "./...")
	if err != nil {
		return nil, err
	}
	var found []*types.Package
	var errs []error
	for _, p := range loaded {
		for _, e := range p.Errors {
			errs = append(errs, e)
		}
		if p.Name != "main" && !slices.Contains(strings.Split(p.PkgPath, "/"), "internal") {
			found = append(found, p.Types)
		}
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("%s: %w", dir, errors.Join(errs...))
	}
	if found == nil {
		return nil, fmt.Errorf("%s: no package to import", dir)
	}
	return &apidiff.Module{Path: loaded[0].Module.Path, Packages: found}, nil
}
