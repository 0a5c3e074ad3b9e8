package conformance

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An importer of the root package gets the modules that the package is built of, and no
// versions of others.

func TestTheRootPackageBuildsThreeModulesOfOthers(t *testing.T) {
	require.Equal(t, []string{"github.com/apapsch/go-jsonmerge/v2", "github.com/google/uuid", "github.com/oapi-codegen/runtime"}, modulesOf(t, "..", "."))
}

// modulesOf lists the third-party modules that pkg is built of.
func modulesOf(t *testing.T, dir, pkg string) []string {
	t.Helper()
	found := map[string]bool{}
	for line := range strings.Lines(requireGo(t, dir, "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", pkg)) {
		found[strings.TrimSpace(line)] = true
	}
	delete(found, "")
	delete(found, root)
	return slices.Sorted(maps.Keys(found))
}

// The generator needs newer versions of all these. With a tool line in the root's go.mod
// the importer would get them.
func TestAnImporterKeepsItsVersions(t *testing.T) {
	here, err := filepath.Abs("..")
	require.NoError(t, err)
	dir := t.TempDir()
	kept := map[string]string{
		"github.com/getkin/kin-openapi": "v0.120.0",
		"golang.org/x/text":             "v0.32.0", // required by oapi-codegen/runtime
		"golang.org/x/sync":             "v0.19.0", // the same
	}
	write(t, `package main

import (
	"context"
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"
	"golang.org/x/sync/errgroup"
	"golang.org/x/text/language"

	"github.com/zuora-go/zuora"
)

func main() {
	_, err := zuora.NewSession(zuora.SessionConfig{})
	group, _ := errgroup.WithContext(context.Background())
	fmt.Println(err, openapi3.T{OpenAPI: "3.0.0"}.OpenAPI, language.English, group.Wait())
}
`, dir, "main.go")
	mod := "module example.com/importer\n\ngo 1.26.0\n\nreplace " + root + " => " + here + "\n\nrequire " + root + " v0.0.0\n"
	for path, version := range kept {
		mod += "require " + path + " " + version + "\n"
	}
	write(t, mod, dir, "go.mod")
	for path, version := range kept {
		output, err := goTool(t, dir, "mod", "download", path+"@"+version)
		if err != nil && os.Getenv("CI") != "true" {
			t.Skipf("%s %s cannot be had here: %s", path, version, output)
		}
		require.NoError(t, err, output)
	}

	for _, step := range [][]string{{"mod", "tidy"}, {"get", root + "@v0.0.0"}, {"mod", "tidy"}} {
		requireGo(t, dir, step...)
		for path, version := range kept {
			assert.Equal(t, path+" "+version+"\n", requireGo(t, dir, "list", "-m", path), "after go %s", strings.Join(step, " "))
		}
	}
	require.Equal(t, "zuora: SessionConfig.Server is empty 3.0.0 en <nil>\n", requireGo(t, dir, "run", "."))
	require.Equal(t, modulesOf(t, "..", "."), modulesOf(t, dir, root))

	// None of the nested modules is there either.
	for line := range strings.Lines(requireGo(t, dir, "list", "-m", "all")) {
		assert.NotContains(t, line, root+"/")
	}
}
