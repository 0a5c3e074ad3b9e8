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

// These tests follow the recipes of docs/other-specs.md, with the page's own text, in a
// copy of the module.

// recipe returns the block of code in docs/other-specs.md after the comment with this
// name.
func recipe(t *testing.T, name string) string {
	t.Helper()
	page, err := os.ReadFile("../docs/other-specs.md")
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

// program writes a program to the folder recipe of the module in dir:
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

func TestTheCommandOfThePageMakesItsPackage(t *testing.T) {
	text, err := published2021.text()
	if err != nil {
		published(t) // skips, or fails in CI
	}
	dir := copyModule(t)
	requireGo(t, "../cmd/zuora-generate", "build", "-o", filepath.Join(dir, "recipe", "zuora-generate"), ".")
	write(t, string(text), dir, "recipe", "zuora.com.json")
	command := strings.Replace(recipe(t, "recipe: generate"), "go run github.com/zuora-go/zuora/cmd/zuora-generate@latest", "./zuora-generate", 1)
	shell := exec.CommandContext(t.Context(), "sh", "-c", command)
	shell.Dir = filepath.Join(dir, "recipe")
	output, err := shell.CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.Empty(t, string(output), "everything is in the package")

	program(t, dir, "memos", recipe(t, "recipe: call"), "context", root, root+"/recipe/memos")
	lines := strings.Split(requireGo(t, dir, "run", "./recipe"), "\n")
	require.Equal(t, []string{"[CM-1 CM-3] <nil>", "[CM-1 CM-3] <nil>", "2 logins"}, lines[:3])
	require.Contains(t, lines[3], "[] zuora: GET /v1/creditmemos: 200 OK, not successful: 50000010 not for you")
	requireGo(t, dir, "vet", "./recipe/...")
}

func TestAnotherGeneratedClientRunsOnASession(t *testing.T) {
	dir := copyModule(t)
	program(t, dir, "client", strings.ReplaceAll(recipe(t, "recipe: client"), "billing.", "zuora."), root)
	require.Contains(t, requireGo(t, dir, "run", "./recipe"), "true")
}

func TestSessionsOfSeveralEntitiesShareATransport(t *testing.T) {
	dir := copyModule(t)
	program(t, dir, "entities", recipe(t, "recipe: entities"), "errors", root)
	require.Equal(t, `7f1d9c2e-51f8-4a0b-9a35-0b7f6f3f6a11
0b7f6f3f-51f8-4a0b-9a35-7f1d9c2e6a22
7f1d9c2e-51f8-4a0b-9a35-0b7f6f3f6a11
2 logins, 1 connection
`, requireGo(t, dir, "run", "./recipe"))
}
