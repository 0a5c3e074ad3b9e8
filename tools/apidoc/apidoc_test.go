package main

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write the golden pages of testdata anew")

// These tests read files of the root module, which go test's cache does not
// watch from here: run them with -count=1.

// The module's own API, by the flags' defaults as seen from this folder, and
// one with what the module's has not.
var (
	zuora = options{
		spec: "../../openapi.yaml", config: "../../oapi-codegen.yaml", out: "../../api",
		importPath: "github.com/zuora-go/zuora",
	}
	library = options{
		spec: "testdata/library/openapi.yaml", config: "testdata/library/oapi-codegen.yaml", out: "testdata/library/golden",
		importPath: "github.com/zuora-go/zuora/library",
	}
)

// written runs the command into a folder of its own.
func written(t *testing.T, o options) map[string][]byte {
	t.Helper()
	o.out = t.TempDir()
	if err := run(o); err != nil {
		t.Fatal(err)
	}
	return readPages(t, o.out)
}

func readPages(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	names, err := generatedPages(dir)
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string][]byte{}
	for _, name := range names {
		if pages[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return pages
}

func same(t *testing.T, got, want map[string][]byte, hint string) {
	t.Helper()
	if g, w := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(g, w) {
		t.Errorf("pages %v, want %v; %s", g, w, hint)
	}
	for name := range want {
		if !bytes.Equal(got[name], want[name]) {
			t.Errorf("%s differs: %s; %s", name, firstDifference(got[name], want[name]), hint)
		}
	}
}

func firstDifference(got, want []byte) string {
	g, w := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(g), len(w)) {
		if !bytes.Equal(g[i], w[i]) {
			return "got line " + string(g[i]) + "\nwant line " + string(w[i])
		}
	}
	return "one is longer"
}

func TestCommittedPagesAreUpToDate(t *testing.T) {
	same(t, written(t, zuora), readPages(t, zuora.out), "run go generate in the root")
}

func TestOtherSpecRendersAsRecorded(t *testing.T) {
	if *update {
		if err := run(library); err != nil {
			t.Fatal(err)
		}
	}
	same(t, written(t, library), readPages(t, library.out), "see the difference, then go test ./apidoc -update")
}

func TestPagesAreTheSameEachRun(t *testing.T) {
	for _, o := range []options{zuora, library} {
		first := written(t, o)
		for range 3 {
			same(t, written(t, o), first, "output depends on more than the input")
		}
	}
}

func TestStalePagesGoAndOtherFilesStay(t *testing.T) {
	o := zuora
	o.out = t.TempDir()
	stale, other := filepath.Join(o.out, "Gone.md"), filepath.Join(o.out, "surface.md")
	for file, text := range map[string]string{stale: headerStart + "…", other: "# By hand\n"} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(o); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Error("the page of a schema that is gone is still there")
	}
	if _, err := os.Stat(other); err != nil {
		t.Error("a file that is not generated was removed")
	}
}

func TestMistakesAreErrors(t *testing.T) {
	clash := filepath.Join(t.TempDir(), "clash.yaml")
	spec, err := os.ReadFile(library.spec)
	if err != nil {
		t.Fatal(err)
	}
	spec = bytes.ReplaceAll(spec, []byte("Genre"), []byte("ShelvedBooksApi"))
	if err := os.WriteFile(clash, spec, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]options{
		"no document":             {spec: "testdata/none.yaml", config: library.config},
		"no configuration":        {spec: library.spec, config: "testdata/none.yaml"},
		"a document for both":     {spec: library.spec, config: library.spec},
		"two pages with a name":   {spec: clash, config: library.config},
		"a folder that is a file": {spec: library.spec, config: library.config, out: library.spec},
	} {
		if o.out == "" {
			o.out = t.TempDir()
		}
		if err := run(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
