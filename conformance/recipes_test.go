package conformance

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The recipes of docs/any-client.md are followed here, in a copy of the module,
// with the text that stands there.

// recipe returns the block of code in docs/any-client.md that stands after the
// comment of this name.
func recipe(t *testing.T, name string) string {
	t.Helper()
	page, err := os.ReadFile("../docs/any-client.md")
	require.NoError(t, err)
	_, after, found := strings.Cut(string(page), "<!-- "+name+" -->\n```")
	require.True(t, found, name)
	_, block, _ := strings.Cut(after, "\n")
	block, _, found = strings.Cut(block, "```\n")
	require.True(t, found, name)
	return block
}

// copyModule copies the module, its nested ones too, to a folder of its own.
func copyModule(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == ".." {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		to := filepath.Join(dir, strings.TrimPrefix(path, ".."))
		if d.IsDir() {
			return os.Mkdir(to, 0o755)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, text, 0o644)
	}))
	return dir
}

func write(t *testing.T, text string, path ...string) {
	t.Helper()
	name := filepath.Join(path...)
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
}

// goTool runs the go command in dir, and returns what it has printed.
func goTool(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	output, err := command.CombinedOutput()
	return string(output), err
}

func requireGo(t *testing.T, dir string, args ...string) string {
	t.Helper()
	output, err := goTool(t, dir, args...)
	require.NoError(t, err, "go %s: %s", strings.Join(args, " "), output)
	return output
}

// program puts a program together in the folder recipe of the module in dir:
// testdata/recipes/NAME.go, standin.go, and a function from the page.
func program(t *testing.T, dir, name, function string, imports ...string) {
	t.Helper()
	for _, file := range []string{name + ".go", "standin.go"} {
		text, err := os.ReadFile(filepath.Join("testdata", "recipes", file))
		require.NoError(t, err)
		write(t, string(text), dir, "recipe", file)
	}
	write(t, "package main\n\nimport (\n\t\""+strings.Join(imports, "\"\n\t\"")+"\"\n)\n\n"+function, dir, "recipe", "function.go")
}

const root = "github.com/zuora-go/zuora"

func TestAnOperationAddedToTheSpecIsCalledOnASession(t *testing.T) {
	dir := copyModule(t)
	spec := filepath.Join(dir, "openapi.yaml")
	text, err := os.ReadFile(spec)
	require.NoError(t, err)
	paths, schemas, found := strings.Cut(string(text), "\ncomponents:\n  schemas:\n")
	require.True(t, found)
	write(t, paths+"\n"+recipe(t, "recipe: paths")+"components:\n  schemas:\n"+recipe(t, "recipe: schemas")+schemas, spec)

	requireGo(t, dir, "generate", "./...") // make generate is this
	page, err := os.ReadFile(filepath.Join(dir, "api", "CatalogApi.md"))
	require.NoError(t, err)
	require.Contains(t, string(page), "ListProductsWithResponse")

	program(t, dir, "operation", recipe(t, "recipe: call"), "context", "fmt", root)
	lines := strings.Split(requireGo(t, dir, "run", "./recipe"), "\n")
	require.Equal(t, []string{"[Bicycle Bell pageSize=20] <nil>", "[Bicycle Bell pageSize=20] <nil>", "2 sign-ins"}, lines[:3])
	require.Contains(t, lines[3], "[] zuora: GET /v1/catalog/products: 200 OK, not successful: 50000010 not for you")
	requireGo(t, dir, "vet", ".", "./recipe")
}

func TestSessionsOfSeveralEntitiesShareATransport(t *testing.T) {
	dir := copyModule(t)
	program(t, dir, "entities", recipe(t, "recipe: entities"), "errors", root)
	require.Equal(t, `7f1d9c2e-51f8-4a0b-9a35-0b7f6f3f6a11
0b7f6f3f-51f8-4a0b-9a35-7f1d9c2e6a22
7f1d9c2e-51f8-4a0b-9a35-0b7f6f3f6a11
2 sign-ins, 1 connection
`, requireGo(t, dir, "run", "./recipe"))
}

// Zuora's own document is not ours to keep here. testdata/published.json has
// what is odd about it.
func TestZuorasDocumentNeedsSuffixAndOverlay(t *testing.T) {
	dir := copyModule(t)
	folder := filepath.Join(dir, "recipe", "billing")
	document, err := os.ReadFile("testdata/published.json")
	require.NoError(t, err)
	program(t, dir, "published", recipe(t, "published: call"), "context", "fmt", root, root+"/recipe/billing")
	write(t, string(document), folder, "zuora.com.json")
	write(t, recipe(t, "published: overlay"), folder, "overlay.yaml")
	run := func(t *testing.T, config string) (string, error) {
		write(t, config, folder, "oapi-codegen.yaml")
		requireGo(t, folder, "tool", "-modfile="+filepath.Join(dir, "tools", "go.mod"), "oapi-codegen", "-config", "oapi-codegen.yaml", "zuora.com.json")
		return goTool(t, dir, "run", "./recipe")
	}
	config := recipe(t, "published: config")
	without := func(t *testing.T, part string) string {
		require.Contains(t, config, part)
		return strings.Replace(config, part, "", 1)
	}

	t.Run("with both there are typed results", func(t *testing.T) {
		output, err := run(t, config)
		require.NoError(t, err, output)
		for i, want := range []string{
			"Example Ltd <nil>",
			"zuora: PUT /v1/accounts/A1: 200 OK, not successful: 50000040 no such account",
			"json: cannot unmarshal number into Go struct field ",
			`invalid character '\x1f' looking for beginning of value`,
			"zuora: GET /v1/accounts/failure: 200 OK, not successful: 50000040",
		} {
			require.Contains(t, strings.Split(output, "\n")[i], want)
		}
	})
	t.Run("without the suffix it does not compile", func(t *testing.T) {
		output, err := run(t, without(t, "  response-type-suffix: Result\n"))
		require.Error(t, err)
		require.Contains(t, output, "GETInvoiceFilesResponse redeclared in this block")
	})
	t.Run("without the overlay there are none", func(t *testing.T) {
		output, err := run(t, without(t, "  overlay:\n    path: overlay.yaml\n"))
		require.NoError(t, err, output)
		require.Contains(t, output, ` 200 OK of type "application/json;charset=utf-8" has no account's name`+"\n")
	})
	t.Run("only what is named is generated", func(t *testing.T) {
		output, err := run(t, config+"  include-operation-ids: [GET_Account, PUT_Account]\n")
		require.NoError(t, err, output)
		code, err := os.ReadFile(filepath.Join(folder, "billing.gen.go"))
		require.NoError(t, err)
		require.NotContains(t, string(code), "GETInvoiceFiles")
	})
}
