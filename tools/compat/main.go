// Command compat names what has changed since the last release that can break
// those who import the module or read its spec, and refuses it unless
// CHANGELOG.md announces it. CONTRIBUTING.md says how.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", "../..", "`folder` of the repository")
	flag.Parse()

	if err := run(os.Stdout, *root); err != nil {
		fmt.Fprintln(os.Stderr, "compat:", err)
		os.Exit(1)
	}
}

// A release of a nested module has a tag of its own: redisstore/v0.1.0.
var released = []struct{ folder, tagPrefix string }{
	{".", ""},
	{"redisstore", "redisstore/"},
}

// run compares each module that is released with its last release.
func run(w io.Writer, root string) error {
	changelog, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	refused := false
	for _, module := range released {
		if _, err := os.Stat(filepath.Join(root, module.folder, "go.mod")); err != nil {
			continue
		}
		tag, err := lastTag(root, module.tagPrefix)
		if err != nil {
			return err
		}
		if tag == "" {
			fmt.Fprintf(w, "no tag %sv…: nothing to compare with\n", module.tagPrefix)
			continue
		}
		breaking, err := changes(root, tag, module.folder)
		if err != nil {
			return err
		}
		if len(breaking) == 0 {
			fmt.Fprintf(w, "nothing breaking since %s\n", tag)
			continue
		}
		fmt.Fprintf(w, "breaking since %s:\n", tag)
		for _, b := range breaking {
			fmt.Fprintln(w, "  "+b)
		}
		if announced(string(changelog), tag[len(module.tagPrefix)+len("v"):]) {
			fmt.Fprintln(w, "CHANGELOG.md announces it")
			continue
		}
		refused = true
	}
	if refused {
		return errors.New("not announced: CHANGELOG.md needs an entry with the word BREAKING under Changed or Removed, above the last release")
	}
	return nil
}

// changes returns what in the module in folder is not as it was at tag.
func changes(root, tag, folder string) ([]string, error) {
	old, err := os.MkdirTemp("", "compat-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(old) }()
	if err := extract(root, tag, old); err != nil {
		return nil, err
	}
	breaking, err := ofGo(filepath.Join(old, folder), filepath.Join(root, folder))
	if err != nil || folder != "." {
		return breaking, err
	}
	inSpec, err := ofSpec(filepath.Join(old, "openapi.yaml"), filepath.Join(root, "openapi.yaml"))
	return append(breaking, inSpec...), err
}
