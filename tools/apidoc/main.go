// Command apidoc writes the reference pages of an API, in Markdown, from its
// OpenAPI document and from the Go code that oapi-codegen makes of it.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// options say what to read and where to write.
type options struct {
	spec       string // the OpenAPI document
	config     string // oapi-codegen's configuration, which decides the Go names
	out        string // the folder of the pages
	importPath string // of the generated package, for the examples
}

func main() {
	var o options
	flag.StringVar(&o.spec, "spec", "../openapi.yaml", "OpenAPI document to read")
	flag.StringVar(&o.config, "config", "../oapi-codegen.yaml", "oapi-codegen's configuration for that document")
	flag.StringVar(&o.out, "out", "../api", "folder to write the pages to")
	flag.StringVar(&o.importPath, "package", "github.com/zuora-go/zuora", "import path of the generated package")
	flag.Parse()

	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "apidoc:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	c, err := loadContract(o)
	if err != nil {
		return err
	}
	pages, err := renderPages(c)
	if err != nil {
		return err
	}
	return writePages(o.out, pages)
}

// writePages makes dir hold pages, and no generated page besides: one of a
// schema that is gone would go on telling of it. Files without the header are
// somebody else's.
func writePages(dir string, pages map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	stale, err := generatedPages(dir)
	if err != nil {
		return err
	}
	for _, name := range stale {
		if _, ok := pages[name]; ok {
			continue
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		if err := os.WriteFile(filepath.Join(dir, name), pages[name], 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generatedPages lists the pages in dir that this command wrote.
func generatedPages(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range files {
		page, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if bytes.HasPrefix(page, []byte(headerStart)) {
			names = append(names, filepath.Base(file))
		}
	}
	return names, nil
}
